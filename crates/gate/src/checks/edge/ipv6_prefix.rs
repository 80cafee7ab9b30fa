//! A household has a whole /64 of IPv6 addresses, and an address many spellings: all of them are one client (CVE-2026-45364).

use std::net::{IpAddr, Ipv6Addr};

use super::quota;
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Client,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.ipv6-prefix",
    title: "Spellings of an IPv6 address and the addresses of a /64 share a quota",
    promises: &["SEC-4", "T-OP-02"],
    priority: Priority::P1,
    references: &[Reference::Asvs("15.3.4"), Reference::Cwe(348), Reference::Cwe(770), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::With(&[("MAINSTAY_TRUSTED_PROXIES", "127.0.0.0/8")], &Control::Guard("ipv6_prefix")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Two addresses of one /64, and one of another, as this machine may have them on its loopback.
const LOCAL: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0x6761, 0x7465, 1, 0, 0, 0, 1),
    Ipv6Addr::new(0xfd00, 0x6761, 0x7465, 1, 0xffff, 0, 0, 2),
    Ipv6Addr::new(0xfd00, 0x6761, 0x7465, 2, 0, 0, 0, 1),
];
const PATH: &str = "/v1/config";

async fn run(probe: Probe) -> Outcome {
    if believes(&probe.client).await? {
        return by_header(&probe).await;
    }
    by_connection(&probe).await
}

/// What is left of a quota after a request from an address that a header names.
async fn left(client: &Client, address: &str) -> Result<u32, Ended> {
    let answer = client.get(PATH).header("x-forwarded-for", address).patiently().send().await?;
    quota::remaining(&answer).ok_or_else(|| Ended::fail("an answer does not tell what is left: no ratelimit"))
}

/// Whether the deployment takes the gate for one of its proxies.
async fn believes(client: &Client) -> Result<bool, Ended> {
    let first = left(client, "192.0.2.1").await?;
    left(client, "192.0.2.1").await?;
    left(client, "192.0.2.1").await?;
    Ok(left(client, "192.0.2.77").await? >= first)
}

async fn by_header(probe: &Probe) -> Outcome {
    let number = uuid::Uuid::new_v4().as_u128();
    let net = format!("2001:db8:{:x}:{:x}", number & 0xffff, (number >> 16) & 0xffff);
    let spellings = [
        format!("{net}::1"),
        format!("{}:0:0:0:1", net.to_uppercase()),
        format!("[{net}:ffff::2]:443"),
        format!("{net}:1:2:3:4"),
    ];
    shares(probe, "addresses of one /64", &spellings).await?;
    let [a, b] = [(number >> 32) & 0xff, (number >> 40) & 0xff];
    let mapped =
        [format!("198.18.{a}.{b}"), format!("::ffff:198.18.{a}.{b}"), format!("::ffff:c612:{a:02x}{b:02x}")];
    shares(probe, "spellings of an IPv4 address", &mapped).await?;
    passed(
        "told by headers, since the deployment takes the gate for a proxy: spellings, a /64 and mapped addresses",
    )
}

async fn shares(probe: &Probe, what: &str, addresses: &[String]) -> Result<(), Ended> {
    let mut before = None;
    for address in addresses {
        // Two each, so that a bucket that fills meanwhile is not taken for a new one.
        left(&probe.client, address).await?;
        let now = left(&probe.client, address).await?;
        ensure(before.is_none_or(|before| now < before), || {
            format!(
                "{what} have quotas of their own: {address} has {now} left where {before:?} were left before"
            )
        })?;
        before = Some(now);
    }
    Ok(())
}

async fn by_connection(probe: &Probe) -> Outcome {
    let mut base = probe.target.base.clone();
    let is_named = base.set_host(Some("[::1]")).is_ok();
    let client = |address: Ipv6Addr| {
        let http =
            probe.world.sources.at(IpAddr::V6(address)).map_err(|error| Ended::error(error.to_string()))?;
        Ok::<_, Ended>(probe.client.with(http).at(&base))
    };
    let is_here = is_named && probe.world.sources.are_separate();
    if !is_here || client(Ipv6Addr::LOCALHOST)?.get("/health").send().await.is_err() {
        return Err(Ended::NotApplicable(
            "the deployment is not reached by IPv6 from this machine".to_owned(),
        ));
    }
    let mut left = Vec::new();
    for address in LOCAL {
        let client = client(address)?;
        client.get(PATH).send().await.map_err(|_| {
            Ended::NotApplicable(format!(
                "this machine has no second IPv6 address to ask from, such as {address}"
            ))
        })?;
        left.push(quota::remaining(&client.get(PATH).send().await?).unwrap_or_default());
    }
    ensure(left[1] < left[0], || format!("two addresses of a /64 have quotas of their own: {left:?}"))?;
    ensure(left[2] > left[1], || format!("another /64 shares the quota: {left:?}"))?;
    passed("two addresses of a /64 share a quota, another /64 has its own")
}
