//! Pages need nothing from elsewhere: no script, style, font or picture of another host that could read along or change.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.own-pages",
    title: "The documentation and the studio load nothing from other hosts",
    promises: &["SEC-3", "CFG-8"],
    priority: Priority::P1,
    references: &[Reference::Asvs("3.6.1"), Reference::Cwe(829), Reference::Cwe(830)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody("\"/docs/docs.css\"", "\"https://cdn.example/docs.css\"")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let own = probe.target.origin();
    let mut open = vec!["/docs".to_owned(), "/".to_owned(), "/nothing-is-here".to_owned()];
    let mut seen = 0;
    for path in std::mem::take(&mut open) {
        let answer = probe.client.get(&path).header("accept", "text/html").patiently().send().await?;
        let loaded = loaded(&answer.body_text());
        for address in &loaded {
            let is_own = address.starts_with('/') && !address.starts_with("//")
                || address.starts_with('#')
                || address.starts_with("./")
                || address.starts_with("data:")
                || *address == own
                || address.starts_with(&format!("{own}/"))
                || !address.contains(':') && !address.starts_with("//");
            ensure(is_own, || format!("{path} loads {address}"))?;
        }
        open.extend(loaded.into_iter().filter(|address| address.ends_with(".css")));
        seen += 1;
    }
    for path in open {
        let style = probe.client.get(&path).patiently().send().await?.body_text();
        let foreign = ["@import", "url(http", "url(\"http", "url('http", "url(//"]
            .into_iter()
            .find(|word| style.contains(word));
        ensure(foreign.is_none(), || format!("{path} loads something: {}", foreign.unwrap_or_default()))?;
        seen += 1;
    }
    passed(format!("{seen} pages and style sheets"))
}

/// What a browser fetches by itself for a page; links that a person follows are not among it.
fn loaded(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let attribute = match name.as_str() {
            "script" | "img" | "iframe" | "source" | "video" | "audio" | "embed" | "track" => "src=\"",
            "link" | "base" | "use" | "image" => "href=\"",
            "form" => "action=\"",
            "object" => "data=\"",
            _ => continue,
        };
        let value = tag.split_once(attribute).and_then(|(_, rest)| rest.split('"').next());
        found.extend(value.map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::loaded;

    #[test]
    fn what_a_page_loads_is_found_and_links_are_not() {
        let page = "<link href=\"/a.css\"><a href=\"https://x/\"><script src=\"https://cdn.example/b.js\"></script><form action=\"//c/\">";
        assert_eq!(loaded(page), ["/a.css", "https://cdn.example/b.js", "//c/"]);
    }
}
