//! Who may have issued an ID token, and the one spelling under which a provider's people are known.

/// The issuers of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuers {
    accepted: Vec<String>,
    canonical: String,
}

impl Issuers {
    /// A provider's own spellings, of which the first one is kept; or exactly the configured one.
    pub(crate) fn new(own: &[&str], configured: Option<&str>) -> Self {
        match configured {
            Some(issuer) if !own.contains(&issuer) => {
                Self { accepted: vec![issuer.to_owned()], canonical: issuer.to_owned() }
            }
            _ => Self {
                accepted: own.iter().map(|&issuer| issuer.to_owned()).collect(),
                canonical: own[0].to_owned(),
            },
        }
    }

    /// The one spelling of an accepted issuer; none for any other text, however alike.
    pub(crate) fn normalise(&self, issuer: &str) -> Option<&str> {
        self.accepted.iter().any(|accepted| accepted == issuer).then_some(self.canonical.as_str())
    }

    /// The spelling that is kept.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }
}
