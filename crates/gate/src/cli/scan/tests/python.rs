//! Virtual environments for the services under scan: made once under `target/`, shared by the tests of a checkout.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

/// The `bin` folder of an environment with what `requirements` pins; by hash, so that it is the same everywhere.
pub(super) fn environment(name: &str, requirements: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/scan-targets");
    std::fs::create_dir_all(&root).unwrap();
    // Several test processes may want it at once.
    let lock = File::create(root.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let folder = root.join(name);
    let wanted = std::fs::read_to_string(requirements).unwrap();
    let done = folder.join("requirements.done");
    if std::fs::read_to_string(&done).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]);
        run(pip.arg(requirements));
        std::fs::write(&done, wanted).unwrap();
    }
    folder.join("bin")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
