//! Every number of the gate.

use std::time::Duration;

/// Checks at a time, unless said otherwise.
pub(crate) const CONCURRENCY: usize = 6;
/// Requests of one run, unless said otherwise.
pub(crate) const REQUESTS_MAX: u64 = 20_000;
/// Requests of one check at a time.
pub(crate) const REQUESTS_PER_CHECK_AT_ONCE: usize = 64;
/// An answer may take so long.
pub(crate) const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);
/// A refusal for slowness that comes sooner was on its way before the request was sent; no server is that impatient.
pub(crate) const CROSSED_MAX: Duration = Duration::from_secs(1);
/// A check may take so long.
pub(crate) const CHECK_TIME_MAX: Duration = Duration::from_secs(90);
/// A patient call waits so long in all for a quota to fill again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(75);
/// It tries again after so long where the answer does not say when.
pub(crate) const RETRY_WITHOUT_WORD: Duration = Duration::from_secs(1);
/// An answer's body is read so far; the rest is told by its length.
pub(crate) const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Exchanges that a check's evidence keeps from its beginning.
pub(crate) const EXCHANGES_FIRST: usize = 24;
/// Exchanges that it keeps from its end.
pub(crate) const EXCHANGES_LAST: usize = 16;
/// Of each body, the evidence keeps so many characters.
pub(crate) const EVIDENCE_BODY_CHARS: usize = 1_200;
/// Wrong sign-ins that a scan sends for one made-up account: more than a limit that is one would let through at once.
pub(crate) const SCAN_SIGN_INS: usize = 100;
/// And no longer than this.
pub(crate) const SCAN_SIGN_INS_TIME_MAX: Duration = Duration::from_secs(40);
/// A sign-in is slowed down when its answer takes so much longer than the first.
pub(crate) const SCAN_SLOWED_BY: Duration = Duration::from_secs(3);
/// And so many times in a row.
pub(crate) const SCAN_SLOWED_TIMES: usize = 3;
/// Operations of a document that one check of a scan asks.
pub(crate) const SCAN_OPERATIONS_MAX: usize = 80;
/// References and nested schemas are followed so deep.
pub(crate) const SCAN_SCHEMA_DEPTH: usize = 6;
/// A sample text is padded by so many characters at most.
pub(crate) const SCAN_TEXT_CHARS_MAX: usize = 1_000;
/// An OpenAPI document or target file may be so large.
pub(crate) const SCAN_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Trials of the self-test at a time, each with a server of its own.
pub(crate) const TRIALS_AT_ONCE: usize = 3;
/// A server of the self-test may take so long to become ready.
pub(crate) const SERVER_START_MAX: Duration = Duration::from_secs(20);
/// How often it is asked meanwhile.
pub(crate) const SERVER_POLL: Duration = Duration::from_millis(20);
/// Of a server that did not start, so many characters of the log's end are shown.
pub(crate) const SERVER_LOG_CHARS: usize = 2_000;
/// The lying proxy looks so far for the end of a request's head.
pub(crate) const FRONT_HEAD_BYTES_MAX: usize = 64 * 1024;
/// The lying proxy reads answers so far.
pub(crate) const FRONT_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What ends a session takes effect everywhere within so long (SES-5).
pub(crate) const END_TIME_MAX: Duration = Duration::from_secs(1);
/// An ended session is asked for again so often until then.
pub(crate) const END_POLL: Duration = Duration::from_millis(50);
/// Between two moments that must be told apart.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(60);
/// Longer than two tabs may get the same successor of a refresh token.
pub(crate) const BEYOND_GRACE: Duration = Duration::from_millis(10_700);
/// Requests at the same moment when a check attacks what may happen once.
pub(crate) const AT_ONCE: usize = 20;
/// A mail may take so long.
pub(crate) const MAIL_TIME_MAX: Duration = Duration::from_secs(40);
/// A mailbox is looked at so often while a mail is awaited.
pub(crate) const MAIL_POLL: Duration = Duration::from_millis(150);
/// Mails that are fetched at a time.
pub(crate) const MAILS_AT_ONCE: usize = 100;
/// Digits of a mailed code, at least.
pub(crate) const CODE_DIGITS_MIN: usize = 6;
/// Digits of a mailed code, at most.
pub(crate) const CODE_DIGITS_MAX: usize = 10;
/// Throw-away members of one run at most.
pub(crate) const MEMBERS_MAX: usize = 200;
/// Of a check that failed, the terminal and JUnit show so many of the last exchanges; HTML and JSON have all that were kept.
pub(crate) const SHOWN_EXCHANGES: usize = 3;
/// Places that the terminal shows of a check; HTML, SARIF and JSON have all.
pub(crate) const SHOWN_FINDINGS: usize = 12;
/// Characters of a body that the terminal shows.
pub(crate) const SHOWN_BODY_CHARS: usize = 300;
/// The terminal's report is no wider, however wide the terminal is: long lines are hard to read.
pub(crate) const SHOWN_COLUMNS_MAX: usize = 110;
/// Where the width is not known, as in a pipe.
pub(crate) const SHOWN_COLUMNS: usize = 100;
/// A file of a repository that is longer is no manifest, workflow or rule.
pub(crate) const REPO_FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Objects of the history that are longer are not searched for secrets, and counted.
pub(crate) const SECRET_OBJECT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// So far before a keyword a secret's match may begin.
pub(crate) const SECRET_BYTES_BEFORE: usize = 160;
/// So far after a keyword it may end.
pub(crate) const SECRET_BYTES_AFTER: usize = 512;
/// Pages of a hundred that the hosting service is asked for one list.
pub(crate) const SERVICE_PAGES_MAX: usize = 20;
/// After so many objects, the search for secrets says how far it is.
pub(crate) const SECRET_OBJECTS_PER_WORD: usize = 256;
