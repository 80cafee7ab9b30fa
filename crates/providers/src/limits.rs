//! Every bound of the connections to the outside, in one place.

use std::time::Duration;

use mainstay_services::limits::Limit;

/// A connection to an identity provider is made within this.
pub const PROVIDER_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A request to an identity provider, with its retries and the reading of the answer, ends within this.
pub const PROVIDER_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Further tries of a request whose connection could not be made at all.
pub const PROVIDER_CONNECT_RETRIES_MAX: usize = 1;
/// Answer of a token or revocation endpoint.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// So many failures one after another make requests to an endpoint fail at once.
pub const BREAKER_FAILURES_MAX: u32 = 5;
/// How long they do, before one request tries again.
pub const BREAKER_OPEN: Duration = Duration::from_secs(10);

/// How long a key set is taken as current, unless configured or told otherwise by its `Cache-Control`.
pub const JWKS_TTL: Duration = Duration::from_secs(3600);
/// A provider's `max-age` below this is not followed.
pub const JWKS_TTL_MIN: Duration = Duration::from_secs(5 * 60);
/// Pause between two fetches that an unknown key id or an outage causes.
pub const JWKS_COOL_DOWN: Duration = Duration::from_secs(30);
/// Pause between two fetches as long as there is no key at all.
pub const JWKS_COLD_RETRY: Duration = Duration::from_secs(5);
/// How long keys are used while the provider can't be asked.
pub const JWKS_STALE_MAX: Duration = Duration::from_secs(24 * 3600);
/// A key set.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// Keys that are kept of a set.
pub const JWKS_KEYS_MAX: usize = 64;

/// An ID token, in bytes.
pub const ID_TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Clock difference to a provider that is forgiven.
pub const ID_TOKEN_LEEWAY: Duration = Duration::from_secs(60);
/// How old an ID token may be that belongs to no flow of ours.
pub const ID_TOKEN_UNBOUND_AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// A name that a provider gives, in characters.
pub const PROVIDER_NAME_CHARS_MAX: usize = 100;
/// Life of the client secret that is signed for Apple; Apple takes up to six months.
pub const APPLE_SECRET_TTL: Duration = Duration::from_secs(3600);
/// It is signed anew when less than this is left.
pub const APPLE_SECRET_RENEWAL: Duration = Duration::from_secs(10 * 60);

/// One SMTP command.
pub const SMTP_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// One mail, from connecting to the server's acceptance.
pub const SMTP_MAIL_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections to the mail server at a time.
pub const SMTP_CONNECTIONS_MAX: u32 = 4;

/// A connection to Redis, TLS and authentication included, is made within this.
pub const REDIS_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A command to Redis is answered within this.
pub const REDIS_RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
/// A caller who goes away after waiting for so long counts as an answer that did not come.
pub const REDIS_SUSPICION: Duration = Duration::from_millis(200);
/// After a failure Redis is left alone for so long, and every caller is answered at once.
pub const REDIS_PAUSE: Duration = Duration::from_millis(200);
/// Commands to Redis under way at a time.
pub const REDIS_IN_FLIGHT_MAX: usize = 4_096;

/// A connection to a receiver of events is made within this.
pub const WEBHOOK_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An event is sent and answered within this.
pub const WEBHOOK_REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Of a receiver's answer so much is read, and nothing is kept.
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 4 * 1024;
/// Connections to one receiver that are kept open for the next event.
pub const WEBHOOK_IDLE_CONNECTIONS_MAX: usize = 8;

/// A file of certification authorities; the public ones together have a third of it.
pub const ROOTS_BYTES_MAX: usize = 1024 * 1024;

/// Keys that the limiter in memory keeps of each kind (buckets, failures).
pub const LIMITER_KEYS_MAX: usize = 100_000;

/// Hints that a slow reader may be behind before it is told that it lost some.
pub const BUS_BACKLOG_MAX: usize = 1_024;
/// Hints that wait for Redis; more are dropped.
pub const BUS_OUTGOING_MAX: usize = 1_024;
/// Hints that go to Redis in one round trip.
pub const BUS_BATCH_MAX: usize = 64;
/// How often the subscription is asked whether it is still alive.
pub const BUS_PING_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest and longest pause before subscribing again.
pub const BUS_RECONNECT_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));
/// What is left to send at shutdown has so long.
pub const BUS_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The bounds that an operator should know, for the limits page.
#[must_use]
pub fn table() -> Vec<Limit> {
    let limit = |name, value, beyond| Limit { name, value, beyond };
    let time = |name, time: Duration, beyond| {
        let value = if time.subsec_millis() == 0 {
            format!("{} s", time.as_secs())
        } else {
            format!("{} ms", time.as_millis())
        };
        limit(name, value, beyond)
    };
    vec![
        time("request to an identity provider", PROVIDER_REQUEST_TIMEOUT, "503"),
        limit("failures before a provider is left alone", BREAKER_FAILURES_MAX.to_string(), "503 at once"),
        time("a failing provider is left alone", BREAKER_OPEN, "one request tries again"),
        time("key set is current", JWKS_TTL, "fetched anew"),
        time("pause between fetches of a key set", JWKS_COOL_DOWN, "an unknown key is refused"),
        time("known keys are used while a provider is away", JWKS_STALE_MAX, "503"),
        limit("key set", format!("{JWKS_BYTES_MAX} bytes"), "not taken"),
        limit("ID token", format!("{ID_TOKEN_BYTES_MAX} bytes"), "401"),
        time("clock difference to a provider", ID_TOKEN_LEEWAY, "401"),
        time("age of an ID token of no flow", ID_TOKEN_UNBOUND_AGE_MAX, "401"),
        time("one mail, until the server has it", SMTP_MAIL_TIMEOUT, "tried again later"),
        time("an event is sent and answered", WEBHOOK_REQUEST_TIMEOUT, "tried again later"),
        limit(
            "answer of a receiver of events that is read",
            format!("{WEBHOOK_ANSWER_BYTES_MAX} bytes"),
            "the connection closes",
        ),
        time("connection to Redis", REDIS_CONNECT_TIMEOUT, "counts as lost"),
        time("answer of Redis", REDIS_RESPONSE_TIMEOUT, "counts as lost"),
        time("Redis is left alone after a failure", REDIS_PAUSE, "tried again"),
        limit(
            "keys of the limiter in memory, of each kind",
            LIMITER_KEYS_MAX.to_string(),
            "the least worth goes",
        ),
        limit(
            "hints that wait for Redis",
            BUS_OUTGOING_MAX.to_string(),
            "dropped; nodes read again within a second",
        ),
    ]
}
