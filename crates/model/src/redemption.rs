//! Redemptions: an offer that a member took, and the short code that shows it to its merchant. What became of one is what became of
//! the hold on its points; it is kept nowhere else.

use std::fmt;

use crate::{
    MerchantId, OfferId, RedemptionId, SecretHash, Timestamp,
    ledger::{Hold, HoldState},
    text::state,
};

/// Characters of a code.
pub const CODE_CHARS: usize = 8;
/// Bytes of chance in a code: 40 bits.
pub const CODE_BYTES: usize = 5;

/// Douglas Crockford's base 32: no I, L, O and U (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

state! {
    /// What became of a redemption.
    pub enum RedemptionState {
        /// The code can be shown to the merchant.
        Open = "open",
        /// The merchant confirmed it: the points are the merchant's.
        Confirmed = "confirmed",
        /// The member took it back: the points are free again.
        Cancelled = "cancelled",
        /// Nobody confirmed it in time: the points are free again.
        Expired = "expired",
    }
}

/// A redemption as stored, with its hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// What was taken.
    pub offer_id: OfferId,
    /// Keyed hash of the code.
    pub code_hash: SecretHash,
    /// The code, sealed, to be shown to its member again.
    pub sealed_code: Vec<u8>,
    /// The points of it: whose, for whom, until when, and what became of them. Its reason is the offer's title of that moment.
    pub hold: Hold,
}

impl Redemption {
    /// Which: the same as its hold.
    #[must_use]
    pub const fn id(&self) -> RedemptionId {
        RedemptionId::new(self.hold.id.uuid())
    }

    /// At whom: the hold is for that merchant.
    #[must_use]
    pub const fn merchant_id(&self) -> MerchantId {
        MerchantId::new(self.hold.to.id.uuid())
    }

    /// What became of it by now. Points that ran out are free a little later, when somebody looked after them.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> RedemptionState {
        match self.hold.state {
            HoldState::Held if now < self.hold.expires_at => RedemptionState::Open,
            HoldState::Held | HoldState::Expired => RedemptionState::Expired,
            HoldState::Captured => RedemptionState::Confirmed,
            HoldState::Released => RedemptionState::Cancelled,
        }
    }
}

/// The code of a redemption. It does not print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RedemptionCode([u8; CODE_BYTES]);

impl RedemptionCode {
    /// Takes bytes, as they were drawn or kept.
    #[must_use]
    pub const fn new(bytes: [u8; CODE_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be hashed or sealed.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; CODE_BYTES] {
        &self.0
    }

    /// The characters that people read.
    #[must_use]
    pub fn to_text(&self) -> String {
        let number = self.0.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (0..CODE_CHARS)
            .rev()
            .map(|place| char::from(ALPHABET[(number >> (5 * place) & 31) as usize]))
            .collect()
    }

    /// Reads a code as people type it: small letters, blanks and hyphens in between, and letters for the digits that they look like.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut number, mut count) = (0_u64, 0);
        for character in text.chars().filter(|character| !matches!(character, ' ' | '-')) {
            let character = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|&digit| char::from(digit) == character)?;
            count += 1;
            if count > CODE_CHARS {
                return None;
            }
            number = number << 5 | digit as u64;
        }
        let [_, _, _, bytes @ ..] = number.to_be_bytes();
        (count == CODE_CHARS).then_some(Self(bytes))
    }
}

impl fmt::Debug for RedemptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedemptionCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wal_7_a_code_reads_as_it_is_written() {
        for bytes in [[0; 5], [255; 5], [1, 2, 3, 4, 5], [0x80, 0, 0, 0, 1]] {
            let code = RedemptionCode::new(bytes);
            assert_eq!(code.to_text().len(), CODE_CHARS);
            assert_eq!(RedemptionCode::parse(&code.to_text()), Some(code));
        }
        assert_eq!(RedemptionCode::new([0, 0, 0, 0, 33]).to_text(), "00000011");
    }

    #[test]
    fn wal_7_a_code_is_taken_as_people_type_it() {
        let code = RedemptionCode::parse("01ABCDEF");
        assert!(code.is_some());
        for typed in ["o1abcdef", "OiAB-CDEF", " 0lab cdef ", "0-1-a-b-c-d-e-f"] {
            assert_eq!(RedemptionCode::parse(typed), code, "{typed}");
        }
        for wrong in ["", "01ABCDE", "01ABCDEFG", "01ABCDEU", "01ABCDE!", "01ABCDÉF", &"0".repeat(100)] {
            assert_eq!(RedemptionCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn wal_7_a_code_does_not_print() {
        let code = RedemptionCode::new([1, 2, 3, 4, 5]);
        assert!(!format!("{code:?}").contains(&code.to_text()));
    }
}
