//! Where a reference can be read: its label, as a check states it, leads to the public page of whoever keeps it.

/// Chapters of ASVS 5.0, by number: the file of each in the standard's repository.
const ASVS: [&str; 17] = [
    "0x10-V1-Encoding-and-Sanitization",
    "0x11-V2-Validation-and-Business-Logic",
    "0x12-V3-Web-Frontend-Security",
    "0x13-V4-API-and-Web-Service",
    "0x14-V5-File-Handling",
    "0x15-V6-Authentication",
    "0x16-V7-Session-Management",
    "0x17-V8-Authorization",
    "0x18-V9-Self-contained-Tokens",
    "0x19-V10-OAuth-and-OIDC",
    "0x20-V11-Cryptography",
    "0x21-V12-Secure-Communication",
    "0x22-V13-Configuration",
    "0x23-V14-Data-Protection",
    "0x24-V15-Secure-Coding-and-Architecture",
    "0x25-V16-Security-Logging-and-Error-Handling",
    "0x26-V17-WebRTC",
];

/// OWASP API Security Top 10 (2023), by number.
const API: [&str; 10] = [
    "0xa1-broken-object-level-authorization",
    "0xa2-broken-authentication",
    "0xa3-broken-object-property-level-authorization",
    "0xa4-unrestricted-resource-consumption",
    "0xa5-broken-function-level-authorization",
    "0xa6-unrestricted-access-to-sensitive-business-flows",
    "0xa7-server-side-request-forgery",
    "0xa8-security-misconfiguration",
    "0xa9-improper-inventory-management",
    "0xaa-unsafe-consumption-of-apis",
];

/// The public page of a reference; nothing for a label of no known form.
pub(crate) fn page_of(label: &str) -> Option<String> {
    if let Some(requirement) = label.strip_prefix("ASVS 5.0 V") {
        let chapter = ASVS.get(position(requirement.split('.').next()?)?)?;
        return Some(format!("https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/en/{chapter}.md"));
    }
    if let Some(number) = label.strip_prefix("CWE-") {
        let number = number.parse::<u16>().ok()?;
        return Some(format!("https://cwe.mitre.org/data/definitions/{number}.html"));
    }
    if let Some(number) = label.strip_prefix("OWASP API").and_then(|rest| rest.strip_suffix(":2023")) {
        let page = API.get(position(number)?)?;
        return Some(format!("https://owasp.org/API-Security/editions/2023/en/{page}/"));
    }
    if let Some(check) = label.strip_prefix("OpenSSF Scorecard ") {
        let anchor = plain(check)?.to_ascii_lowercase();
        return Some(format!("https://github.com/ossf/scorecard/blob/main/docs/checks.md#{anchor}"));
    }
    if label.starts_with("CVE-") {
        return Some(format!("https://nvd.nist.gov/vuln/detail/{}", plain(label)?));
    }
    if label.starts_with("GHSA-") {
        return Some(format!("https://github.com/advisories/{}", plain(label)?));
    }
    None
}

fn position(number: &str) -> Option<usize> {
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// The text if it needs no escaping in an address.
fn plain(text: &str) -> Option<&str> {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::page_of;
    use crate::{check::Reference, checks, repo, report::samples};

    #[test]
    fn every_reference_of_every_check_leads_somewhere() {
        for check in checks::all() {
            for reference in check.references {
                let label = reference.label();
                assert!(page_of(&label).is_some(), "{}: {label} leads nowhere", check.id);
            }
        }
        for check in repo::all() {
            for reference in check.references {
                assert!(
                    page_of(&reference.label()).is_some(),
                    "{}: {} leads nowhere",
                    check.id,
                    reference.label()
                );
            }
        }
        for reference in samples::REFERENCES {
            assert!(page_of(&reference.label()).is_some(), "{}", reference.label());
        }
    }

    #[test]
    fn a_label_that_is_none_leads_nowhere() {
        for label in
            ["", "CWE-x", "ASVS 5.0 V99.1.1", "OWASP API11:2023", "CVE-1/../..", "https://evil.example"]
        {
            assert_eq!(page_of(label), None, "{label}");
        }
        assert_eq!(
            page_of(&Reference::Cwe(942).label()).as_deref(),
            Some("https://cwe.mitre.org/data/definitions/942.html")
        );
    }
}
