//! The provider: what it announces, where people are sent, and what its answer says about them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _,
};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::SignOnError;
use super::transport::Transport;
use crate::client::tls::connector;
use crate::config::{IssuerAddress, Settings, SignOnClaim};

/// What the provider announces is asked for again after so long.
const FRESH: Duration = Duration::from_secs(3600);
/// A signature by an unknown key has it asked for again, but not more often than this.
const AGAIN: Duration = Duration::from_secs(10);

/// Signatures that are believed: those that only the provider can make.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Why the provider signs nobody in. None of these says anything about a person.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    /// What it announces cannot be had.
    #[error("what the provider announces cannot be used: {0}")]
    Discovery(String),
    /// It gives no tokens for the code.
    #[error("the provider gives nothing for its code: {0}")]
    Exchange(String),
    /// Its token does not hold.
    #[error("the provider’s token does not hold: {0}")]
    Token(String),
}

/// What the provider says about somebody, checked.
pub(super) struct Known {
    pub(super) subject: String,
    /// Only where the provider has verified it.
    pub(super) email: Option<String>,
    /// Where the provider ends its own session.
    pub(super) leave: Option<String>,
}

/// A way to the provider that was begun.
pub(super) struct Begun {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: Zeroizing<String>,
}

#[derive(Debug)]
struct Announced {
    metadata: Arc<ProviderMetadataWithLogout>,
    at: Instant,
}

/// The provider.
#[derive(Debug)]
pub(super) struct Provider {
    issuer: IssuerUrl,
    client: ClientId,
    secret: Option<ClientSecret>,
    claim: SignOnClaim,
    back: RedirectUrl,
    left: PostLogoutRedirectUrl,
    transport: Transport,
    announced: Mutex<Option<Announced>>,
}

impl Provider {
    pub(super) fn new(
        issuer: &IssuerAddress,
        client: &str,
        claim: SignOnClaim,
        settings: &Settings,
    ) -> Result<Self, SignOnError> {
        let bad = |given: &str| SignOnError::Address { given: given.to_owned() };
        let (back, left) = (format!("{}{}", settings.url(), super::pages::BACK), format!("{}/console", settings.url()));
        let authority = settings.oidc_ca_file.as_ref().map(|file| file.0.as_path());
        Ok(Self {
            issuer: IssuerUrl::new(issuer.as_str().to_owned()).map_err(|_| bad(issuer.as_str()))?,
            client: ClientId::new(client.to_owned()),
            secret: settings.oidc_client_secret.as_ref().map(|secret| ClientSecret::new(secret.0.clone())),
            claim,
            back: RedirectUrl::new(back.clone()).map_err(|_| bad(&back))?,
            left: PostLogoutRedirectUrl::new(left.clone()).map_err(|_| bad(&left))?,
            transport: Transport(connector(authority)?),
            announced: Mutex::default(),
        })
    }

    pub(super) fn is_called(&self, issuer: &str) -> bool {
        self.issuer.as_str() == issuer
    }

    /// What the provider announces, its keys included. `anew`: although it is known.
    async fn announced(&self, anew: bool) -> Result<Arc<ProviderMetadataWithLogout>, ProviderError> {
        let mut announced = self.announced.lock().await;
        if let Some(known) = &*announced
            && known.at.elapsed() < if anew { AGAIN } else { FRESH }
        {
            return Ok(known.metadata.clone());
        }
        let asked = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.transport).await;
        let metadata = Arc::new(asked.map_err(|error| ProviderError::Discovery(chain(&error)))?);
        *announced = Some(Announced { metadata: metadata.clone(), at: Instant::now() });
        Ok(metadata)
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Client {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client.clone(), self.secret.clone());
        // Where nothing is announced, the secret goes into the head (OpenID Connect Discovery, section 3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_head = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let how = if in_head { AuthType::BasicAuth } else { AuthType::RequestBody };
        client.set_redirect_uri(self.back.clone()).set_auth_type(how)
    }

    /// Where to send somebody, and what to remember of it.
    pub(super) async fn begin(&self) -> Result<Begun, ProviderError> {
        let client = self.client(&*self.announced(false).await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        if self.claim == SignOnClaim::Email {
            request = request.add_scope(Scope::new("email".to_owned()));
        }
        let (address, state, nonce) = request.set_pkce_challenge(challenge).url();
        Ok(Begun {
            address: address.to_string(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: Zeroizing::new(verifier.secret().clone()),
        })
    }

    /// Who it is that the provider gave a code for.
    pub(super) async fn finish(&self, code: &str, verifier: &str, nonce: &str) -> Result<Known, ProviderError> {
        let mut metadata = self.announced(false).await?;
        let mut client = self.client(&metadata);
        let tokens = self.exchange(&client, code, verifier).await?;
        let token = tokens.id_token().ok_or_else(|| ProviderError::Token("there is none".to_owned()))?;
        let nonce = Nonce::new(nonce.to_owned());
        let known = match check(&client, token, &tokens, &nonce) {
            Err(error) if is_of_another_key(&error) => {
                metadata = self.announced(true).await?;
                client = self.client(&metadata);
                check(&client, token, &tokens, &nonce)
            }
            checked => checked,
        };
        let claims = known.map_err(|error| ProviderError::Token(chain(&error)))?;
        Ok(Known {
            subject: claims.subject().to_string(),
            email: self.email(&client, &claims, &tokens).await?,
            leave: self.leave(&metadata, token),
        })
    }

    async fn exchange(&self, client: &Client, code: &str, verifier: &str) -> Result<CoreTokenResponse, ProviderError> {
        let failed = |error: &dyn std::error::Error| ProviderError::Exchange(chain(error));
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|error| failed(&error))?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        request.request_async(&self.transport).await.map_err(|error| failed(&error))
    }

    /// A verified address: in the token, or where the provider tells more.
    async fn email(
        &self,
        client: &Client,
        claims: &CoreIdTokenClaims,
        tokens: &CoreTokenResponse,
    ) -> Result<Option<String>, ProviderError> {
        if self.claim != SignOnClaim::Email {
            return Ok(None);
        }
        if let Some(email) = claims.email() {
            return Ok((claims.email_verified() == Some(true)).then(|| email.to_string()));
        }
        let subject = Some(claims.subject().clone());
        let Ok(request) = client.user_info(tokens.access_token().clone(), subject) else { return Ok(None) };
        let told: CoreUserInfoClaims =
            request.request_async(&self.transport).await.map_err(|error| ProviderError::Token(chain(&error)))?;
        let verified = told.email_verified() == Some(true);
        Ok(told.email().filter(|_| verified).map(|email| email.to_string()))
    }

    /// Where the provider ends its own session, if it announces that.
    fn leave(&self, metadata: &ProviderMetadataWithLogout, token: &CoreIdToken) -> Option<String> {
        let end = metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(end).set_id_token_hint(token).set_client_id(self.client.clone());
        Some(request.set_post_logout_redirect_uri(self.left.clone()).http_get_url().to_string())
    }
}

/// Issuer, audience, times, nonce and signature of a token, and that it belongs to the access token beside it.
fn check(
    client: &Client,
    token: &CoreIdToken,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let claims = token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let unsigned = ClaimsVerificationError::SignatureVerification;
        let (algorithm, key) =
            (token.signing_alg().map_err(unsigned)?, token.signing_key(&verifier).map_err(unsigned)?);
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
        let actual = actual.map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
        if actual != *expected {
            return Err(ClaimsVerificationError::Other("it belongs to another access token".to_owned()));
        }
    }
    Ok(claims.clone())
}

/// The provider may have changed its keys.
fn is_of_another_key(error: &ClaimsVerificationError) -> bool {
    use SignatureVerificationError::{CryptoError, NoMatchingKey};
    matches!(error, ClaimsVerificationError::SignatureVerification(NoMatchingKey | CryptoError(_)))
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
