//! Offers of merchants.

use mainstay_model::{
    MerchantId, OfferId, ledger::Amount, merchant::MerchantStatus, offer::OfferStatus, page::PageRequest,
};
use mainstay_store::Error;
use uuid::Uuid;

use crate::{AnyStore, read, sample, write};

/// Every field, present and absent; of a merchant who is there.
pub async fn is_kept_as_written(store: AnyStore) {
    let full = sample::an_offer(&store).await;
    let mut bare = sample::offer(full.merchant_id);
    (bare.ends_at, bare.stock, bare.per_member_max) = (None, None, None);
    bare.description = String::new();
    let mut tx = write(&store).await;
    tx.insert_offer(&bare).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    for offer in [&full, &bare] {
        assert_eq!(tx.offer_by_id(offer.id).await.expect("read").as_ref(), Some(offer));
    }
    assert_eq!(tx.offer_by_id(OfferId::new(Uuid::now_v7())).await.expect("read"), None);
    let page = PageRequest { limit: 1, before: None };
    let first = tx.offers_of_merchant(full.merchant_id, page).await.expect("list");
    assert_eq!((first.items, first.next), (vec![bare.clone()], Some(bare.id.uuid())));
    let page = PageRequest { limit: 1, before: first.next };
    let last = tx.offers_of_merchant(full.merchant_id, page).await.expect("list");
    assert_eq!((last.items, last.next), (vec![full.clone()], None));
    let nobody = MerchantId::new(Uuid::now_v7());
    assert!(tx.offers_of_merchant(nobody, page).await.expect("list").items.is_empty());
    drop(tx);
    let outcome = write(&store).await.insert_offer(&sample::offer(nobody)).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// All that may change; what was taken stays counted, and no stock is below it.
pub async fn is_changed_and_counted(store: AnyStore) {
    let mut offer = sample::an_offer(&store).await;
    let wallet = sample::wallet();
    let hold = sample::hold_for(&offer, wallet);
    let mut tx = write(&store).await;
    tx.post(&[sample::grant(wallet, 100), hold.clone()]).await.expect("post");
    tx.insert_redemption(&sample::redemption(&offer, &hold)).await.expect("insert");
    offer.taken = 1;
    assert_eq!(tx.lock_offer(offer.id).await.expect("lock"), Some(offer.clone()));
    assert_eq!(tx.lock_offer(OfferId::new(Uuid::now_v7())).await.expect("lock"), None);
    offer.title = "Tea".to_owned();
    offer.description = "Green.".to_owned();
    offer.points = Amount::new(31).expect("an amount");
    (offer.starts_at, offer.ends_at) = (sample::at(60), None);
    (offer.stock, offer.per_member_max) = (Some(1), None);
    (offer.status, offer.updated_at) = (OfferStatus::Closed, sample::at(9));
    assert!(tx.update_offer(&offer).await.expect("update"));
    assert!(!tx.update_offer(&sample::offer(offer.merchant_id)).await.expect("update"));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.offer_by_id(offer.id).await.expect("read"), Some(offer.clone()));
    offer.stock = Some(0);
    let outcome = write(&store).await.update_offer(&offer).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// Status and dates of the offer, and the merchant's status.
pub async fn the_open_ones_are_listed(store: AnyStore) {
    let merchant = sample::a_merchant(&store).await;
    let mut closed_merchant = sample::merchant();
    closed_merchant.status = MerchantStatus::Closed;
    let mut offers = [(); 6].map(|()| sample::offer(merchant.id));
    offers[1].starts_at = sample::at(101);
    offers[2].ends_at = Some(sample::at(100));
    offers[3].status = OfferStatus::Closed;
    offers[4].merchant_id = closed_merchant.id;
    (offers[5].starts_at, offers[5].ends_at) = (sample::at(100), None);
    let mut tx = write(&store).await;
    tx.insert_merchant(&closed_merchant).await.expect("insert");
    for offer in &offers {
        tx.insert_offer(offer).await.expect("insert");
    }
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    let page = PageRequest { limit: 1, before: None };
    let first = tx.open_offers(sample::at(100), page).await.expect("list");
    assert_eq!(first.items, [(offers[5].clone(), merchant.name.clone())]);
    let page = PageRequest { limit: 1, before: first.next };
    let last = tx.open_offers(sample::at(100), page).await.expect("list");
    assert_eq!((last.items, last.next), (vec![(offers[0].clone(), merchant.name.clone())], None));
}

/// Of several who take the last one, each sees what those before took.
pub async fn a_lock_keeps_others_out(store: AnyStore) {
    let offer = sample::an_offer(&store).await;
    let taking = (0..8).map(|_| {
        let (store, offer) = (store.clone(), offer.clone());
        tokio::spawn(async move {
            let wallet = sample::wallet();
            let hold = sample::hold_for(&offer, wallet);
            let mut tx = write(&store).await;
            let locked = tx.lock_offer(offer.id).await.expect("lock").expect("it is there");
            if locked.left() == Some(0) {
                return 0;
            }
            tx.post(&[sample::grant(wallet, 100), hold.clone()]).await.expect("post");
            tx.insert_redemption(&sample::redemption(&offer, &hold)).await.expect("insert");
            tx.commit().await.expect("commit");
            1
        })
    });
    let mut taken = 0;
    for task in taking.collect::<Vec<_>>() {
        taken += task.await.expect("no panic");
    }
    assert_eq!(taken, 3);
    assert_eq!(read(&store).await.offer_by_id(offer.id).await.expect("read").expect("it is there").taken, 3);
}
