//! Who has which e-mail address, found without opening all of them each time.
//!
//! Addresses are sealed, and stay so: what is kept is a keyed digest of each, under a key that is of this
//! process alone, and which value it was made of. A value that has changed since is looked at again, an erased one
//! leaves. The first sign-in of an organisation opens every address; later ones open those that are new.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::state::{MemberIx, Shown};
use chancery_aggregates::vocabulary::{Field, MemberId, Personal};
use parking_lot::Mutex;
use ring::hmac;
use zeroize::Zeroizing;

use super::takes_part;
use crate::vault::{DataKey, VaultError};

type Digest = [u8; 16];

/// What is known of one member's address.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Tells the value that it was made of.
    value: u64,
    digest: Digest,
}

/// The addresses of one organisation.
#[derive(Debug, Default)]
struct Addresses {
    position: u64,
    of: HashMap<MemberIx, Entry>,
    by: HashMap<Digest, Vec<MemberIx>>,
}

/// The addresses of all organisations.
#[derive(Debug)]
pub(super) struct Directory {
    key: hmac::Key,
    values: foldhash::quality::RandomState,
    organisations: Mutex<HashMap<String, Arc<Mutex<Addresses>>>>,
}

impl Directory {
    pub(super) fn new() -> Result<Self, VaultError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, DataKey::random()?.as_bytes());
        Ok(Self { key, values: foldhash::quality::RandomState::default(), organisations: Mutex::default() })
    }

    /// The one active person with this address; nobody where there are several.
    pub(super) async fn find(self: Arc<Self>, state: Arc<AccessState>, email: String) -> Option<MemberId> {
        // Opening many addresses takes a while, and the store may be asked for keys.
        tokio::task::spawn_blocking(move || self.find_now(&state, &Zeroizing::new(email))).await.ok().flatten()
    }

    fn find_now(&self, state: &AccessState, email: &str) -> Option<MemberId> {
        let name = state.organisation().to_string();
        let addresses = self.organisations.lock().entry(name).or_default().clone();
        let mut addresses = addresses.lock();
        // An older state than the one known: another request was faster.
        if addresses.position != state.position() {
            self.follow(&mut addresses, state);
        }
        let found = addresses.by.get(&self.digest(email)).map(Vec::as_slice).unwrap_or_default();
        let mut active = found.iter().filter_map(|ix| state.member(*ix)).filter(|member| takes_part(member));
        let only = active.next()?;
        active.next().is_none().then(|| only.id.clone())
    }

    fn follow(&self, addresses: &mut Addresses, state: &AccessState) {
        for (ix, member) in state.members() {
            let value = member.details.field(Field::Email).filter(|value| !matches!(value, Personal::Erased));
            let mark = value.map(|value| self.values.hash_one(written(value)));
            if addresses.of.get(&ix).map(|entry| entry.value) == mark {
                continue;
            }
            addresses.remove(ix);
            // What cannot be opened now is tried again.
            if let (Some(mark), Some(Shown::Text(email))) = (mark, state.shown_of(member, Field::Email)) {
                addresses.add(ix, Entry { value: mark, digest: self.digest(&Zeroizing::new(email)) });
            }
        }
        addresses.position = state.position();
    }

    /// Letters beyond ASCII are compared as they are: what looks alike is not the same.
    fn digest(&self, email: &str) -> Digest {
        let folded = Zeroizing::new(email.trim().to_ascii_lowercase());
        let tag = hmac::sign(&self.key, folded.as_bytes());
        let mut digest = Digest::default();
        digest.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

/// A value as it stands in the log.
fn written(value: &Personal) -> (bool, &str) {
    match value {
        Personal::Clear(text) => (false, text),
        Personal::Sealed(text) => (true, text),
        Personal::Erased => (true, ""),
    }
}

impl Addresses {
    fn remove(&mut self, ix: MemberIx) {
        let Some(old) = self.of.remove(&ix) else { return };
        if let Some(others) = self.by.get_mut(&old.digest) {
            others.retain(|other| *other != ix);
            if others.is_empty() {
                self.by.remove(&old.digest);
            }
        }
    }

    fn add(&mut self, ix: MemberIx, entry: Entry) {
        self.of.insert(ix, entry);
        self.by.entry(entry.digest).or_default().push(ix);
    }
}
