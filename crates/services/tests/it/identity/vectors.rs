//! The test vectors of the WebAuthn Level 3 recommendation (W3C, section 16), through the production ceremonies.
//!
//! The vectors have challenges of their own, so the stored state of a started ceremony is given the vector's challenge. They are
//! tried as this deployment asks (user verification required); those that only lack user verification are tried once more with
//! that requirement taken out of the state, so that their signatures are verified too.

use std::path::Path;

use mainstay_model::CeremonyId;
use mainstay_services::{Code, identity::passkeys};
use serde_json::{Value, json};
use url::Url;

use super::{BROWSER, World, authenticator::encode};
use crate::harness::{Engine, NodeOptions, runtime};

const ACCEPTED: &str = "accepted";

/// What becomes of a vector: registration and authentication as this deployment asks, then both without user verification.
struct Expected {
    id: &'static str,
    asked: (&'static str, &'static str),
    relaxed: (&'static str, &'static str),
}

const fn expected(
    id: &'static str,
    asked: (&'static str, &'static str),
    relaxed: (&'static str, &'static str),
) -> Expected {
    Expected { id, asked, relaxed }
}

/// Not registered, so nothing to sign in with.
const NONE: &str = "unknown_credential";
const NO_UV: &str = "user_verification";

/// The reasons to refuse one:
/// - `user_verification`: the vector's authenticator did not verify its user;
/// - `cross_origin`: it ran in a page that was embedded by another site, which the studio never is;
/// - `algorithm`: only ES256 and RS256 are offered, since every authenticator has one of them. For `tpm-es256` it is the algorithm
///   of the attestation statement: the library knows TPM statements that were signed with RSA;
/// - `key`: the library takes RSA keys of 2048 bits, as authenticators make them; the vector's has 3488;
/// - `attestation`: the library can't read the certificate of the Android key statement.
///
/// The last ones do not come up outside of vectors: no attestation is asked for, so browsers send none.
const EXPECTED: &[Expected] = &[
    expected("none-es256", (NO_UV, NONE), (ACCEPTED, ACCEPTED)),
    expected("packed-self-es256", (ACCEPTED, NO_UV), (ACCEPTED, ACCEPTED)),
    expected("none-es256-crossOrigin", ("cross_origin", NONE), ("cross_origin", NONE)),
    expected("none-es256-topOrigin", ("cross_origin", NONE), ("cross_origin", NONE)),
    expected("none-es256-long-credential-id", (NO_UV, NONE), (ACCEPTED, ACCEPTED)),
    expected("packed-es256", (ACCEPTED, ACCEPTED), (ACCEPTED, ACCEPTED)),
    expected("packed-es384", (NO_UV, NONE), ("algorithm", NONE)),
    expected("packed-es512", ("algorithm", NONE), ("algorithm", NONE)),
    expected("packed-rs256", ("key", NONE), ("key", NONE)),
    expected("packed-eddsa", (NO_UV, NONE), ("algorithm", NONE)),
    expected("packed-ed448", (NO_UV, NONE), ("algorithm", NONE)),
    expected("tpm-es256", ("algorithm", NONE), ("algorithm", NONE)),
    expected("android-key-es256", ("attestation", NONE), ("attestation", NONE)),
    expected("apple-es256", (NO_UV, NONE), (ACCEPTED, ACCEPTED)),
    expected("fido-u2f-es256", (NO_UV, NONE), (ACCEPTED, ACCEPTED)),
];

#[test]
fn w3c_vectors_verify_or_are_refused_for_a_stated_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/webauthn/vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[allow(
            clippy::print_stderr,
            reason = "whoever reads the test's output must see that nothing was tried"
        )]
        {
            eprintln!("NOT TRIED: the W3C vectors are not at {}", path.display());
        }
        return;
    };
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    for vector in vectors.iter().filter(|vector| vector["registration"]["attestationObject"].is_string()) {
        let id = vector["id"].as_str().expect("an id").to_owned();
        found.push((id, outcome(vector, false), outcome(vector, true)));
    }
    let found: Vec<_> = found
        .iter()
        .map(|(id, asked, relaxed)| {
            (id.as_str(), (asked.0.as_str(), asked.1.as_str()), (relaxed.0.as_str(), relaxed.1.as_str()))
        })
        .collect();
    let expected: Vec<_> = EXPECTED.iter().map(|row| (row.id, row.asked, row.relaxed)).collect();
    assert_eq!(found, expected);
}

/// Registers and signs in with one vector, on a database of its own.
fn outcome(vector: &Value, relaxed: bool) -> (String, String) {
    runtime().block_on(async {
        let world = World::start(Engine::Sqlite, |options: &mut NodeOptions| {
            options.settings.public_url = Url::parse("https://example.org").expect("a URL");
            options.settings.rp_id = "example.org".to_owned();
        })
        .await;
        let registration = register(&world, &vector["registration"], relaxed).await;
        let authentication = authenticate(&world, vector, relaxed).await;
        world.test.finish().await;
        (registration, authentication)
    })
}

async fn register(world: &World, vector: &Value, relaxed: bool) -> String {
    let ctx = world.ctx();
    let started =
        passkeys::register_start(&world.app, &ctx, None, None, None, &BROWSER).await.expect("starts");
    restate(world, started.ceremony_id, &["webauthn", "rs"], vector, relaxed).await;
    let answer = json!({
        "id": base64url(&vector["credential_id"]),
        "rawId": base64url(&vector["credential_id"]),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": base64url(&vector["clientDataJSON"]),
            "attestationObject": base64url(&vector["attestationObject"]),
        },
    });
    let finished =
        passkeys::register_finish(&world.app, &ctx, None, None, started.ceremony_id, answer, None, &BROWSER);
    word(world, finished.await.map(|_| ())).await
}

async fn authenticate(world: &World, vector: &Value, relaxed: bool) -> String {
    let ctx = world.ctx();
    let credential_id =
        hex::decode(vector["registration"]["credential_id"].as_str().expect("hex")).expect("hex");
    let mut tx = world.app.read().await.expect("opens");
    let passkey = tx.lock_passkey_by_credential_id(&credential_id).await.expect("reads");
    let owner = match passkey {
        Some(passkey) => tx.member_by_id(passkey.member_id).await.expect("reads").expect("is there"),
        None => {
            drop(tx);
            world.member().await
        }
    };
    let started = passkeys::login_start(&world.app, &ctx, &BROWSER).await.expect("starts");
    let vector = &vector["authentication"];
    restate(world, started.ceremony_id, &["ast"], vector, relaxed).await;
    let answer = json!({
        "id": encode(&credential_id),
        "rawId": encode(&credential_id),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": base64url(&vector["clientDataJSON"]),
            "authenticatorData": base64url(&vector["authenticatorData"]),
            "signature": base64url(&vector["signature"]),
            "userHandle": encode(&owner.user_handle),
        },
    });
    let finished =
        passkeys::login_finish(&world.app, &ctx, None, started.ceremony_id, answer, &BROWSER).await;
    word(world, finished.map(|_| ())).await
}

/// Gives a stored ceremony the vector's challenge, and takes out the demand for user verification when relaxed.
async fn restate(world: &World, id: CeremonyId, path: &[&str], vector: &Value, relaxed: bool) {
    let mut tx = world.app.write().await.expect("opens");
    let mut ceremony = tx.take_ceremony(id).await.expect("reads").expect("is there");
    let state = path.iter().fold(&mut ceremony.state, |state, step| &mut state[*step]);
    assert!(state["challenge"].is_string(), "the library's state has another form: {state}");
    assert_eq!(state["policy"], "required");
    state["challenge"] = json!(base64url(&vector["challenge"]));
    if relaxed {
        state["policy"] = json!("discouraged");
    }
    tx.insert_ceremony(&ceremony).await.expect("inserts");
    tx.commit().await.expect("commits");
}

fn base64url(hex_text: &Value) -> String {
    encode(&hex::decode(hex_text.as_str().expect("hex")).expect("hex"))
}

async fn word(world: &World, outcome: mainstay_services::Result<()>) -> String {
    match outcome {
        Ok(()) => ACCEPTED.to_owned(),
        Err(error) => {
            assert_eq!(error.code, Code::CeremonyRefused, "{error:?}");
            world.refusal().await
        }
    }
}
