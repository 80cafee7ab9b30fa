//! One child process: started in a group of its own, watched, signalled by its id, and ended when it is dropped.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus},
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::keeper::Keeper;
use crate::{
    check::Ended,
    drill::{limits, wait::Wait},
};

/// A running child.
pub(crate) struct Process {
    name: String,
    child: Child,
    end: Signal,
    keeper: Arc<Keeper>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts a command; `end` is the signal that ends it without ceremony.
    ///
    /// # Errors
    /// [`Ended::Error`] when it can't be started.
    pub(crate) fn start(
        name: impl Into<String>,
        command: &mut Command,
        end: Signal,
        keeper: &Arc<Keeper>,
    ) -> Result<Self, Ended> {
        let name = name.into();
        // A Ctrl-C is for the drill, which ends its children itself.
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| Ended::error(format!("{name} can't be started: {error}")))?;
        keeper.started(child.id(), end);
        Ok(Self { name, child, end, keeper: Arc::clone(keeper), status: None })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; nothing while it runs.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.status = Some(status);
            self.keeper.ended(self.child.id());
        }
        self.status
    }

    /// Sends a signal, unless it has ended.
    ///
    /// # Errors
    /// [`Ended::Error`] when that is not possible.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<(), Ended> {
        if self.status().is_some() {
            return Err(Ended::error(format!("{} has ended by itself", self.name)));
        }
        send(self.child.id(), signal).map_err(|error| Ended::error(format!("{}: {error}", self.name)))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Ended::Fail`] when it takes too long.
    pub(crate) async fn ended(&mut self, within: Duration) -> Result<ExitStatus, Ended> {
        let mut wait = Wait::new(within);
        loop {
            if let Some(status) = self.status() {
                return Ok(status);
            }
            if !wait.again().await {
                return Err(Ended::fail(format!("{} did not end within {} s", self.name, within.as_secs())));
            }
        }
    }

    /// Kills it (`SIGKILL`) with all of its group and waits until it is gone.
    ///
    /// # Errors
    /// [`Ended::Error`] when it had ended before, or stays.
    pub(crate) async fn kill(&mut self) -> Result<(), Ended> {
        if self.status().is_some() {
            return Err(Ended::error(format!("{} has ended by itself", self.name)));
        }
        send_group(self.child.id(), Signal::KILL)
            .map_err(|error| Ended::error(format!("{}: {error}", self.name)))?;
        self.ended(limits::PROCESS_END_MAX).await.map(drop)
    }
}

/// Sends a signal to a process by its id.
pub(super) fn send(id: u32, signal: Signal) -> std::io::Result<()> {
    Ok(kill_process(pid(id)?, signal)?)
}

/// Sends a signal to the group that a process of ours leads: what it has started itself goes with it.
fn send_group(id: u32, signal: Signal) -> std::io::Result<()> {
    Ok(kill_process_group(pid(id)?, signal)?)
}

fn pid(id: u32) -> std::io::Result<Pid> {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    id.ok_or_else(|| std::io::Error::other("no process id"))
}

impl Drop for Process {
    fn drop(&mut self) {
        let (id, end) = (self.child.id(), self.end);
        if self.status().is_some() {
            return;
        }
        // Errors here mean that it has just ended.
        let _ = send_group(id, end);
        let _ = send_group(id, Signal::CONT);
        let tries = limits::PROCESS_END_MAX.as_millis() / limits::POLL.as_millis();
        for _ in 0..tries {
            if self.status().is_some() {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "dropping can't await, and the drill is over")]
            std::thread::sleep(limits::POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.keeper.ended(id);
    }
}
