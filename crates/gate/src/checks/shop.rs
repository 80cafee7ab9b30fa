//! A merchant with one offer, for as long as a check needs it: an operator opens it, and closes it in the end.

use serde_json::{Value, json};

use crate::{check::Ended, members::Actor, probe::Probe};

/// What the offer takes.
pub(super) const PRICE: i64 = 5;

/// A merchant of the gate's own.
pub(super) struct Shop {
    pub(super) operator: Actor,
    pub(super) merchant_id: String,
    pub(super) offer_id: String,
}

impl Shop {
    /// Opens one.
    ///
    /// # Errors
    /// [`Ended::Unanswerable`] where the gate can make no operator.
    pub(super) async fn open(probe: &Probe) -> Result<Self, Ended> {
        let operator = probe.operator().await?;
        let merchant = operator.post("/v1/operator/merchants").json(&json!({ "name": "a shop of the gate" }));
        let merchant = merchant.purpose("an operator registers a merchant").patiently().expect(201).await?;
        let mut shop = Self { operator, merchant_id: merchant.text_at("/id")?, offer_id: String::new() };
        match shop.offer().await {
            Ok(id) => shop.offer_id = id,
            Err(ended) => {
                shop.close().await?;
                return Err(ended);
            }
        }
        Ok(shop)
    }

    async fn offer(&self) -> Result<String, Ended> {
        let body = json!({ "title": "an offer of the gate", "points": PRICE });
        let path = format!("/v1/operator/merchants/{}/offers", self.merchant_id);
        let offer = self.operator.post(&path).json(&body).purpose("makes an offer").patiently();
        offer.expect(201).await?.text_at("/id")
    }

    /// Gives a member the points for the offer, with which they take it; answers the redemption's id.
    pub(super) async fn redeemed_by(&self, member: &Actor) -> Result<String, Ended> {
        let grants = format!("/v1/operator/members/{}/wallet/grants", member.member_id);
        let grant = self.operator.post(&grants).json(&json!({ "amount": PRICE, "reason": "for an offer" }));
        grant.header("idempotency-key", &self.offer_id).patiently().expect(201).await?;
        let taken = member.post("/v1/wallet/redemptions").json(&json!({ "offer_id": self.offer_id }));
        let taken = taken.header("idempotency-key", &self.offer_id).purpose("takes the offer").patiently();
        taken.expect(201).await?.text_at("/id")
    }

    /// Closes it: it is in nobody's list any more.
    pub(super) async fn close(&self) -> Result<(), Ended> {
        let path = format!("/v1/operator/merchants/{}", self.merchant_id);
        let change: Value = json!({ "status": "closed" });
        let call = self.operator.call(reqwest::Method::PATCH, &path).json(&change);
        call.purpose("closes the merchant").patiently().expect(200).await.map(drop)
    }
}
