//! Purchases, rules, links and keys of hashes.

use mainstay_model::{
    CustomerLinkId, Day, MemberId, PurchaseId, PurchaseRuleId,
    page::PageRequest,
    purchase::{CustomerKeyKind, CustomerLink, PurchaseRecord},
};
use mainstay_store::{CustomerLinked, Error, PurchaseDay, PurchaseName};
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

fn name(source: &str, external_id: &str) -> PurchaseName {
    PurchaseName { source: source.to_owned(), external_id: external_id.to_owned() }
}

fn named(purchase: &PurchaseRecord) -> PurchaseName {
    name(&purchase.source, &purchase.external_id)
}

/// What is told twice stays as it was; every field is settled.
pub async fn is_told_once_and_settled(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut purchases =
        [sample::purchase("square", "a"), sample::purchase("square", "b"), sample::purchase("stripe", "a")];
    let mut tx = write(&store).await;
    tx.lock_purchase_names(&[]).await.expect("lock");
    tx.insert_purchases(&[]).await.expect("insert");
    tx.settle_purchases(&[]).await.expect("settle");
    assert!(tx.purchases_by_names(&[]).await.expect("read").is_empty());
    tx.insert_purchases(&purchases).await.expect("insert");
    let mut again = purchases[0].clone();
    (again.id, again.amount) = (PurchaseId::new(Uuid::now_v7()), 7);
    tx.insert_purchases(&[again, sample::purchase("stripe", "b")]).await.expect("insert");
    let first = &mut purchases[0];
    (first.member_id, first.rule_id) = (Some(member.id), Some(PurchaseRuleId::new(Uuid::now_v7())));
    (first.granted, first.taken_back, first.reversed) = (12, 5, 4);
    (first.refunded, first.claimed_at) = (500, Some(sample::at(9)));
    let [first, second, third] = purchases;
    tx.settle_purchases(&[first.clone(), second.clone()]).await.expect("settle");
    tx.commit().await.expect("commit");
    let names = [named(&third), name("square", "z"), named(&first), named(&second), named(&first)];
    let found = read(&store).await.purchases_by_names(&names).await.expect("read");
    let mut tx = read(&store).await;
    for purchase in [&first, &third] {
        assert_eq!(tx.purchase_name(purchase.id).await.expect("read"), Some(named(purchase)));
    }
    assert_eq!(tx.purchase_name(PurchaseId::new(Uuid::now_v7())).await.expect("read"), None);
    drop(tx);
    let mut tx = write(&store).await;
    let too_much = PurchaseRecord { reversed: 8, ..first.clone() };
    assert!(matches!(tx.settle_purchases(&[too_much]).await, Err(Error::Constraint(_))));
    drop(tx);
    let expected = [Some((third, 0)), None, Some((first.clone(), 0)), Some((second, 0)), Some((first, 0))];
    assert_eq!(found, expected);
}

/// Told again under its name a refund is replaced by what is newer; of the same moment the larger stays; those of another currency,
/// source or purchase do not count.
pub async fn refunds_add_up_and_the_newest_counts(store: AnyStore) {
    let refund =
        |id: &str, amount: i64, second: i64| ("square".to_owned(), sample::refund(id, "p", amount, second));
    let mut tx = write(&store).await;
    tx.put_refunds(&[]).await.expect("put");
    // Before their purchase is there.
    tx.put_refunds(&[refund("r1", 100, 5), refund("r1", 90, 5), refund("r1", 80, 4)]).await.expect("put");
    tx.put_refunds(&[refund("r1", 70, 4), refund("r2", 30, 1)]).await.expect("put");
    let mut foreign = sample::refund("r3", "p", 1_000, 1);
    foreign.currency = "EUR".parse().expect("a currency");
    let other = ("square".to_owned(), sample::refund("r4", "q", 1_000, 1));
    let elsewhere = ("stripe".to_owned(), sample::refund("r1", "p", 1_000, 1));
    tx.put_refunds(&[("square".to_owned(), foreign), other, elsewhere]).await.expect("put");
    tx.insert_purchases(&[sample::purchase("square", "p")]).await.expect("insert");
    let names = [name("square", "p")];
    let went_back =
        |found: Vec<Option<(PurchaseRecord, i64)>>| found[0].as_ref().map(|(_, went_back)| *went_back);
    assert_eq!(went_back(tx.purchases_by_names(&names).await.expect("read")), Some(130));
    tx.put_refunds(&[refund("r1", 0, 6), refund("r2", 40, 1)]).await.expect("put");
    assert_eq!(went_back(tx.purchases_by_names(&names).await.expect("read")), Some(40));
    tx.commit().await.expect("commit");
}

/// By any of its keys, once each, until it is claimed or its keys are gone.
pub async fn is_claimable_by_its_keys(store: AnyStore) {
    let mut purchases: Vec<_> = (0..4).map(|n| sample::purchase("square", &n.to_string())).collect();
    let (card, email) = (sample::hash("card"), sample::hash("email"));
    let mut tx = write(&store).await;
    tx.insert_purchase_keys(&[]).await.expect("insert");
    tx.insert_purchases(&purchases).await.expect("insert");
    let keys = [
        (card, CustomerKeyKind::Card, purchases[0].id),
        (email, CustomerKeyKind::Email, purchases[0].id),
        (card, CustomerKeyKind::Card, purchases[1].id),
        (email, CustomerKeyKind::Email, purchases[2].id),
        (sample::hash("other"), CustomerKeyKind::Code, purchases[3].id),
    ];
    tx.insert_purchase_keys(&keys).await.expect("insert");
    tx.insert_purchase_keys(&keys[..2]).await.expect("again");
    let mut of_first = vec![(card, CustomerKeyKind::Card), (email, CustomerKeyKind::Email)];
    of_first.sort_unstable();
    assert_eq!(tx.purchase_keys(purchases[0].id).await.expect("read"), of_first);
    let names: Vec<_> = purchases[..3].iter().map(named).collect();
    assert_eq!(tx.claimable_purchases(&[card, email], 9).await.expect("find"), names);
    assert_eq!(tx.claimable_purchases(&[card, email], 2).await.expect("find"), names[..2]);
    assert_eq!(tx.claimable_purchases(&[card], 9).await.expect("find"), names[..2]);
    assert_eq!(tx.claimable_purchases(&[], 9).await.expect("find"), []);
    purchases[0].claimed_at = Some(sample::at(1));
    tx.settle_purchases(&purchases[..1]).await.expect("settle");
    assert_eq!(tx.claimable_purchases(&[card, email], 9).await.expect("find"), names[1..]);
    tx.delete_purchase_keys(&[]).await.expect("delete");
    tx.delete_purchase_keys(&[purchases[1].id, purchases[0].id]).await.expect("delete");
    assert_eq!(tx.claimable_purchases(&[card, email], 9).await.expect("find"), names[2..]);
    assert_eq!(tx.purchase_keys(purchases[0].id).await.expect("read"), []);
    tx.commit().await.expect("commit");
}

/// Page by page, and only the member's own.
pub async fn is_listed_newest_first(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut purchases: Vec<_> = (0..5).map(|n| sample::purchase("square", &n.to_string())).collect();
    for (number, purchase) in purchases.iter_mut().enumerate() {
        purchase.member_id = Some(if number == 2 { other.id } else { member.id });
    }
    let mut tx = write(&store).await;
    tx.insert_purchases(&purchases).await.expect("insert");
    tx.commit().await.expect("commit");
    purchases.remove(2);
    purchases.reverse();
    let mut tx = read(&store).await;
    let page = tx.purchases_of_member(member.id, PageRequest { limit: 3, before: None }).await.expect("list");
    assert_eq!(page.items, purchases[..3]);
    let page = PageRequest { limit: 3, before: page.next };
    let page = tx.purchases_of_member(member.id, page).await.expect("list");
    assert_eq!((page.items.as_slice(), page.next), (&purchases[3..], None));
}

/// A refund that comes in the same moment as its purchase sees it, or is seen by it: one of the two waits.
pub async fn names_are_locked_before_they_are_there(store: AnyStore) {
    for round in 0..20 {
        let external_id = round.to_string();
        let seen = at_once(2, |number| {
            let (store, external_id) = (store.clone(), external_id.clone());
            async move {
                let names = [name("square", &external_id), name("square", "other")];
                let mut tx = write(&store).await;
                tx.lock_purchase_names(&names).await.expect("lock");
                if number == 0 {
                    tx.insert_purchases(&[sample::purchase("square", &external_id)]).await.expect("insert");
                } else {
                    let refund = sample::refund(&external_id, &external_id, 10, 1);
                    tx.put_refunds(&[("square".to_owned(), refund)]).await.expect("put");
                }
                tokio::task::yield_now().await;
                let found = tx.purchases_by_names(&names[..1]).await.expect("read");
                tx.commit().await.expect("commit");
                found[0].as_ref().is_some_and(|(_, went_back)| *went_back == 10)
            }
        })
        .await;
        assert_eq!(seen.iter().filter(|seen| **seen).count(), 1, "{seen:?}");
    }
}

/// Adding to one's own reading never loses what another adds.
pub async fn days_are_for_one_at_a_time(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let rule_id = PurchaseRuleId::new(Uuid::now_v7());
    let member_id = member.id;
    let day = move |number: i32| PurchaseDay { member_id, rule_id, day: Day::new(number) };
    at_once(8, |number| {
        let store = store.clone();
        async move {
            for _ in 0..5 {
                let days = if number % 2 == 0 { [day(1), day(2)] } else { [day(2), day(1)] };
                let mut tx = write(&store).await;
                let points = tx.lock_purchase_days(&days).await.expect("lock");
                tokio::task::yield_now().await;
                let more: Vec<_> =
                    days.into_iter().zip(points).map(|(day, points)| (day, points + 1)).collect();
                tx.set_purchase_days(&more).await.expect("set");
                tx.commit().await.expect("commit");
            }
        }
    })
    .await;
    let mut tx = write(&store).await;
    tx.set_purchase_days(&[]).await.expect("set");
    assert!(tx.lock_purchase_days(&[]).await.expect("lock").is_empty());
    let days = [day(2), day(3), day(1), day(2)];
    assert_eq!(tx.lock_purchase_days(&days).await.expect("lock"), [40, 0, 40, 40]);
}

/// Every field; an end moves only forward to the present, never back.
pub async fn rules_are_kept_and_end(store: AnyStore) {
    let mut full = sample::purchase_rule("it's double");
    (full.source, full.merchant) = (Some("square".to_owned()), Some("m".to_owned()));
    (full.purchase_points_max, full.day_points_max) = (Some(10), Some(20));
    (full.starts_at, full.ends_at) = (Some(sample::at(1)), Some(sample::at(50)));
    let mut bare = sample::purchase_rule("base");
    let mut tx = write(&store).await;
    tx.insert_purchase_rule(&full).await.expect("insert");
    tx.insert_purchase_rule(&bare).await.expect("insert");
    assert_eq!(tx.purchase_rules(9).await.expect("list"), [full.clone(), bare.clone()]);
    assert_eq!(tx.purchase_rules(1).await.expect("list"), [full.clone()]);
    assert!(tx.end_purchase_rule(full.id, sample::at(60)).await.expect("end"));
    assert!(tx.end_purchase_rule(bare.id, sample::at(60)).await.expect("end"));
    assert!(!tx.end_purchase_rule(PurchaseRuleId::new(Uuid::now_v7()), sample::at(60)).await.expect("end"));
    bare.ends_at = Some(sample::at(60));
    assert_eq!(tx.purchase_rules(9).await.expect("list"), [full.clone(), bare.clone()]);
    assert!(tx.end_purchase_rule(full.id, sample::at(40)).await.expect("end"));
    full.ends_at = Some(sample::at(40));
    assert_eq!(tx.purchase_rules(9).await.expect("list"), [full, bare]);
    tx.commit().await.expect("commit");
}

/// The first one has it; making it again is fine for the same member.
pub async fn links_belong_to_one_member(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let link = sample::customer_link(member.id);
    let code = CustomerLink { source: None, kind: CustomerKeyKind::Code, ..sample::customer_link(member.id) };
    let mut tx = write(&store).await;
    assert_eq!(tx.insert_customer_link(&link).await.expect("link"), CustomerLinked::Linked);
    assert_eq!(tx.insert_customer_link(&code).await.expect("link"), CustomerLinked::Linked);
    let again = CustomerLink { id: CustomerLinkId::new(Uuid::now_v7()), ..link.clone() };
    assert_eq!(tx.insert_customer_link(&again).await.expect("link"), CustomerLinked::Linked);
    let theirs = CustomerLink { member_id: other.id, ..again };
    assert_eq!(tx.insert_customer_link(&theirs).await.expect("link"), CustomerLinked::Taken);
    assert_eq!(tx.customer_links(member.id).await.expect("list"), [link.clone(), code.clone()]);
    assert_eq!(tx.customer_links(other.id).await.expect("list"), []);
    assert!(!tx.delete_customer_link(other.id, link.id).await.expect("delete"));
    assert!(tx.delete_customer_link(member.id, link.id).await.expect("delete"));
    assert!(!tx.delete_customer_link(member.id, link.id).await.expect("delete"));
    assert_eq!(tx.customer_links(member.id).await.expect("list"), [code]);
    tx.commit().await.expect("commit");
}

/// By links and by addresses that were proven, in the order of the question.
pub async fn owners_are_found_together(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut unproven = sample::member();
    unproven.email_verified_at = None;
    let (one, two) = (sample::customer_link(member.id), sample::customer_link(other.id));
    let mut tx = write(&store).await;
    tx.insert_member(&unproven).await.expect("insert");
    tx.insert_customer_link(&one).await.expect("link");
    tx.insert_customer_link(&two).await.expect("link");
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    assert_eq!(tx.members_by_links(&[]).await.expect("find"), []);
    let found = tx.members_by_links(&[two.hash, sample::hash("x"), one.hash, two.hash]).await.expect("find");
    assert_eq!(found, [Some(other.id), None, Some(member.id), Some(other.id)]);
    assert_eq!(tx.members_by_proven_emails(&[]).await.expect("find"), []);
    let email = |member: mainstay_model::member::Member| member.email.expect("an address");
    let (member_id, other_id) = (member.id, other.id);
    let emails = [email(other), sample::email(), email(unproven), email(member)];
    let found = tx.members_by_proven_emails(&emails).await.expect("find");
    assert_eq!(found, [Some(other_id), None, None, Some(member_id)]);
}

/// Purchases stay without their member, and can't be claimed by another; links and days go.
pub async fn a_member_who_is_gone_owns_nothing(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut purchase = sample::purchase("square", "a");
    (purchase.member_id, purchase.claimed_at) = (Some(member.id), Some(sample::at(0)));
    let day =
        PurchaseDay { member_id: member.id, rule_id: PurchaseRuleId::new(Uuid::now_v7()), day: Day::new(1) };
    let link = sample::customer_link(member.id);
    let mut tx = write(&store).await;
    tx.insert_purchases(std::slice::from_ref(&purchase)).await.expect("insert");
    tx.insert_customer_link(&link).await.expect("link");
    tx.lock_purchase_days(&[day]).await.expect("lock");
    tx.set_purchase_days(&[(day, 5)]).await.expect("set");
    assert!(tx.delete_member(member.id).await.expect("delete"));
    purchase.member_id = None;
    let found = tx.purchases_by_names(&[named(&purchase)]).await.expect("read");
    assert_eq!(found, [Some((purchase, 0))]);
    assert_eq!(tx.members_by_links(&[link.hash]).await.expect("find"), [None::<MemberId>]);
    tx.commit().await.expect("commit");
}

/// Whoever comes later gets what the first one left.
pub async fn a_hash_key_is_made_once(store: AnyStore) {
    let found = at_once(8, |number| {
        let store = store.clone();
        async move {
            let mut tx = write(&store).await;
            let sealed = vec![u8::try_from(number).expect("small"), 0, 159];
            let found = tx.hash_key_or_insert(Uuid::now_v7(), "buyers", &sealed).await.expect("key");
            tx.commit().await.expect("commit");
            found
        }
    })
    .await;
    assert!(found.iter().all(|key| *key == found[0]), "{found:?}");
    let mut tx = write(&store).await;
    assert_eq!(tx.hash_key_or_insert(Uuid::now_v7(), "other", &[7]).await.expect("key"), [7]);
}
