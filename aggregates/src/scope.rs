//! The scope aggregate: a node of the resource tree.

use compact_str::CompactString;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::access::{Place, in_use};
use crate::authority::{Acting, Facts};
use crate::command::ScopeCommand;
use crate::event::ScopeEvent;
use crate::refusal::{Refusal, Thing};
use crate::role::check_name;
use crate::state::{AccessState, ScopeEntry, ScopeIx};
use crate::vocabulary::{ScopeId, ScopeRef};

/// A scope, folded from its own stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Id and name; absent before it is created.
    pub scope: Option<ScopeRef>,
    /// Its kind.
    pub kind: CompactString,
    /// Id of what it stands below.
    pub parent: Option<ScopeId>,
    /// Ids of the nodes it is opened to.
    pub shared_with: Vec<ScopeId>,
    /// Out of use.
    pub archived: bool,
}

impl Scope {
    /// The scope as the access state has it.
    pub fn of(state: &AccessState, entry: &ScopeEntry) -> Self {
        Self {
            scope: Some(ScopeRef { id: entry.id.clone(), name: entry.name.clone() }),
            kind: entry.kind.clone(),
            parent: entry.parent.map(|parent| state.cite_scope(parent).id),
            shared_with: entry.shared_with.iter().map(|(with, _)| state.cite_scope(*with).id).collect(),
            archived: entry.archived.is_some(),
        }
    }

    /// What happens when an actor asks this of the scope.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, id: &ScopeId, command: &ScopeCommand, facts: &Facts) -> Result<Vec<ScopeEvent>, Refusal> {
        let acting = facts.acting()?;
        self.authorise(id, command, acting, facts)?;
        let events = match command {
            ScopeCommand::CreateScope { name, kind, parent } => {
                vec![self.create(id, name, kind.as_ref(), parent.as_ref(), facts)?]
            }
            _ => self.change(self.existing(id, facts)?.clone(), command, facts)?.into_iter().collect(),
        };
        facts.confirm(acting, events)
    }

    fn existing(&self, id: &ScopeId, facts: &Facts) -> Result<&ScopeRef, Refusal> {
        self.scope.as_ref().ok_or_else(|| facts.unseen(Thing::Scope, id.as_str()))
    }

    fn authorise(&self, id: &ScopeId, command: &ScopeCommand, acting: Acting, facts: &Facts) -> Result<(), Refusal> {
        let Acting::Member(actor) = acting else {
            return if acting == Acting::Operator && matches!(command, ScopeCommand::CreateScope { .. }) {
                Ok(())
            } else {
                Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() })
            };
        };
        let own = || facts.find_scope(id.as_str()).map(|scope| (facts.seat(scope), id.clone()));
        let other = |other: &ScopeId| facts.find_scope(other.as_str()).map(|scope| (facts.seat(scope), other.clone()));
        let top = || Ok((Place::Organisation, id.clone()));
        let places: Vec<(Place, ScopeId)> = match command {
            ScopeCommand::CreateScope { parent, .. } => vec![parent.as_ref().map_or_else(top, other)?],
            ScopeCommand::MoveScope { parent } => vec![own()?, parent.as_ref().map_or_else(top, other)?],
            ScopeCommand::ShareScope { with } => vec![own()?, other(with)?],
            ScopeCommand::RenameScope { .. }
            | ScopeCommand::UnshareScope { .. }
            | ScopeCommand::ArchiveScope
            | ScopeCommand::RestoreScope => vec![own()?],
        };
        for (place, named) in places {
            facts.authorise(actor, command.need(), &[place], || facts.unseen(Thing::Scope, named.as_str()))?;
        }
        Ok(())
    }

    fn create(
        &self,
        id: &ScopeId,
        name: &str,
        kind: Option<&CompactString>,
        parent: Option<&ScopeId>,
        facts: &Facts,
    ) -> Result<ScopeEvent, Refusal> {
        if self.scope.is_some() {
            return Err(Refusal::IdTaken { thing: Thing::Scope, id: id.as_str().into() });
        }
        ScopeId::parse(id.as_str()).map_err(|because| Refusal::bad_id(Thing::Scope, id.as_str(), because))?;
        let kinds = &facts.profile()?.document().scope_kinds;
        let kind = match (kind, kinds.as_slice()) {
            (Some(kind), _) => kind.clone(),
            (None, [only]) => only.key.clone(),
            (None, _) => {
                return Err(Refusal::KindRequired { kinds: kinds.iter().map(|kind| kind.key.clone()).collect() });
            }
        };
        if !kinds.iter().any(|known| known.key == kind) {
            let known = kinds.iter().map(|known| known.key.as_str());
            return Err(Refusal::unknown(Thing::ScopeKind, &kind, known));
        }
        let parent = parent.map(|parent| facts.find_scope(parent.as_str())).transpose()?;
        check_place(&kind, parent, facts)?;
        let scope = ScopeRef { id: id.clone(), name: check_name(name)? };
        Ok(ScopeEvent::ScopeCreated { scope, kind, parent: parent.map(|parent| facts.state.cite_scope(parent)) })
    }

    fn change(&self, scope: ScopeRef, command: &ScopeCommand, facts: &Facts) -> Result<Option<ScopeEvent>, Refusal> {
        Ok(match command {
            // INVARIANT: `decide` sends this one elsewhere.
            ScopeCommand::CreateScope { .. } => None,
            ScopeCommand::RenameScope { name } => {
                let after = check_name(name)?;
                (after != scope.name).then(|| ScopeEvent::ScopeRenamed { scope: scope.id, before: scope.name, after })
            }
            ScopeCommand::MoveScope { parent } => self.relocate(scope, parent.as_ref(), facts)?,
            ScopeCommand::ShareScope { with } => self.share(scope, with, facts)?,
            ScopeCommand::UnshareScope { with } => {
                let other = facts.find_scope(with.as_str())?;
                let with_ref = facts.state.cite_scope(other);
                self.shared_with.contains(with).then_some(ScopeEvent::ScopeUnshared { scope, with: with_ref })
            }
            ScopeCommand::ArchiveScope => (!self.archived).then_some(ScopeEvent::ScopeArchived { scope }),
            ScopeCommand::RestoreScope => self.archived.then_some(ScopeEvent::ScopeRestored { scope }),
        })
    }

    fn relocate(
        &self,
        scope: ScopeRef,
        parent: Option<&ScopeId>,
        facts: &Facts,
    ) -> Result<Option<ScopeEvent>, Refusal> {
        if self.parent.as_ref() == parent {
            return Ok(None);
        }
        let own = facts.find_scope(scope.id.as_str())?;
        let parent = parent.map(|parent| facts.find_scope(parent.as_str())).transpose()?;
        if let Some(above) = parent.filter(|above| facts.state.ancestry(*above).any(|node| node == own)) {
            return Err(Refusal::ScopeCycle { scope: scope.name, parent: facts.state.cite_scope(above).name });
        }
        check_place(&self.kind, parent, facts)?;
        let before = self.parent.as_ref().and_then(|id| facts.state.scope_ix(id.as_str()));
        let cite = |ix: ScopeIx| facts.state.cite_scope(ix);
        Ok(Some(ScopeEvent::ScopeMoved { scope, before: before.map(cite), after: parent.map(cite) }))
    }

    fn share(&self, scope: ScopeRef, with: &ScopeId, facts: &Facts) -> Result<Option<ScopeEvent>, Refusal> {
        if self.shared_with.contains(with) {
            return Ok(None);
        }
        let own = facts.find_scope(scope.id.as_str())?;
        let other = facts.find_scope(with.as_str())?;
        check_in_use(other, facts)?;
        let related = |one, other| facts.state.ancestry(one).any(|node| node == other);
        let with = facts.state.cite_scope(other);
        if related(own, other) || related(other, own) {
            return Err(Refusal::SharedWithItself { scope: scope.name, with: with.name });
        }
        Ok(Some(ScopeEvent::ScopeShared { scope, with }))
    }
}

fn check_in_use(scope: ScopeIx, facts: &Facts) -> Result<(), Refusal> {
    if in_use(&facts.state, scope) {
        return Ok(());
    }
    Err(Refusal::ArchivedScope { scope: facts.state.cite_scope(scope).name })
}

fn check_place(kind: &CompactString, parent: Option<ScopeIx>, facts: &Facts) -> Result<(), Refusal> {
    if let Some(parent) = parent {
        check_in_use(parent, facts)?;
    }
    let Some(rule) = facts.profile()?.scope_kind(kind) else { return Ok(()) };
    let parent = parent.and_then(|parent| facts.state.scope(parent));
    let place = match parent {
        Some(parent) if rule.below.contains(&parent.kind) => return Ok(()),
        None if rule.top || rule.below.is_empty() => return Ok(()),
        Some(parent) => compact_str::format_compact!("below one of the kind `{}`", parent.kind),
        None => CompactString::const_new("at the top"),
    };
    Err(Refusal::MisplacedScope { kind: kind.clone(), place })
}

impl Aggregate for Scope {
    const TYPE: &'static str = "scope";
    type Command = (ScopeId, ScopeCommand);
    type Event = ScopeEvent;
    type Error = Refusal;
    type Services = Facts;

    async fn handle(
        &mut self,
        (id, command): Self::Command,
        facts: &Facts,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(&id, &command, facts)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ScopeEvent) {
        match event {
            ScopeEvent::ScopeCreated { scope, kind, parent } => {
                *self = Self { scope: Some(scope), kind, parent: parent.map(|parent| parent.id), ..Self::default() };
            }
            ScopeEvent::ScopeRenamed { scope, after, .. } => self.scope = Some(ScopeRef { id: scope, name: after }),
            ScopeEvent::ScopeMoved { after, .. } => self.parent = after.map(|parent| parent.id),
            ScopeEvent::ScopeShared { with, .. } => self.shared_with.push(with.id),
            ScopeEvent::ScopeUnshared { with, .. } => self.shared_with.retain(|shared| *shared != with.id),
            ScopeEvent::ScopeArchived { .. } => self.archived = true,
            ScopeEvent::ScopeRestored { .. } => self.archived = false,
        }
    }
}
