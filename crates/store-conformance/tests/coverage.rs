//! Every method of the contract is called by a case, and every case is in the list that the engines run.

use std::{fs, path::Path};

fn sources(directory: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = fs::read_dir(&directory).expect("the directory of sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.iter().map(|path| fs::read_to_string(path).expect("a source")).collect()
}

/// The names of the functions that are declared like this.
fn names(text: &str, declaration: &str) -> Vec<String> {
    text.split(declaration)
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn every_method_of_the_contract_has_a_case() {
    let cases = sources("src");
    let methods = names(&sources("../store/src"), "async fn ");
    assert!(methods.len() > 80, "the contract was not found: {methods:?}");
    let missing: Vec<_> = methods.iter().filter(|name| !cases.contains(&format!(".{name}("))).collect();
    assert!(missing.is_empty(), "no case calls {missing:?}");
}

#[test]
fn every_case_is_in_the_list() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let list = fs::read_to_string(directory.join("lib.rs")).expect("lib.rs");
    let list = list.split("macro_rules! cases").nth(1).expect("the list");
    for entry in fs::read_dir(&directory).expect("the directory of sources") {
        let path = entry.expect("an entry").path();
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        if ["lib", "raw", "sample"].contains(&module.as_str()) {
            continue;
        }
        let listed = list.split(&format!(" {module} {{")).nth(1).expect("the module is in the list");
        let listed = listed.split('}').next().expect("its cases");
        let listed: Vec<_> = listed.split([',', ' ', '\n']).filter(|name| !name.is_empty()).collect();
        let text = fs::read_to_string(&path).expect("a source");
        for line in
            text.lines().filter(|line| line.starts_with("pub async fn") && line.contains("(store: AnyStore)"))
        {
            let name = &names(line, "async fn ")[0];
            assert!(listed.contains(&name.as_str()), "{module}::{name} is not in the list");
        }
    }
}
