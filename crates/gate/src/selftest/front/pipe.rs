//! The part of the proxy that passes bytes on and understands none of them, but for one line that it may take out of a request.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::connect;
use crate::limits;

/// Accepts connections and passes them on, for ever.
pub(super) async fn run(listener: TcpListener, upstream: SocketAddr, without: Option<&'static str>) {
    while let Ok((client, peer)) = listener.accept().await {
        tokio::spawn(async move {
            // A connection that breaks off is the affair of its two ends.
            if let Ok(server) = connect(peer.ip(), upstream).await {
                let _ = pass(client, server, without).await;
            }
        });
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    without: Option<&'static str>,
) -> std::io::Result<()> {
    if let Some(name) = without {
        let mut beginning = Vec::new();
        while !has_head(&beginning) && beginning.len() < limits::FRONT_HEAD_BYTES_MAX {
            if client.read_buf(&mut beginning).await? == 0 {
                break;
            }
        }
        server.write_all(&strip(&beginning, name)).await?;
    }
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

fn has_head(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|end| end == b"\r\n\r\n")
}

/// Takes the lines of a header out of the first head of a stream; the rest stays as it is.
fn strip(bytes: &[u8], name: &str) -> Vec<u8> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").map_or(bytes.len(), |at| at + 2);
    let (head, rest) = bytes.split_at(end);
    let is_named = |line: &&[u8]| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && line.get(name.len()) == Some(&b':')
    };
    let mut kept: Vec<u8> = head
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !is_named(line))
        .flatten()
        .copied()
        .collect();
    kept.extend_from_slice(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn only_the_named_line_of_the_first_head_goes() {
        let bytes = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\nTransfer-Encoding: x\r\n";
        let left = b"POST / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\nTransfer-Encoding: x\r\n";
        assert_eq!(strip(bytes, "transfer-encoding"), left);
    }
}
