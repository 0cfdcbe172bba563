//! What happens when somebody asks for a key of a member, or wants one ended.

use chrono::TimeDelta;
use compact_str::CompactString;

use super::Member;
use super::decide::check_window;
use crate::authority::{Acting, Facts};
use crate::command::MemberCommand;
use crate::event::MemberEvent;
use crate::key::{KeyExpiry, MOST_KEYS, ROTATION_GRACE, USUAL_DAYS, longest_days};
use crate::profile::Need;
use crate::refusal::{Refusal, Thing};
use crate::role::check_name;
use crate::state::{KeyEntry, MemberIx};
use crate::vocabulary::{IdError, KeyId, MemberId, Time, Window};

impl Member {
    /// Who may ask for it. That the actor knows of the member is asked before.
    pub(super) fn authorise_key(
        target: MemberIx,
        command: &MemberCommand,
        actor: MemberIx,
        unseen: impl Fn() -> Refusal,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        let revokes = matches!(command, MemberCommand::RevokeKey { .. });
        if actor == target {
            return match facts.profile()?.need(Need::KeyOwn) {
                Some(_) if !revokes => facts.authorise(actor, Need::KeyOwn, &[], unseen),
                _ => Ok(()),
            };
        }
        let places = facts.state.member(target).map(|entry| facts.places_of(entry)).unwrap_or_default();
        facts.authorise(actor, command.need(), &places, unseen)?;
        facts.check_rank(actor, target)?;
        if revokes { Ok(()) } else { facts.check_key_for(actor, target) }
    }

    /// What happens; nothing when all is so already.
    pub(super) fn change_keys(
        &self,
        member: MemberId,
        command: &MemberCommand,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<MemberEvent>, Refusal> {
        match command {
            MemberCommand::IssueKey { key, label, hash, expires } => {
                if acting == Acting::Operator {
                    facts.check_key_by_operator(&member, command.name())?;
                }
                let (key, label) = (self.new_key(&member, key, facts)?, check_name(label)?);
                let expires = self.end_of_key(*expires, Some(TimeDelta::days(USUAL_DAYS.into())), facts)?;
                Ok(vec![MemberEvent::KeyIssued { member, key, label, hash: *hash, expires, replaces: None }])
            }
            MemberCommand::RotateKey { key, by, hash, expires, until } => {
                let old = find_key(&member, key, facts)?;
                if !old.lasts(facts.now) {
                    return Err(Refusal::KeyEnded { key: key.as_str().into() });
                }
                let (by, label) = (self.new_key(&member, by, facts)?, old.label.clone());
                let usual = old.expires.map(|expires| expires - old.issued.time);
                let expires = self.end_of_key(*expires, usual, facts)?;
                let (hash, replaces) = (*hash, Some(key.clone()));
                let ended = end_early(&member, old, *until, facts.now);
                let issued = MemberEvent::KeyIssued { member, key: by, label, hash, expires, replaces };
                Ok(std::iter::once(issued).chain(ended).collect())
            }
            MemberCommand::RevokeKey { key } => {
                let key = find_key(&member, key, facts)?;
                Ok(key.revoked.is_none().then(|| revoked(&member, key)).into_iter().collect())
            }
            // INVARIANT: the caller sends commands about keys only.
            _ => Ok(Vec::new()),
        }
    }

    fn new_key(&self, member: &MemberId, id: &KeyId, facts: &Facts) -> Result<KeyId, Refusal> {
        let bad = |because| Refusal::bad_id(Thing::Key, id.as_str(), because);
        KeyId::parse(id.as_str()).map_err(bad)?;
        if !id.as_str().chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err(bad(IdError::NotAlphanumeric));
        }
        if facts.state.key(id.as_str()).is_some() {
            return Err(Refusal::IdTaken { thing: Thing::Key, id: id.as_str().into() });
        }
        let keys = facts.state.member_ix(member.as_str()).into_iter().flat_map(|ix| facts.state.keys_of(ix));
        if keys.filter(|key| key.lasts(facts.now)).count() >= MOST_KEYS {
            return Err(Refusal::TooManyKeys { member: member.as_str().into(), most: MOST_KEYS as u32 });
        }
        Ok(id.clone())
    }

    /// The end of a new key that is asked for; without a usual one, none.
    fn end_of_key(&self, asked: KeyExpiry, usual: Option<TimeDelta>, facts: &Facts) -> Result<Option<Time>, Refusal> {
        let longest = longest_days(facts.profile()?.policy(), self.kind);
        let after = |most: u32| facts.now.checked_add_signed(TimeDelta::days(most.into())).unwrap_or(Time::MAX_UTC);
        let last = longest.map(after);
        let until = match asked {
            KeyExpiry::Usual => {
                let usual = usual.map(|usual| facts.now.checked_add_signed(usual).unwrap_or(Time::MAX_UTC));
                return Ok([usual, last].into_iter().flatten().min());
            }
            KeyExpiry::At(until) => {
                check_window(&Window { from: None, until: Some(until) }, facts)?;
                Some(until)
            }
            KeyExpiry::Never => None,
        };
        match (longest, last) {
            (Some(most_days), Some(last)) if until.is_none_or(|until| until > last) => {
                let member = self.id.as_ref().map(|id| CompactString::from(id.as_str())).unwrap_or_default();
                Err(Refusal::KeyLifetime { member, most_days })
            }
            _ => Ok(until),
        }
    }
}

fn find_key<'a>(member: &MemberId, key: &KeyId, facts: &'a Facts) -> Result<&'a KeyEntry, Refusal> {
    facts.key_of(member, key.as_str()).ok_or_else(|| Refusal::Unknown {
        thing: Thing::Key,
        id: key.as_str().into(),
        nearest: None,
    })
}

fn revoked(member: &MemberId, key: &KeyEntry) -> MemberEvent {
    let (key, label, expires) = (key.id.clone(), key.label.clone(), key.expires);
    MemberEvent::KeyRevoked { member: member.clone(), key, label, expires }
}

/// A key that is replaced ends soon, if it does not end sooner anyway.
fn end_early(member: &MemberId, old: &KeyEntry, until: Option<Time>, now: Time) -> Option<MemberEvent> {
    let after = until.unwrap_or_else(|| now.checked_add_signed(ROTATION_GRACE).unwrap_or(Time::MAX_UTC));
    if after <= now {
        return Some(revoked(member, old));
    }
    old.expires.is_none_or(|expires| after < expires).then(|| MemberEvent::KeyExpiryChanged {
        member: member.clone(),
        key: old.id.clone(),
        label: old.label.clone(),
        before: old.expires,
        after,
    })
}
