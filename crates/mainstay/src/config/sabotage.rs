//! The guards that are to be left out, where the build can do that at all.

use mainstay_services::{sabotage::Guard, settings::Environment};

use super::Raw;

const NAME: &str = "MAINSTAY_SABOTAGE";

/// Reads them; outside `dev` there are none, and asking for some is a fault.
pub(super) fn read(raw: &mut Raw, environment: Environment) -> Vec<Guard> {
    let names = raw.list(NAME);
    if names.is_empty() {
        return Vec::new();
    }
    if environment.is_strict() {
        raw.fault(NAME, "must not be set outside dev: it takes the deployment's guards away", "not set");
    }
    let known = |name: &String| Guard::ALL.iter().copied().find(|guard| guard.as_str() == name);
    for name in names.iter().filter(|name| known(name).is_none()) {
        let all: Vec<_> = Guard::ALL.iter().map(|guard| guard.as_str()).collect();
        raw.fault(NAME, format!("there is no guard {name:?}"), all.join(", "));
    }
    names.iter().filter_map(known).collect()
}
