//! The keys of one request, and what is sealed with them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::{Details, MemberEvent, Metadata};
use chancery_aggregates::vocabulary::{Actor, Field, MemberId, Personal};
use chancery_aggregates::{AccessState, Command, Event};

use super::VaultError;
use super::key::{Binding, DataKey, ORIGIN};

/// Keys for the members whose personal data a request writes. Empty for every other request.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    /// Nothing is sealed: the program has no vault, and the store never had one.
    off: bool,
    organisation: String,
    keys: HashMap<MemberId, Held>,
}

#[derive(Debug)]
struct Held {
    key: DataKey,
    fresh: bool,
    used: AtomicBool,
}

impl Sealing {
    pub(super) fn new(organisation: &str) -> Self {
        Self { off: false, organisation: organisation.to_owned(), keys: HashMap::new() }
    }

    /// Leaves personal data as it is.
    pub(crate) fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    pub(super) fn add(&mut self, member: &MemberId, key: DataKey, fresh: bool) {
        self.keys.insert(member.clone(), Held { key, fresh, used: AtomicBool::new(false) });
    }

    pub(super) fn has(&self, member: &MemberId) -> bool {
        self.keys.contains_key(member)
    }

    pub(super) fn organisation(&self) -> &str {
        &self.organisation
    }

    /// New keys that something was sealed with.
    pub(super) fn fresh(&self) -> impl Iterator<Item = (&MemberId, &DataKey)> {
        let wanted = self.keys.iter().filter(|(_, held)| held.fresh && held.used.load(Ordering::Relaxed));
        wanted.map(|(member, held)| (member, &held.key))
    }

    /// The event as it is hashed and stored.
    pub(crate) fn seal(&self, mut event: Event, sequence: u64) -> Result<Event, VaultError> {
        if let Event::Member(MemberEvent::MemberAdded { member, details, .. }) = &mut event {
            self.seal_details(member, details, sequence)?;
        } else if let Event::Member(MemberEvent::MemberDetailsChanged { member, before, after }) = &mut event {
            // Values of before sealing began are repeated sealed; and what has not changed is the same value twice.
            let unchanged = Field::ALL.map(|field| (field, before.field(field) == after.field(field)));
            self.seal_details(member, before, sequence)?;
            self.seal_details(member, after, sequence)?;
            for (field, _) in unchanged.into_iter().filter(|(_, unchanged)| *unchanged) {
                after.field_mut(field).clone_from(before.field_mut(field));
            }
        }
        Ok(event)
    }

    /// What is recorded besides an event, as it is hashed and stored: from where a member acted is sealed under that
    /// member's key, and left out where there is none. The product itself and the operator are no members, and have none.
    pub(crate) fn seal_origin(&self, metadata: &Metadata, position: u64) -> Result<Metadata, VaultError> {
        let mut metadata = metadata.clone();
        if self.off || !is_member(&metadata.actor) {
            return Ok(metadata);
        }
        let mut clear = metadata.clear_origin();
        let personal = clear.take_personal();
        if personal.is_empty() {
            return Ok(metadata);
        }
        (metadata.source, metadata.address, metadata.agent) = (clear.source, clear.address, clear.agent);
        if let Some(held) = self.keys.get(metadata.actor.as_str()) {
            let (organisation, member) = (self.organisation.as_str(), metadata.actor.as_str());
            let binding = Binding { organisation, member, field: ORIGIN, sequence: position };
            // INVARIANT: strings always have a JSON form.
            let json = serde_json::to_string(&personal).map_err(|_| VaultError::Cipher)?;
            metadata.origin = Some(held.key.seal(&json, &binding)?);
            held.used.store(true, Ordering::Relaxed);
        }
        Ok(metadata)
    }

    /// A text that stands for a value of a member in a digest of the whole request: it depends on the value, and only who
    /// has the member's key can tell which.
    pub(crate) fn stand_in(&self, member: &MemberId, field: Field, value: &str) -> Option<String> {
        let digest = self.keys.get(member)?.key.digest(field.as_str(), value);
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether personal data is left as it is.
    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    fn seal_details(&self, member: &MemberId, details: &mut Details, sequence: u64) -> Result<(), VaultError> {
        if self.off || !details.is_clear() {
            return Ok(());
        }
        let held = self.keys.get(member).ok_or_else(|| VaultError::Erased { member: member.to_string() })?;
        for (field, value) in details.fields_mut() {
            if let Some(Personal::Clear(text)) = value {
                let binding = Binding {
                    organisation: &self.organisation,
                    member: member.as_str(),
                    field: field.as_str(),
                    sequence,
                };
                *value = Some(Personal::Sealed(held.key.seal(text, &binding)?.into()));
                held.used.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

fn is_member(actor: &str) -> bool {
    matches!(Actor::parse(actor), Ok(Actor::Member(_)))
}

/// The members whose personal data commands bring in.
pub(crate) fn written_by(commands: &[Command]) -> HashSet<&MemberId> {
    let writes = |command: &'_ MemberCommand| match command {
        MemberCommand::AddMember { details, .. } | MemberCommand::ChangeDetails { details } => details.is_clear(),
        _ => false,
    };
    commands
        .iter()
        .filter_map(|command| match command {
            Command::Member(member, command) if writes(command) => Some(member),
            _ => None,
        })
        .collect()
}

/// The command with what the member has already in the form in which the state has it: so that a change to the same
/// values is none, and only what is new is sealed anew.
pub(crate) fn with_present_values(command: &Command, state: &AccessState) -> Command {
    let mut command = command.clone();
    if let Command::Member(id, MemberCommand::ChangeDetails { details }) = &mut command
        && let Some(member) = state.member_by_id(id.as_str())
    {
        for (field, value) in details.fields_mut() {
            let Some(Personal::Clear(text)) = value else { continue };
            let present = state.shown_of(member, field).and_then(chancery_aggregates::state::Shown::text);
            if present.is_some_and(|present| present == text.as_str())
                && let Some(kept) = member.details.field(field)
                && matches!(kept, Personal::Sealed(_))
            {
                *value = Some(kept.clone());
            }
        }
    }
    command
}
