//! One check, tried: on a right server it must pass, on a wrong one it must fail.

use std::net::Ipv4Addr;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use url::Url;

use super::{
    front::Front,
    server::Program,
    setting::{self, Stage, TEST_AUTH},
    stand_in::StandIn,
    verdicts::{Seen, Trial},
};
use crate::{
    check::{Check, Control, Need, Phase, Tamper},
    cli::attack,
    report::{CheckReport, Verdict},
};

/// How the server of a run is.
#[derive(Clone, Copy)]
enum Server {
    Right,
    Wrong,
}

/// Tries a check.
pub(super) async fn run(program: &Program, stand_in: &StandIn, check: &'static Check) -> Trial {
    let (right, wrong) = match check.phase {
        Phase::Together => tokio::join!(
            seen(program, stand_in, check, Server::Right),
            seen(program, stand_in, check, Server::Wrong),
        ),
        Phase::Alone => (
            seen(program, stand_in, check, Server::Right).await,
            seen(program, stand_in, check, Server::Wrong).await,
        ),
    };
    let problem = problem(right.verdict, wrong.verdict);
    Trial { id: check.id, title: check.title, control: describe(check.control), right, wrong, problem }
}

/// Why a check proves nothing; none when it passes and fails where it must. A skip is never a pass, and breaking is no failing.
const fn problem(right: Verdict, wrong: Verdict) -> Option<&'static str> {
    match (right, wrong) {
        (Verdict::Pass, Verdict::Fail) => None,
        (Verdict::Pass, Verdict::Pass) => Some("it does not notice its control"),
        (Verdict::Pass, Verdict::Skip | Verdict::Error) => {
            Some("its control does not make it fail but break")
        }
        (Verdict::Skip, _) => Some("no control possible here: it does not apply to the right server"),
        (Verdict::Fail | Verdict::Error, _) => Some("it does not pass on the right server"),
    }
}

/// Runs a check on a server. A run that broke off says nothing about the check, as when a busy machine closed a connection too
/// early; it is made once more, and the report tells so.
async fn seen(program: &Program, stand_in: &StandIn, check: &'static Check, server: Server) -> Seen {
    let first = Seen::of(once(program, stand_in, check, server).await);
    if first.verdict != Verdict::Error {
        return first;
    }
    let mut second = Seen::of(once(program, stand_in, check, server).await);
    second.broke_off_before = Some(first.reason);
    second
}

async fn once(
    program: &Program,
    stand_in: &StandIn,
    check: &'static Check,
    server: Server,
) -> anyhow::Result<CheckReport> {
    let stage = Stage::of(check);
    let (given, spoiled) = match check.control {
        Control::With(given, spoiled) => (given, *spoiled),
        spoiled => (&[][..], spoiled),
    };
    // The front's port is the public one; where there is none, the server's own is.
    let listener = match spoiled {
        Control::Front(_) => Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
        _ => None,
    };
    let port = program.free_port()?;
    let public_port =
        listener.as_ref().map_or(Ok(port), |listener| listener.local_addr().map(|at| at.port()))?;
    let public = Url::parse(&format!("http://localhost:{public_port}/"))?;
    let mut settings = setting::right(stage, &public, stand_in);
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    settings.extend(given.iter().map(pair));
    let mut tamper: Option<Tamper> = None;
    match (server, spoiled) {
        (Server::Right, _) => {}
        (Server::Wrong, Control::Guard(name)) => {
            if stage != Stage::Dev {
                bail!("a guard can be left out in dev alone; this check needs another control");
            }
            settings.insert("MAINSTAY_SABOTAGE".to_owned(), name.to_owned());
        }
        (Server::Wrong, Control::Front(lie)) => tamper = Some(lie),
        (Server::Wrong, Control::Prototype(name)) => {
            bail!("{name} is a mistake of the prototype, which scans are tested on")
        }
        (Server::Wrong, Control::With(..)) => bail!("a control with settings of its own has another within"),
    }
    let server = program.serve(port, &settings).await?;
    let front = listener.map(|listener| Front::start(listener, port, tamper));
    let mut line = vec![public.to_string(), "--destructive".to_owned()];
    line.extend(["--environment".to_owned(), stage.as_str().to_owned()]);
    if stage == Stage::Dev {
        line.extend(["--test-auth".to_owned(), TEST_AUTH.to_owned()]);
        line.extend(["--mailbox".to_owned(), server.mails().display().to_string()]);
    }
    if check.needs.contains(&Need::ServiceKey) {
        let key = server.service_key(program, &settings, setting::LENT_SCOPES).await?;
        line.extend(["--service-key".to_owned(), key]);
    }
    for (need, [source, secret], (name, setting)) in [
        (
            Need::WebhookSource,
            ["--webhook-source", "--webhook-secret"],
            (setting::LENT_SOURCE, setting::LENT_SOURCE_SECRET),
        ),
        (Need::SquareSource, ["--square-source", "--square-key"], setting::LENT_SQUARE),
        (Need::StripeSource, ["--stripe-source", "--stripe-secret"], setting::LENT_STRIPE),
    ] {
        if check.needs.contains(&need) {
            let key = settings.get(setting).context("the server has no such source")?;
            line.extend([source, name, secret, key].map(str::to_owned));
        }
    }
    if check.needs.contains(&Need::Nodes) {
        // One server under two names: that the nodes agree is tested elsewhere, here the check only has to be able to fail.
        line.extend(["--node".to_owned(), public.to_string(), "--node".to_owned(), public.to_string()]);
    }
    let outcome = attack::quietly(&line, check).await;
    drop(front);
    server.stop().await;
    let report = outcome?;
    if report.interrupted {
        bail!("interrupted");
    }
    report.checks.into_iter().next().context("the check was not run")
}

fn describe(control: Control) -> String {
    match control {
        Control::Guard(name) => format!("without {name}"),
        Control::Prototype(name) => format!("on the prototype with {name}"),
        Control::With(_, spoiled) => format!("{}, given what it needs", describe(*spoiled)),
        Control::Front(tamper) => match tamper {
            Tamper::RemoveHeader(name) => format!("a front takes {name} away"),
            Tamper::SetHeader(name, value) => format!("a front sets {name}: {value}"),
            Tamper::InHeader(name, old, new) => format!("a front makes {old:?} of {name} {new:?}"),
            Tamper::InBody(old, new) => format!("a front makes {old:?} in bodies {new:?}"),
            Tamper::StripRequestHeader(name) => format!("a front takes {name} out of requests"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, problem};

    #[test]
    fn only_a_pass_and_a_fail_together_prove_a_check() {
        let all = [Verdict::Pass, Verdict::Fail, Verdict::Skip, Verdict::Error];
        for right in all {
            for wrong in all {
                let proves = right == Verdict::Pass && wrong == Verdict::Fail;
                assert_eq!(problem(right, wrong).is_none(), proves, "{right:?} {wrong:?}");
            }
        }
    }
}
