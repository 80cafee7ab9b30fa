//! Every bound of the use cases in one place; the limits page is made from these.

use std::time::Duration;

use crate::ports::{Backoff, Quota};

/// A named bound, for the generated limits page.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// Its value with unit.
    pub value: String,
    /// What happens beyond it.
    pub beyond: &'static str,
}

/// Display names, passkey names and the like, in characters.
pub const LABEL_CHARS_MAX: usize = 100;
/// A note's text, in characters.
pub const NOTE_TEXT_CHARS_MAX: usize = 20_000;
/// Tags on one note.
pub const NOTE_TAGS_MAX: usize = 20;
/// One tag, in characters.
pub const NOTE_TAG_CHARS_MAX: usize = 50;
/// Items on one page of any list.
pub const PAGE_ITEMS_MAX: u32 = 100;
/// Items on a page when the caller names no number.
pub const PAGE_ITEMS_DEFAULT: u32 = 20;
/// Passkeys of one member.
pub const PASSKEYS_PER_MEMBER_MAX: usize = 20;
/// Live sessions of one member.
pub const SESSIONS_PER_MEMBER_MAX: u32 = 100;
/// A user agent as it is kept, in bytes.
pub const USER_AGENT_BYTES_MAX: usize = 256;
/// A password, in bytes, at most: Argon2 takes any length, a request for hashing megabytes is an attack.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// A password, in characters, at least (NIST SP 800-63B-4, 3.1.1.2, beside other factors).
pub const PASSWORD_CHARS_MIN: usize = 8;

/// Life of an access token.
pub const ACCESS_TOKEN_TTL: Duration = Duration::from_secs(15 * 60);
/// A session ends so long after its last refresh.
pub const SESSION_SLIDING_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// A session ends so long after its start, whatever happens.
pub const SESSION_ABSOLUTE_TTL: Duration = Duration::from_secs(90 * 24 * 3600);
/// A replaced refresh token still gets the same successor for so long, whoever used the successor: two tabs.
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);
/// A replaced refresh token gets the same successor for so long while nobody presented the successor: a lost answer.
pub const REFRESH_LOST_ANSWER: Duration = Duration::from_secs(24 * 3600);
/// Session state may be served from memory for so long; hints make it shorter.
pub const SESSION_CACHE_TTL: Duration = Duration::from_millis(800);
/// Sessions kept in memory.
pub const SESSION_CACHE_ENTRIES_MAX: usize = 50_000;
/// Service keys kept in memory, each for as long as session state.
pub const SERVICE_KEY_CACHE_ENTRIES_MAX: usize = 1_000;
/// A sign-in counts as recent for so long.
pub const RECENT_SIGN_IN: Duration = Duration::from_secs(10 * 60);
/// Life of a passkey ceremony.
pub const CEREMONY_TTL: Duration = Duration::from_secs(5 * 60);
/// Life of a trip to a provider.
pub const OAUTH_FLOW_TTL: Duration = Duration::from_secs(10 * 60);
/// Life of a mailed code.
pub const EMAIL_CODE_TTL: Duration = Duration::from_secs(10 * 60);
/// A browser is known to have signed in to an address for so long after the last time.
pub const KNOWN_BROWSER_TTL: Duration = Duration::from_secs(180 * 24 * 3600);
/// Mails to one mailbox that one network address, or one known browser, may cause.
pub const MAILS_PER_ASKER: Quota = Quota { limit: 10, window: Duration::from_secs(10 * 60) };
/// Mails to one mailbox that strangers may cause: too few to flood it.
pub const MAILS_OF_STRANGERS: Quota = Quota { limit: 40, window: Duration::from_secs(3600) };
/// Mails to one mailbox that its known browsers may cause beside those, which strangers can't use up.
pub const MAILS_OF_KNOWN_BROWSERS: Quota = Quota { limit: 20, window: Duration::from_secs(3600) };
/// Digits of a mailed code.
pub const EMAIL_CODE_DIGITS: usize = 8;
/// Wrong tries before a mailed code dies.
pub const EMAIL_CODE_ATTEMPTS_MAX: i64 = 5;
/// A new signing key is shown so long before it signs.
pub const SIGNING_KEY_LEAD: Duration = Duration::from_secs(10 * 60);
/// Clock difference between nodes that verification of tokens forgives.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(60);
/// Nodes read the key ring again at least so often.
pub const KEY_RING_RELOAD: Duration = Duration::from_secs(30);
/// What `Retry-After` says while a dependency is away.
pub const DEPENDENCY_RETRY_AFTER: Duration = Duration::from_secs(5);
/// A unit of work is run so often in all when others are in its way.
pub const CONTENTION_ATTEMPTS_MAX: u32 = 5;
/// Jobs that one worker takes at a time.
pub const JOBS_CLAIMED_MAX: u32 = 20;
/// A job that fails so often is set aside.
pub const JOB_ATTEMPTS_MAX: i64 = 10;
/// A worker has so long for a job before another may take it.
pub const JOB_CLAIM: Duration = Duration::from_secs(60);
/// Rows that one retention run removes of each kind.
pub const RETENTION_BATCH: u32 = 1_000;
/// Ended sessions stay visible to audits for so long.
pub const ENDED_SESSION_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Requests that wait for a batched write before new ones are refused.
pub const BATCH_QUEUE_MAX: usize = 4_096;
/// Items of one batched write.
pub const BATCH_ITEMS_MAX: usize = 256;
/// Access tokens that are signed in a row, some twenty microseconds each, before others get a turn.
pub const SIGNED_WITHOUT_PAUSE: usize = 32;
/// An access token, in bytes; a longer text is none of ours.
pub const ACCESS_TOKEN_BYTES_MAX: usize = 2_048;
/// Access tokens whose signature need not be checked again.
pub const VERIFIED_TOKENS_MAX: usize = 50_000;
/// An unknown `kid` makes a node read the key ring again at most so often.
pub const UNKNOWN_KID_COOLDOWN: Duration = Duration::from_secs(5);
/// Last-seen times are written so often.
pub const SEEN_FLUSH: Duration = Duration::from_secs(60);
/// Last-seen times that wait for being written; beyond it the newest are forgotten.
pub const SEEN_SESSIONS_MAX: usize = 100_000;
/// Last-seen times that one statement writes.
pub const SEEN_BATCH: usize = 500;
/// Background work that is under way when the process stops gets so long to end, twice at most: loops end within a second.
pub const BACKGROUND_DRAIN: Duration = Duration::from_millis(400);
/// Workers look for due jobs so often when nobody wakes them.
pub const JOB_POLL: Duration = Duration::from_secs(5);
/// One job may take so long; shorter than its claim, so that nobody else takes it meanwhile.
pub const JOB_TIMEOUT: Duration = Duration::from_secs(45);
/// Wait before a job's second try; doubles with each further one.
pub const JOB_BACKOFF_BASE: Duration = Duration::from_secs(5);
/// Longest wait before a job is tried again.
pub const JOB_BACKOFF_MAX: Duration = Duration::from_secs(3600);
/// Retention runs so often, on one node.
pub const RETENTION_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// Jobs that were set aside stay for a person to look at for so long; they hold addresses.
pub const JOB_SET_ASIDE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// What an earlier key sealed is looked for so often, on one node.
pub const RESEALING_INTERVAL: Duration = Duration::from_secs(3600);
/// Values that one transaction seals anew.
pub const RESEALING_BATCH: u32 = 200;
/// Batches of one retention run; what is left waits for the next.
pub const RETENTION_BATCHES_MAX: u32 = 100;
/// Audit events that verification reads at a time.
pub const AUDIT_VERIFY_PAGE: u32 = 1_000;
/// Audit events that one transaction of retention removes.
pub const AUDIT_REMOVAL_BATCH: u32 = 1_000;
/// Tenants of a member that are read at a time when all are needed.
pub const TENANTS_BATCH: u32 = 1_000;
/// A service key's last use is noted at most so often.
pub const SERVICE_KEY_TOUCH: Duration = Duration::from_secs(60);
/// Refusals at the edge are written into the audit trail so often.
pub const REFUSALS_FLUSH: Duration = Duration::from_secs(60);
/// The reason of a posting, in characters.
pub const REASON_CHARS_MAX: usize = 200;
/// An `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// The answer to an `Idempotency-Key` is kept for so long (WAL-3: at least a day).
pub const IDEMPOTENCY_KEY_KEPT: Duration = Duration::from_secs(48 * 3600);
/// Lines of one page of a statement.
pub const STATEMENT_LINES_MAX: u32 = 1_000;
/// Lines of a statement as a table.
pub const STATEMENT_CSV_LINES_MAX: usize = 10_000;
/// Points are held for so long at least.
pub const HOLD_TIME_MIN: Duration = Duration::from_secs(10);
/// Points are held for so long at most.
pub const HOLD_TIME_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// An offer's title, in characters.
pub const OFFER_TITLE_CHARS_MAX: usize = 100;
/// What an offer says about itself, in characters.
pub const OFFER_DESCRIPTION_CHARS_MAX: usize = 2_000;
/// A redemption can be confirmed for so long; then its points come back.
pub const REDEMPTION_TTL: Duration = Duration::from_secs(15 * 60);
/// A code that is taken is drawn anew so often: with 40 bits of chance in each, once more is enough.
pub const CODE_DRAWS_MAX: u32 = 3;
/// Confirmations that one key may try: a code has 40 bits, so that a key that somebody stole finds none in months.
pub const CONFIRMATIONS_PER_KEY: Quota = Quota { limit: 120, window: Duration::from_secs(60) };
/// How wrong codes slow a key down; a right one forgets them.
pub const WRONG_CODES: Backoff = Backoff {
    free: 20,
    base: Duration::from_secs(2),
    max: Duration::from_secs(60),
    forget: Duration::from_secs(10 * 60),
};
/// Holds and points that ran out are looked for so often, on one node.
pub const WALLET_UPKEEP_INTERVAL: Duration = Duration::from_secs(30);
/// Holds or wallets that one transaction of it settles.
pub const WALLET_UPKEEP_BATCH: u32 = 500;
/// A day is closed so long after its end: by then every request of it has ended, whatever the nodes' clocks say.
pub const CLOSING_GRACE: Duration = Duration::from_secs(3600);
/// Rows of the ledger that verification and closing read at a time.
pub const LEDGER_PAGE: u32 = 1_000;
/// Groups of refusals (code, route, network) that are told apart between two writes; the rest is counted together by code.
pub const REFUSAL_GROUPS_MAX: usize = 100;
/// Endpoints that hear of events.
pub const WEBHOOK_ENDPOINTS_MAX: usize = 20;
/// An endpoint's URL, in bytes.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2_048;
/// Deliveries to one endpoint that one node has under way at a time; all together there are this many times the endpoints.
pub const DELIVERIES_PER_ENDPOINT: u32 = 8;
/// Workers look for due deliveries so often when nobody wakes them.
pub const DELIVERY_POLL: Duration = Duration::from_secs(5);
/// A worker has so long for a delivery before another may take it; longer than one can take.
pub const DELIVERY_CLAIM: Duration = Duration::from_secs(60);
/// One attempt to deliver may take so long, whatever the sender does; shorter than its claim.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pauses after a failed delivery, one after another; after the attempt that follows the last of them it is set aside. Together
/// three days less half an hour; chance makes each up to a fifth shorter.
pub const DELIVERY_PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(20 * 3600),
];
/// An endpoint whose delivery is set aside is disabled when nothing at all has got through for so long.
pub const ENDPOINT_FAILING_MAX: Duration = Duration::from_secs(48 * 3600);
/// After a rotation the secret before signs beside the new one for so long, unless less is asked for.
pub const ENDPOINT_SECRET_OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Secrets of one endpoint that sign at a time.
pub const ENDPOINT_SECRETS_MAX: usize = 3;
/// Attempts of one delivery that are shown.
pub const DELIVERY_ATTEMPTS_SHOWN: u32 = 50;
/// Outgoing events, their deliveries and attempts are kept for so long.
pub const OUTGOING_EVENT_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// An event whose sender signs the time is refused when it is older (WHK-2); elsewhere it is late.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// A sender's clock may be so much ahead; Stripe's as much as its events may be old.
pub const WEBHOOK_CLOCK_AHEAD: Duration = Duration::from_secs(60);
/// Where no time of sending is signed, an event that was never seen is taken up to this age: senders try again for days.
pub const WEBHOOK_LATE_MAX: Duration = Duration::from_secs(72 * 3600);
/// What an event of a purchase webhook said is kept for so long after it was settled, unless a setting says otherwise.
pub const WEBHOOK_BODIES_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// The least that the setting may say, in days: as long as a sender may come again with an event.
pub const WEBHOOK_BODIES_DAYS_MIN: u32 = 3;
const _: () = assert!(WEBHOOK_LATE_MAX.as_secs() <= WEBHOOK_BODIES_DAYS_MIN as u64 * 24 * 3600);
/// A webhook's secret, in bytes, at least.
pub const WEBHOOK_SECRET_BYTES_MIN: usize = 16;
/// What a source calls an event, in bytes.
pub const WEBHOOK_EVENT_ID_BYTES_MAX: usize = 255;
/// What a source calls the kind of an event, in bytes.
pub const WEBHOOK_KIND_BYTES_MAX: usize = 100;
/// Levels of a webhook's JSON.
pub const WEBHOOK_JSON_DEPTH_MAX: usize = 32;
/// An event whose effect fails so often is set aside.
pub const WEBHOOK_ATTEMPTS_MAX: i64 = 10;
/// Failed events that one run tries again.
pub const WEBHOOK_DUE_MAX: usize = 100;
/// Rules by which purchases become points, of those that have not ended.
pub const PURCHASE_RULES_MAX: usize = 200;
/// All of them: those that ended stay, for what purchases came to is told from them.
pub const PURCHASE_RULES_KEPT_MAX: u32 = 2_000;
/// Purchases that one claim makes a member's.
pub const PURCHASES_CLAIMED_MAX: u32 = 100;
/// Links by which purchases of one member are recognised.
pub const CUSTOMER_LINKS_MAX: usize = 50;
/// A code that recognises a buyer, in characters, at least: what is shorter is an order's number that anybody can guess.
pub const CLAIM_CODE_CHARS_MIN: usize = 8;
/// What recognises a buyer, in characters, at most.
pub const CUSTOMER_KEY_CHARS_MAX: usize = 255;
/// What a source calls a purchase, a refund or a merchant, in bytes, at most.
pub const EXTERNAL_NAME_BYTES_MAX: usize = 255;
/// Failed events are looked for so often.
pub const WEBHOOK_POLL: Duration = Duration::from_secs(5);
/// What `Retry-After` says when a queue of writes is full.
pub const BATCH_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The bounds that a caller can meet or an operator should know, for the reference page.
#[must_use]
pub fn table() -> Vec<Limit> {
    let limit = |name, value: String, beyond| Limit { name, value, beyond };
    let time = |name, duration: Duration, beyond| limit(name, words(duration), beyond);
    vec![
        limit("display name, passkey name, tenant name", format!("{LABEL_CHARS_MAX} characters"), "422"),
        limit("note text", format!("{NOTE_TEXT_CHARS_MAX} characters"), "422"),
        limit("tags of a note", format!("{NOTE_TAGS_MAX}, each {NOTE_TAG_CHARS_MAX} characters"), "422"),
        limit("items on a page", format!("{PAGE_ITEMS_MAX}, by default {PAGE_ITEMS_DEFAULT}"), "422"),
        limit("passkeys of a member", PASSKEYS_PER_MEMBER_MAX.to_string(), "409"),
        limit("live sessions of a member", SESSIONS_PER_MEMBER_MAX.to_string(), "the oldest ends"),
        limit("password", format!("{PASSWORD_CHARS_MIN} characters to {PASSWORD_BYTES_MAX} bytes"), "422"),
        limit("kept user agent", format!("{USER_AGENT_BYTES_MAX} bytes"), "cut"),
        time("access token", ACCESS_TOKEN_TTL, "401, refresh"),
        time("session without a refresh", SESSION_SLIDING_TTL, "401, sign in"),
        time("session, whatever happens", SESSION_ABSOLUTE_TTL, "401, sign in"),
        time("same successor for two tabs", REFRESH_GRACE, "the session ends"),
        time("same successor after a lost answer", REFRESH_LOST_ANSWER, "the session ends"),
        time("an ended session may still be taken for live on another node", SESSION_CACHE_TTL, "401"),
        time("a revoked service key may still be taken for good on another node", SESSION_CACHE_TTL, "401"),
        time("recent sign-in", RECENT_SIGN_IN, "403, sign in again"),
        time("passkey ceremony", CEREMONY_TTL, "401, start again"),
        time("trip to an identity provider", OAUTH_FLOW_TTL, "401, start again"),
        time("mailed code", EMAIL_CODE_TTL, "401, ask for another"),
        limit("tries of a mailed code", EMAIL_CODE_ATTEMPTS_MAX.to_string(), "401, ask for another"),
        limit(
            "mails to one mailbox that one network address or one known browser asks for",
            quota(MAILS_PER_ASKER),
            "429; codes that are under way stay good",
        ),
        limit(
            "mails to one mailbox that strangers ask for, all together",
            quota(MAILS_OF_STRANGERS),
            "429; codes that are under way stay good",
        ),
        limit(
            "mails to one mailbox that browsers ask for that signed in to it before, all together",
            format!("{}, beside those of strangers", quota(MAILS_OF_KNOWN_BROWSERS)),
            "429; codes that are under way stay good",
        ),
        time(
            "a browser is known after its last sign-in to an address",
            KNOWN_BROWSER_TTL,
            "a stranger's quota",
        ),
        time("new signing key is shown before it signs", SIGNING_KEY_LEAD, "-"),
        time("clock difference between machines", CLOCK_LEEWAY, "401"),
        limit("attempts of a job", JOB_ATTEMPTS_MAX.to_string(), "set aside, alarm"),
        limit("attempts of a contended transaction", CONTENTION_ATTEMPTS_MAX.to_string(), "503"),
        limit("reason of a posting", format!("{REASON_CHARS_MAX} characters"), "422"),
        limit("points of one posting", mainstay_model::ledger::AMOUNT_MAX.to_string(), "422"),
        limit("Idempotency-Key", format!("{IDEMPOTENCY_KEY_CHARS_MAX} characters"), "400"),
        time("an Idempotency-Key's answer is kept", IDEMPOTENCY_KEY_KEPT, "the request is a new one"),
        limit("lines on a page of a statement", STATEMENT_LINES_MAX.to_string(), "422"),
        limit(
            "lines of a statement as a table",
            STATEMENT_CSV_LINES_MAX.to_string(),
            "`x-more-lines` says so",
        ),
        limit("a hold lasts", format!("{} to {}", words(HOLD_TIME_MIN), words(HOLD_TIME_MAX)), "422"),
        limit("title of an offer", format!("{OFFER_TITLE_CHARS_MAX} characters"), "422"),
        limit("description of an offer", format!("{OFFER_DESCRIPTION_CHARS_MAX} characters"), "422"),
        limit(
            "redemptions of an offer, in all or by one member",
            format!("the offer's, at most {}", mainstay_model::offer::OFFER_COUNT_MAX),
            "409",
        ),
        time("a redemption can be confirmed", REDEMPTION_TTL, "409, the points come back"),
        limit("confirmations that one key tries", quota(CONFIRMATIONS_PER_KEY), "429"),
        limit(
            "wrong codes that one key tries in a row",
            format!("{}, then a wait of up to {}", WRONG_CODES.free, words(WRONG_CODES.max)),
            "429",
        ),
        time("look for holds and points that ran out", WALLET_UPKEEP_INTERVAL, "the next run"),
        limit(
            "holds or wallets that one run settles at a time",
            WALLET_UPKEEP_BATCH.to_string(),
            "next batch",
        ),
        time("a day of the ledger is closed after its end", CLOSING_GRACE, "the next run"),
        limit("writes that wait for a batch", BATCH_QUEUE_MAX.to_string(), "503"),
        limit("items of one batch", BATCH_ITEMS_MAX.to_string(), "next batch"),
        limit("access tokens signed in a row", SIGNED_WITHOUT_PAUSE.to_string(), "others get a turn"),
        time("jobs set aside are kept", JOB_SET_ASIDE_KEPT, "removed"),
        limit("endpoints for outgoing events", WEBHOOK_ENDPOINTS_MAX.to_string(), "409"),
        limit("URL of an endpoint", format!("{WEBHOOK_URL_BYTES_MAX} bytes"), "422"),
        limit(
            "attempts of a delivery",
            format!("{}, within three days", DELIVERY_PAUSES.len() + 1),
            "set aside; the endpoint is disabled if nothing got through, alarm",
        ),
        limit(
            "deliveries to one endpoint at a time, on each node",
            DELIVERIES_PER_ENDPOINT.to_string(),
            "they wait",
        ),
        time("the secret before signs after a rotation", ENDPOINT_SECRET_OVERLAP, "the new one only"),
        limit("secrets of an endpoint that sign at a time", ENDPOINT_SECRETS_MAX.to_string(), "409"),
        time("outgoing events are kept", OUTGOING_EVENT_KEPT, "removed"),
        time("ended sessions are kept", ENDED_SESSION_KEPT, "removed"),
        time("age of a webhook whose sender signs the time", WEBHOOK_TOLERANCE, "400 event_out_of_time"),
        time("age of a webhook whose sender signs no time", WEBHOOK_LATE_MAX, "400 event_out_of_time"),
        time("clock of a webhook's sender ahead of ours", WEBHOOK_CLOCK_AHEAD, "400 event_out_of_time"),
        time(
            "bodies of settled webhooks are kept, unless set otherwise",
            WEBHOOK_BODIES_KEPT,
            "removed; the event stays",
        ),
        limit("levels of a webhook's JSON", WEBHOOK_JSON_DEPTH_MAX.to_string(), "422"),
        limit("rules for purchases that have not ended", PURCHASE_RULES_MAX.to_string(), "409"),
        limit("rules for purchases, those that ended included", PURCHASE_RULES_KEPT_MAX.to_string(), "409"),
        limit("purchases that one claim takes", PURCHASES_CLAIMED_MAX.to_string(), "claim again"),
        limit("links of a member to their purchases", CUSTOMER_LINKS_MAX.to_string(), "409"),
        limit(
            "code that recognises a buyer",
            format!("from {CLAIM_CODE_CHARS_MIN} characters"),
            "recognises nobody",
        ),
        limit(
            "name of a purchase, a refund or a merchant at its source",
            format!("{EXTERNAL_NAME_BYTES_MAX} bytes"),
            "set aside, alarm",
        ),
        limit("attempts of a webhook's effect", WEBHOOK_ATTEMPTS_MAX.to_string(), "set aside, alarm"),
        limit(
            "groups of refusals in the audit trail",
            format!("{REFUSAL_GROUPS_MAX} for each code, route and network in {}", words(REFUSALS_FLUSH)),
            "counted together",
        ),
    ]
}

/// A quota; it refills steadily.
fn quota(quota: Quota) -> String {
    format!("{} in {}", quota.limit, words(quota.window))
}

/// A duration in its largest whole unit.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
