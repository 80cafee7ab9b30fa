//! By what a buyer is recognised, as a keyed hash: whoever reads the database can't try out addresses, and the hash stays the same when
//! the token-encryption key changes.

use mainstay_model::{
    SecretHash,
    purchase::{CustomerKey, CustomerKeyKind},
};
use mainstay_store::{Access, SealedValue, Store};
use secrecy::{ExposeSecret, SecretBox};

use crate::{
    Error, Result,
    crypto::{Purpose, Sealer, hmac_sha256},
    limits,
    ports::Ports,
};

const NAME: &str = "buyers";

/// The key of these hashes.
pub struct BuyerKey(SecretBox<[u8; 32]>);

impl BuyerKey {
    /// Reads the key; on a new database makes it. Of several nodes that start at once, one makes it.
    ///
    /// # Errors
    /// When the database is away, or the key does not open with the configured token-encryption keys.
    pub async fn load(store: &dyn Store, ports: &Ports, sealer: &Sealer) -> Result<Self> {
        let sealed = sealer.seal(&*ports.random, Purpose::HashKey, &ports.random.secret());
        let id = ports.random.uuid(ports.clock.now());
        let mut tx = store.begin(Access::Write).await?;
        let sealed = tx.hash_key_or_insert(id, NAME, &sealed).await?;
        let key = sealer.open(Purpose::HashKey, &sealed).map_err(Error::internal)?;
        if !sealer.is_current(&sealed) {
            // No node starts without it, so a new token-encryption key seals it anew at the first start.
            let again = sealer.seal(&*ports.random, Purpose::HashKey, &key);
            let others = tx
                .sealed_otherwise(SealedValue::HashKey, &sealer.header(), None, limits::RESEALING_BATCH)
                .await?;
            for (id, _) in others.iter().filter(|(_, other)| *other == sealed) {
                tx.reseal(SealedValue::HashKey, *id, &sealed, &again).await?;
            }
        }
        tx.commit().await?;
        let key: [u8; 32] =
            key.try_into().map_err(|_| Error::internal("a key of hashes has another length"))?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    /// The hash of what recognises a buyer. Cards and customers are the source's own; addresses and codes are everybody's.
    pub(super) fn hash(&self, source: &str, known: &CustomerKey) -> SecretHash {
        let scope = source_of(source, known.kind).unwrap_or_default();
        let text = format!("{}\n{scope}\n{}", known.kind, known.value);
        hmac_sha256(self.0.expose_secret(), text.as_bytes())
    }
}

/// The source that knows such a thing; none when all sources share it.
pub(super) fn source_of(source: &str, kind: CustomerKeyKind) -> Option<&str> {
    match kind {
        CustomerKeyKind::Card | CustomerKeyKind::Customer => Some(source),
        CustomerKeyKind::Email | CustomerKeyKind::Code => None,
    }
}

/// A code in its one spelling, if it is long enough to recognise somebody.
pub(crate) fn code(text: &str) -> Option<String> {
    let text: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect();
    let length = text.chars().count();
    (limits::CLAIM_CODE_CHARS_MIN..=limits::CUSTOMER_KEY_CHARS_MAX).contains(&length).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_spelling_and_is_not_short() {
        assert_eq!(code(" abcd-efgh "), Some("ABCDEFGH".to_owned()));
        assert_eq!(code("abcd-efg"), None);
    }

    #[test]
    fn cards_belong_to_their_source_and_addresses_to_all() {
        let key = BuyerKey(SecretBox::new(Box::new([7; 32])));
        let known = |kind, value: &str| CustomerKey { kind, value: value.to_owned() };
        let card = known(CustomerKeyKind::Card, "sq-1");
        assert_ne!(key.hash("one", &card), key.hash("two", &card));
        let email = known(CustomerKeyKind::Email, "ada@example.com");
        assert_eq!(key.hash("one", &email), key.hash("two", &email));
        assert_ne!(key.hash("one", &card), key.hash("one", &known(CustomerKeyKind::Customer, "sq-1")));
    }
}
