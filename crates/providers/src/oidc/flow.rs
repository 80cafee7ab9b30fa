//! The authorization code flow (RFC 6749, 4.1, with RFC 7636), as far as both providers share it.

use std::{future::Future, pin::Pin, sync::Arc};

use jsonwebtoken::DecodingKey;
use mainstay_services::ports::{Clock, ExpectedNonce, ProviderError};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    id_token::{self, Claims, Rules},
    issuer::Issuers,
    jwks::Jwks,
};
use crate::{
    breaker::Breaker,
    limits,
    outbound::{Outbound, OutboundError},
};

/// How much of a provider's own explanation goes to the log, in characters.
const EXPLANATION_CHARS_MAX: usize = 200;

/// What OpenID Connect adds to a token answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}
impl ExtraTokenFields for IdTokenField {}

type OAuthClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// One provider's side of the flow.
pub(crate) struct Flow {
    oauth: OAuthClient,
    scopes: &'static [&'static str],
    issuers: Issuers,
    /// Our client id first, then the others whose tokens are ours too (native apps).
    audiences: Vec<String>,
    clock: Arc<dyn Clock>,
    outbound: Arc<Outbound>,
    token_breaker: Breaker,
    jwks: Jwks,
}

/// What a flow is made of.
pub(crate) struct Parts {
    pub(crate) provider: &'static str,
    pub(crate) client_id: String,
    pub(crate) other_client_ids: Vec<String>,
    pub(crate) redirect_uri: Url,
    pub(crate) authorize_url: Url,
    pub(crate) token_url: Url,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) issuers: Issuers,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) jwks: Jwks,
}

/// What a code was exchanged for.
pub(crate) struct Exchanged {
    pub(crate) claims: Claims,
    pub(crate) refresh_token: Option<SecretString>,
}

impl Flow {
    pub(crate) fn new(parts: Parts) -> Self {
        let oauth = Client::new(ClientId::new(parts.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(parts.authorize_url))
            .set_token_uri(TokenUrl::from_url(parts.token_url))
            .set_redirect_uri(RedirectUrl::from_url(parts.redirect_uri));
        let token_breaker = Breaker::new(parts.provider, "token", Arc::clone(&parts.clock));
        Self {
            oauth,
            scopes: parts.scopes,
            issuers: parts.issuers,
            audiences: [vec![parts.client_id], parts.other_client_ids].concat(),
            clock: parts.clock,
            outbound: parts.outbound,
            token_breaker,
            jwks: parts.jwks,
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.audiences[0]
    }

    /// Where to send the browser. The challenge is S256; the provider's own parameters come last.
    pub(crate) fn authorize_url(
        &self,
        state: &str,
        nonce: &str,
        pkce_challenge: &str,
        own: &[(&'static str, &'static str)],
    ) -> Url {
        let mut request = self
            .oauth
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(self.scopes.iter().map(|&scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", nonce.to_owned())
            .add_extra_param("code_challenge", pkce_challenge.to_owned())
            .add_extra_param("code_challenge_method", "S256");
        for &(name, value) in own {
            request = request.add_extra_param(name, value);
        }
        request.url().0
    }

    /// Exchanges a code and verifies the ID token, which must be for this very client.
    pub(crate) async fn exchange(
        &self,
        code: &str,
        pkce_verifier: &str,
        nonce: &str,
        client_secret: &SecretString,
    ) -> Result<Exchanged, ProviderError> {
        let client =
            self.oauth.clone().set_client_secret(ClientSecret::new(client_secret.expose_secret().to_owned()));
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(pkce_verifier.to_owned()))
            .request_async(self)
            .await
            .map_err(|error| token_error(&error))?;
        let Some(id_token) = &tokens.extra_fields().id_token else {
            return Err(ProviderError::Refused("the answer has no ID token".to_owned()));
        };
        let claims = self.verify(id_token, &self.audiences[..1], ExpectedNonce::Exactly(nonce)).await?;
        let refresh_token = tokens.refresh_token().map(|token| SecretString::from(token.secret().to_owned()));
        Ok(Exchanged { claims, refresh_token })
    }

    /// Verifies an ID token that a client handed over; it may be for any client of ours.
    pub(crate) async fn verify_handed_over(
        &self,
        id_token: &str,
        nonce: ExpectedNonce<'_>,
    ) -> Result<Claims, ProviderError> {
        self.verify(id_token, &self.audiences, nonce).await
    }

    async fn key(&self, id_token: &str) -> Result<Arc<DecodingKey>, ProviderError> {
        let key_id = id_token::key_id(id_token)?;
        #[cfg(feature = "sabotage")]
        if id_token::is_believed() {
            return Ok(Arc::new(DecodingKey::from_secret(key_id.as_bytes())));
        }
        self.jwks.key(&key_id).await
    }

    async fn verify(
        &self,
        id_token: &str,
        audiences: &[String],
        nonce: ExpectedNonce<'_>,
    ) -> Result<Claims, ProviderError> {
        let key = self.key(id_token).await?;
        let rules = Rules { issuers: &self.issuers, audiences, nonce };
        id_token::verify(id_token, &key, &rules, self.clock.now())
    }
}

/// The token endpoint, behind its breaker.
impl<'c> AsyncHttpClient<'c> for Flow {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(guarded(&self.outbound, &self.token_breaker, "token", request))
    }
}

/// Sends a request unless its endpoint's breaker is open, and tells the breaker how it went.
pub(crate) async fn guarded(
    outbound: &Outbound,
    breaker: &Breaker,
    endpoint: &'static str,
    request: HttpRequest,
) -> Result<HttpResponse, OutboundError> {
    let Some(permit) = breaker.admit() else {
        outbound.count(endpoint, "short-circuited");
        return Err(OutboundError("it failed before and is left alone for a moment".to_owned()));
    };
    let answer = outbound.send(endpoint, request, limits::TOKEN_ANSWER_BYTES_MAX).await;
    if answer.is_ok() {
        permit.succeeded();
    } else {
        permit.failed();
    }
    answer
}

fn token_error(error: &RequestTokenError<OutboundError, BasicErrorResponse>) -> ProviderError {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            // Nothing that the person did: the deployment's own credentials are wrong.
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                ProviderError::Unavailable(format!("our client credentials are refused: {}", explain(answer)))
            }
            _ => ProviderError::Refused(explain(answer)),
        },
        RequestTokenError::Request(OutboundError(reason)) => ProviderError::Unavailable(reason.clone()),
        // The body may hold tokens, so it is not shown.
        RequestTokenError::Parse(..) => {
            ProviderError::Unavailable("the token answer is unreadable".to_owned())
        }
        RequestTokenError::Other(reason) => ProviderError::Unavailable(reason.clone()),
    }
}

fn explain(answer: &BasicErrorResponse) -> String {
    let said = answer.error_description().map_or("", String::as_str);
    let said: String = said.chars().filter(|c| !c.is_control()).take(EXPLANATION_CHARS_MAX).collect();
    format!("{} {said}", answer.error().as_ref()).trim_end().to_owned()
}
