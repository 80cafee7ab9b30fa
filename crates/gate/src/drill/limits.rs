//! Every number of the drills, each with its reason. Bounds that judge the server are promises; those that only end a hang are
//! generous, since drills run on small and busy machines.

use std::time::Duration;

// ---- The promises ----

/// While Redis is away, closed classes answer 503 within this (T-OP-03).
pub(crate) const CLOSED_ANSWER_MAX: Duration = Duration::from_secs(2);
/// A read goes on while Redis is away: twice the limiter's bound of a second (by address and by member), and the read itself.
pub(crate) const READ_ANSWER_MAX: Duration = Duration::from_secs(3);
/// While PostgreSQL is away, every answer comes within this. By the server's own bounds whoever waits for a database that froze is
/// let go after 8 s (3 s of patience, and 5 s for an answer to whether it lives), and newcomers at once; the rest is for a busy
/// machine.
pub(crate) const DATABASE_ANSWER_MAX: Duration = Duration::from_secs(15);
/// `/health` touches nothing, and `/ready` only what was found before: both at once, whatever is away (CFG-5). Two seconds are
/// what a starved process may need to be scheduled; one that waits for a dependency needs longer.
pub(crate) const PROBE_ANSWER_MAX: Duration = Duration::from_secs(2);
/// `/ready` tells of a lost dependency within this: it asks once a second and waits a second; twice that on a busy machine.
pub(crate) const DETECTION_MAX: Duration = Duration::from_secs(4);
/// All works again so long after a dependency is back. Reconnecting takes a pause of at most 3 s (the hints' subscription), and a
/// database that froze is asked every second or so, for up to 5 s each time.
pub(crate) const RECOVERY_MAX: Duration = Duration::from_secs(15);
/// A log-out holds on every node within this (SES-5).
pub(crate) const LOG_OUT_MAX: Duration = Duration::from_secs(1);
/// A node shows a new key within this: it reads the ring every 30 s at least, and at once when it hears of it.
pub(crate) const KEY_SHOWN_MAX: Duration = Duration::from_secs(35);
/// A new key is shown at least so long before it signs; key sets may be kept for so long by others.
pub(crate) const KEY_LEAD_MIN: Duration = Duration::from_secs(5 * 60);
/// `MAINSTAY_SHUTDOWN_SECONDS` of a node that is stopped in order.
pub(crate) const SHUTDOWN_SECONDS: u64 = 10;
/// It ends within its deadline and what closing the database may take (5 s).
pub(crate) const SHUTDOWN_MAX: Duration = Duration::from_secs(SHUTDOWN_SECONDS + 5);
/// After the loss of one of two nodes, clients that turn to the other go on writing within this: connecting to a dead port fails at
/// once, so this is for a busy machine.
pub(crate) const FAILOVER_MAX: Duration = Duration::from_secs(5);
/// A server that was killed is ready again within this: it starts, recovers its file and asks its dependencies once.
pub(crate) const RESTART_MAX: Duration = Duration::from_secs(20);
/// Eight instances that start at once on two cores are ready within this.
pub(crate) const FLEET_READY_MAX: Duration = Duration::from_secs(60);

// ---- What ends a hang ----

/// How often a condition is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(20);
/// `initdb` takes two seconds, a start one; a busy machine may take ten times that.
pub(crate) const SERVER_START_MAX: Duration = Duration::from_secs(40);
/// A fast shutdown writes a checkpoint.
pub(crate) const SERVER_END_MAX: Duration = Duration::from_secs(20);
/// A killed process is gone within this; PostgreSQL, told to end at once, kills its own children after five seconds.
pub(crate) const PROCESS_END_MAX: Duration = Duration::from_secs(10);
/// Somebody else may take a free port before the server does.
pub(crate) const START_TRIES: u32 = 3;
/// A command of the server, `psql` or `pg_dump`.
pub(crate) const COMMAND_TIME_MAX: Duration = Duration::from_secs(30);
/// An answer of a Redis that is up.
pub(crate) const CONTROL_ANSWER_MAX: Duration = Duration::from_secs(5);
/// An answer of a node; longer than any bound that judges it, so that what is too late is measured and not cut off.
pub(crate) const NODE_ANSWER_MAX: Duration = Duration::from_secs(50);
/// The load gets its first answers within this.
pub(crate) const LOAD_MAX: Duration = Duration::from_secs(30);
/// Half of the postings, and the other half; an unoptimised server on a machine with ten times its load carries out a hundred a second.
pub(crate) const POSTINGS_MAX: Duration = Duration::from_secs(120);
/// Half of the events, and the other half; as with postings.
pub(crate) const DELIVERIES_MAX: Duration = Duration::from_secs(120);
/// One drill; the longest posts ten thousand times, and sends each once more.
pub(crate) const DRILL_TIME_MAX: Duration = Duration::from_secs(300);

// ---- Sizes ----

/// Instances that start at once (T-OP-10).
pub(crate) const FLEET: usize = 8;
/// Members that write at the same time.
pub(crate) const WRITERS: usize = 6;
/// Acknowledged writes before something is done to the servers, and again after it.
pub(crate) const WRITES_EACH_SIDE: usize = 150;
/// A writer's pause after a write, so that two busy cores still have time for the servers.
pub(crate) const WRITE_PAUSE: Duration = Duration::from_millis(5);
/// A client's pause before it tries again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Pause between two samples of a route.
pub(crate) const SAMPLE_PAUSE: Duration = Duration::from_millis(60);
/// Samples of every route that an outage has to give before it is ended.
pub(crate) const OUTAGE_SAMPLES: usize = 10;
/// Samples of every route that a frozen database has to give; each takes its time.
pub(crate) const FROZEN_SAMPLES: usize = 1;
/// Looks at the keys in Redis.
pub(crate) const KEY_LOOKS: usize = 25;
/// An outage is ended after this even if nothing was answered: what is not answered by then is late.
pub(crate) const OUTAGE_MAX: Duration = Duration::from_secs(45);
/// Members that read and refresh while keys are rotated.
pub(crate) const READERS: usize = 6;
/// Exchanged refresh tokens and reads before a rotation, and again after it.
pub(crate) const REFRESHES_EACH_SIDE: usize = 40;
/// Requests that are half sent when a node is told to stop.
pub(crate) const HALF_SENT: usize = 12;
/// Members that post to each other.
pub(crate) const POSTERS: usize = 16;
/// Transfers that they post in all (T-WA-06).
pub(crate) const POSTINGS: usize = 10_000;
/// Of them, those under way at the same moment.
pub(crate) const POSTINGS_AT_ONCE: usize = 64;
/// What everybody begins with: more than all postings could take from one.
pub(crate) const POINTS_AT_FIRST: i64 = 1_000_000;
/// Members that buy something.
pub(crate) const BUYERS: usize = 16;
/// Events of purchases that are delivered in all.
pub(crate) const DELIVERIES: usize = 10_000;
/// Of them, those under way at the same moment.
pub(crate) const DELIVERIES_AT_ONCE: usize = 64;
/// One in so many is delivered again after it was acknowledged.
pub(crate) const DELIVERED_AGAIN_EACH: usize = 10;
/// Lines on a page of a statement.
pub(crate) const STATEMENT_LINES: usize = 1_000;
/// Members who log out, for each state of Redis.
pub(crate) const LOG_OUTS: usize = 6;
/// Items on a page of notes or of the inbox.
pub(crate) const PAGE_ITEMS: usize = 100;
/// Lost or doubled items that a message names; the rest is told by its number.
pub(crate) const NAMED_MAX: usize = 5;
