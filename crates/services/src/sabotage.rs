//! The guards that a build for the gate's self-test can leave out, one by one, so that every check is once seen to fail.
//!
//! A normal build has none of it: no guard can be left out, and [`is_off`] is a constant `false`.
//! Which names there are and how to use them is told in `docs/guides/self-test.md`.

macro_rules! guards {
    ($($variant:ident = $word:literal, $without:literal;)*) => {
        /// One guard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Guard { $(#[doc = concat!("Without it: ", $without, ".")] $variant,)* }

        #[cfg(feature = "sabotage")]
        impl Guard {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name, as checks use it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What happens without it.
            #[must_use]
            pub const fn without(self) -> &'static str {
                match self { $(Self::$variant => $without,)* }
            }
        }
    };
}

guards! {
    Cors = "cors", "pages of every origin are told that they may read";
    CsrfToken = "csrf_token", "a cookie is enough to change something";
    CsrfOrigin = "csrf_origin", "pages of every origin may send what changes something";
    SecurityHeaders = "security_headers", "answers carry none of the headers that tell browsers what not to do";
    NoStore = "no_store", "caches may keep what is personal";
    ClientAddress = "client_address", "whatever X-Forwarded-For says is believed";
    Ipv6Prefix = "ipv6_prefix", "every IPv6 address of a subscriber has a bucket of its own";
    RateLimit = "rate_limit", "any number of requests is let in";
    SignInBackoff = "sign_in_backoff", "failed sign-ins cost no time";
    BodyLimit = "body_limit", "bodies of any size are read";
    JsonDepth = "json_depth", "JSON is parsed however deep it is nested";
    FieldLimits = "field_limits", "texts of any length are taken";
    UnreadBody = "unread_body", "a refused body keeps its connection for as long as it comes";
    BodyTimeout = "body_timeout", "a body may take as long as it likes";
    MetricsHidden = "metrics_hidden", "everybody reads the metrics";
    AccessTable = "access_table", "members' routes are open to whoever presents nothing";
    OperatorRole = "operator_role", "every member is an operator";
    ServiceScope = "service_scope", "a service key may do what it has no scope for";
    ProblemDetails = "problem_details", "refusals tell what happened inside";
    RequestId = "request_id", "answers do not name the request";
    CapabilityOff = "capability_off", "what is switched off answers as if there were no such thing";
    ConfigSecrets = "config_secrets", "the public configuration tells a secret";
    ReadyDetails = "ready_details", "readiness does not tell what it found";
    BearerNotForBrowsers = "bearer_not_for_browsers", "pages get tokens that script can read";
    CookieAttributes = "cookie_attributes", "cookies are open to script and to other sites' requests";
    ContentType = "content_type", "what a form of another site can send is taken for JSON";
    ContentEncoding = "content_encoding", "the coding of a body is not looked at";
    MethodOverride = "method_override", "a header turns a request into another method";
    SafeMethods = "safe_methods", "reading a note pins it";
    HeaderTimeout = "header_timeout", "headers may take as long as they like";
    UriLimit = "uri_limit", "addresses of any length are read";
    UnknownPaths = "unknown_paths", "a path that does not exist answers like one that does";
    ObjectOwnership = "object_ownership", "whoever knows a note's id reads it";
    TenantRole = "tenant_role", "every member of a tenant is its master";
    TenantMembership = "tenant_membership", "strangers enter every tenant as its owners";
    AccountDeletion = "account_deletion", "a deleted account lives on";
    MassAssignment = "mass_assignment", "a member's own body sets their role";
    ChallengeSingleUse = "challenge_single_use", "a passkey ceremony can be finished again and again";
    ChallengeBinding = "challenge_binding", "a passkey ceremony can be finished in another browser";
    PasskeyOrigin = "passkey_origin", "a passkey that signed for another page's origin is taken";
    PasskeyUserVerification = "passkey_user_verification", "a passkey is taken without its owner being verified";
    PasskeyCounter = "passkey_counter", "a signature counter that does not rise is taken";
    PasskeySignature = "passkey_signature", "a passkey is taken whoever signed";
    PasskeyBackupFlags = "passkey_backup_flags", "back-up flags that can't be are taken";
    LastWayIn = "last_way_in", "the last way to sign in can be removed";
    UniformAnswers = "uniform_answers", "asking for a code tells whether the address is known";
    ConfiguredLinks = "configured_links", "links are made from what the request says about the host";
    CodeSingleUse = "code_single_use", "a mailed code works again and again";
    CodeTries = "code_tries", "a mailed code can be guessed at without end";
    NewestCode = "newest_code", "an older code stays good beside a newer one";
    CodeBrowserBinding = "code_browser_binding", "a mailed code works in every browser";
    EmailNormalisation = "email_normalisation", "two spellings of an address are two accounts";
    AddressChangeKillsCodes = "address_change_kills_codes", "codes of an address outlive its change";
    PremadePassword = "premade_password", "a password is good before its address was proven";
    RecentSignIn = "recent_sign_in", "a refresh counts as a sign-in";
    OauthState = "oauth_state", "a provider's answer is taken in every browser";
    IdTokenSignature = "id_token_signature", "an ID token is believed whoever signed it";
    TestMode = "test_mode", "the test sign-in is there outside of test mode";
    TestSignInHeader = "test_sign_in_header", "the test sign-in asks for no secret";
    RefreshReuse = "refresh_reuse", "a refresh token that only theft explains ends nothing";
    RefreshGrace = "refresh_grace", "two tabs that refresh at once end the session";
    SessionState = "session_state", "an access token outlives its session";
    SessionRenewal = "session_renewal", "a sign-in goes on with the session that was there";
    TokenSignature = "token_signature", "an access token is believed whoever signed it";
    AccessTokenLife = "access_token_life", "an access token lives for a day";
    ServiceKeyState = "service_key_state", "a revoked service key still opens";
    InnerTargets = "inner_targets", "events may be sent to what is inside";
    JwksPublicOnly = "jwks_public_only", "the published keys have a private part";
    WalletBalance = "wallet_balance", "points are spent whether or not there are any";
    WalletOwner = "wallet_owner", "a transfer's own body says whose points go";
    AmountRange = "amount_range", "what is no number of points is taken for one point";
    IdempotencyRequired = "idempotency_required", "what moves points needs no key";
    IdempotencyMemory = "idempotency_memory", "what is sent again under its key happens again";
    IdempotencyMeaning = "idempotency_meaning", "a key answers whatever request it comes with";
    IdempotencyOwner = "idempotency_owner", "a key of one caller is a key of all";
    PostingsTogether = "postings_together", "who posts while somebody else does is turned away";
    HoldAmount = "hold_amount", "a hold takes one point, however many it says";
    ReversalOnce = "reversal_once", "a transfer is undone as often as somebody asks";
    ShownPrice = "shown_price", "an offer is taken at whatever it costs by now";
    WebhookSignature = "webhook_signature", "an event is taken whoever signed it";
    WebhookSignatures = "webhook_signatures", "only the first signature of an event is looked at";
    WebhookAddress = "webhook_address", "an event counts for whichever address its request names";
    WebhookMode = "webhook_mode", "a test event counts where purchases are real";
    WebhookLate = "webhook_late", "an event that comes late is refused although nobody saw it";
    WebhookFailure = "webhook_failure", "an event whose effect failed is done with";
    WebhookSource = "webhook_source", "a source that does not exist is taken for one that does";
    WebhookAge = "webhook_age", "an event may be of any age";
    WebhookOnce = "webhook_once", "an event that comes again is another one";
    WebhookMeaning = "webhook_meaning", "an event that comes again may say something else";
    WebhookReceipt = "webhook_receipt", "a receipt tells that the buyer is nobody known";
    WebhookRefusal = "webhook_refusal", "a refusal repeats the event";
    PurchaseOnce = "purchase_once", "a purchase counts as often as an event tells of it";
    ClaimOnce = "claim_once", "a purchase becomes everybody's who shows its code";
    RefundOnce = "refund_once", "a refund takes back as often as an event tells of it";
    RefundFirst = "refund_first", "a refund that comes before its purchase is forgotten";
    ReversalCounted = "reversal_counted", "a refund takes what an operator took before";
    RefundDebt = "refund_debt", "points that were spent are not owed";
}

/// Whether a guard is left out.
#[cfg(not(feature = "sabotage"))]
#[must_use]
pub const fn is_off(_: Guard) -> bool {
    false
}

#[cfg(feature = "sabotage")]
pub use self::switched::{is_off, off, owner, remember_owner, switch_off};

#[cfg(feature = "sabotage")]
mod switched {
    use std::{
        collections::{BTreeMap, BTreeSet},
        sync::OnceLock,
    };

    use mainstay_model::MemberId;
    use parking_lot::Mutex;
    use uuid::Uuid;

    use super::Guard;

    static OFF: OnceLock<BTreeSet<Guard>> = OnceLock::new();

    /// Leaves guards out for as long as the process lives. Only the first call counts; it comes before anything is served.
    pub fn switch_off(guards: impl IntoIterator<Item = Guard>) {
        let _ = OFF.set(guards.into_iter().collect());
    }

    /// Whether a guard is left out.
    #[must_use]
    pub fn is_off(guard: Guard) -> bool {
        OFF.get().is_some_and(|off| off.contains(&guard))
    }

    /// Whose things are, since no statement finds a thing without its owner.
    static OWNERS: Mutex<BTreeMap<Uuid, MemberId>> = Mutex::new(BTreeMap::new());

    /// Keeps in mind whose a new thing is.
    pub fn remember_owner(thing: Uuid, owner: MemberId) {
        if is_off(Guard::ObjectOwnership) {
            OWNERS.lock().insert(thing, owner);
        }
    }

    /// Whose a thing is, as if that were no question.
    #[must_use]
    pub fn owner(thing: Uuid) -> Option<MemberId> {
        OWNERS.lock().get(&thing).copied()
    }

    /// The names of those that are left out.
    #[must_use]
    pub fn off() -> Vec<&'static str> {
        OFF.get().into_iter().flatten().map(|guard| guard.as_str()).collect()
    }
}
