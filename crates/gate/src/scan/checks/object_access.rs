//! What belongs to one member must not open for another who knows its id.

use reqwest::Method;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    probe::Probe,
    scan::{
        fill,
        party::{Party, Who},
        stranger::{Thing, unique},
    },
};

pub(crate) static CHECK: Check = Check {
    id: "scan.object-access",
    title: "A member cannot see, change or remove what belongs to another",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("8.2.2"), Reference::Cwe(639), Reference::Api(1)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("object-access"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let object = stranger.object()?;
    let (a, b) = (stranger.party(Who::A, &probe.client).await?, stranger.party(Who::B, &probe.client).await?);
    if !a.member_id.is_empty() && a.member_id == b.member_id {
        return Err(Ended::Unanswerable("A and B are the same member".to_owned()));
    }
    let thing = stranger.thing(&a).await?;
    let read = fill::text(&object.read, &a.values(&[("id", &thing.id)]));
    let own = a.get(&read).purpose("A reads the object").patiently().send().await?;
    let owned = Owned { a: &a, read: &read, thing: &thing };
    if !own.is_success() || !owned.is_shown_in(&own) {
        return Err(Ended::error(format!(
            "A's own object is not found again at {read} ({}); look at object.read and put {{unique}} into object.create",
            own.status
        )));
    }
    let answer = b.get(&read).purpose("B reads A's object").patiently().send().await?;
    ensure(!(answer.is_success() && owned.is_shown_in(&answer)), || {
        format!("B read A's object: GET {read} answered {}", answer.status)
    })?;
    if let Some(list) = &object.list {
        let answer = b.get(list).purpose("B lists").patiently().send().await?;
        ensure(!owned.is_shown_in(&answer), || format!("B's list at {list} shows A's object"))?;
    }
    let mut tried = 1;
    for (label, call, mark) in attacks(&probe, &b, &thing)? {
        let answer = call.purpose(format!("B tries {label} on A's object")).patiently().send().await?;
        tried += 1;
        if answer.status == 429 {
            return Err(Ended::error(format!(
                "{label} was answered 429: a limit, which says nothing of access"
            )));
        }
        ensure(!(answer.is_success() && owned.is_shown_in(&answer)), || {
            format!("{label} showed A's object to B ({})", answer.status)
        })?;
        owned.is_untouched(&label, &mark).await?;
        if answer.is_success() {
            probe.note(format!("{label} answered B {} and changed nothing that A sees", answer.status));
        }
    }
    if let Some(update) = &object.update {
        let mark = unique();
        let call = a.request(update, &[("id", &thing.id), ("unique", &mark)])?;
        let answer =
            call.purpose("A changes it, to see that B's requests were right").patiently().send().await?;
        if !answer.is_success() {
            return Err(Ended::error(format!(
                "A can't change its own object either ({}: {}), so B's tries say nothing; look at object.update",
                answer.status,
                answer.said()
            )));
        }
    }
    passed(format!("B tried {tried} ways to A's object and got nothing"))
}

/// A's object, and how to see that it is still there.
struct Owned<'a> {
    a: &'a Party,
    read: &'a str,
    thing: &'a Thing,
}

impl Owned<'_> {
    fn is_shown_in(&self, answer: &Answer) -> bool {
        answer.body_text().contains(&self.thing.mark)
    }

    async fn is_untouched(&self, label: &str, mark: &str) -> Result<(), Ended> {
        let now = self.a.get(self.read).purpose("is A's object as it was?").patiently().send().await?;
        ensure(now.status != 404 && now.status != 410, || format!("{label} let B remove A's object"))?;
        let text = now.body_text();
        ensure(mark.is_empty() || !text.contains(mark), || format!("{label} let B change A's object"))?;
        if !now.is_success() {
            return Err(Ended::error(format!("after {label}, A's own read answered {}", now.status)));
        }
        ensure(text.contains(&self.thing.mark), || format!("{label} let B change A's object"))
    }
}

/// Every way to the object that the target file or the document knows; removing comes last.
fn attacks(probe: &Probe, b: &Party, thing: &Thing) -> Result<Vec<(String, Call, String)>, Ended> {
    let stranger = probe.stranger()?;
    let object = stranger.object()?;
    let mut attacks = Vec::new();
    if let Some(update) = &object.update {
        let mark = unique();
        let call = b.request(update, &[("id", &thing.id), ("unique", &mark)])?;
        attacks.push((format!("{} {}", fill::method(update)?, update.path), call, mark));
    }
    for operation in stranger.operations() {
        let Some(path) = operation.path_of_object(&object.read, &thing.id) else { continue };
        let call = b.call(operation.method.clone(), &path);
        let body = stranger.document.as_ref().and_then(|document| document.sample_body(operation));
        let call = match body {
            Some((kind, body)) => call.body(kind, body),
            None => call,
        };
        attacks.push((operation.label(), call, String::new()));
    }
    if let Some(delete) = &object.delete {
        let path = fill::text(delete, &b.values(&[("id", &thing.id)]));
        attacks.push((format!("DELETE {delete}"), b.call(Method::DELETE, &path), String::new()));
    }
    attacks.sort_by_key(|(label, _, _)| label.starts_with("DELETE"));
    Ok(attacks)
}
