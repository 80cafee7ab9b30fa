//! English.

use super::{Facts, Message, name};

pub(super) fn text(message: Message<'_>, facts: &Facts<'_>) -> (String, String) {
    let Facts { product, url, minutes } = facts;
    let not_you = format!("If this was not you, sign in at {url} now and check your passkeys and sessions.");
    match message {
        Message::Code(code) => (
            format!("Your code for {product}"),
            format!(
                "Your code to sign in to {product}:\n\n{code}\n\nIt works once, for {minutes} minutes, in the browser where you \
                 asked for it. Nobody from {product} will ever ask you for it.\n\nIf you didn't ask for it, ignore this mail."
            ),
        ),
        Message::ConfirmAddress(code) => (
            format!("Confirm your address for {product}"),
            format!(
                "Your code to confirm this address for {product}:\n\n{code}\n\nIt works once, for {minutes} minutes, in the \
                 browser where you asked for it.\n\nIf you didn't ask for it, ignore this mail."
            ),
        ),
        Message::AddressInUse => (
            format!("You already have an account with {product}"),
            format!(
                "Somebody entered this address at {product}, but there is an account with it already. If it was you, sign in \
                 to that account: {url}\n\nIf it was not you, ignore this mail. Nothing was changed."
            ),
        ),
        Message::PasskeyAdded => (
            format!("A passkey was added to your {product} account"),
            format!("A new passkey can now sign in to your {product} account.\n\n{not_you}"),
        ),
        Message::PasskeyRemoved => (
            format!("A passkey was removed from your {product} account"),
            format!(
                "A passkey of your {product} account was removed and can't sign in any more.\n\n{not_you}"
            ),
        ),
        Message::ProviderAdded(provider) => (
            format!("{} was linked to your {product} account", name(provider)),
            format!("A {} account can now sign in to your {product} account.\n\n{not_you}", name(provider)),
        ),
        Message::ProviderRemoved(provider) => (
            format!("{} was unlinked from your {product} account", name(provider)),
            format!(
                "A {} account was unlinked from your {product} account and can't sign in any more.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::AddressChanged => (
            format!("The address of your {product} account was changed"),
            format!("This address does not belong to your {product} account any more.\n\n{not_you}"),
        ),
        Message::SignedInByCode(ways) => {
            let lines = ways.lines("passkeys", "password", "codes to this address");
            (
                format!("You signed in to {product} with a code"),
                format!(
                    "Somebody signed in to your {product} account with a code that was sent to this address.\n\nThese open the \
                     account:\n{lines}\nBrowsers and devices that are signed in, this one included: {}\n\nIf you don't know one of \
                     them, remove it at {url}\n\n{not_you}",
                    ways.sessions
                ),
            )
        }
    }
}
