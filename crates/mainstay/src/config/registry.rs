//! Every variable there is. A value that is read but not listed here does not exist; one that is listed but not read fails a test.

/// One variable.
pub(crate) struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// Under which heading it is shown.
    pub section: &'static str,
    /// Whether it is never shown.
    pub secret: bool,
    /// What holds when it is not set, in words or as a value.
    pub default: &'static str,
    /// A good value. For secrets only a description of one, so that nobody can copy it.
    pub example: &'static str,
    /// What it does.
    pub doc: &'static str,
}

impl Variable {
    /// Its name in the TOML file.
    pub(crate) fn file_key(&self) -> String {
        if let Some(key) = self.name.strip_prefix(SOURCE_PREFIX) {
            return format!("webhooks.sources.<source>.{}", key.to_ascii_lowercase());
        }
        self.name.strip_prefix("MAINSTAY_").unwrap_or(self.name).to_ascii_lowercase()
    }
}

/// What the names of the variables of each source begin with here; `<SOURCE>` stands for the source's own name.
pub(crate) const SOURCE_PREFIX: &str = "MAINSTAY_WEBHOOK_<SOURCE>_";

/// Looks a variable up.
pub(crate) fn variable(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

macro_rules! variables {
    ($( [$section:literal] $( $(#[$only:meta])* $name:literal $($secret:ident)? , $default:literal , $example:literal , $doc:literal ; )+ )+) => {
        /// The list, in the order in which people read it.
        pub(crate) const VARIABLES: &[Variable] = &[$($(
            $(#[$only])*
            Variable {
                name: $name,
                section: $section,
                secret: variables!(@secret $($secret)?),
                default: $default,
                example: $example,
                doc: $doc,
            },
        )+)+];
    };
    (@secret secret) => { true };
    (@secret) => { false };
}

variables! {
    ["Deployment"]
    "MAINSTAY_ENV", "dev", "prod",
        "Where this deployment stands: `dev` (works without any configuration), `staging` or `prod` (refuse everything that is unsafe).";
    "MAINSTAY_PUBLIC_URL", "`http://localhost:<port of MAINSTAY_LISTEN>` in dev", "https://app.example.com",
        "The address under which members reach the studio. Links, redirects and the passkey origin come from here and never from a request.";
    "MAINSTAY_PRODUCT_NAME", "Mainstay", "Example Rewards",
        "What the product is called in mails and in passkey prompts.";
    "MAINSTAY_NODES", "1", "2",
        "How many server processes share the database. More than one needs `REDIS_URL`.";
    "MAINSTAY_MODULES_OFF", "(none)", "notes",
        "Modules to switch off, comma-separated: `passkey`, `email_code`, `tenants`, `notes`, `wallet`, `purchases`. Their routes then answer 503 with the reason.";
    "MAINSTAY_CONFIG", "`mainstay.toml` in the working folder, if it is there", "/etc/mainstay/mainstay.toml",
        "A TOML file with settings: the names of this list in lower case, without `MAINSTAY_`. The environment wins over the file.";

    ["Listening"]
    "MAINSTAY_LISTEN", "127.0.0.1:8080", "0.0.0.0:8080",
        "Address and port of the public listener. Put a TLS-terminating proxy in front of it outside dev.";
    "MAINSTAY_METRICS_LISTEN", "127.0.0.1:9464", "10.0.0.5:9464",
        "Address and port of the internal listener for `/metrics`. `off` closes it.";
    "MAINSTAY_METRICS_TOKEN" secret, "(none: `/metrics` is 404 on the public listener)", "at least 32 random characters",
        "A bearer token that opens `/metrics` on the public listener too, for operators without access to the internal one.";
    "MAINSTAY_TRUSTED_PROXIES", "(none)", "10.0.0.0/8,127.0.0.1",
        "Addresses or networks (CIDR) of proxies whose `X-Forwarded-For` is believed, comma-separated.";
    "ALLOWED_ORIGINS", "the public URL's origin in dev; must be set elsewhere", "https://app.example.com,https://admin.example.com",
        "Origins whose browsers may call the API with credentials (CORS), comma-separated and exact. Wildcards are refused.";
    "MAINSTAY_API_BASES", "the public URL", "https://api.example.com,https://api2.example.com",
        "API addresses that clients try in this order, comma-separated (`/v1/config`).";
    "MAINSTAY_RATE_LIMITS", "auth=60/60,read=3000/600,write=1500/300,public=600/600,webhook=12000/12000", "read=6000/1200",
        "Requests a minute by class of route, as `class=per client address/per member`, comma-separated. Classes not named keep their default.";
    "MAINSTAY_HTTP_WORKERS", "one per core", "2",
        "Threads that serve HTTP.";
    "MAINSTAY_SHUTDOWN_SECONDS", "20", "20",
        "How long open requests and jobs may take to finish after SIGTERM.";

    ["Storage"]
    "MAINSTAY_DATA_DIR", "./data", "/var/lib/mainstay",
        "Folder of the embedded database, of mails in dev, and of the key that dev makes for itself.";
    "DATABASE_URL" secret, "an embedded SQLite file in the data folder", "postgres://user:password@host:5432/name?sslmode=verify-full",
        "PostgreSQL to use in place of the embedded database. `sqlite:<path>` names another file.";
    "MAINSTAY_DATABASE_CONNECTIONS_MAX", "20", "20",
        "Connections to PostgreSQL that one process opens at most.";
    "MAINSTAY_DATABASE_POOLER", "auto", "transaction",
        "Whether a transaction pooler (PgBouncer) stands before PostgreSQL: `auto` finds out, `transaction`, or `none`.";
    "MAINSTAY_MIGRATE_ON_START", "true", "false",
        "Whether `serve` applies missing migrations first. Without it the server refuses to start on an old schema.";
    "REDIS_URL" secret, "(none: one process, limits in memory)", "rediss://:password@host:6379/0",
        "Redis for rate limits and hints between several processes.";

    "MAINSTAY_CA_FILE", "(none: public authorities only)", "/etc/mainstay/ca.pem",
        "PEM certificates of authorities that are trusted beside the public ones, for PostgreSQL (with `sslmode=verify-full`), Redis, the mail server and the identity providers.";

    "MAINSTAY_AUDIT_KEPT_DAYS", "(none: for ever)", "730",
        "Audit events older than so many days are removed, a day at a time; the trail tells where it begins, and `mainstay audit verify` proves the rest. From 30 on.";

    ["Wallet"]
    "MAINSTAY_WALLET_TRANSFERS", "false", "true",
        "Whether members may send points to one another.";
    "MAINSTAY_WALLET_POINTS_VALID_DAYS", "(none: for ever)", "365",
        "Points that are granted can be spent for so many days, to the end of the last one in UTC, unless the grant names a day. From 1 on.";

    ["Secrets"]
    "TOKEN_ENCRYPTION_KEY" secret, "made in the data folder in dev; must be set elsewhere", "the output of `mainstay keys generate`",
        "Encrypts stored signing keys and provider tokens: 32 random bytes as url-safe base64 (44 characters).";
    "MAINSTAY_TOKEN_ENCRYPTION_KEYS_EARLIER" secret, "(none)", "the keys before, comma-separated",
        "Earlier encryption keys that still open what they sealed.";

    ["Sign-in"]
    "MAINSTAY_RP_ID", "the public URL's host", "example.com",
        "WebAuthn relying-party id: the public URL's host or a parent domain of it. Changing it makes every passkey useless.";
    "MAINSTAY_RP_ORIGINS", "(none)", "https://m.example.com",
        "Further origins whose passkey ceremonies are accepted, comma-separated.";
    "GOOGLE_CLIENT_ID", "(none: Google is off)", "1234567890-abc.apps.googleusercontent.com",
        "OAuth client id of Google sign-in. The redirect URI is `<public URL>/v1/auth/google/callback`.";
    "GOOGLE_CLIENT_SECRET" secret, "(none)", "the secret of the Google OAuth client",
        "Its secret.";
    "APPLE_CLIENT_ID", "(none: Apple is off)", "com.example.web",
        "Services id of Sign in with Apple. The return URL is `<public URL>/v1/auth/apple/callback`.";
    "APPLE_TEAM_ID", "(none)", "ABCDE12345",
        "Apple developer team id.";
    "APPLE_KEY_ID", "(none)", "FGHIJ67890",
        "Id of the Sign in with Apple key.";
    "APPLE_PRIVATE_KEY" secret, "(none)", "the content of the .p8 file (line feeds may be written as \\n)",
        "The key itself (PKCS #8 PEM, ES256). Client secrets are made from it and renewed by the server.";
    "MAINSTAY_PASSWORD_SIGN_IN", "false", "true",
        "Password sign-in for imported members. Outside dev it also needs `MAINSTAY_LEGACY_SIGN_IN_ACKNOWLEDGED`.";
    "MAINSTAY_SOCIAL_LOGIN", "false", "true",
        "Legacy `POST /v1/auth/social_login` with a provider's ID token. Outside dev it also needs the acknowledgement.";
    "MAINSTAY_LEGACY_SIGN_IN_ACKNOWLEDGED", "false", "true",
        "Says that a legacy sign-in switch is on deliberately.";
    "TEST_MODE", "false", "true",
        "Opens `POST /v1/auth/test-login` for automated tests. Refused in staging and prod.";
    "MAINSTAY_TEST_AUTH" secret, "(none)", "at least 16 random characters",
        "What the `X-Test-Auth` header must say in test mode.";

    ["Mail"]
    "MAINSTAY_SMTP_URL" secret, "mails are written to `<data folder>/mail` in dev; no mail elsewhere", "smtps://user:password@mail.example.com:465",
        "Mail server: `smtps://` (TLS) or `smtp://` (STARTTLS is demanded unless the host is loopback in dev).";
    "MAINSTAY_MAIL_FROM", "`no-reply@<public URL's host>`", "Example <no-reply@example.com>",
        "Sender of mails.";

    ["Events"]
    "MAINSTAY_WEBHOOKS_PRIVATE_TARGETS", "false", "false",
        "Events may go over plain http and to private and local addresses, for a receiver on the same machine. Refused in staging and prod.";
    ["Purchase webhooks"]
    "MAINSTAY_WEBHOOK_BODIES_DAYS", "90", "90",
        "What an event said is kept for so many days after its effect, or after it was ignored; then only its name, its fingerprint and what became of it stay, so that it still counts once. From 3 on, as long as a provider comes again with it.";
    // For each source: its name in upper case, with `_` for `-`, in place of `<SOURCE>`.
    "MAINSTAY_WEBHOOK_<SOURCE>_KIND", "(none)", "square",
        "How the source signs: `square`, `stripe`, `standard` (Standard Webhooks), `generic` (HMAC-SHA-256 in a header of its own), or in dev `shared_secret`. Its events come to `/v1/webhooks/<source>`; the variables of the source `square-main` are called `MAINSTAY_WEBHOOK_SQUARE_MAIN_…`.";
    "MAINSTAY_WEBHOOK_<SOURCE>_SECRETS" secret, "(none: its events are refused with 503)", "what the provider shows as the signature key or signing secret",
        "Its secrets, comma-separated; any of them may have signed, so that one can be rolled. Must be set in staging and prod.";
    "MAINSTAY_WEBHOOK_<SOURCE>_ENABLED", "true", "false",
        "Whether its events are taken; otherwise they are refused with 503.";
    "MAINSTAY_WEBHOOK_<SOURCE>_NOTIFICATION_URL", "(none; must be set for square)", "https://app.example.com/v1/webhooks/square-main",
        "The notification URL exactly as it stands in Square's dashboard; Square signs it.";
    "MAINSTAY_WEBHOOK_<SOURCE>_LIVEMODE", "true in prod, false elsewhere", "true",
        "Whether Stripe's live events are taken, or its test events.";
    "MAINSTAY_WEBHOOK_<SOURCE>_HEADER", "(none; must be set for generic and shared_secret)", "x-signature",
        "The header with the signature, or with the shared secret.";
    "MAINSTAY_WEBHOOK_<SOURCE>_ENCODING", "hex", "base64",
        "How a generic source writes its signature: `hex` or `base64`.";
    "MAINSTAY_WEBHOOK_<SOURCE>_TIMESTAMP_HEADER", "(none: the body alone is signed)", "x-timestamp",
        "The header with the time in seconds that a generic source signs before the body, as `<time>.<body>`.";
    "MAINSTAY_WEBHOOK_<SOURCE>_REPLAY_WINDOW", "default", "strict",
        "What becomes of an event older than the tolerance where no time of sending is signed: with `default` one that was never seen is taken up to 72 h and marked late, with `strict` it is refused.";
    "MAINSTAY_WEBHOOK_<SOURCE>_TOLERANCE_SECONDS", "300", "120",
        "How old an event may be, from 10 to 300 seconds.";

    ["Studio"]
    "SERVE_FRONTEND_DIR", "(none: the studio inside the binary)", "/srv/www",
        "A folder with a web app to serve in place of the studio.";

    ["Seeing"]
    "MAINSTAY_LOG", "info,actix_server=warn", "info,mainstay=debug",
        "Log filter, as tracing's `EnvFilter`. `debug` and `trace` are refused in staging and prod, since libraries print bodies there.";
    "MAINSTAY_LOG_FORMAT", "`text` in dev, `json` elsewhere", "json",
        "`text` or `json`.";

    ["For stand-ins of providers, and only for those"]
    "MAINSTAY_INSECURE_COOKIES", "true in dev on http, false elsewhere", "false",
        "Cookies without `Secure`. Refused in staging and prod.";
    "MAINSTAY_GOOGLE_ISSUER", "https://accounts.google.com", "https://accounts.google.com",
        "Issuer that Google's ID tokens must name.";
    "MAINSTAY_GOOGLE_AUTHORIZE_URL", "Google's", "https://accounts.google.com/o/oauth2/v2/auth",
        "Where browsers are sent.";
    "MAINSTAY_GOOGLE_TOKEN_URL", "Google's", "https://oauth2.googleapis.com/token",
        "Where codes are exchanged. Plain http only on loopback in dev, as for all of these.";
    "MAINSTAY_GOOGLE_JWKS_URL", "Google's", "https://www.googleapis.com/oauth2/v3/certs",
        "Where Google's keys are.";
    "MAINSTAY_APPLE_ISSUER", "https://appleid.apple.com and https://account.apple.com", "https://appleid.apple.com",
        "Issuer that Apple's ID tokens must name.";
    "MAINSTAY_APPLE_AUTHORIZE_URL", "Apple's", "https://appleid.apple.com/auth/authorize",
        "Where browsers are sent.";
    "MAINSTAY_APPLE_TOKEN_URL", "Apple's", "https://appleid.apple.com/auth/token",
        "Where codes are exchanged.";
    "MAINSTAY_APPLE_JWKS_URL", "Apple's", "https://appleid.apple.com/auth/keys",
        "Where Apple's keys are.";
    "MAINSTAY_APPLE_REVOKE_URL", "Apple's", "https://appleid.apple.com/auth/revoke",
        "Where tokens are revoked when an account is deleted.";

    // Not in a normal build, where it is refused like any name that does not exist; see docs/guides/self-test.md.
    ["Self-test of the gate"]
    #[cfg(feature = "sabotage")]
    "MAINSTAY_SABOTAGE", "(none)", "cors,csrf_token",
        "Guards to leave out, comma-separated, in `dev` alone. `mainstay sabotage` prints their names.";
}
