//! A request that the server has surely accepted and that is not at its end: the head was sent, the server asked for the body
//! (`100 Continue`, RFC 9110, 10.1.1), and the body waits.

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::{
    check::Ended,
    drill::{judge::stop::Finish, limits},
    members::Actor,
};

/// A note that is about to be written.
pub(crate) struct HalfSent {
    stream: BufReader<TcpStream>,
    body: String,
    pub(crate) text: String,
}

impl HalfSent {
    /// Sends the head and waits for the server's word to go on.
    ///
    /// # Errors
    /// [`Ended::Error`] when it does not come.
    pub(crate) async fn begin(member: &Actor, port: u16, text: &str) -> Result<Self, Ended> {
        let body = serde_json::json!({ "text": text }).to_string();
        let head = format!(
            "POST /v1/notes HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            member.access_token(),
            body.len()
        );
        let begin = async {
            let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
            stream.write_all(head.as_bytes()).await?;
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let mut empty = String::new();
            stream.read_line(&mut empty).await?;
            Ok::<_, std::io::Error>((stream, line))
        };
        let begun = timeout(limits::LOAD_MAX, begin).await;
        let begun = begun.map_err(|_| Ended::error("the server does not ask for a body"))?;
        let (stream, line) = begun.map_err(|error| Ended::error(format!("a half-sent request: {error}")))?;
        if !line.starts_with("HTTP/1.1 100") {
            return Err(Ended::error(format!("a half-sent request was answered at once: {}", line.trim())));
        }
        Ok(Self { stream, body, text: text.to_owned() })
    }

    /// Sends the body and reads the answer to its end.
    pub(crate) async fn finish(mut self) -> Finish {
        match timeout(limits::NODE_ANSWER_MAX, self.exchange()).await {
            Ok(Ok(finish)) => finish,
            Ok(Err(error)) => Finish::Cut(error.to_string()),
            Err(_) => Finish::Cut("no answer came".to_owned()),
        }
    }

    async fn exchange(&mut self) -> std::io::Result<Finish> {
        self.stream.write_all(self.body.as_bytes()).await?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Ok(Finish::Cut("the connection was closed without an answer".to_owned()));
        }
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status else { return Ok(Finish::Cut(format!("no status: {}", line.trim()))) };
        let mut length = 0;
        loop {
            let mut header = String::new();
            if self.stream.read_line(&mut header).await? == 0 {
                return Ok(Finish::Cut("the answer ends in its head".to_owned()));
            }
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Finish::Whole(status, body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }
}
