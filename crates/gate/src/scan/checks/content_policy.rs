//! A content security policy keeps injected script from running, unless it allows inline script.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.content-policy",
    title: "Pages have a content security policy without unsafe script",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("3.4.3"), Reference::Cwe(79), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("content-policy"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let pages = surface::pages(&probe).await?;
    for page in &pages {
        let policies = page.answer.all("content-security-policy").join("; ");
        ensure(!policies.is_empty(), || format!("{} has no Content-Security-Policy", page.what))?;
        // Several policies all hold at once; it is enough if one of them is right.
        let rights =
            page.answer.all("content-security-policy").into_iter().filter_map(fault_of).collect::<Vec<_>>();
        let policies = page.answer.all("content-security-policy").len();
        ensure(rights.len() < policies, || format!("{}: {}", page.what, rights.join("; ")))?;
    }
    passed(format!("{} pages have a policy that keeps foreign script out", pages.len()))
}

/// What is wrong with how a policy treats script; nothing if it is right.
fn fault_of(policy: &str) -> Option<String> {
    let policy = policy.to_ascii_lowercase();
    let sources = |name: &str| {
        let directive =
            policy.split(';').map(str::trim).find(|one| one.split_whitespace().next() == Some(name));
        directive.map(|directive| directive.split_whitespace().skip(1).collect::<Vec<_>>())
    };
    let Some(script) = sources("script-src").or_else(|| sources("default-src")) else {
        return Some("the policy says nothing of scripts (neither script-src nor default-src)".to_owned());
    };
    // A nonce or a hash makes browsers ignore 'unsafe-inline', which is then there for old ones.
    let has_nonce = script.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"));
    if script.contains(&"'unsafe-inline'") && !has_nonce {
        return Some("scripts may be inline ('unsafe-inline')".to_owned());
    }
    if script.contains(&"'unsafe-eval'") {
        return Some("scripts may be made of text ('unsafe-eval')".to_owned());
    }
    let is_anywhere = script.iter().any(|source| matches!(*source, "*" | "http:" | "https:" | "data:"));
    let is_strict = script.contains(&"'strict-dynamic'");
    (is_anywhere && !is_strict).then(|| format!("scripts may come from anywhere ({})", script.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::fault_of;

    #[test]
    fn policies_are_judged_by_what_they_let_scripts_do() {
        for right in [
            "default-src 'self'",
            "script-src 'nonce-abc' 'unsafe-inline'; object-src 'none'",
            "default-src *; script-src 'self'",
            "script-src 'strict-dynamic' 'nonce-a' https:",
            "default-src 'none'; style-src 'unsafe-inline'",
        ] {
            assert_eq!(fault_of(right), None, "{right}");
        }
        for wrong in [
            "default-src 'self' 'unsafe-inline'",
            "script-src 'self' 'unsafe-eval'",
            "script-src https:",
            "img-src 'self'",
        ] {
            assert!(fault_of(wrong).is_some(), "{wrong}");
        }
    }
}
