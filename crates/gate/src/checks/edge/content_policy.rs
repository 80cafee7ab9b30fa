//! The content security policy of pages and of the files that they load: nothing inline, nothing evaluated, nobody else's.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

use super::{answers, rules};
pub(crate) static CHECK: Check = Check {
    id: "edge.content-policy",
    title: "No page or file may run inline, evaluated or foreign code",
    promises: &["SEC-3", "T-OP-04"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.4.3"), Reference::Cwe(79), Reference::Cwe(693)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InHeader(
        "content-security-policy",
        "script-src 'self'",
        "script-src 'self' 'unsafe-inline'",
    )),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut paths = vec!["/".to_owned(), "/docs".to_owned(), "/nothing-is-here".to_owned()];
    let first = probe.client.get("/").send().await?;
    paths.extend(answers::files(&first.body_text()));
    for path in &paths {
        let answer = probe.client.get(path).header("accept", "text/html").patiently().send().await?;
        let faults = rules::policy_faults(&answer.headers);
        ensure(faults.is_empty(), || format!("{path}: {}", faults.join(", ")))?;
        let is_page = answer.header("content-type").unwrap_or_default().starts_with("text/html");
        let inline = is_page.then(|| inline_code(&answer.body_text())).flatten();
        ensure(inline.is_none(), || format!("{path} has code in it: {}", inline.unwrap_or_default()))?;
    }
    passed(format!("{} pages and files", paths.len()))
}

/// Code that stands in a page itself, which a strict policy keeps from running.
fn inline_code(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let script = lower.split("<script").skip(1).find(|rest| {
        let Some((tag, content)) = rest.split_once('>') else { return false };
        !tag.contains("src=") && !content.trim_start().starts_with("</script")
    });
    let handler = ["onclick=", "onload=", "onerror=", "href=\"javascript:"]
        .into_iter()
        .find(|word| lower.contains(word));
    script.map(|text| text.chars().take(60).collect()).or_else(|| handler.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::inline_code;

    #[test]
    fn code_in_a_page_is_found() {
        assert_eq!(inline_code("<script src=\"/a.js\"></script>"), None);
        assert!(inline_code("<script>alert(1)</script>").is_some());
        assert!(inline_code("<img onerror=x>").is_some());
    }
}
