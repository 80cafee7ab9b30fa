//! CPU time and memory of another process, from `/proc` (proc(5)).

use anyhow::{Context, Result};

/// Clock ticks per second; fixed at 100 for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used.
pub(crate) struct Usage {
    /// User and system time so far.
    pub(crate) cpu_seconds: f64,
    /// Resident memory now.
    pub(crate) memory_kib: u64,
}

impl Usage {
    /// Reads it.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The command in parentheses may hold spaces; fields are counted after it, the state being the third.
        let fields: Vec<&str> =
            stat.rsplit_once(')').context("no command in stat")?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
        let cpu = ticks(11).zip(ticks(12)).context("no times in stat")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let memory_kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .context("no VmRSS in status")?;
        Ok(Self { cpu_seconds: (cpu.0 + cpu.1) / TICKS_PER_SECOND, memory_kib })
    }
}
