//! Removing what has run out.

use mainstay_model::{
    Timestamp,
    inbox::{InboxEvent, InboxState},
    ledger::Posting,
    outgoing::EventType,
    page::PageRequest,
    session::RevokedReason,
};
use mainstay_store::{ExpiredBefore, ExpiredRows, Recorded};

use crate::{AnyStore, outgoing, read, sample, write};

/// Everything that was before.
pub(crate) const fn expired_before(at: Timestamp) -> ExpiredBefore {
    ExpiredBefore {
        flows: at,
        sessions: at,
        jobs: at,
        posting_keys: at,
        outgoing_events: at,
        inbox_bodies: at,
    }
}

/// One kind after another; what is not due stays.
pub async fn removes_what_ran_out(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut tx = write(&store).await;
    let mut kept = Vec::new();
    for (expires, revoked, stays) in
        [(9, None, false), (10, None, true), (99, Some(9), false), (99, Some(10), true), (99, None, true)]
    {
        let (mut session, token) = sample::session(member.id);
        session.expires_at = sample::at(expires);
        session.revoked_at = revoked.map(sample::at);
        session.revoked_reason = revoked.map(|_| RevokedReason::Logout);
        tx.insert_session(&session, &token).await.expect("insert");
        kept.push((session.id, token.hash, stays));
    }
    // One that waits is nobody's to remove, however old.
    let jobs = [sample::job(29), sample::job(30), sample::job(1)];
    tx.insert_jobs(&jobs).await.expect("insert");
    for job in &jobs[..2] {
        tx.fail_job(job.id, None, "refused").await.expect("fail");
    }
    let endpoint = outgoing::an_endpoint(&mut *tx, &[]).await;
    let events = [39, 40].map(|second| outgoing::event(EventType::PointsGranted, second));
    tx.insert_outgoing_events(&events).await.expect("insert");
    // The first one ends at 19, the second at 20, the third not at all.
    for until in [19, 20] {
        tx.rotate_endpoint_secret(&outgoing::secret(endpoint.id), sample::at(until)).await.expect("rotate");
    }
    let mut flows = Vec::new();
    for expires in [19, 20] {
        let (mut ceremony, mut oauth_flow) = (sample::ceremony(None), sample::oauth_flow(None));
        let mut email_flow = sample::email_flow(&sample::email(), None);
        ceremony.expires_at = sample::at(expires);
        oauth_flow.expires_at = sample::at(expires);
        email_flow.expires_at = sample::at(expires);
        tx.insert_ceremony(&ceremony).await.expect("insert");
        tx.insert_oauth_flow(&oauth_flow).await.expect("insert");
        tx.insert_email_flow(&email_flow).await.expect("insert");
        let spent = sample::fresh_hash();
        tx.spend_once(&spent, sample::at(expires)).await.expect("spend");
        flows.push((ceremony, oauth_flow, email_flow, spent));
    }
    // Two keys of postings, an old one and a young one; what was posted stays.
    for at in [39, 40] {
        let posting = Posting { at: sample::at(at), ..sample::grant(sample::wallet(), 1) };
        tx.post(&[posting]).await.expect("post");
    }
    let inbox = settled_events();
    tx.record_inbox_events(&inbox).await.expect("record");
    tx.commit().await.expect("commit");

    let mut tx = write(&store).await;
    let before = ExpiredBefore {
        flows: sample::at(20),
        sessions: sample::at(10),
        jobs: sample::at(30),
        posting_keys: sample::at(40),
        outgoing_events: sample::at(40),
        inbox_bodies: sample::at(50),
    };
    let now = sample::at(60);
    let expired = tx.delete_expired(&before, now, 100).await.expect("delete");
    let expected = ExpiredRows {
        sessions: 2,
        ceremonies: 1,
        oauth_flows: 1,
        email_flows: 1,
        spent: 1,
        jobs: 1,
        posting_keys: 1,
        outgoing_events: 1,
        endpoint_secrets: 1,
        inbox_bodies: 2,
    };
    assert_eq!(expired, expected);
    assert_eq!(expired.total(), 12);
    let again = tx.delete_expired(&before, sample::at(70), 100).await.expect("delete");
    assert_eq!(again.total(), 0);
    tx.commit().await.expect("commit");

    let mut tx = write(&store).await;
    assert_eq!(tx.ledger_totals().await.expect("totals").transfers, 2);
    let page = PageRequest { limit: 9, before: None };
    let kept_events = tx.deliveries_of_endpoint(endpoint.id, page).await.expect("list").items;
    assert_eq!(kept_events.into_iter().map(|delivery| delivery.event).collect::<Vec<_>>(), events[1..]);
    assert_eq!(tx.live_endpoint_secrets(sample::at(0)).await.expect("list").len(), 2);
    assert_eq!(tx.job_counts().await.expect("count"), (1, 1, Some(sample::at(1))));
    for (id, hash, stays) in kept {
        assert_eq!(tx.session_by_id(id).await.expect("read").is_some(), stays);
        assert_eq!(tx.session_by_refresh_hash(&hash).await.expect("read").is_some(), stays);
    }
    for ((ceremony, oauth_flow, email_flow, spent), stays) in flows.into_iter().zip([false, true]) {
        assert_eq!(tx.take_ceremony(ceremony.id).await.expect("take").is_some(), stays);
        assert_eq!(tx.take_oauth_flow(&oauth_flow.state_hash).await.expect("take").is_some(), stays);
        assert_eq!(tx.delete_email_flow(email_flow.id).await.expect("delete"), stays);
        assert_eq!(tx.spend_once(&spent, sample::at(99)).await.expect("spend"), !stays);
    }
    for (number, mut event) in inbox.iter().cloned().enumerate() {
        if number < 2 {
            (event.body, event.head.body_removed_at) = (Vec::new(), Some(now));
        }
        assert_eq!(tx.inbox_event_by_id(event.head.id).await.expect("read"), Some(event));
    }
    // What they were called and what they said are known as before.
    let mut changed = sample::inbox_event("square", "0");
    changed.fingerprint = sample::fresh_hash();
    let recorded = tx.record_inbox_events(&[inbox[0].clone(), changed]).await.expect("record");
    assert_eq!(recorded, [Recorded::Duplicate, Recorded::Conflict]);
}

/// Two that were settled long ago; one that was of late; two that are old and not settled.
fn settled_events() -> Vec<InboxEvent> {
    let states = [
        (InboxState::Done, 49),
        (InboxState::Ignored, 49),
        (InboxState::Done, 50),
        (InboxState::Failed, 1),
        (InboxState::SetAside, 1),
    ];
    let event = |(number, (state, second)): (usize, (InboxState, i64))| {
        let mut event = sample::inbox_event("square", &number.to_string());
        event.head.progress.state = state;
        event.head.progress.updated_at = sample::at(second);
        event.head.progress.next_at = (state == InboxState::Failed).then(|| sample::at(1));
        event
    };
    states.into_iter().enumerate().map(event).collect()
}

/// At most so many of each kind in one call.
pub async fn keeps_to_its_limit(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut tx = write(&store).await;
    for _ in 0..5 {
        let (session, token) = sample::session(member.id);
        tx.insert_session(&session, &token).await.expect("insert");
        tx.insert_ceremony(&sample::ceremony(None)).await.expect("insert");
        tx.insert_oauth_flow(&sample::oauth_flow(None)).await.expect("insert");
        tx.insert_email_flow(&sample::email_flow(&sample::email(), None)).await.expect("insert");
        tx.spend_once(&sample::fresh_hash(), sample::at(0)).await.expect("spend");
        let job = sample::job(0);
        tx.insert_jobs(std::slice::from_ref(&job)).await.expect("insert");
        tx.fail_job(job.id, None, "refused").await.expect("fail");
        tx.post(&[sample::grant(sample::wallet(), 1)]).await.expect("post");
        let endpoint = outgoing::an_endpoint(&mut *tx, &[]).await;
        let event = outgoing::event(EventType::EndpointTest, 0);
        tx.insert_outgoing_event_for(&event, endpoint.id).await.expect("insert");
        tx.rotate_endpoint_secret(&outgoing::secret(endpoint.id), sample::at(0)).await.expect("rotate");
        let settled = sample::inbox_event("square", &session.id.to_string());
        tx.record_inbox_events(&[settled]).await.expect("record");
    }
    let late = sample::at(1_000_000);
    let before = expired_before(late);
    for each in [2, 2, 1, 0] {
        let expired = tx.delete_expired(&before, late, 2).await.expect("delete");
        let expected = ExpiredRows {
            sessions: each,
            ceremonies: each,
            oauth_flows: each,
            email_flows: each,
            spent: each,
            jobs: each,
            posting_keys: each,
            outgoing_events: each,
            endpoint_secrets: each,
            inbox_bodies: each,
        };
        assert_eq!(expired, expected);
    }
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.live_sessions_of_member(member.id, sample::at(0)).await.expect("list"), []);
}
