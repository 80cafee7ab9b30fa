//! A PostgreSQL of the drill's own: `initdb` in a folder, stopped fast, frozen with all its processes, thawed, started again.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use rustix::process::{Signal, geteuid};

use super::{Keeper, Process, free_port, log_end, process::send};
use crate::{
    check::Ended,
    drill::{limits, wait::Wait},
};

/// A running PostgreSQL.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
    keeper: Arc<Keeper>,
    port: u16,
    process: Option<Process>,
}

/// The folder of PostgreSQL's programs: the newest that Debian keeps, or what `pg_config` says.
pub(crate) fn programs() -> Option<PathBuf> {
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
        let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        folder.join("initdb").exists().then_some(folder)
    })
}

impl Postgres {
    /// Makes a cluster and starts it on a free port.
    ///
    /// # Errors
    /// [`Ended::Error`] when it does not come up, with the end of its log.
    pub(crate) async fn start(keeper: &Arc<Keeper>, folder: PathBuf) -> Result<Self, Ended> {
        let programs = programs().ok_or_else(|| Ended::error("PostgreSQL is not installed"))?;
        let fault = |error: std::io::Error| Ended::error(format!("{}: {error}", folder.display()));
        fs::create_dir_all(&folder).map_err(fault)?;
        // PostgreSQL refuses to run as root.
        let user = if geteuid().is_root() { Some(unprivileged()?) } else { None };
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).map_err(fault)?;
        }
        let mut postgres =
            Self { programs, folder, user, keeper: Arc::clone(keeper), port: 0, process: None };
        postgres.initdb().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            postgres.port = free_port()?;
            match postgres.start_again().await {
                Ok(()) => return Ok(postgres),
                Err(error) if tries == limits::START_TRIES => return Err(error),
                // Somebody else was faster at the port.
                Err(_) => {}
            }
        }
    }

    /// Where a database of it is, for a role of that name.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env_clear().env("LC_ALL", "C").env("HOME", &self.folder).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    async fn initdb(&self) -> Result<(), Ended> {
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(self.folder.join("data"));
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        command.args(["--no-sync", "--no-instructions"]);
        // By way of a process of ours, so that it is ended with the drill.
        let mut process = Process::start("initdb", &mut command, Signal::KILL, &self.keeper)?;
        let status = process.ended(limits::SERVER_START_MAX).await?;
        if status.success() { Ok(()) } else { Err(Ended::error(format!("initdb ended with {status}"))) }
    }

    /// Starts it at the port that it has, and waits until it answers.
    pub(crate) async fn start_again(&mut self) -> Result<(), Ended> {
        let log = self.folder.join("postgres.log");
        let output = fs::OpenOptions::new().create(true).append(true).open(&log);
        let output = output.map_err(|error| Ended::error(error.to_string()))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.folder.join("data")).arg("-p").arg(self.port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            "shared_buffers=32MB",
            // In the folder, so that nothing stays behind in /dev/shm however it ends.
            "dynamic_shared_memory_type=mmap",
        ] {
            command.args(["-c", setting]);
        }
        command.stderr(output);
        // Its own word for "at once": the postmaster takes its children with it and frees what it shares.
        let mut process = Process::start("PostgreSQL", &mut command, Signal::QUIT, &self.keeper)?;
        let mut wait = Wait::new(limits::SERVER_START_MAX);
        while !self.answers().await {
            if process.status().is_some() || !wait.again().await {
                return Err(Ended::error(format!("PostgreSQL did not start:\n{}", log_end(&log))));
            }
        }
        self.process = Some(process);
        Ok(())
    }

    async fn answers(&self) -> bool {
        let mut command = tokio::process::Command::from(self.command("pg_isready"));
        command.args([
            "--quiet",
            "--host=127.0.0.1",
            "--username=postgres",
            "--port",
            &self.port.to_string(),
        ]);
        command.kill_on_drop(true).status().await.is_ok_and(|status| status.success())
    }

    fn process(&mut self) -> Result<&mut Process, Ended> {
        self.process.as_mut().ok_or_else(|| Ended::error("PostgreSQL is not running"))
    }

    /// A fast shutdown, as an operator's restart does it: sessions are ended, what was committed is on disk.
    pub(crate) async fn stop(&mut self) -> Result<(), Ended> {
        self.process()?.signal(Signal::INT)?;
        self.process()?.ended(limits::SERVER_END_MAX).await?;
        self.process = None;
        Ok(())
    }

    /// Freezes the postmaster and every process of a session: connections stand, new ones are taken, nothing answers.
    pub(crate) fn freeze(&mut self) -> Result<(), Ended> {
        let id = self.process()?.id();
        self.process()?.signal(Signal::STOP)?;
        let mut frozen = Vec::new();
        // Until no new one is found: a fork may have been under way.
        loop {
            let new = children(id).into_iter().filter(|child| !frozen.contains(child)).collect::<Vec<_>>();
            if new.is_empty() {
                return Ok(());
            }
            for child in new {
                // One that has just ended needs no freezing.
                let _ = send(child, Signal::STOP);
                frozen.push(child);
            }
        }
    }

    pub(crate) fn thaw(&mut self) -> Result<(), Ended> {
        let id = self.process()?.id();
        for child in children(id) {
            let _ = send(child, Signal::CONT);
        }
        self.process()?.signal(Signal::CONT)
    }

    /// What a statement answers, unaligned and without headings.
    ///
    /// # Errors
    /// [`Ended::Error`] with what `psql` said.
    pub(crate) async fn sql(&self, database: &str, statement: &str) -> Result<String, Ended> {
        let url = self.url("postgres", database);
        let arguments = ["--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement];
        self.output("psql", &arguments).await
    }

    /// The schema of a database as `pg_dump` writes it, without owners and without what differs from dump to dump.
    pub(crate) async fn schema(&self, database: &str) -> Result<String, Ended> {
        let url = self.url("postgres", database);
        let dump = self.output("pg_dump", &["--schema-only", "--no-owner", "-d", &url]).await?;
        let lines =
            dump.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    /// A session that has run a statement and stays open until it is dropped.
    pub(crate) fn session(&self, database: &str, statement: &str) -> Result<Process, Ended> {
        let mut command = self.command("psql");
        command.args(["--no-psqlrc", "-qAtX", "-d", &self.url("postgres", database)]);
        command.args(["-c", statement, "-c", "SELECT pg_sleep(600)"]);
        Process::start("psql", &mut command, Signal::KILL, &self.keeper)
    }

    async fn output(&self, program: &str, arguments: &[&str]) -> Result<String, Ended> {
        let mut command = tokio::process::Command::from(self.command(program));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = tokio::time::timeout(limits::COMMAND_TIME_MAX, command.output());
        let output = output.await.map_err(|_| Ended::error(format!("{program} does not come to an end")))?;
        let output = output.map_err(|error| {
            Ended::error(format!("{program} can't be run ({error}); on Debian it is in postgresql-client"))
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Ended::error(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // What is frozen hears no request to end.
        if self.process.is_some() {
            let _ = self.thaw();
        }
    }
}

/// User and group that PostgreSQL runs as when this is root: its own, or nobody.
fn unprivileged() -> Result<(u32, u32), Ended> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).ok_or_else(|| {
        Ended::error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
    })
}

/// The processes whose parent this is.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| child_of(&entry.path(), parent)).collect()
}

/// The id of a process if it has that parent (proc(5): the parent is the second field after the name in brackets).
fn child_of(process: &Path, parent: u32) -> Option<u32> {
    let id = process.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let of = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()?;
    (of == parent).then_some(id)
}
