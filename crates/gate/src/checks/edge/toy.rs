//! A tiny wrong server, to see that a check fails on it.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use crate::{
    client::{Budget, Client, Sources, Trust},
    evidence::Recorder,
    members::Register,
    probe::{Lent, Probe, World},
    target::Target,
};

/// What it does after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Goes,
    Closes,
}

/// Answers whatever comes on a connection with these bytes.
pub(super) async fn probe_of(answer: &'static [u8], then: Then) -> Probe {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                    if stream.write_all(answer).await.is_err() || then == Then::Closes {
                        break;
                    }
                }
            });
        }
    });
    let base = Url::parse(&format!("http://localhost:{port}/")).expect("a URL");
    let sources = Sources::new(Trust::default(), std::slice::from_ref(&base));
    let budget = Arc::new(Budget::new(1_000));
    let recorder = Recorder::default();
    let http = sources.fresh().expect("a client");
    let client = Client::new(http, base.clone(), recorder.clone(), Arc::clone(&budget));
    let world = Arc::new(World {
        sources,
        members: Register::new(None, None),
        mailbox: None,
        lent: Lent::default(),
        budget,
    });
    let target = Target {
        base,
        nodes: Vec::new(),
        environment: "dev".to_owned(),
        version: String::new(),
        capabilities: [].into(),
        config: serde_json::Value::Null,
        openapi: serde_json::Value::Null,
        stranger: None,
    };
    Probe { target: Arc::new(target), client, world, recorder, members: Arc::default() }
}
