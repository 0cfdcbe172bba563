//! Who is signed in: kept in memory, named by a cookie that nothing but the browser reads.
//!
//! A session has a seat for each organisation that somebody signed in to. A seat that was taken with a key
//! lasts no longer than the key; one taken with a [link](super::link) lasts as long as the session.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use chancery_aggregates::vocabulary::{MemberId, OrganisationId};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::api::problem::{Answer, Problem};

/// A session that nobody uses for so long ends.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// No session lasts longer.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// So many at a time; the one that was used longest ago goes first.
const MOST: usize = 20_000;
/// Organisations that one session is signed in to.
const MOST_SEATS: usize = 50;

/// A place in an organisation.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) organisation: OrganisationId,
    pub(super) member: MemberId,
    /// The key, which is asked again with every page; none where a link was used up.
    pub(super) key: Option<Zeroizing<String>>,
    /// Where whoever vouched for the member ends their own session; it names them, and is for their browser alone.
    pub(super) leave: Option<Zeroizing<String>>,
}

/// What a page says first: what was just done.
#[derive(Debug, Clone)]
pub(super) struct Notice(pub(super) String);

/// A session as a page sees it.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    id: SessionId,
    pub(super) seats: Vec<Seat>,
    /// What every form of this session has in it.
    pub(super) form_token: String,
}

impl Guest {
    /// The seat in an organisation.
    pub(super) fn seat(&self, organisation: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.organisation.as_str() == organisation)
    }
}

/// The digest of what the cookie says: whoever reads the memory cannot sign in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct SessionId([u8; 32]);

impl SessionId {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }
}

#[derive(Debug)]
struct Session {
    seats: Vec<Seat>,
    form_token: String,
    begun: Instant,
    used: Instant,
    notice: Option<Notice>,
}

impl Session {
    fn lasts(&self, now: Instant) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.begun) < LONGEST
    }
}

/// All sessions of this process.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<SessionId, Session>>);

impl Sessions {
    /// Takes seats. The session gets a new name, so that one that somebody else knew is worth nothing.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub(super) fn sit(&self, old: Option<&Guest>, new: Vec<Seat>) -> Answer<Zeroizing<String>> {
        let now = Instant::now();
        let (secret, form_token) = (random_text()?, random_text()?);
        let mut sessions = self.0.lock();
        let mut seats = old.and_then(|old| sessions.remove(&old.id)).map(|old| old.seats).unwrap_or_default();
        seats.retain(|other| new.iter().all(|seat| seat.organisation != other.organisation));
        seats.splice(0..0, new);
        seats.truncate(MOST_SEATS);
        if sessions.len() >= MOST {
            make_room(&mut sessions, now);
        }
        let form_token = form_token.to_string();
        sessions.insert(SessionId::of(&secret), Session { seats, form_token, begun: now, used: now, notice: None });
        Ok(secret)
    }

    /// The session that a request's cookie names.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<Guest> {
        self.find_at(cookie(headers, COOKIE)?, Instant::now())
    }

    fn find_at(&self, secret: &str, now: Instant) -> Option<Guest> {
        let id = SessionId::of(secret);
        let mut sessions = self.0.lock();
        let session = sessions.get_mut(&id)?;
        if !session.lasts(now) {
            sessions.remove(&id);
            return None;
        }
        session.used = now;
        Some(Guest { id, seats: session.seats.clone(), form_token: session.form_token.clone() })
    }

    /// Gives up the seat in an organisation, and the session with the last of them.
    pub(super) fn leave(&self, guest: &Guest, organisation: &OrganisationId) {
        let mut sessions = self.0.lock();
        let Some(session) = sessions.get_mut(&guest.id) else { return };
        session.seats.retain(|seat| seat.organisation != *organisation);
        if session.seats.is_empty() {
            sessions.remove(&guest.id);
        }
    }

    /// Ends a session.
    pub(super) fn end(&self, guest: &Guest) {
        self.0.lock().remove(&guest.id);
    }

    /// Has the next page say something.
    pub(super) fn tell(&self, guest: &Guest, text: impl Into<String>) {
        if let Some(session) = self.0.lock().get_mut(&guest.id) {
            session.notice = Some(Notice(text.into()));
        }
    }

    /// What is to be said, once.
    pub(super) fn told(&self, guest: &Guest) -> Option<Notice> {
        self.0.lock().get_mut(&guest.id)?.notice.take()
    }
}

fn make_room(sessions: &mut HashMap<SessionId, Session>, now: Instant) {
    sessions.retain(|_, session| session.lasts(now));
    if sessions.len() >= MOST {
        let oldest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| *id);
        oldest.and_then(|id| sessions.remove(&id));
    }
}

/// The cookie with the session's name.
const COOKIE: &str = "chancery_session";

/// A cookie of a request.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

/// Sets the session's cookie; an empty one ends it. Scripts do not see it, and other sites' forms do not send it.
pub(super) fn session_cookie(secret: &str, secure: bool) -> HeaderValue {
    let age = if secret.is_empty() { "; Max-Age=0" } else { "" };
    header_of(format!("{COOKIE}={secret}; Path=/console; HttpOnly; SameSite=Lax{}{age}", when_secure(secure)))
}

/// Sets a cookie with what a sign-in remembers while somebody is elsewhere; an empty one ends it.
pub(super) fn attempt_cookie(name: &str, value: &str, secure: bool) -> HeaderValue {
    let age = if value.is_empty() { 0 } else { 600 };
    let attributes = format!("Path=/console/-/oidc; HttpOnly; SameSite=Lax; Max-Age={age}");
    header_of(format!("{name}={value}; {attributes}{}", when_secure(secure)))
}

/// Sets a cookie with a wish of its reader's, for a year.
pub(super) fn wish_cookie(name: &str, value: &str, secure: bool) -> HeaderValue {
    let attributes = "Path=/console; Max-Age=31536000; HttpOnly; SameSite=Lax";
    header_of(format!("{name}={value}; {attributes}{}", when_secure(secure)))
}

fn when_secure(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}

fn header_of(text: String) -> HeaderValue {
    // INVARIANT: cookies are made of letters, digits and what separates them.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// 256 bits that nobody guesses, as hexadecimal digits.
fn random_text() -> Answer<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    if getrandom::fill(bytes.as_mut_slice()).is_err() {
        return Err(Problem::unavailable("no_randomness", "the system has no randomness to give"));
    }
    Ok(Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(organisation: &str) -> Seat {
        Seat {
            organisation: OrganisationId::known(organisation),
            member: MemberId::known("mei"),
            key: None,
            leave: None,
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_half_a_day() {
        let sessions = Sessions::default();
        let secret = sessions.sit(None, vec![seat("acme")]).unwrap();
        let start = Instant::now();
        assert!(sessions.find_at(&secret, start + IDLE / 2).is_some());
        assert!(sessions.find_at(&secret, start + IDLE).is_some(), "it was used in between");
        assert!(sessions.find_at(&secret, start + IDLE * 3).is_none());
        let secret = sessions.sit(None, vec![seat("acme")]).unwrap();
        let mut now = Instant::now();
        let last = now + LONGEST;
        while now < last {
            assert!(sessions.find_at(&secret, now).is_some());
            now += IDLE / 2;
        }
        assert!(sessions.find_at(&secret, now).is_none());
    }

    #[test]
    fn signing_in_again_renames_the_session_and_keeps_its_seats() {
        let sessions = Sessions::default();
        let first = sessions.sit(None, vec![seat("acme")]).unwrap();
        let guest = sessions.find_at(&first, Instant::now()).unwrap();
        let second = sessions.sit(Some(&guest), vec![seat("other")]).unwrap();
        assert!(sessions.find_at(&first, Instant::now()).is_none());
        let guest = sessions.find_at(&second, Instant::now()).unwrap();
        assert!(guest.seat("acme").is_some() && guest.seat("other").is_some() && guest.seat("third").is_none());
        sessions.leave(&guest, &OrganisationId::known("acme"));
        sessions.leave(&guest, &OrganisationId::known("other"));
        assert!(sessions.find_at(&second, Instant::now()).is_none());
    }

    #[test]
    fn a_notice_is_told_once() {
        let sessions = Sessions::default();
        let secret = sessions.sit(None, vec![seat("acme")]).unwrap();
        let guest = sessions.find_at(&secret, Instant::now()).unwrap();
        sessions.tell(&guest, "done");
        assert_eq!(sessions.told(&guest).map(|notice| notice.0).as_deref(), Some("done"));
        assert!(sessions.told(&guest).is_none());
    }
}
