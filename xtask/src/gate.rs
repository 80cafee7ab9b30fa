//! `cargo xtask gate`: a deployment as `staging` would have it (two nodes, PostgreSQL, Redis, mail by STARTTLS, TLS in front by
//! nginx with the configuration of `ops/nginx`), and the gate against it.

use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    leash::{Leashed, free_ports},
    node, process,
    services::{Purpose, Services},
    setup, test, tools, workspace,
};

/// Where the reports go, below the build folder.
const REPORTS: &str = "gate";

/// The operator who is lent to the gate.
const OPERATOR: &str = "operator@gate.example";
/// The sources of purchase webhooks that are lent to the gate, of each form one.
const SOURCE: &str = "till";
const SQUARE: &str = "square";
const STRIPE: &str = "stripe";

/// Builds, starts the deployment, and attacks it.
///
/// # Errors
/// When something can't be built or started, or when the gate finds a broken promise.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    setup::run(setup::For::Gate)?;
    node::STUDIO.install()?;
    node::build_studio()?;
    node::STANDINS.install()?;
    process::run(process::cargo().args(test::BUILD_SERVER))?;
    let services = Services::start(Purpose::Tests)?;
    let folder = tempfile::Builder::new().prefix("mainstay-gate-").tempdir()?;
    let deployment = Deployment::start(folder.path(), &services)?;
    let reports = workspace::target().join(REPORTS);
    fs::create_dir_all(&reports)?;
    let mut gate = process::command(workspace::server());
    gate.arg("gate").arg(&deployment.url).env("MAINSTAY_GATE_SERVICE_KEY", &deployment.service_key);
    gate.env("MAINSTAY_GATE_WEBHOOK_SOURCE", SOURCE).env("MAINSTAY_GATE_WEBHOOK_SECRET", &deployment.secret);
    gate.env("MAINSTAY_GATE_SQUARE_SOURCE", SQUARE).env("MAINSTAY_GATE_SQUARE_KEY", &deployment.secret);
    gate.env("MAINSTAY_GATE_STRIPE_SOURCE", STRIPE).env("MAINSTAY_GATE_STRIPE_SECRET", &deployment.secret);
    gate.env("MAINSTAY_GATE_OPERATOR", OPERATOR);
    for node in &deployment.node_urls {
        gate.arg("--node").arg(node);
    }
    gate.arg("--ca-file").arg(&deployment.ca).arg("--mailbox").arg(&deployment.mails);
    for (option, name) in
        [("--html", "report.html"), ("--json-file", "report.json"), ("--junit", "report.xml")]
    {
        gate.arg(option).arg(reports.join(name));
    }
    gate.arg("--sarif").arg(reports.join("report.sarif")).args(arguments);
    let outcome = process::run(&mut gate);
    println!("\nThe reports are in {}", reports.display());
    outcome
}

/// A running deployment; dropping it stops it.
struct Deployment {
    url: String,
    node_urls: Vec<String>,
    ca: PathBuf,
    mails: PathBuf,
    /// What the gate gives points with.
    service_key: String,
    /// What every source signs with.
    secret: String,
    // In the order in which they are stopped: nobody is asked by somebody who still runs.
    _proxy: Leashed,
    _nodes: Vec<Leashed>,
    _mail: Leashed,
}

impl Deployment {
    fn start(folder: &Path, services: &Services) -> Result<Self> {
        let [public, first, second, mail] = free_ports()?;
        let certificate = Certificate::make(folder)?;
        let mails = folder.join("mails");
        fs::create_dir(&mails)?;
        let mail_server = start_mail(folder, mail, &certificate, &mails)?;
        let url = format!("https://localhost:{public}");
        let key = process::read(process::command(workspace::server()).args(["keys", "generate"]))?;
        let secret = openssl(folder, &["rand", "-base64", "32"])?;
        let secret = format!("whsec_{}", secret.trim());
        let settings = |command: &mut Command| {
            command
                .env("MAINSTAY_ENV", "staging")
                .env("MAINSTAY_METRICS_LISTEN", "off")
                .env("MAINSTAY_NODES", "2")
                .env("MAINSTAY_TRUSTED_PROXIES", "127.0.0.1")
                .env("MAINSTAY_WALLET_TRANSFERS", "true")
                .env("MAINSTAY_WEBHOOK_TILL_KIND", "standard")
                .env("MAINSTAY_WEBHOOK_TILL_SECRETS", &secret)
                .env("MAINSTAY_WEBHOOK_SQUARE_KIND", "square")
                .env("MAINSTAY_WEBHOOK_SQUARE_SECRETS", &secret)
                .env("MAINSTAY_WEBHOOK_SQUARE_NOTIFICATION_URL", format!("{url}/v1/webhooks/{SQUARE}"))
                .env("MAINSTAY_WEBHOOK_STRIPE_KIND", "stripe")
                .env("MAINSTAY_WEBHOOK_STRIPE_SECRETS", &secret)
                .env("MAINSTAY_PUBLIC_URL", &url)
                .env("ALLOWED_ORIGINS", &url)
                .env("TOKEN_ENCRYPTION_KEY", key.trim())
                .env("MAINSTAY_SMTP_URL", format!("smtp://localhost:{mail}"))
                .env("MAINSTAY_CA_FILE", &certificate.ca)
                .env("DATABASE_URL", services.postgres_url())
                .env("REDIS_URL", services.redis_url());
        };
        let mut nodes = Vec::new();
        for (name, port) in [("node-1", first), ("node-2", second)] {
            nodes.push(start_node(folder, name, port, &settings)?);
        }
        let service_key = make_service_key(folder, &settings)?;
        make_operator(folder, first, &mails, &settings)?;
        let proxy = start_proxy(folder, public, [first, second], &certificate)?;
        Ok(Self {
            url,
            node_urls: [first, second].map(|port| format!("http://localhost:{port}")).to_vec(),
            ca: certificate.ca,
            mails,
            service_key,
            secret,
            _proxy: proxy,
            _nodes: nodes,
            _mail: mail_server,
        })
    }
}

fn start_node(
    folder: &Path,
    name: &'static str,
    port: u16,
    settings: &dyn Fn(&mut Command),
) -> Result<Leashed> {
    let mut command = Command::new(workspace::server());
    command
        .arg("serve")
        .env("MAINSTAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("MAINSTAY_DATA_DIR", folder.join(name));
    settings(&mut command);
    let mut node = Leashed::start(name, folder, &command)?;
    node.wait(|| answers(port))?;
    Ok(node)
}

/// A key of the gate's own, made as an operator makes one.
fn make_service_key(folder: &Path, settings: &dyn Fn(&mut Command)) -> Result<String> {
    let scopes = ["--scope", "wallet:read", "--scope", "wallet:write"];
    let key = at_the_server(folder, settings, &[&["service-keys", "create", "gate"][..], &scopes].concat())?;
    Ok(key.trim().to_owned())
}

/// A member who signed up by a mailed code, and is made an operator at the server.
fn make_operator(folder: &Path, port: u16, mails: &Path, settings: &dyn Fn(&mut Command)) -> Result<()> {
    let mut sign_up = Command::new("node");
    sign_up.arg(workspace::path("standins/members/sign-up.mjs"));
    sign_up.args([&format!("http://localhost:{port}"), OPERATOR]).env("MAINSTAY_MAIL_DIR", mails);
    process::read(&mut sign_up)?;
    at_the_server(folder, settings, &["members", "promote", OPERATOR]).map(drop)
}

/// Runs a command of the server and answers what it printed.
fn at_the_server(folder: &Path, settings: &dyn Fn(&mut Command), arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(workspace::server());
    command.args(arguments).current_dir(folder).env("MAINSTAY_DATA_DIR", folder.join("node-1"));
    settings(&mut command);
    process::read(&mut command)
}

fn start_mail(folder: &Path, port: u16, certificate: &Certificate, mails: &Path) -> Result<Leashed> {
    let mut command = Command::new("node");
    command
        .arg(workspace::path("standins/mail/main.mjs"))
        .args(["--port", &port.to_string()])
        .arg("--tls-cert")
        .arg(&certificate.certificate)
        .arg("--tls-key")
        .arg(&certificate.key)
        .arg("--folder")
        .arg(mails);
    let mut server = Leashed::start("mail", folder, &command)?;
    server.wait(|| answers(port))?;
    Ok(server)
}

fn start_proxy(folder: &Path, port: u16, nodes: [u16; 2], certificate: &Certificate) -> Result<Leashed> {
    let nginx = nginx().context("nginx is not installed")?;
    for file in ["proxy.conf", "problem-headers.conf"] {
        fs::copy(workspace::path("ops/nginx").join(file), folder.join(file))?;
    }
    let is_root = process::read(process::command("id").arg("-u"))?.trim() == "0";
    let configuration = format!(
        "{user}
daemon off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path bodies; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    map $http_upgrade $mainstay_connection {{ default upgrade; '' ''; }}
    upstream mainstay {{
        server 127.0.0.1:{first} max_fails=1 fail_timeout=2s;
        server 127.0.0.1:{second} max_fails=1 fail_timeout=2s;
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        include proxy.conf;
    }}
}}
",
        user = if is_root { "user root;" } else { "" },
        first = nodes[0],
        second = nodes[1],
        certificate = certificate.certificate.display(),
        key = certificate.key.display(),
    );
    fs::write(folder.join("nginx.conf"), configuration)?;
    let mut command = Command::new(nginx);
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
    let mut proxy = Leashed::start("nginx", folder, &command)?;
    proxy.wait(|| answers(port))?;
    Ok(proxy)
}

/// nginx, which Debian keeps where only root looks.
pub(crate) fn nginx() -> Option<PathBuf> {
    let usual = PathBuf::from("/usr/sbin/nginx");
    tools::find("nginx").or_else(|| usual.exists().then_some(usual))
}

fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A certificate for `localhost` and the authority that signed it, for one run.
struct Certificate {
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make(folder: &Path) -> Result<Self> {
        let file = |name: &str| folder.join(name);
        let extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n";
        fs::write(file("extensions"), extensions)?;
        openssl(
            folder,
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=Mainstay scratch authority",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
            ],
        )?;
        openssl(
            folder,
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=localhost",
                "-keyout",
                "server.key",
                "-out",
                "server.csr",
            ],
        )?;
        openssl(
            folder,
            &[
                "x509",
                "-req",
                "-in",
                "server.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "extensions",
                "-out",
                "server.pem",
            ],
        )?;
        Ok(Self { ca: file("ca.pem"), certificate: file("server.pem"), key: file("server.key") })
    }
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .context("cannot start openssl")?;
    if !output.status.success() {
        bail!("openssl {} failed: {}", arguments[0], String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
