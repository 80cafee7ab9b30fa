//! Scratch servers for tests and measurements: a PostgreSQL and a Redis of their own, on free ports, in a temporary
//! folder, gone afterwards.
//!
//! They are started by `keeper.sh`, which holds one end of a pipe. However this process ends, by return, panic, Ctrl-C or
//! `kill -9`, the pipe closes, and the keeper stops the servers by their process ids and removes the folder.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{leash::free_ports, process, setup, tools};

const KEEPER: &str = include_str!("services/keeper.sh");
/// `initdb` takes a second or two; a busy machine may take ten times that.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may take a port between our look and the server's bind.
const START_TRIES: u32 = 3;
const POLL: Duration = Duration::from_millis(50);
/// A folder in memory. Most tests make a database of their own, some hundred files each, which takes a disk four times as long.
const MEMORY_FOLDER: &str = "/dev/shm";
/// Room that it must have, in KiB: the databases of four tests at a time take a few dozen MiB, PostgreSQL's log up to one GiB.
const MEMORY_KIB_MIN: u64 = 4 * 1024 * 1024;

/// What the servers are for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Speed counts, and nobody pulls the plug: PostgreSQL does not wait for the disk.
    Tests,
    /// Measured as in production: every commit reaches the disk.
    Measurement,
}

/// Running servers. Dropping it stops them.
pub(crate) struct Services {
    keeper: Child,
    leash: Option<ChildStdin>,
    postgres_url: String,
    redis_url: String,
}

impl Services {
    /// Starts both and waits until they answer.
    ///
    /// # Errors
    /// When a server is not installed or does not come up; then with the end of its log.
    pub(crate) fn start(purpose: Purpose) -> Result<Self> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::try_start(purpose) {
                Err(error) if tries < START_TRIES => eprintln!("starting again: {error:#}"),
                outcome => return outcome,
            }
        }
    }

    fn try_start(purpose: Purpose) -> Result<Self> {
        let programs =
            postgres_programs().context("PostgreSQL is not installed; run `cargo xtask setup --tests`")?;
        let redis =
            tools::find("redis-server").context("Redis is not installed; run `cargo xtask setup --tests`")?;
        let [postgres_port, redis_port] = free_ports()?;
        // The keeper removes it, since it may outlive this process.
        let mut builder = tempfile::Builder::new();
        builder.prefix("mainstay-services-");
        let folder = match purpose {
            Purpose::Tests if has_room(MEMORY_FOLDER) => builder.tempdir_in(MEMORY_FOLDER)?,
            Purpose::Tests | Purpose::Measurement => builder.tempdir()?,
        };
        let folder = folder.keep();

        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .args([&folder, &programs, &redis])
            .args([postgres_port.to_string(), redis_port.to_string()])
            .arg(match purpose {
                Purpose::Tests => "off",
                Purpose::Measurement => "on",
            })
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("keeper.log"))?)
            // A Ctrl-C is for us; the keeper follows when the pipe closes.
            .process_group(0)
            .spawn()
            .context("cannot start the keeper of the scratch servers")?;
        let leash = keeper.stdin.take();
        let mut services = Self {
            keeper,
            leash,
            postgres_url: format!("postgres://postgres@127.0.0.1:{postgres_port}/postgres"),
            redis_url: format!("redis://127.0.0.1:{redis_port}"),
        };
        services.wait(|| postgres_answers(&programs, postgres_port), "PostgreSQL", &folder)?;
        services.wait(|| redis_answers(redis_port), "Redis", &folder)?;
        Ok(services)
    }

    #[expect(clippy::disallowed_methods, reason = "this tool has nothing else to do while servers start")]
    fn wait(&mut self, answers: impl Fn() -> bool, name: &str, folder: &Path) -> Result<()> {
        let start = Instant::now();
        while !answers() {
            if self.keeper.try_wait()?.is_some() || start.elapsed() > START_TIMEOUT {
                bail!("{name} did not start:\n{}", logs(folder));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// PostgreSQL's own database, as its superuser.
    pub(crate) fn postgres_url(&self) -> &str {
        &self.postgres_url
    }

    /// Redis' first database.
    pub(crate) fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// The variables by which tests find the servers.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 2] {
        [("MAINSTAY_TEST_POSTGRES_URL", &self.postgres_url), ("MAINSTAY_TEST_REDIS_URL", &self.redis_url)]
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        drop(self.leash.take());
        // Nothing is left to do about a keeper that can't be waited for.
        let _ = self.keeper.wait();
    }
}

/// Whether a folder is there and has room for the servers' data.
fn has_room(folder: &str) -> bool {
    let Ok(output) = process::command("df").args(["--output=avail", "-k", folder]).output() else {
        return false;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let free = text.lines().last().and_then(|line| line.trim().parse::<u64>().ok());
    free.is_some_and(|free| free >= MEMORY_KIB_MIN)
}

/// `cargo xtask services [-- command…]`.
///
/// # Errors
/// When the servers or the command can't be started. The command's own exit code is handed on.
pub(crate) fn run(command: &[OsString]) -> Result<ExitCode> {
    setup::run(setup::For::Tests)?;
    let mut services = Services::start(Purpose::Tests)?;
    if let Some((program, arguments)) = command.split_first() {
        // In the caller's folder: the command is theirs.
        let status = Command::new(program)
            .args(arguments)
            .envs(services.variables())
            .status()
            .with_context(|| format!("cannot start `{}`", program.to_string_lossy()))?;
        return Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from));
    }
    for (name, value) in services.variables() {
        println!("export {name}={value}");
    }
    eprintln!("Both servers run until Ctrl-C.");
    services.keeper.wait()?;
    bail!("the keeper of the scratch servers ended by itself")
}

/// The folder of PostgreSQL's server programs: what is on the `PATH`, or the newest that Debian keeps beside it.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("postgres").exists())
        .max()
        .map(|(_, folder)| folder);
    newest.or_else(|| {
        let folder = fs::canonicalize(tools::find("postgres")?).ok()?.parent()?.to_path_buf();
        folder.join("initdb").exists().then_some(folder)
    })
}

/// Whether an extension is installed for the server that [`postgres_programs`] finds.
pub(crate) fn postgres_extension(name: &str) -> bool {
    let Some(programs) = postgres_programs() else { return false };
    let version = programs.parent().and_then(Path::file_name).unwrap_or_default();
    let debian = Path::new("/usr/share/postgresql").join(version).join("extension");
    let upstream = programs.join("../share/extension");
    [debian, upstream].iter().any(|folder| folder.join(format!("{name}.control")).exists())
}

fn postgres_answers(programs: &Path, port: u16) -> bool {
    let mut command = process::command(programs.join("pg_isready"));
    process::succeeds(
        command.args(["--quiet", "--host=127.0.0.1", "--username=postgres"]).arg(format!("--port={port}")),
    )
}

fn redis_answers(port: u16) -> bool {
    let Ok(mut connection) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut answer = [0; 7];
    connection.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && connection.write_all(b"PING\r\n").is_ok()
        && connection.read_exact(&mut answer).is_ok()
        && &answer == b"+PONG\r\n"
}

/// The ends of the logs; empty once the keeper has removed the folder.
fn logs(folder: &Path) -> String {
    const LINES: usize = 15;
    let mut text = String::new();
    for name in ["keeper.log", "initdb.log", "postgres.log", "redis.log"] {
        let log = fs::read_to_string(folder.join(name)).unwrap_or_default();
        let lines = log.lines().collect::<Vec<_>>();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            text.push_str(&format!("  {name}: {line}\n"));
        }
    }
    text
}
