//! Merchants.

use mainstay_model::{MerchantId, merchant::MerchantStatus, page::PageRequest};
use mainstay_store::Error;
use uuid::Uuid;

use crate::{AnyStore, read, sample, write};

/// Every field, and a key that belongs to it.
pub async fn is_kept_as_written(store: AnyStore) {
    let merchant = sample::a_merchant(&store).await;
    let mut tx = read(&store).await;
    assert_eq!(tx.merchant_by_id(merchant.id).await.expect("read"), Some(merchant.clone()));
    assert_eq!(tx.merchant_by_id(MerchantId::new(Uuid::now_v7())).await.expect("read"), None);
    drop(tx);
    let mut key = sample::service_key(1);
    key.merchant_id = Some(merchant.id);
    let mut tx = write(&store).await;
    tx.insert_service_key(&key).await.expect("insert");
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.service_key_by_prefix(&key.prefix).await.expect("find"), Some(key.clone()));
    key.merchant_id = Some(MerchantId::new(Uuid::now_v7()));
    (key.id, key.prefix) = (sample::service_key(1).id, "msk_other".to_owned());
    let outcome = write(&store).await.insert_service_key(&key).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// Name and status; when it was made stays.
pub async fn is_changed_under_its_lock(store: AnyStore) {
    let mut merchant = sample::a_merchant(&store).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.lock_merchant(merchant.id).await.expect("lock"), Some(merchant.clone()));
    assert_eq!(tx.lock_merchant(MerchantId::new(Uuid::now_v7())).await.expect("lock"), None);
    (merchant.name, merchant.status) = ("Other".to_owned(), MerchantStatus::Closed);
    merchant.updated_at = sample::at(9);
    assert!(tx.update_merchant(&merchant).await.expect("update"));
    assert!(!tx.update_merchant(&sample::merchant()).await.expect("update"));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.merchant_by_id(merchant.id).await.expect("read"), Some(merchant));
}

/// Each once, the cursor is none on the last page.
pub async fn is_paged_newest_first(store: AnyStore) {
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(sample::a_merchant(&store).await);
    }
    all.reverse();
    let first = read(&store).await.merchants(PageRequest { limit: 2, before: None }).await.expect("list");
    assert_eq!((first.items.as_slice(), first.next), (&all[..2], Some(all[1].id.uuid())));
    let last =
        read(&store).await.merchants(PageRequest { limit: 2, before: first.next }).await.expect("list");
    assert_eq!((last.items.as_slice(), last.next), (&all[2..], None));
}
