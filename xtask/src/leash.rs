//! A program that ends with this process, however this process ends: by return, panic, Ctrl-C or `kill -9`.
//!
//! A shell holds the other end of a pipe and ends the program by its process id when the pipe closes.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Starts the program, waits for the pipe to close, and ends it.
const KEEPER: &str = r#""$@" </dev/null & pid=$!; cat >/dev/null; while kill -TERM "$pid" 2>/dev/null; do sleep 0.2; done; wait "$pid""#;
/// A busy machine may take long.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A running program.
pub(crate) struct Leashed {
    name: &'static str,
    keeper: Child,
    leash: Option<ChildStdin>,
    log: PathBuf,
}

impl Leashed {
    /// Starts it; what it says goes to `<folder>/<name>.log`.
    ///
    /// # Errors
    /// When it can't be started.
    pub(crate) fn start(name: &'static str, folder: &Path, command: &Command) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => keeper.env(key, value),
                None => keeper.env_remove(key),
            };
        }
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut keeper = keeper
            .current_dir(command.get_current_dir().unwrap_or(folder))
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            // A Ctrl-C is for us; the keeper follows when the pipe closes.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let leash = keeper.stdin.take();
        Ok(Self { name, keeper, leash, log })
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// When it ends or takes too long; then with the end of its log.
    #[expect(clippy::disallowed_methods, reason = "this tool has nothing else to do while servers start")]
    pub(crate) fn wait(&mut self, is_ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !is_ready() {
            if self.keeper.try_wait()?.is_some() || start.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let from = log.char_indices().rev().nth(4_000).map_or(0, |(index, _)| index);
                bail!("{} did not start:\n{}", self.name, &log[from..]);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        drop(self.leash.take());
        // Nothing is left to do about a keeper that can't be waited for.
        let _ = self.keeper.wait();
    }
}

/// So many ports that were free a moment ago; held together so that they differ.
///
/// # Errors
/// When the machine has none.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
