//! `mainstay gate drill` as an operator runs it: that it passes on this server, that it fails on a server that breaks the
//! promise, and that nothing stays behind however it ends.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{eventually, signal_process, stderr};

const BINARY: &str = env!("CARGO_BIN_EXE_mainstay");

/// Drills in a folder of the test's own, so that what stays behind is seen.
struct Drill {
    folder: TempDir,
    server: PathBuf,
}

impl Drill {
    fn of_this_server() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: BINARY.into() }
    }

    /// Of a server that is started by a script, which finds the right one in `$server`.
    fn of(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Not in the folder that must be empty afterwards.
        let server = folder.path().join("server");
        std::fs::write(&server, format!("#!/bin/sh\nserver={BINARY}\n{script}\n")).unwrap();
        std::fs::set_permissions(&server, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, server }
    }

    fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        std::fs::create_dir_all(self.scratch()).unwrap();
        // PostgreSQL may run as somebody else, who must get through.
        for folder in [self.folder.path(), &self.scratch()] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = Command::new(BINARY);
        command.args(["gate", "drill", "--server"]).arg(&self.server).args(arguments);
        command.env("TMPDIR", self.scratch()).stdin(Stdio::null());
        command
    }

    /// Runs one drill; answers its report and the exit code.
    fn run(&self, id: &str) -> (Value, i32) {
        let output: Output = self.command(&["--json", "--only", id]).output().unwrap();
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        assert!(self.is_clear(), "something stayed behind: {report}");
        assert_eq!(report["checks"].as_array().unwrap().len(), 1);
        (report["checks"][0].clone(), output.status.code().unwrap())
    }

    fn passes(&self, id: &str) {
        let (check, code) = self.run(id);
        assert_eq!((check["verdict"].as_str(), code), (Some("pass"), 0), "{check}");
        assert!(!check["evidence"]["notes"].as_array().unwrap().is_empty());
    }

    fn fails(&self, id: &str, with: &str) {
        let (check, code) = self.run(id);
        // Only a P0 holds a launch up.
        let expected = i32::from(check["priority"] == "P0");
        assert_eq!((check["verdict"].as_str(), code), (Some("fail"), expected), "{check}");
        assert!(check["reason"].as_str().unwrap().contains(with), "{}", check["reason"]);
    }

    /// Whether no file and no process of it is left.
    fn is_clear(&self) -> bool {
        std::fs::read_dir(self.scratch()).unwrap().next().is_none() && processes_in(&self.scratch()) == 0
    }

    /// Starts a drill and waits until it says that it is at a step.
    fn until(&self, id: &str, step: &str) -> Child {
        let mut child =
            self.command(&["--only", id]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let seen = lines.any(|line| line.unwrap().contains(step));
        assert!(seen, "the drill never came to: {step}");
        // The rest is read, so that the drill is not held up by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        child
    }
}

/// Processes whose working folder is in a folder: all that a drill starts.
fn processes_in(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .count()
}

#[test]
fn gat_2_eight_processes_migrate_one_file() {
    Drill::of_this_server().passes("drill.migrations.sqlite");
}

#[test]
fn gat_2_eight_servers_migrate_and_the_leader_is_killed() {
    Drill::of_this_server().passes("drill.migrations.postgres");
}

#[test]
fn gat_2_without_redis_the_closed_classes_are_closed() {
    Drill::of_this_server().passes("drill.redis-lost");
}

#[test]
fn gat_2_without_postgresql_nothing_acknowledged_is_lost() {
    Drill::of_this_server().passes("drill.postgres-lost");
}

#[test]
fn gat_2_a_killed_node_loses_nothing_acknowledged() {
    Drill::of_this_server().passes("drill.killed-node.sqlite");
}

#[test]
fn gat_2_one_of_two_killed_nodes_loses_nothing_acknowledged() {
    Drill::of_this_server().passes("drill.killed-node.postgres");
}

#[test]
fn gat_2_a_stopped_node_answers_what_it_accepted() {
    for engine in ["postgres", "sqlite"] {
        Drill::of_this_server().passes(&format!("drill.graceful-stop.{engine}"));
    }
}

#[test]
fn gat_2_a_rotation_signs_nobody_out() {
    Drill::of_this_server().passes("drill.key-rotation");
}

#[test]
fn gat_2_a_log_out_holds_everywhere_with_and_without_redis() {
    Drill::of_this_server().passes("drill.log-out");
}

#[test]
fn t_wa_06_a_killed_node_leaves_no_half_of_a_posting() {
    Drill::of_this_server().passes("drill.wallet-killed.sqlite");
}

#[test]
fn t_wa_06_one_of_two_killed_nodes_leaves_no_half_of_a_posting() {
    Drill::of_this_server().passes("drill.wallet-killed.postgres");
}

/// A server that forgets the keys of all postings whenever it starts.
#[test]
fn t_wa_06_a_drill_fails_on_a_server_that_forgets_a_key() {
    let forgetful = "psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql | tail -n 1)\n\
                     [ \"$1\" != serve ] || LC_ALL=C \"$psql\" -d \"$DATABASE_URL\" -c 'DELETE FROM ledger_keys' >&2\n\
                     exec \"$server\" \"$@\"";
    Drill::of(forgetful).fails("drill.wallet-killed.postgres", "there twice");
}

#[test]
fn whk_3_a_killed_node_keeps_and_pays_each_event_once() {
    Drill::of_this_server().passes("drill.webhooks-killed.sqlite");
}

#[test]
fn whk_3_one_of_two_killed_nodes_keeps_and_pays_each_event_once() {
    Drill::of_this_server().passes("drill.webhooks-killed.postgres");
}

/// A server that forgets which events it had whenever it starts.
#[test]
fn whk_3_a_drill_fails_on_a_server_that_forgets_events() {
    let forgetful = "psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql | tail -n 1)\n\
                     [ \"$1\" != serve ] || LC_ALL=C \"$psql\" -d \"$DATABASE_URL\" -c 'DELETE FROM inbox_events' >&2\n\
                     exec \"$server\" \"$@\"";
    Drill::of(forgetful).fails("drill.webhooks-killed.postgres", "acknowledged and lost");
}

/// A server that stays open without Redis, as it may in dev.
#[test]
fn a_drill_fails_on_a_server_that_is_open_without_redis() {
    let open = "[ \"${MAINSTAY_ENV:-}\" != staging ] || export MAINSTAY_ENV=dev\nexec \"$server\" \"$@\"";
    Drill::of(open).fails("drill.redis-lost", "let a request through");
}

/// A server that loses one note whenever it starts.
#[test]
fn a_drill_fails_on_a_server_that_loses_an_acknowledged_write() {
    let forgetful = "psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql | tail -n 1)\n\
                     [ \"$1\" != serve ] || LC_ALL=C \"$psql\" -d \"$DATABASE_URL\" \
                     -c 'DELETE FROM notes WHERE id = (SELECT min(id::text)::uuid FROM notes)' >&2\n\
                     exec \"$server\" \"$@\"";
    Drill::of(forgetful).fails("drill.killed-node.postgres", "acknowledged and lost");
}

/// A server that ends at once when it is told to stop.
#[test]
fn a_drill_fails_on_a_server_that_cuts_requests_off() {
    let rude = "[ \"$1\" = serve ] || exec \"$server\" \"$@\"\n\
                \"$server\" \"$@\" &\n\
                trap 'kill -KILL $!; exit 0' TERM\n\
                wait";
    Drill::of(rude).fails("drill.graceful-stop.sqlite", "was cut off");
}

#[tokio::test]
async fn nothing_stays_behind_after_an_interrupt() {
    let drill = Drill::of_this_server();
    let mut child = drill.until("drill.postgres-lost", "freezes PostgreSQL");
    signal_process(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(drill.is_clear(), "{} processes are left", processes_in(&drill.scratch()));
}

#[tokio::test]
async fn nothing_stays_behind_when_the_drill_itself_is_killed() {
    let drill = Drill::of_this_server();
    let mut child = drill.until("drill.postgres-lost", "freezes PostgreSQL");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the keeper has ended all and removed the folder", || async { drill.is_clear() }).await;
}

#[test]
fn what_is_missing_is_named_with_its_package() {
    let drill = Drill::of_this_server();
    let output = drill.command(&["--only", "drill.log-out"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("apt-get install redis-server"), "{}", stderr(&output));
}

#[test]
fn another_program_is_not_drilled() {
    let output = Drill::of("echo something else 1.0").command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is no mainstay"), "{}", stderr(&output));
}
