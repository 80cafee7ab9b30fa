//! `sslmode=verify-full`: only a server that shows a certificate of the right name, in its time, by an authority that is trusted.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use mainstay_store::{Error, Store};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, in PEM.
type Identity = (String, String);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("signs").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    fn identity(&self, name: &str, last_year: i32) -> Identity {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("names");
        parameters.not_before = date_time_ymd(2000, 1, 1);
        parameters.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("signs");
        (certificate.pem(), key.serialize_pem())
    }
}

/// A PostgreSQL of the test's own, since the scratch server speaks no TLS.
struct Server {
    child: Child,
    _folder: tempfile::TempDir,
    port: u16,
}

/// The newest that is installed, where Debian keeps them.
fn programs() -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").expect("`cargo xtask setup --tests` installs PostgreSQL");
    let newest = versions
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            Some((path.file_name()?.to_str()?.parse::<u32>().ok()?, path.join("bin")))
        })
        .max();
    newest.expect("a version").1
}

/// PostgreSQL refuses to run as root.
fn account() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().expect("id runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    };
    (number(&["-u"]) == 0).then(|| (number(&["-u", "postgres"]), number(&["-g", "postgres"])))
}

fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(programs().join(program));
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Server {
    async fn start((certificate, key): &Identity) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("certificate.pem", certificate), ("key.pem", key)] {
            fs::write(folder.path().join(name), text).expect("writes");
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600))
                .expect("is ours");
        }
        if let Some((user, group)) = account() {
            for path in [".", "certificate.pem", "key.pem"] {
                chown(folder.path().join(path), Some(user), Some(group)).expect("is root");
            }
        }
        let made = command("initdb", folder.path())
            .args(["--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"])
            .status();
        assert!(made.expect("initdb runs").success());
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let child = command("postgres", folder.path())
            .args(["-D", "data", "-p", &port.to_string(), "-k", "", "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "fsync=off", "-c", "ssl=on", "-c", "ssl_cert_file=../certificate.pem"])
            .args(["-c", "ssl_key_file=../key.pem"])
            .spawn()
            .expect("postgres starts");
        let server = Self { child, _folder: folder, port };
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let listening = async {
            while server.connect("127.0.0.1", "disable", None).await.is_err() {
                ticks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), listening).await.expect("the server starts");
        server
    }

    async fn connect(&self, host: &str, mode: &str, roots: Option<&Authority>) -> Result<(), Error> {
        let url = format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}", self.port);
        let options = PostgresOptions {
            acquire_timeout: Duration::from_secs(5),
            roots_pem: roots.map(|authority| authority.pem.clone().into_bytes()),
            ..PostgresOptions::new(url)
        };
        let store = PostgresStore::connect(options).await?;
        let answer = store.ping().await;
        store.close().await;
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_used_where_it_proves_who_it_is_and_nowhere_else() {
    let authority = Authority::new();
    let server = Server::start(&authority.identity("127.0.0.1", 4000)).await;
    server.connect("127.0.0.1", "verify-full", Some(&authority)).await.expect("connects");
    let outcomes = [
        ("nobody knows this authority", server.connect("127.0.0.1", "verify-full", None).await),
        ("another authority", server.connect("127.0.0.1", "verify-full", Some(&Authority::new())).await),
        ("another name", server.connect("localhost", "verify-full", Some(&authority)).await),
    ];
    for (what, outcome) in outcomes {
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{what}: {outcome:?}");
    }
    let server = Server::start(&authority.identity("127.0.0.1", 2001)).await;
    let outcome = server.connect("127.0.0.1", "verify-full", Some(&authority)).await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "out of its time: {outcome:?}");
}
