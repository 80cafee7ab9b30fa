//! Accounts.

use uuid::Uuid;

use crate::{AccountId, MemberId, text::state};

state! {
    /// Whose points an account holds.
    pub enum AccountKind {
        /// A member's wallet: never below zero.
        Member = "member",
        /// A merchant's: never below zero.
        Merchant = "merchant",
        /// Where points come from: never above zero.
        Issuance = "issuance",
        /// Where points go that nobody can spend any more.
        Expired = "expired",
        /// What a member owes: never above zero.
        Debt = "debt",
    }
}

/// An account and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountRef {
    /// Which.
    pub id: AccountId,
    /// Whose.
    pub kind: AccountKind,
}

impl AccountRef {
    /// Where points come from.
    pub const ISSUANCE: Self = Self { id: AccountId::new(Uuid::from_u128(1)), kind: AccountKind::Issuance };
    /// Where points go that nobody can spend any more.
    pub const EXPIRED: Self = Self { id: AccountId::new(Uuid::from_u128(2)), kind: AccountKind::Expired };

    /// A member's wallet.
    #[must_use]
    pub const fn member(id: MemberId) -> Self {
        Self { id: AccountId::new(id.uuid()), kind: AccountKind::Member }
    }

    /// A merchant's account.
    #[must_use]
    pub const fn merchant(id: Uuid) -> Self {
        Self { id: AccountId::new(id), kind: AccountKind::Merchant }
    }

    /// What the member of a wallet owes. Its id is the wallet's, marked.
    #[must_use]
    pub fn debt_of(wallet: AccountId) -> Self {
        Self { id: AccountId::new(companion(wallet.uuid())), kind: AccountKind::Debt }
    }

    /// The wallet that a debt belongs to; of other accounts, the account itself.
    #[must_use]
    pub fn wallet(self) -> AccountId {
        match self.kind {
            AccountKind::Debt => AccountId::new(companion(self.id.uuid())),
            _ => self.id,
        }
    }
}

/// A second id that belongs to another: the same UUID with the first bit of its variant turned over. Every UUID of RFC 9562,
/// whatever its version, has that bit set, so that none of them is ever another's companion.
pub(super) fn companion(id: Uuid) -> Uuid {
    let mut bytes = id.into_bytes();
    bytes[8] ^= 0x80;
    Uuid::from_bytes(bytes)
}

/// An account as stored. One that was never touched has no row; it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// Whose.
    pub kind: AccountKind,
    /// Points: the sum of its entries.
    pub balance: i64,
    /// Points of the balance that are held for somebody.
    pub held: i64,
    /// Points of the balance that run out on a day.
    pub expiring: i64,
    /// Number of its newest entry; they count from 1.
    pub entries: i64,
    /// Nothing is posted to it any more.
    pub is_closed: bool,
}

impl Account {
    /// An account that was never touched.
    #[must_use]
    pub const fn untouched(account: AccountRef) -> Self {
        Self {
            id: account.id,
            kind: account.kind,
            balance: 0,
            held: 0,
            expiring: 0,
            entries: 0,
            is_closed: false,
        }
    }

    /// What it may give away.
    #[must_use]
    pub const fn available(&self) -> i64 {
        match self.kind {
            AccountKind::Member | AccountKind::Merchant | AccountKind::Expired => self.balance - self.held,
            AccountKind::Issuance | AccountKind::Debt => i64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debt_is_never_a_wallet_whatever_kind_of_id_a_member_has() {
        let kinds = [
            "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4",
            "9e8c442a-31b7-8e60-89be-95aa7822c4b7",
            "f47ac10b-58cc-4372-b567-0e02b2c3d479",
        ];
        let wallets = kinds.map(|id| AccountRef::member(MemberId::new(id.parse().expect("an id"))).id);
        for wallet in wallets {
            let debt = AccountRef::debt_of(wallet).id;
            assert!(!wallets.contains(&debt), "{wallet}");
            assert_ne!(debt.uuid().get_variant(), wallet.uuid().get_variant());
        }
    }
}
