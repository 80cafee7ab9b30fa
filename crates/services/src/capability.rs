//! What this deployment can do, and the reason for each thing that it can't (CAP-1, CAP-2).

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    Code, Error, Result,
    sabotage::{self, Guard},
};

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)*) => {
        /// Something that can be switched off or may lack its configuration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability { $($(#[$doc])* $variant,)* }

        impl Capability {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

capabilities! {
    /// Sign-in with Google.
    GoogleOauth = "google_oauth";
    /// Sign-in with Apple.
    AppleOauth = "apple_oauth";
    /// Passkeys.
    Passkey = "passkey";
    /// One-time codes by e-mail.
    EmailCode = "email_code";
    /// Passwords of imported members.
    Password = "password";
    /// Legacy sign-in with a provider's ID token.
    SocialLogin = "social_login";
    /// The automated tests' sign-in.
    TestLogin = "test_login";
    /// Tenants.
    Tenants = "tenants";
    /// Notes.
    Notes = "notes";
    /// Paid plans.
    Billing = "billing";
    /// Points.
    Wallet = "wallet";
    /// Points from member to member.
    WalletTransfers = "wallet_transfers";
    /// Purchase webhooks.
    Purchases = "purchases";
    /// Rental listings.
    Listings = "listings";
    /// Conversations.
    Messages = "messages";
    /// Survey, memory and feed.
    Concierge = "concierge";
    /// Uploads.
    Documents = "documents";
    /// Recognition of uploads.
    Ocr = "ocr";
}

/// The state of one capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Usable.
    On,
    /// Not usable, and why, in a sentence for people.
    Off(Cow<'static, str>),
}

/// The capability map of a deployment; fixed at start.
#[derive(Clone, Debug, Default)]
pub struct Capabilities(BTreeMap<Capability, State>);

impl Capabilities {
    /// Sets one.
    pub fn set(&mut self, capability: Capability, state: State) {
        self.0.insert(capability, state);
    }

    /// Looks one up; what nobody set is off.
    #[must_use]
    pub fn state(&self, capability: Capability) -> State {
        self.0
            .get(&capability)
            .cloned()
            .unwrap_or(State::Off(Cow::Borrowed("This release does not have it yet.")))
    }

    /// Whether it is usable.
    #[must_use]
    pub fn is_on(&self, capability: Capability) -> bool {
        matches!(self.0.get(&capability), Some(State::On))
    }

    /// Every capability with its state, by name.
    pub fn iter(&self) -> impl Iterator<Item = (Capability, State)> + '_ {
        Capability::ALL.iter().map(|&capability| (capability, self.state(capability)))
    }

    /// Demands one.
    ///
    /// # Errors
    /// [`Code::CapabilityUnavailable`] with the capability and the reason.
    pub fn require(&self, capability: Capability) -> Result<()> {
        match self.state(capability) {
            State::On => Ok(()),
            State::Off(_) if sabotage::is_off(Guard::CapabilityOff) => Err(Error::not_found()),
            State::Off(reason) => {
                let mut error = Error::new(
                    Code::CapabilityUnavailable,
                    format!("{} is not available here: {reason}", capability.as_str()),
                );
                error.capability = Some(Box::new((capability, reason)));
                Err(error)
            }
        }
    }
}
