//! Rows to try things with: each call makes a new one, with its own ids and unique values.

use mainstay_model::{
    AuditEventId, CeremonyId, CustomerLinkId, Day, EmailAddress, EmailFlowId, IdentityId, InboxEventId,
    JobId, Language, MemberId, MerchantId, NoteId, OAuthFlowId, OfferId, PasskeyId, PurchaseId,
    PurchaseRuleId, ServiceKeyId, SessionId, TenantId, Timestamp,
    audit::NewAuditEvent,
    ceremony::{Ceremony, CeremonyKind, EmailFlow, EmailPurpose},
    identity::{Identity, OAuthFlow, Provider},
    inbox::{InboxEvent, InboxHead, InboxProgress, InboxState},
    job::{Job, JobKind},
    key::SigningKey,
    ledger::{AccountRef, Amount, Closing, Hold, HoldState, Order, Posting, PostingKey, TransferKind},
    member::{Member, MemberStatus, Role},
    merchant::{Merchant, MerchantStatus},
    note::Note,
    offer::{Offer, OfferStatus},
    passkey::Passkey,
    purchase::{CustomerKeyKind, CustomerLink, PurchaseRecord, PurchaseRule, Refund},
    redemption::Redemption,
    service_key::{Scope, ServiceKey},
    session::{RefreshToken, Session, SignInMethod},
    tenant::{Membership, Tenant, TenantRole},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A moment in 2025, so many seconds later.
#[must_use]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_750_000_000 + seconds) * 1_000_000 + 123_456)
}

/// 32 bytes that stand for a text.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// 32 bytes that nobody else has.
#[must_use]
pub fn fresh_hash() -> [u8; 32] {
    hash(&Uuid::now_v7().to_string())
}

/// An address that nobody else has.
#[must_use]
pub fn email() -> EmailAddress {
    format!("{}@example.com", Uuid::now_v7().simple()).parse().expect("an address")
}

/// A member with a proven address.
#[must_use]
pub fn member() -> Member {
    Member {
        id: MemberId::new(Uuid::now_v7()),
        user_handle: fresh_hash(),
        display_name: "Ada".to_owned(),
        language: Language::En,
        role: Role::Member,
        status: MemberStatus::Active,
        email: Some(email()),
        email_verified_at: Some(at(-5)),
        created_at: at(-10),
        updated_at: at(-4),
    }
}

/// A Google account.
#[must_use]
pub fn identity(member_id: MemberId) -> Identity {
    Identity {
        id: IdentityId::new(Uuid::now_v7()),
        member_id,
        provider: Provider::Google,
        issuer: "https://accounts.google.com".to_owned(),
        subject: Uuid::now_v7().to_string(),
        email: Some(email()),
        sealed_token: None,
        created_at: at(0),
        last_used_at: None,
    }
}

/// A synced passkey.
#[must_use]
pub fn passkey(member_id: MemberId) -> Passkey {
    Passkey {
        id: PasskeyId::new(Uuid::now_v7()),
        member_id,
        credential_id: fresh_hash().to_vec(),
        credential: json!({ "counter": 0, "key": "AQID", "list": [1, null, true], "deep": { "naïve": "ü" } }),
        name: "Phone".to_owned(),
        backed_up: true,
        created_at: at(0),
        last_used_at: None,
    }
}

/// A started sign-in, of nobody yet.
#[must_use]
pub fn ceremony(member_id: Option<MemberId>) -> Ceremony {
    Ceremony {
        id: CeremonyId::new(Uuid::now_v7()),
        kind: CeremonyKind::SignIn,
        browser_hash: fresh_hash(),
        member_id,
        state: json!({ "challenge": "abc", "allow": [] }),
        created_at: at(0),
        expires_at: at(300),
    }
}

/// A trip to Apple.
#[must_use]
pub fn oauth_flow(link_member_id: Option<MemberId>) -> OAuthFlow {
    OAuthFlow {
        id: OAuthFlowId::new(Uuid::now_v7()),
        state_hash: fresh_hash(),
        browser_hash: fresh_hash(),
        provider: Provider::Apple,
        nonce: "nonce".to_owned(),
        sealed_verifier: vec![0, 1, 255],
        return_to: "/settings".to_owned(),
        link_member_id,
        created_at: at(0),
        expires_at: at(600),
    }
}

/// A mailed code for a sign-in.
#[must_use]
pub fn email_flow(email: &EmailAddress, member_id: Option<MemberId>) -> EmailFlow {
    EmailFlow {
        id: EmailFlowId::new(Uuid::now_v7()),
        email: email.clone(),
        purpose: EmailPurpose::SignIn,
        code_hash: fresh_hash(),
        browser_hash: fresh_hash(),
        member_id,
        sealed_payload: Some(vec![9, 0, 9]),
        attempts: 0,
        created_at: at(0),
        expires_at: at(600),
    }
}

/// A live session and its first token.
#[must_use]
pub fn session(member_id: MemberId) -> (Session, RefreshToken) {
    let id = SessionId::new(Uuid::now_v7());
    let session = Session {
        id,
        member_id,
        method: SignInMethod::Passkey,
        created_ip: "2001:db8::1".to_owned(),
        created_agent: "Browser/1.0".to_owned(),
        created_at: at(0),
        signed_in_at: at(0),
        last_seen_at: at(0),
        expires_at: at(3_600),
        absolute_expires_at: at(86_400),
        generation: 1,
        generation_presented_at: None,
        revoked_at: None,
        revoked_reason: None,
    };
    let token = RefreshToken {
        hash: fresh_hash(),
        session_id: id,
        generation: 1,
        created_at: at(0),
        replaced_at: None,
        successor_salt: None,
    };
    (session, token)
}

/// A signing key.
#[must_use]
pub fn signing_key(kid: &str, created: i64) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        sealed_private_key: vec![1, 2, 3, 0],
        public_jwk: r#"{"kty":"EC", "crv":"P-256"}"#.to_owned(),
        created_at: at(created),
        activates_at: at(created + 60),
        retires_at: None,
    }
}

/// A key of a back end.
#[must_use]
pub fn service_key(created: i64) -> ServiceKey {
    let id = Uuid::now_v7();
    ServiceKey {
        id: ServiceKeyId::new(id),
        name: "Billing".to_owned(),
        prefix: format!("msk_{}", id.simple()),
        hash: fresh_hash(),
        scopes: vec![Scope::AuditRead, Scope::MembersRead],
        merchant_id: None,
        created_at: at(created),
        last_used_at: None,
        revoked_at: None,
    }
}

/// A tenant.
#[must_use]
pub fn tenant(name: &str) -> Tenant {
    Tenant { id: TenantId::new(Uuid::now_v7()), name: name.to_owned(), created_at: at(0) }
}

/// A place in a tenant.
#[must_use]
pub fn membership(tenant_id: TenantId, member_id: MemberId, role: TenantRole, since: i64) -> Membership {
    Membership { tenant_id, member_id, role, created_at: at(since) }
}

/// An event.
#[must_use]
pub fn event(action: &'static str, second: i64) -> NewAuditEvent {
    NewAuditEvent {
        id: AuditEventId::new(Uuid::now_v7()),
        at: at(second),
        action,
        actor: "system".to_owned(),
        subject: "key:a".to_owned(),
        request_id: "req-1".to_owned(),
        detail: json!({ "b": 1, "a": "it's \"quoted\"" }),
    }
}

/// A job that is due at a second.
#[must_use]
pub fn job(due: i64) -> Job {
    Job {
        id: JobId::new(Uuid::now_v7()),
        kind: JobKind::SendMail,
        sealed_payload: vec![0, 159, 146, 150],
        attempts: 0,
        created_at: at(0),
        run_at: at(due),
    }
}

/// An event that had its effect.
#[must_use]
pub fn inbox_event(source: &str, event_id: &str) -> InboxEvent {
    let body = format!("{{\"id\": \"{event_id}\"}}\0\u{e9}").into_bytes();
    let progress = InboxProgress {
        state: InboxState::Done,
        attempts: 1,
        next_at: None,
        last_error: None,
        updated_at: at(0),
    };
    InboxEvent {
        head: InboxHead {
            id: InboxEventId::new(Uuid::now_v7()),
            source: source.to_owned(),
            event_id: event_id.to_owned(),
            kind: "payment.updated".to_owned(),
            occurred_at: Some(at(-60)),
            received_at: at(0),
            late_s: None,
            progress,
            body_removed_at: None,
        },
        fingerprint: Sha256::digest(&body).into(),
        body,
    }
}

/// A purchase of nobody known.
#[must_use]
pub fn purchase(source: &str, external_id: &str) -> PurchaseRecord {
    PurchaseRecord {
        id: PurchaseId::new(Uuid::now_v7()),
        source: source.to_owned(),
        external_id: external_id.to_owned(),
        amount: 1_250,
        currency: "USD".parse().expect("a currency"),
        merchant: "it's \u{1F4B3}".to_owned(),
        occurred_at: at(-60),
        member_id: None,
        rule_id: None,
        granted: 0,
        taken_back: 0,
        reversed: 0,
        refunded: 0,
        claimed_at: None,
        created_at: at(0),
    }
}

/// Part of a purchase that went back.
#[must_use]
pub fn refund(external_id: &str, purchase_id: &str, amount: i64, second: i64) -> Refund {
    Refund {
        external_id: external_id.to_owned(),
        purchase_id: purchase_id.to_owned(),
        amount,
        currency: "USD".parse().expect("a currency"),
        occurred_at: at(second),
    }
}

/// A rule that fits every purchase in dollars.
#[must_use]
pub fn purchase_rule(name: &str) -> PurchaseRule {
    PurchaseRule {
        id: PurchaseRuleId::new(Uuid::now_v7()),
        name: name.to_owned(),
        source: None,
        merchant: None,
        currency: "USD".parse().expect("a currency"),
        points: 1,
        per_amount: 100,
        purchase_points_max: None,
        day_points_max: None,
        starts_at: None,
        ends_at: None,
        created_at: at(0),
    }
}

/// A card of a member's.
#[must_use]
pub fn customer_link(member_id: MemberId) -> CustomerLink {
    CustomerLink {
        id: CustomerLinkId::new(Uuid::now_v7()),
        member_id,
        source: Some("square".to_owned()),
        kind: CustomerKeyKind::Card,
        hash: fresh_hash(),
        created_at: at(0),
    }
}

/// A note.
#[must_use]
pub fn note(member_id: MemberId, text: &str) -> Note {
    Note {
        id: NoteId::new(Uuid::now_v7()),
        member_id,
        text: text.to_owned(),
        tags: vec!["b".to_owned(), "a, \"b\"".to_owned()],
        pinned: false,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Writes a member and answers it.
pub async fn a_member(store: &crate::AnyStore) -> Member {
    let member = member();
    let mut tx = crate::write(store).await;
    tx.insert_member(&member).await.expect("insert");
    tx.commit().await.expect("commit");
    member
}

/// Writes a session of a member and answers it.
pub async fn a_session(store: &crate::AnyStore, member_id: MemberId) -> (Session, RefreshToken) {
    let (session, token) = session(member_id);
    let mut tx = crate::write(store).await;
    tx.insert_session(&session, &token).await.expect("insert");
    tx.commit().await.expect("commit");
    (session, token)
}

/// The wallet of a member who need not exist.
#[must_use]
pub fn wallet() -> AccountRef {
    AccountRef::member(MemberId::new(Uuid::now_v7()))
}

/// A posting with a key of its own.
#[must_use]
pub fn posting(order: Order) -> Posting {
    let id = Uuid::now_v7();
    Posting {
        id,
        key: PostingKey(Uuid::new_v4()),
        fingerprint: hash(&id.to_string()),
        order,
        reason: "for \"coffee\"\n\u{1F512}".to_owned(),
        actor: "system".to_owned(),
        cause: "purchase:7".to_owned(),
        at: at(100),
    }
}

/// Points out of nothing.
#[must_use]
pub fn grant(to: AccountRef, points: i64) -> Posting {
    posting(Order::Grant { to, amount: Amount::new(points).expect("an amount"), expires_on: None })
}

/// Points from one to another.
#[must_use]
pub fn transfer(from: AccountRef, to: AccountRef, points: i64) -> Posting {
    let (kind, amount) = (TransferKind::Transfer, Amount::new(points).expect("an amount"));
    posting(Order::Move { kind, from, to, amount })
}

/// A closed day.
#[must_use]
pub fn closing(day: i32) -> Closing {
    Closing {
        day: Day::new(day),
        transfers: 2,
        points: 7,
        digest: fresh_hash(),
        previous: fresh_hash(),
        hash: fresh_hash(),
        closed_at: at(5),
    }
}

/// A merchant.
#[must_use]
pub fn merchant() -> Merchant {
    Merchant {
        id: MerchantId::new(Uuid::now_v7()),
        name: "Café \"Zum 'Löwen'\"".to_owned(),
        status: MerchantStatus::Active,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Writes a merchant and answers it.
pub async fn a_merchant(store: &crate::AnyStore) -> Merchant {
    let merchant = merchant();
    let mut tx = crate::write(store).await;
    tx.insert_merchant(&merchant).await.expect("insert");
    tx.commit().await.expect("commit");
    merchant
}

/// An offer with everything that an offer can have.
#[must_use]
pub fn offer(merchant_id: MerchantId) -> Offer {
    Offer {
        id: OfferId::new(Uuid::now_v7()),
        merchant_id,
        title: "Coffee \u{2615}".to_owned(),
        description: "Any size.\nOne a day.".to_owned(),
        points: Amount::new(30).expect("an amount"),
        starts_at: at(50),
        ends_at: Some(at(500)),
        stock: Some(3),
        per_member_max: Some(2),
        status: OfferStatus::Active,
        taken: 0,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Writes an offer of a new merchant and answers it.
pub async fn an_offer(store: &crate::AnyStore) -> Offer {
    let offer = offer(a_merchant(store).await.id);
    let mut tx = crate::write(store).await;
    tx.insert_offer(&offer).await.expect("insert");
    tx.commit().await.expect("commit");
    offer
}

/// A redemption, as it is right after its posting was settled.
#[must_use]
pub fn redemption(offer: &Offer, posting: &Posting) -> Redemption {
    let Order::Hold { from, to, amount, expires_at } = posting.order else { panic!("no hold") };
    let hold = Hold {
        id: mainstay_model::HoldId::new(posting.id),
        from,
        to,
        amount,
        state: HoldState::Held,
        expires_at,
        reason: posting.reason.clone(),
        actor: posting.actor.clone(),
        cause: posting.cause.clone(),
        created_at: posting.at,
        settled_at: None,
    };
    Redemption { offer_id: offer.id, code_hash: fresh_hash(), sealed_code: vec![1, 0, 255], hold }
}

/// Points of a wallet that an offer takes, held for its merchant.
#[must_use]
pub fn hold_for(offer: &Offer, from: AccountRef) -> Posting {
    let to = AccountRef::merchant(offer.merchant_id.uuid());
    posting(Order::Hold { from, to, amount: offer.points, expires_at: at(1_000) })
}
