//! Sign-ins under way.

use mainstay_model::{
    CeremonyId, EmailFlowId,
    ceremony::{CeremonyKind, EmailPurpose},
};
use uuid::Uuid;

use crate::{AnyStore, at_once, sample, write};

/// Taken once, whatever its kind and however old.
pub async fn is_taken_once(store: AnyStore) {
    let member = sample::a_member(&store).await;
    for kind in CeremonyKind::ALL {
        let mut ceremony = sample::ceremony(Some(member.id).filter(|_| *kind == CeremonyKind::AddPasskey));
        ceremony.kind = *kind;
        ceremony.expires_at = sample::at(-1_000_000);
        let mut tx = write(&store).await;
        tx.insert_ceremony(&ceremony).await.expect("insert");
        tx.commit().await.expect("commit");
        let mut tx = write(&store).await;
        assert_eq!(tx.take_ceremony(ceremony.id).await.expect("take"), Some(ceremony.clone()));
        assert_eq!(tx.take_ceremony(ceremony.id).await.expect("take"), None);
        tx.commit().await.expect("commit");
    }
    let unknown = CeremonyId::new(Uuid::now_v7());
    assert_eq!(write(&store).await.take_ceremony(unknown).await.expect("take"), None);
}

/// Of many who finish the same ceremony at once, one gets it.
pub async fn is_taken_by_one_of_many(store: AnyStore) {
    let (ceremony, flow) = (sample::ceremony(None), sample::oauth_flow(None));
    let mut tx = write(&store).await;
    tx.insert_ceremony(&ceremony).await.expect("insert");
    tx.insert_oauth_flow(&flow).await.expect("insert");
    tx.commit().await.expect("commit");
    let taken = at_once(12, |_| {
        let store = store.clone();
        let (id, state_hash) = (ceremony.id, flow.state_hash);
        async move {
            let mut tx = write(&store).await;
            let ceremony = tx.take_ceremony(id).await.expect("take").is_some();
            let flow = tx.take_oauth_flow(&state_hash).await.expect("take").is_some();
            tx.commit().await.expect("commit");
            (ceremony, flow)
        }
    })
    .await;
    assert_eq!(taken.iter().filter(|(ceremony, _)| *ceremony).count(), 1);
    assert_eq!(taken.iter().filter(|(_, flow)| *flow).count(), 1);
}

/// A trip to a provider, by its state.
pub async fn oauth_flow_is_taken_once(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (flow, other) = (sample::oauth_flow(Some(member.id)), sample::oauth_flow(None));
    let mut tx = write(&store).await;
    tx.insert_oauth_flow(&flow).await.expect("insert");
    tx.insert_oauth_flow(&other).await.expect("insert");
    assert_eq!(tx.take_oauth_flow(&flow.state_hash).await.expect("take"), Some(flow.clone()));
    assert_eq!(tx.take_oauth_flow(&flow.state_hash).await.expect("take"), None);
    assert_eq!(tx.take_oauth_flow(&other.state_hash).await.expect("take"), Some(other));
}

/// A second code for the same address, purpose and browser takes the place of the first, and of no other.
pub async fn email_flow_is_newest_only(store: AnyStore) {
    let (email, member) = (sample::email(), sample::a_member(&store).await);
    let first = sample::email_flow(&email, None);
    let mut second = sample::email_flow(&email, Some(member.id));
    (second.sealed_payload, second.attempts, second.browser_hash) = (None, 0, first.browser_hash);
    (second.created_at, second.expires_at) = (sample::at(5), sample::at(905));
    let mut other_purpose = sample::email_flow(&email, None);
    (other_purpose.purpose, other_purpose.browser_hash) = (EmailPurpose::PasswordSignUp, first.browser_hash);
    let mut other_browser = sample::email_flow(&email, None);
    let mut tx = write(&store).await;
    tx.insert_email_flow(&first).await.expect("insert");
    tx.attempt_email_flow(first.id).await.expect("attempt");
    tx.insert_email_flow(&other_purpose).await.expect("insert");
    tx.insert_email_flow(&other_browser).await.expect("insert");
    tx.insert_email_flow(&second).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = write(&store).await;
    assert_eq!(tx.attempt_email_flow(first.id).await.expect("attempt"), None);
    second.attempts = 1;
    assert_eq!(tx.attempt_email_flow(second.id).await.expect("attempt"), Some(second));
    for flow in [&mut other_purpose, &mut other_browser] {
        flow.attempts = 1;
        assert_eq!(tx.attempt_email_flow(flow.id).await.expect("attempt").as_ref(), Some(&*flow));
    }
    assert_eq!(tx.delete_email_flows_of_address(&email).await.expect("delete"), 3);
}

/// Every attempt counts, however many come at once.
pub async fn email_flow_counts_attempts(store: AnyStore) {
    let flow = sample::email_flow(&sample::email(), None);
    let mut tx = write(&store).await;
    tx.insert_email_flow(&flow).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut counts = at_once(10, |_| {
        let (store, id) = (store.clone(), flow.id);
        async move {
            let mut tx = write(&store).await;
            let counted = tx.attempt_email_flow(id).await.expect("attempt").expect("a flow");
            tx.commit().await.expect("commit");
            counted.attempts
        }
    })
    .await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=10).collect::<Vec<_>>());
    let unknown = EmailFlowId::new(Uuid::now_v7());
    assert_eq!(write(&store).await.attempt_email_flow(unknown).await.expect("attempt"), None);
}

/// By id, by address and by member.
pub async fn email_flows_are_forgotten(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let email = sample::email();
    let mut tx = write(&store).await;
    for purpose in EmailPurpose::ALL {
        let mut flow = sample::email_flow(&email, None);
        flow.purpose = *purpose;
        tx.insert_email_flow(&flow).await.expect("insert");
    }
    let flow = sample::email_flow(&sample::email(), None);
    tx.insert_email_flow(&flow).await.expect("insert");
    for owner in [member.id, member.id, other.id] {
        tx.insert_email_flow(&sample::email_flow(&sample::email(), Some(owner))).await.expect("insert");
    }
    assert!(tx.delete_email_flow(flow.id).await.expect("delete"));
    assert!(!tx.delete_email_flow(flow.id).await.expect("delete"));
    assert_eq!(tx.delete_email_flows_of_address(&email).await.expect("delete"), 3);
    assert_eq!(tx.delete_email_flows_of_address(&email).await.expect("delete"), 0);
    assert_eq!(tx.delete_email_flows_of_member(member.id).await.expect("delete"), 2);
    assert_eq!(tx.delete_email_flows_of_member(other.id).await.expect("delete"), 1);
}

/// One of many spends a value; the rest, and everybody later, is told no.
pub async fn a_value_is_spent_once(store: AnyStore) {
    let hash = sample::fresh_hash();
    let spent = at_once(12, |_| {
        let store = store.clone();
        async move {
            let mut tx = write(&store).await;
            let spent = tx.spend_once(&hash, sample::at(60)).await.expect("spend");
            tx.commit().await.expect("commit");
            spent
        }
    })
    .await;
    assert_eq!(spent.iter().filter(|spent| **spent).count(), 1);
    let mut tx = write(&store).await;
    assert!(!tx.spend_once(&hash, sample::at(600)).await.expect("spend"));
    assert!(tx.spend_once(&sample::fresh_hash(), sample::at(60)).await.expect("spend"));
}
