//! Redemptions of offers.

use mainstay_model::{
    HoldId, MemberId, MerchantId, RedemptionId,
    ledger::{AccountRef, HoldState, Order, Posting},
    offer::Offer,
    page::PageRequest,
    redemption::Redemption,
};
use mainstay_store::{Error, RedemptionInserted};
use uuid::Uuid;

use crate::{AnyStore, read, sample, write};

fn member_of(redemption: &Redemption) -> MemberId {
    MemberId::new(redemption.hold.from.id.uuid())
}

async fn taken(store: &AnyStore, offer: &Offer, wallet: AccountRef) -> Redemption {
    let hold = sample::hold_for(offer, wallet);
    let redemption = sample::redemption(offer, &hold);
    let mut tx = write(store).await;
    tx.lock_offer(offer.id).await.expect("lock");
    tx.post(&[sample::grant(wallet, 100), hold]).await.expect("post");
    assert_eq!(tx.insert_redemption(&redemption).await.expect("insert"), RedemptionInserted::Inserted);
    tx.commit().await.expect("commit");
    redemption
}

async fn settle(store: &AnyStore, order: Order, at: i64) {
    let mut tx = write(store).await;
    tx.post(&[Posting { at: sample::at(at), ..sample::posting(order) }]).await.expect("post");
    tx.commit().await.expect("commit");
}

/// With its hold as it is by now; nobody else's id or code finds it.
pub async fn is_read_by_its_member_and_by_code(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    let mut redemption = taken(&store, &offer, sample::wallet()).await;
    let member = member_of(&redemption);
    let mut tx = read(&store).await;
    assert_eq!(tx.redemption_by_id(member, redemption.id()).await.expect("read"), Some(redemption.clone()));
    let stranger = MemberId::new(Uuid::now_v7());
    assert_eq!(tx.redemption_by_id(stranger, redemption.id()).await.expect("read"), None);
    let nothing = RedemptionId::new(Uuid::now_v7());
    assert_eq!(tx.redemption_by_id(member, nothing).await.expect("read"), None);
    let (merchant, code) = (offer.merchant_id, redemption.code_hash);
    assert_eq!(tx.redemption_by_code(merchant, &code).await.expect("read"), Some(redemption.clone()));
    let other = MerchantId::new(Uuid::now_v7());
    assert_eq!(tx.redemption_by_code(other, &code).await.expect("read"), None);
    assert_eq!(tx.redemption_by_code(merchant, &sample::fresh_hash()).await.expect("read"), None);
    drop(tx);
    settle(&store, Order::Release(redemption.hold.id), 200).await;
    (redemption.hold.state, redemption.hold.settled_at) = (HoldState::Released, Some(sample::at(200)));
    let found = read(&store).await.redemption_by_code(merchant, &code).await.expect("read");
    assert_eq!(found, Some(redemption));
}

/// A code that is taken is an outcome, and spoils nothing.
pub async fn a_code_is_given_once(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    let first = taken(&store, &offer, sample::wallet()).await;
    let wallet = sample::wallet();
    let hold = sample::hold_for(&offer, wallet);
    let mut second = sample::redemption(&offer, &hold);
    second.code_hash = first.code_hash;
    let mut tx = write(&store).await;
    tx.post(&[sample::grant(wallet, 100), hold]).await.expect("post");
    assert_eq!(tx.insert_redemption(&second).await.expect("insert"), RedemptionInserted::CodeTaken);
    second.code_hash = sample::fresh_hash();
    assert_eq!(tx.insert_redemption(&second).await.expect("insert"), RedemptionInserted::Inserted);
    tx.commit().await.expect("commit");
    let offer = read(&store).await.offer_by_id(offer.id).await.expect("read").expect("it is there");
    assert_eq!(offer.taken, 2);
}

/// Released and expired ones are not counted, at once and after they were settled; captured ones are.
pub async fn what_is_given_back_is_there_again(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    let wallet = sample::wallet();
    let member = MemberId::new(wallet.id.uuid());
    let holds = [
        taken(&store, &offer, wallet).await.hold.id,
        taken(&store, &offer, wallet).await.hold.id,
        taken(&store, &offer, sample::wallet()).await.hold.id,
    ];
    let counted = async |store: &AnyStore| {
        let mut tx = read(store).await;
        let offer = tx.offer_by_id(offer.id).await.expect("read").expect("it is there");
        (offer.taken, tx.count_taken_by_member(offer.id, member).await.expect("count"))
    };
    assert_eq!(counted(&store).await, (3, 2));
    settle(&store, Order::Capture { hold: holds[0], amount: None }, 200).await;
    assert_eq!(counted(&store).await, (3, 2));
    settle(&store, Order::Release(holds[1]), 200).await;
    assert_eq!(counted(&store).await, (2, 1));
    settle(&store, Order::Release(holds[2]), 2_000).await;
    assert_eq!(counted(&store).await, (1, 1));
    for _ in 0..2 {
        let mut tx = write(&store).await;
        assert_eq!(tx.lock_offer(offer.id).await.expect("lock").expect("it is there").taken, 1);
        tx.commit().await.expect("commit");
        assert_eq!(counted(&store).await, (1, 1));
    }
    taken(&store, &offer, wallet).await;
    assert_eq!(counted(&store).await, (2, 2));
    let mut tx = read(&store).await;
    assert_eq!(tx.hold_by_id(holds[2]).await.expect("read").expect("it is there").state, HoldState::Expired);
    assert_eq!(tx.hold_by_id(HoldId::new(Uuid::now_v7())).await.expect("read"), None);
}

/// The database itself keeps the stock.
pub async fn nothing_is_taken_that_is_not_there(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    for _ in 0..3 {
        taken(&store, &offer, sample::wallet()).await;
    }
    let wallet = sample::wallet();
    let hold = sample::hold_for(&offer, wallet);
    let mut tx = write(&store).await;
    tx.post(&[sample::grant(wallet, 100), hold.clone()]).await.expect("post");
    let outcome = tx.insert_redemption(&sample::redemption(&offer, &hold)).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// A member's own, and a merchant's own.
pub async fn is_paged_newest_first(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    let wallet = sample::wallet();
    let mut own = [taken(&store, &offer, wallet).await, taken(&store, &offer, wallet).await];
    let other = taken(&store, &offer, sample::wallet()).await;
    own.reverse();
    let member = member_of(&own[0]);
    let mut tx = read(&store).await;
    let page = PageRequest { limit: 1, before: None };
    let first = tx.redemptions_of_member(member, page).await.expect("list");
    assert_eq!((first.items.as_slice(), first.next), (&own[..1], Some(own[0].id().uuid())));
    let page = PageRequest { limit: 1, before: first.next };
    let last = tx.redemptions_of_member(member, page).await.expect("list");
    assert_eq!((last.items.as_slice(), last.next), (&own[1..], None));
    let page = PageRequest { limit: 10, before: None };
    let all = tx.redemptions_of_merchant(offer.merchant_id, page).await.expect("list");
    assert_eq!(all.items, [&[other], &own[..]].concat());
    let nobody = MerchantId::new(Uuid::now_v7());
    assert!(tx.redemptions_of_merchant(nobody, page).await.expect("list").items.is_empty());
}
