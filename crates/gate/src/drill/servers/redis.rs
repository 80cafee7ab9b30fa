//! A Redis of the drill's own: stopped, frozen, thawed, started again on the same port; and asked about its keys.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{Keeper, Process, free_port, log_end};
use crate::{
    check::Ended,
    drill::{limits, wait::Wait},
};

/// A running Redis.
pub(crate) struct Redis {
    program: &'static str,
    folder: PathBuf,
    keeper: Arc<Keeper>,
    port: u16,
    process: Process,
}

/// The name of its server program, where there is one.
pub(crate) fn program() -> Option<&'static str> {
    let runs = |name: &&str| {
        let output = Command::new(name).arg("--version").stdin(Stdio::null()).output();
        output.is_ok_and(|output| output.status.success())
    };
    ["redis-server", "valkey-server"].into_iter().find(runs)
}

impl Redis {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// [`Ended::Error`] when it does not come up, with the end of its log.
    pub(crate) async fn start(keeper: &Arc<Keeper>, folder: PathBuf) -> Result<Self, Ended> {
        let program = program().ok_or_else(|| Ended::error("Redis is not installed"))?;
        std::fs::create_dir_all(&folder).map_err(|error| Ended::error(error.to_string()))?;
        let mut tries = 0;
        loop {
            tries += 1;
            let port = free_port()?;
            let process = spawn(program, &folder, port, keeper)?;
            let mut redis =
                Self { program, folder: folder.clone(), keeper: Arc::clone(keeper), port, process };
            match redis.answers().await {
                Ok(()) => return Ok(redis),
                Err(error) if tries == limits::START_TRIES => return Err(error),
                Err(_) => {}
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it: nobody listens any more, and what it held is gone.
    pub(crate) async fn stop(&mut self) -> Result<(), Ended> {
        self.process.kill().await
    }

    /// A new one at the same place.
    pub(crate) async fn start_again(&mut self) -> Result<(), Ended> {
        self.process = spawn(self.program, &self.folder, self.port, &self.keeper)?;
        self.answers().await
    }

    /// From now on it takes connections and says nothing.
    pub(crate) fn freeze(&mut self) -> Result<(), Ended> {
        self.process.signal(Signal::STOP)
    }

    pub(crate) fn thaw(&mut self) -> Result<(), Ended> {
        self.process.signal(Signal::CONT)
    }

    async fn answers(&mut self) -> Result<(), Ended> {
        let mut wait = Wait::new(limits::SERVER_START_MAX);
        while self.process.status().is_none() {
            if ask(self.port, &["PING"]).await.is_ok_and(|answer| answer == "PONG") {
                return Ok(());
            }
            if !wait.again().await {
                break;
            }
        }
        Err(Ended::error(format!("Redis did not start:\n{}", log_end(&self.folder.join("redis.log")))))
    }

    /// How many keys there are, and which of them would stay for ever.
    ///
    /// # Errors
    /// [`Ended::Error`] when it does not answer.
    pub(crate) async fn keys(&self) -> Result<(usize, Vec<String>), Ended> {
        const SCRIPT: &str = "local all = redis.call('KEYS', '*') local found = {} for _, key in ipairs(all) do \
                              if redis.call('PTTL', key) == -1 then table.insert(found, key) end end \
                              return #all .. ' ' .. table.concat(found, ' ')";
        let answer = ask(self.port, &["EVAL", SCRIPT, "0"])
            .await
            .map_err(|error| Ended::error(format!("Redis can't be asked: {error}")))?;
        let mut words = answer.split_whitespace();
        let all = words.next().and_then(|count| count.parse().ok());
        let all = all.ok_or_else(|| Ended::error(format!("Redis said: {answer}")))?;
        Ok((all, words.map(str::to_owned).collect()))
    }
}

fn spawn(program: &str, folder: &Path, port: u16, keeper: &Arc<Keeper>) -> Result<Process, Ended> {
    let log =
        std::fs::File::create(folder.join("redis.log")).map_err(|error| Ended::error(error.to_string()))?;
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null());
    Process::start("Redis", &mut command, Signal::KILL, keeper)
}

/// One command in Redis' protocol (RESP2), answered by a simple or a bulk string.
async fn ask(port: u16, words: &[&str]) -> std::io::Result<String> {
    let exchange = async {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(command.as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some(length) = line.strip_prefix('$').and_then(|text| text.trim().parse::<usize>().ok()) else {
            return Ok(line.trim().trim_start_matches('+').to_owned());
        };
        let mut bulk = vec![0; length];
        stream.read_exact(&mut bulk).await?;
        Ok(String::from_utf8_lossy(&bulk).into_owned())
    };
    tokio::time::timeout(limits::CONTROL_ANSWER_MAX, exchange).await?
}
