//! Who calls: a key stands for a member of one organisation, or for the operator.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use chancery_aggregates::vocabulary::{Actor, KeyId, MemberId, OrganisationId};
use zeroize::Zeroizing;

use super::problem::{Answer, Problem};
use super::rate::Bucket;
use super::service::{Service, Shared};

/// Whose authority a key has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// That of a member of an organisation.
    Member {
        /// Which organisation.
        organisation: OrganisationId,
        /// Which member.
        member: MemberId,
    },
    /// The keeper of the store.
    Operator,
}

/// A key that was recognised.
#[derive(Debug)]
pub struct Identity {
    /// Names the key in logs; not secret.
    pub key: String,
    /// Whose authority it has.
    pub bearer: Bearer,
    /// The key's id, where it is one of the organisation's log.
    pub id: Option<KeyId>,
    /// What is left of its rate.
    pub bucket: Bucket,
    /// When its use was last noted, in microseconds since 1970.
    noted: AtomicI64,
}

/// How often the use of a key is noted.
const NOTED_EVERY: i64 = 60_000_000;

impl Identity {
    /// A key with its whole rate before it.
    pub fn new(key: impl Into<String>, bearer: Bearer) -> Self {
        Self { key: key.into(), bearer, id: None, bucket: Bucket::default(), noted: AtomicI64::new(i64::MIN) }
    }

    /// Says which key of the log it is.
    #[must_use]
    pub fn with_id(self, id: KeyId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Whether its use is to be noted now, which is once a minute; whoever is told so does it.
    pub(super) fn is_to_be_noted(&self, now: i64) -> bool {
        let noted = self.noted.load(Ordering::Relaxed);
        now.saturating_sub(noted) >= NOTED_EVERY
            && self.noted.compare_exchange(noted, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The keys that there are. The same key has the same [`Identity`] each time, as its rate is counted there.
#[async_trait]
pub trait Keys: Send + Sync + std::fmt::Debug {
    /// Recognises a token without waiting, where that is possible: this is on the way of every check.
    fn known(&self, token: &str) -> Option<Arc<Identity>>;

    /// Recognises a token: none when it is no key, or one that is revoked or has expired.
    ///
    /// # Errors
    /// When the keys cannot be looked up.
    async fn find(&self, token: &str) -> Answer<Option<Arc<Identity>>>;
}

/// Keys that were named beforehand and never change: for tests, and for services that keep keys elsewhere.
#[derive(Debug, Default)]
pub struct FixedKeys(HashMap<String, Arc<Identity>>);

impl FromIterator<(String, Identity)> for FixedKeys {
    fn from_iter<I: IntoIterator<Item = (String, Identity)>>(keys: I) -> Self {
        Self(keys.into_iter().map(|(token, identity)| (token, Arc::new(identity))).collect())
    }
}

#[async_trait]
impl Keys for FixedKeys {
    fn known(&self, token: &str) -> Option<Arc<Identity>> {
        self.0.get(token).cloned()
    }

    async fn find(&self, token: &str) -> Answer<Option<Arc<Identity>>> {
        Ok(self.known(token))
    }
}

/// The address at the other end of a connection, which the server adds to each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The caller of a request, and the address they call from where it is known: an extractor. What takes it answers 401
/// without a key.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Identity>, pub Option<IpAddr>);

impl Caller {
    /// Who acts in an organisation. The operator founds organisations and looks into none: who keeps
    /// the store can read it, and a key that is lost must not open every tenant.
    ///
    /// # Errors
    /// When the organisation is not there for the caller.
    pub fn actor_in(&self, organisation: &str) -> Answer<Actor> {
        match &self.0.bearer {
            Bearer::Operator => Err(not_for_operator()),
            Bearer::Member { organisation: own, member } if own.as_str() == organisation => {
                Ok(Actor::Member(member.clone()))
            }
            Bearer::Member { .. } => Err(Problem::no_organisation(organisation)),
        }
    }

    /// The member, and the organisation that it is of.
    ///
    /// # Errors
    /// When it is the operator who calls.
    pub fn member(&self) -> Answer<(&OrganisationId, &MemberId)> {
        match &self.0.bearer {
            Bearer::Member { organisation, member } => Ok((organisation, member)),
            Bearer::Operator => Err(not_for_operator()),
        }
    }

    /// Lets the operator pass. For everybody else what is asked for is not there.
    ///
    /// # Errors
    /// When a member calls.
    pub fn operator(&self) -> Answer<()> {
        match self.0.bearer {
            Bearer::Operator => Ok(()),
            Bearer::Member { .. } => Err(Problem::not_found("there is nothing here")),
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        Self::of(&parts.headers, parts.extensions.get().copied(), service).await
    }
}

impl Caller {
    /// Whoever sent a request with these headers.
    ///
    /// # Errors
    /// When it has no key that counts, or the key makes requests too fast.
    pub(super) async fn of(headers: &HeaderMap, peer: Option<Peer>, service: &Service) -> Answer<Self> {
        let identity = identify(service, token(headers)?).await?;
        if let Err(seconds) = identity.bucket.take(service.settings.rate, service.settings.burst) {
            service.meters.limited.inc();
            let detail = "this key makes requests faster than it may";
            let problem = Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
            return Err(problem.retry_after(seconds));
        }
        Ok(Self(identity, client_address(headers, peer, service)))
    }
}

/// From which address a request comes: that of the connection, or the one that a proxy says it has the request from.
pub(crate) fn client_address(headers: &HeaderMap, peer: Option<Peer>, service: &Service) -> Option<IpAddr> {
    let named = service.settings.client_address_header.as_deref();
    let last = || headers.get_all(named?).iter().next_back()?.to_str().ok()?.rsplit(',').next();
    let told = last().and_then(|text| {
        let text = text.trim();
        text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
    });
    told.map(|told: IpAddr| told.to_canonical()).or(peer.map(|peer| peer.0))
}

/// Recognises a token.
///
/// # Errors
/// When it is no key, or one that has ended.
pub(crate) async fn identify(service: &Service, token: &str) -> Answer<Arc<Identity>> {
    match service.keys.known(token) {
        Some(identity) => Ok(identity),
        None => service.keys.find(token).await?.ok_or_else(|| Problem::unauthenticated("the key is not valid")),
    }
}

/// A caller who stays, and whose key may end meanwhile: an extractor.
pub(super) struct Staying {
    token: Zeroizing<String>,
    /// The caller as the request began.
    pub(super) caller: Caller,
}

impl Staying {
    /// The caller, if the key still counts.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn again(&self, service: &Service) -> Answer<Caller> {
        identify(service, &self.token).await.map(|identity| Caller(identity, self.caller.1))
    }
}

impl FromRequestParts<Shared> for Staying {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, service).await?;
        Ok(Self { token: Zeroizing::new(token(&parts.headers)?.to_owned()), caller })
    }
}

fn not_for_operator() -> Problem {
    let detail = "the operator's key belongs to no organisation: use the key of a member";
    Problem::new(axum::http::StatusCode::FORBIDDEN, "not_for_operator", detail)
}

fn token(headers: &HeaderMap) -> Answer<&str> {
    let missing = || Problem::unauthenticated("send a key as `Authorization: Bearer KEY`");
    let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = header.to_str().map_err(|_| missing())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing()) }
}
