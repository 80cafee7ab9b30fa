//! `mainstay gate [URL]`: the checks from outside.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail};
use clap::{Args, Parser};
use secrecy::SecretString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{sync::OnceCell, time::Instant};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    check::Check,
    checks,
    client::{Budget, Client, Sources, Trust},
    evidence::{Recorder, milliseconds},
    limits,
    members::{
        Credentials, EmailCode, LentOperator, Maker, PasskeySignUp, Register, TestSignIn, mailbox,
        mailbox::Mailbox,
    },
    probe::{Lent, World},
    report::{self, FORM, Files, Kind, Progress, Report, Subject},
    run::{self, Given, Plan},
    selftest,
    target::Target,
    webhook,
};

/// Where the password of `--imap` comes from.
const IMAP_PASSWORD: &str = "MAINSTAY_GATE_IMAP_PASSWORD";

/// The outside checks.
#[derive(Args)]
#[group(id = "attack")]
pub(super) struct Arguments {
    /// The deployment's public address.
    #[arg(default_value = "http://localhost:8080")]
    url: Url,
    /// A node's own address; give it once for each node.
    #[arg(long = "node", value_name = "URL")]
    nodes: Vec<Url>,
    /// The secret of the test sign-in, to make members with.
    #[arg(long, value_name = "SECRET", env = "MAINSTAY_TEST_AUTH", hide_env_values = true)]
    test_auth: Option<String>,
    /// The folder into which the deployment writes its mails (`.eml`), to read codes from.
    #[arg(long, value_name = "DIR", conflicts_with = "imap")]
    mailbox: Option<PathBuf>,
    /// The mailbox to read codes from, like `imaps://user@host/INBOX`; its password comes from MAINSTAY_GATE_IMAP_PASSWORD.
    #[arg(long, value_name = "URL")]
    imap: Option<Url>,
    /// Addresses whose mails arrive in the mailbox; `{}` stands for a member's name [default: sub-addresses of the IMAP user].
    #[arg(long, value_name = "PATTERN")]
    member_address: Option<String>,
    /// A TOML file of accounts to sign in with where no members can be made; they are signed out in the end and not removed.
    #[arg(long, value_name = "FILE")]
    members: Option<PathBuf>,
    /// A service key with the scopes wallet:read and wallet:write, to give points to the gate's own members with.
    #[arg(long, value_name = "KEY", env = "MAINSTAY_GATE_SERVICE_KEY", hide_env_values = true)]
    service_key: Option<String>,
    /// The name of a source of purchase webhooks of the kind `standard`, whose events the gate may sign.
    #[arg(long, value_name = "NAME", env = "MAINSTAY_GATE_WEBHOOK_SOURCE", requires = "webhook_secret")]
    webhook_source: Option<String>,
    /// The secret of that source.
    #[arg(
        long,
        value_name = "SECRET",
        env = "MAINSTAY_GATE_WEBHOOK_SECRET",
        hide_env_values = true,
        requires = "webhook_source"
    )]
    webhook_secret: Option<String>,
    /// The name of a source of the kind `square` whose events the gate may sign, where the deployment has one.
    #[arg(long, value_name = "NAME", env = "MAINSTAY_GATE_SQUARE_SOURCE", requires = "square_key")]
    square_source: Option<String>,
    /// Its signature key.
    #[arg(
        long,
        value_name = "KEY",
        env = "MAINSTAY_GATE_SQUARE_KEY",
        hide_env_values = true,
        requires = "square_source"
    )]
    square_key: Option<String>,
    /// Its notification URL, letter by letter [default: the source's path at the deployment's public address].
    #[arg(long, value_name = "URL", env = "MAINSTAY_GATE_SQUARE_URL", requires = "square_source")]
    square_url: Option<String>,
    /// The name of a source of the kind `stripe` whose events the gate may sign, where the deployment has one.
    #[arg(long, value_name = "NAME", env = "MAINSTAY_GATE_STRIPE_SOURCE", requires = "stripe_secret")]
    stripe_source: Option<String>,
    /// Its signing secret.
    #[arg(
        long,
        value_name = "SECRET",
        env = "MAINSTAY_GATE_STRIPE_SECRET",
        hide_env_values = true,
        requires = "stripe_source"
    )]
    stripe_secret: Option<String>,
    /// The address of an operator who is lent, and whose mailed codes can be read; they are signed out in the end and not removed.
    #[arg(long, value_name = "ADDRESS", env = "MAINSTAY_GATE_OPERATOR")]
    operator: Option<String>,
    /// Authorities (PEM) to believe beside the public ones.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Checks at a time.
    #[arg(long, default_value_t = limits::CONCURRENCY)]
    concurrency: usize,
    /// Requests in all.
    #[arg(long, default_value_t = limits::REQUESTS_MAX)]
    requests_max: u64,
    /// Only checks whose id starts like this.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Also what may disturb others; needs the environment's name in --environment.
    #[arg(long, requires = "environment")]
    destructive: bool,
    /// The environment that you mean to attack; must be what the deployment calls itself.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    files: Files,
}

/// Attacks, and answers the exit code.
pub(super) async fn run(arguments: Arguments, json: bool) -> anyhow::Result<u8> {
    let checks = chosen(&arguments.only)?;
    arguments.files.check()?;
    let report = attack(&arguments, checks, json).await?;
    if json {
        report::print_json(&report)?;
    } else {
        report::print(&report);
    }
    arguments.files.write(&report)?;
    Ok(report.exit_code())
}

/// Tries the chosen checks themselves.
pub(super) async fn self_test(
    arguments: &Arguments,
    options: &selftest::Options,
    json: bool,
) -> anyhow::Result<u8> {
    selftest::run(options, &chosen(&arguments.only)?, json).await
}

/// Runs one check as the command line `mainstay gate` with these arguments would, and prints nothing.
pub(crate) async fn quietly(line: &[String], check: &'static Check) -> anyhow::Result<Report> {
    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        attack: Arguments,
    }
    attack(&Line::try_parse_from(line)?.attack, vec![check], true).await
}

/// Prints which checks there are.
pub(super) fn list(json: bool, reference: bool) -> anyhow::Result<u8> {
    if reference {
        report::text(&report::reference_page(&checks::all()));
        return Ok(0);
    }
    report::list(&checks::all(), json)?;
    Ok(0)
}

fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static Check>> {
    let all = checks::all();
    for start in only {
        if !all.iter().any(|check| check.id.starts_with(start.as_str())) {
            bail!("no check's id starts with {start}; `mainstay gate list` shows them");
        }
    }
    let is_chosen =
        |check: &&Check| only.is_empty() || only.iter().any(|start| check.id.starts_with(start.as_str()));
    Ok(all.into_iter().filter(is_chosen).collect())
}

async fn attack(arguments: &Arguments, checks: Vec<&'static Check>, json: bool) -> anyhow::Result<Report> {
    let trust = match &arguments.ca_file {
        Some(path) => Trust::from_file(path)?,
        None => Trust::default(),
    };
    let mut bases = vec![arguments.url.clone()];
    bases.extend(arguments.nodes.iter().cloned());
    let sources = Sources::new(trust, &bases);
    let budget = Arc::new(Budget::new(arguments.requests_max));
    let client =
        Client::new(sources.fresh()?, arguments.url.clone(), Recorder::default(), Arc::clone(&budget));
    let target = Arc::new(Target::discover(&client, arguments.nodes.clone()).await?);
    if let Some(meant) = &arguments.environment
        && *meant != target.environment
    {
        bail!("{} calls itself {}, not {meant}; nothing was sent", target.base, target.environment);
    }
    let mailbox = open_mailbox(arguments).await?;
    let given = given(arguments, &target);
    let maker = maker(arguments, &target, mailbox.as_ref())?;
    let operator = operator(arguments, mailbox.as_ref())?;
    let world = Arc::new(World {
        sources,
        members: Register::new(maker, operator),
        mailbox,
        lent: lent(arguments, &target)?,
        budget,
    });
    let plan = Plan { checks, concurrency: arguments.concurrency, destructive: arguments.destructive, given };
    let interrupt = interrupted();
    let started_at = OffsetDateTime::now_utc().format(&Rfc3339).context("the clock is out of range")?;
    let started = Instant::now();
    let progress = Progress::new(plan.checks.len(), json);
    let (reports, cleanup) = tokio::select! {
        outcome = run::run(&plan, &target, &world, &progress, &interrupt.first) => outcome,
        () = interrupt.second.cancelled() => {
            bail!("interrupted twice; members of this run may have stayed behind")
        }
    };
    progress.finish();
    Ok(Report {
        form: FORM,
        kind: Kind::Attack,
        gate_version: env!("CARGO_PKG_VERSION"),
        subject: Subject {
            url: target.base.to_string(),
            nodes: target.nodes.iter().map(Url::to_string).collect(),
            environment: target.environment.clone(),
            version: target.version.clone(),
        },
        started_at,
        took_ms: milliseconds(started.elapsed()),
        members_by: world.members.describe(),
        destructive: plan.destructive,
        interrupted: interrupt.first.is_cancelled(),
        requests: world.budget.spent(),
        cleanup,
        checks: reports,
    })
}

/// What whoever runs the deployment lends.
fn lent(arguments: &Arguments, target: &Target) -> anyhow::Result<Lent> {
    let webhook_source = match (&arguments.webhook_source, &arguments.webhook_secret) {
        (Some(name), Some(secret)) => Some(webhook::Source::new(name, secret)?),
        _ => None,
    };
    let square_source = match (&arguments.square_source, &arguments.square_key) {
        (Some(name), Some(key)) => {
            let own = || format!("{}{}", target.origin(), webhook::path_of(name));
            Some(webhook::Square::new(name, key, &arguments.square_url.clone().unwrap_or_else(own))?)
        }
        _ => None,
    };
    let stripe_source = match (&arguments.stripe_source, &arguments.stripe_secret) {
        (Some(name), Some(secret)) => Some(webhook::Stripe::new(name, secret)?),
        _ => None,
    };
    Ok(Lent {
        service_key: arguments.service_key.clone().map(SecretString::from),
        webhook_source,
        square_source,
        stripe_source,
        purchase_rule: OnceCell::new(),
    })
}

fn given(arguments: &Arguments, target: &Target) -> BTreeSet<Given> {
    let mut given = BTreeSet::new();
    if arguments.test_auth.is_some() && target.why_off("test_login").is_none() {
        given.insert(Given::TestAuth);
    }
    if arguments.service_key.is_some() {
        given.insert(Given::ServiceKey);
    }
    if arguments.operator.is_some() {
        given.insert(Given::Operator);
    }
    if arguments.webhook_source.is_some() {
        given.insert(Given::WebhookSource);
    }
    if arguments.square_source.is_some() {
        given.insert(Given::SquareSource);
    }
    if arguments.stripe_source.is_some() {
        given.insert(Given::StripeSource);
    }
    if arguments.mailbox.is_some() || arguments.imap.is_some() {
        given.insert(Given::Mailbox);
    }
    given
}

/// The first way to make members that works: the test sign-in, mailed codes, a passkey; or given accounts, which win over passkeys
/// since whoever names them wants them used.
fn maker(
    arguments: &Arguments,
    target: &Target,
    mailbox: Option<&Arc<dyn Mailbox>>,
) -> anyhow::Result<Option<Arc<dyn Maker>>> {
    let is_on = |capability: &str| target.why_off(capability).is_none();
    if let Some(secret) = arguments.test_auth.as_ref().filter(|_| is_on("test_login")) {
        return Ok(Some(Arc::new(TestSignIn(SecretString::from(secret.clone())))));
    }
    if let Some(mailbox) = mailbox.filter(|_| is_on("email_code")) {
        return Ok(Some(Arc::new(EmailCode(Arc::clone(mailbox)))));
    }
    if let Some(path) = &arguments.members {
        return Ok(Some(Arc::new(Credentials::from_file(path)?)));
    }
    Ok(if is_on("passkey") { Some(Arc::new(PasskeySignUp::default())) } else { None })
}

/// The operator who is lent, if one is.
fn operator(
    arguments: &Arguments,
    mailbox: Option<&Arc<dyn Mailbox>>,
) -> anyhow::Result<Option<LentOperator>> {
    let Some(address) = &arguments.operator else { return Ok(None) };
    let mailbox = mailbox.context("--operator needs the mailbox of its codes (--mailbox or --imap)")?;
    Ok(Some(LentOperator::new(address, EmailCode(Arc::clone(mailbox)))))
}

async fn open_mailbox(arguments: &Arguments) -> anyhow::Result<Option<Arc<dyn Mailbox>>> {
    let pattern = arguments.member_address.as_deref();
    if pattern.is_some_and(|pattern| !pattern.contains("{}") || !pattern.contains('@')) {
        bail!("--member-address must be like gate+{{}}@example.com");
    }
    if let Some(path) = &arguments.mailbox {
        let folder = mailbox::Folder::open(path, pattern.unwrap_or(mailbox::PATTERN_DEFAULT))?;
        return Ok(Some(Arc::new(folder)));
    }
    let Some(url) = &arguments.imap else { return Ok(None) };
    // Never on the command line, where every process of the machine can read it.
    let password = std::env::var(IMAP_PASSWORD).ok().filter(|password| !password.is_empty());
    let password = password.with_context(|| format!("{IMAP_PASSWORD} is not set"))?;
    let imap =
        mailbox::Imap::open(url, SecretString::from(password), pattern, arguments.ca_file.as_deref()).await?;
    Ok(Some(Arc::new(imap)))
}

/// What Ctrl-C cancels.
struct Interrupt {
    /// Ends the checks; members are still removed.
    first: CancellationToken,
    /// Ends everything.
    second: CancellationToken,
}

/// Listens for Ctrl-C from here on.
fn interrupted() -> Interrupt {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let heard = [first.clone(), second.clone()];
    tokio::spawn(async move {
        for token in heard {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            token.cancel();
        }
    });
    Interrupt { first, second }
}
