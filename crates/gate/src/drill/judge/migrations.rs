//! Judges who applied which migration: each once, none left out, none made up.

use std::collections::BTreeMap;

use crate::check::Ended;

/// Somebody applied a version.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) by: String,
    pub(crate) version: i64,
}

/// Compares what was applied with what the program knows.
///
/// # Errors
/// [`Ended::Fail`] with the version that was applied twice, never, or is unknown.
pub(crate) fn judge(known: &[i64], applied: &[Applied]) -> Result<(), Ended> {
    let mut by_version: BTreeMap<i64, Vec<&str>> =
        known.iter().map(|version| (*version, Vec::new())).collect();
    if by_version.is_empty() {
        return Err(Ended::error("the program knows no migration"));
    }
    for one in applied {
        match by_version.get_mut(&one.version) {
            Some(by) => by.push(&one.by),
            None => {
                return Err(Ended::fail(format!("{} applied the unknown version {}", one.by, one.version)));
            }
        }
    }
    for (version, by) in by_version {
        match by.len() {
            0 => return Err(Ended::fail(format!("nobody applied version {version}"))),
            1 => {}
            _ => return Err(Ended::fail(format!("version {version} was applied by {}", by.join(" and ")))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(applied: &[(&str, i64)]) -> Result<(), Ended> {
        let applied = applied.iter().map(|(by, version)| Applied { by: (*by).to_owned(), version: *version });
        judge(&[1, 2, 3], &applied.collect::<Vec<_>>())
    }

    #[test]
    fn each_once_passes_whoever_did_it() {
        assert!(outcome(&[("a", 1), ("b", 3), ("a", 2)]).is_ok());
    }

    #[test]
    fn twice_never_and_unknown_fail() {
        for bad in [&[("a", 1), ("b", 1), ("a", 2), ("a", 3)][..], &[("a", 1), ("a", 2)], &[("a", 9)]] {
            assert!(matches!(outcome(bad), Err(Ended::Fail(_))), "{bad:?}");
        }
        assert!(matches!(judge(&[], &[]), Err(Ended::Error(_))));
    }
}
