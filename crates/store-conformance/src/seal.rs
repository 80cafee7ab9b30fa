//! Sealing anew.

use mainstay_store::SealedValue;
use uuid::Uuid;

use crate::{AnyStore, outgoing, read, sample, write};

const HEADER: &[u8] = &[1, 0, 159, 146, 150];

/// What begins otherwise is found, in pages, and what is not sealed is not.
pub async fn finds_what_begins_otherwise(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let sealed = [
        Some(vec![1, 0, 159, 146, 151, 7]),
        Some([HEADER, &[7]].concat()),
        Some(vec![2, 0, 159, 146, 150, 7]),
        Some(vec![1]),
        Some(HEADER.to_vec()),
        None,
    ];
    let mut tx = write(&store).await;
    for value in SealedValue::ALL {
        let mut expected = Vec::new();
        for (number, sealed) in sealed.iter().enumerate() {
            let id = match value {
                SealedValue::ProviderToken => {
                    let mut identity = sample::identity(member.id);
                    identity.sealed_token.clone_from(sealed);
                    tx.insert_identity(&identity).await.expect("insert");
                    identity.id.uuid()
                }
                SealedValue::Job => {
                    let mut job = sample::job(0);
                    job.sealed_payload = sealed.clone().unwrap_or_else(|| HEADER.to_vec());
                    tx.insert_jobs(&[job.clone()]).await.expect("insert");
                    job.id.uuid()
                }
                SealedValue::EndpointSecret => {
                    let endpoint = outgoing::endpoint();
                    let mut secret = outgoing::secret(endpoint.id);
                    secret.sealed_secret = sealed.clone().unwrap_or_else(|| HEADER.to_vec());
                    tx.insert_webhook_endpoint(&endpoint, &secret).await.expect("insert");
                    secret.id.uuid()
                }
                SealedValue::HashKey => {
                    let (id, sealed) = (Uuid::now_v7(), sealed.clone().unwrap_or_else(|| HEADER.to_vec()));
                    tx.hash_key_or_insert(id, &number.to_string(), &sealed).await.expect("insert");
                    id
                }
            };
            if [0, 2, 3].contains(&number) {
                expected.push((id, sealed.clone().expect("a value")));
            }
        }
        expected.sort_unstable();
        assert_eq!(tx.sealed_otherwise(*value, HEADER, None, 9).await.expect("read"), expected);
        assert_eq!(tx.sealed_otherwise(*value, HEADER, None, 2).await.expect("read"), expected[..2]);
        let after = Some(expected[1].0);
        assert_eq!(tx.sealed_otherwise(*value, HEADER, after, 2).await.expect("read"), expected[2..]);
    }
}

/// Only in the place of the value that was read.
pub async fn replaces_what_was_read(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (mut identity, mut job) = (sample::identity(member.id), sample::job(0));
    identity.sealed_token = Some(vec![9, 0]);
    job.sealed_payload = vec![9, 0];
    let mut tx = write(&store).await;
    tx.insert_identity(&identity).await.expect("insert");
    tx.insert_jobs(&[job.clone()]).await.expect("insert");
    let endpoint = outgoing::endpoint();
    let mut secret = outgoing::secret(endpoint.id);
    secret.sealed_secret = vec![9, 0];
    tx.insert_webhook_endpoint(&endpoint, &secret).await.expect("insert");
    let hash_key = Uuid::now_v7();
    tx.hash_key_or_insert(hash_key, "a", &[9, 0]).await.expect("insert");
    for (value, id) in [
        (SealedValue::ProviderToken, identity.id.uuid()),
        (SealedValue::Job, job.id.uuid()),
        (SealedValue::EndpointSecret, secret.id.uuid()),
        (SealedValue::HashKey, hash_key),
    ] {
        assert!(!tx.reseal(value, id, &[9], &[7]).await.expect("another value"));
        assert!(!tx.reseal(value, Uuid::now_v7(), &[9, 0], &[7]).await.expect("nobody's"));
        assert!(tx.reseal(value, id, &[9, 0], &[8, 0]).await.expect("reseal"));
        assert!(!tx.reseal(value, id, &[9, 0], &[7]).await.expect("too late"));
    }
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    for value in SealedValue::ALL {
        let found = tx.sealed_otherwise(*value, HEADER, None, 9).await.expect("read");
        assert_eq!(found.into_iter().map(|(_, sealed)| sealed).collect::<Vec<_>>(), [vec![8, 0]]);
    }
}
