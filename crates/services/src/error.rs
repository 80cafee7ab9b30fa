//! Every refusal that a caller can meet: one stable code each, a sentence for people, and nothing that they may not know.

use std::{borrow::Cow, time::Duration};

use mainstay_model::text::TextFault;
use mainstay_store as store;

use crate::Capability;

/// Result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $title:literal;)*) => {
        /// What went wrong, as a stable word that clients may rely on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, for the reference and its coverage test.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it means in general (RFC 9457 `title`).
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The request is not well formed beside its body: a parameter, a header, a path.
    InvalidRequest = "invalid_request", "The request is not valid";
    /// The body is no JSON of the expected shape.
    MalformedJson = "malformed_json", "The body is not the JSON that is expected here";
    /// Nobody is signed in.
    Unauthenticated = "unauthenticated", "Sign in first";
    /// The session was ended or ran out.
    SessionEnded = "session_ended", "The session is over";
    /// The access or refresh token is not ours, damaged or expired.
    InvalidToken = "invalid_token", "The token is not valid";
    /// A refresh token was used again in a way that only theft explains; the session is over.
    RefreshReused = "refresh_reused", "The session was ended for safety";
    /// Address or password is wrong; never which.
    InvalidCredentials = "invalid_credentials", "The credentials are not right";
    /// The mailed code is wrong, spent, expired or asked for elsewhere.
    InvalidCode = "invalid_code", "The code is not right";
    /// The passkey ceremony was not accepted.
    CeremonyRefused = "ceremony_refused", "The passkey was not accepted";
    /// The trip to the provider does not belong to this browser, was used, or ran out.
    OauthStateRefused = "oauth_state_refused", "The sign-in was not started here or ran out";
    /// The provider's ID token was not accepted.
    IdTokenRefused = "id_token_refused", "The provider's answer was not accepted";
    /// The person said no at the provider.
    AccessDenied = "access_denied", "The sign-in was cancelled at the provider";
    /// The provider's address belongs to an account that must be signed in to first.
    AccountExists = "account_exists", "An account with this address exists";
    /// Nobody with one of the source's secrets signed the event.
    SignatureRefused = "signature_refused", "The sender could not be recognised";
    /// The event is older than its source's window, or lies in the future.
    EventOutOfTime = "event_out_of_time", "The event is too old or lies in the future";
    /// The event is a test, and this deployment is live, or the other way round.
    EventOfOtherMode = "event_of_other_mode", "The event is of the other mode, live or test";
    /// The event was delivered before and said something else.
    EventChanged = "event_changed", "The event is known and was different";
    /// What the event said was removed for its age; its effect can't be had again.
    EventBodyRemoved = "event_body_removed", "What the event said is not kept any more";
    /// Signed in, but not allowed.
    Forbidden = "forbidden", "Not allowed";
    /// The cross-site request forgery token is missing or wrong.
    CsrfRefused = "csrf_refused", "The request could not be tied to this site";
    /// The request comes from another site.
    OriginRefused = "origin_refused", "The request comes from another site";
    /// The action needs a sign-in of the last minutes.
    RecentSignInRequired = "recent_sign_in_required", "Sign in again to do this";
    /// A browser asked for bearer tokens.
    BearerNotForBrowsers = "bearer_not_for_browsers", "Browsers sign in with cookies";
    /// There is no such thing, or not for this caller.
    NotFound = "not_found", "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", "The method is not allowed here";
    /// The request came too slowly.
    RequestTimeout = "request_timeout", "The request took too long to arrive";
    /// It clashes with what is there.
    Conflict = "conflict", "It clashes with the present state";
    /// The last way to sign in can't be removed.
    LastWayIn = "last_way_in", "The last way to sign in can't be removed";
    /// The provider's account or passkey belongs to somebody already.
    IdentityTaken = "identity_taken", "It is linked already";
    /// The body is larger than this route takes.
    PayloadTooLarge = "payload_too_large", "The body is too large";
    /// The body's type is not taken here.
    UnsupportedMediaType = "unsupported_media_type", "The body's type is not supported here";
    /// Well formed, but a value is out of its bounds.
    ValidationFailed = "validation_failed", "A value is out of its bounds";
    /// The request must carry a key that makes it happen once.
    IdempotencyKeyRequired = "idempotency_key_required", "An Idempotency-Key is missing";
    /// The key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", "The Idempotency-Key stands for another request";
    /// There are fewer points than it takes.
    InsufficientPoints = "insufficient_points", "There are not enough points";
    /// It costs something else by now than the member was shown.
    PriceChanged = "price_changed", "It costs something else by now";
    /// Too many requests.
    RateLimited = "rate_limited", "Too many requests";
    /// Too many failed sign-ins.
    SignInBackoff = "sign_in_backoff", "Too many failed sign-ins";
    /// A fault of ours.
    Internal = "internal", "Something went wrong on our side";
    /// The capability is switched off or not configured.
    CapabilityUnavailable = "capability_unavailable", "This is not available here";
    /// A dependency is away; try again later.
    DependencyUnavailable = "dependency_unavailable", "Temporarily unavailable";
    /// The database went away while it was told to keep the change; it may have kept it.
    OutcomeUnknown = "outcome_unknown", "It is not known whether it was done";
}

/// One value that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Its name in the request, dotted for nested ones.
    pub field: Cow<'static, str>,
    /// A stable word: `required`, `too_long`, `invalid`.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

/// A refusal or a failure.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// A sentence for the caller. Never SQL, a stack, a secret, or whether an account exists.
    pub detail: Cow<'static, str>,
    /// The values at fault, for [`Code::ValidationFailed`].
    pub fields: Vec<FieldFault>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// Which capability is off and why, for [`Code::CapabilityUnavailable`].
    pub capability: Option<Box<(Capability, Cow<'static, str>)>>,
    /// Points that there are, and that it takes, for [`Code::InsufficientPoints`].
    pub points: Option<(i64, i64)>,
    /// What really happened, for the log only.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Whether running the same unit of work again may succeed.
    pub(crate) retryable: bool,
}

impl Error {
    /// A refusal with a sentence for the caller.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            capability: None,
            points: None,
            cause: None,
            retryable: false,
        }
    }

    /// A value that is out of its bounds.
    #[must_use]
    pub fn field(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut error = Self::new(Code::ValidationFailed, format!("{field} {detail}"));
        error.fields.push(FieldFault { field: field.into(), code, detail });
        error
    }

    /// A text that was not taken.
    #[must_use]
    pub fn text(field: &'static str, fault: TextFault) -> Self {
        let code = match fault {
            TextFault::Empty => "required",
            TextFault::TooLong { .. } => "too_long",
            TextFault::Control => "invalid",
        };
        Self::field(field, code, fault.to_string())
    }

    /// There is no such thing, or not for this caller.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here, or nothing that you may see.")
    }

    /// A fault of ours; the cause goes to the log, not to the caller.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error =
            Self::new(Code::Internal, "The request failed on our side. Its id helps us to find out why.");
        error.cause = Some(cause.into());
        error
    }

    /// A dependency is away.
    #[must_use]
    pub fn unavailable(
        what: &'static str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let mut error = Self::new(
            Code::DependencyUnavailable,
            format!("The {what} is away for the moment. Nothing was changed; try again shortly."),
        );
        error.retry_after = Some(crate::limits::DEPENDENCY_RETRY_AFTER);
        error.cause = Some(cause.into());
        error
    }

    /// The database did not say whether it kept the change.
    #[must_use]
    pub fn uncertain(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(
            Code::OutcomeUnknown,
            "The database went away before it said whether this was done. Try again with the same Idempotency-Key, or look first.",
        );
        error.retry_after = Some(crate::limits::DEPENDENCY_RETRY_AFTER);
        error.cause = Some(cause.into());
        error
    }

    /// Adds when to try again.
    #[must_use]
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Adds what really happened, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Whether the fault lies with us or a dependency, and not with the caller.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self.code, Code::Internal | Code::DependencyUnavailable | Code::OutcomeUnknown)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Contention(_) => {
                let mut refused = Self::unavailable("database", error);
                refused.retryable = true;
                refused
            }
            store::Error::Uncertain(_) => Self::uncertain(error),
            store::Error::Unavailable(_) | store::Error::ReadOnly(_) => Self::unavailable("database", error),
            store::Error::Constraint(_) | store::Error::Failed(_) => Self::internal(error),
        }
    }
}
