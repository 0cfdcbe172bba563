//! What to do about an error, where its sentence does not say so already.

use chancery_aggregates::Refusal;

use super::CliError;
use crate::engine::EngineError;
use crate::projector::ProjectorError;
use crate::store::StoreError;

impl CliError {
    /// What to do, where the sentence does not say so already.
    pub fn hint(&self) -> Option<String> {
        if let Some(refusal) = self.refusal() {
            return refusal_hint(refusal);
        }
        let hint = match self {
            Self::Served(answer) => return answer.error.as_ref()?.get("hint")?.as_str().map(str::to_owned),
            Self::Client(error) => return error.hint().map(str::to_owned),
            Self::ActorRequired => "every change has an author; `CHANCERY_AS` sets one for the session",
            Self::OwnAccessHidden { .. } => "somebody who manages members can look it up",
            Self::NoOrganisation => {
                "found one: `chancery organisation found ID --profile NAME --name TEXT --owner MEMBER`"
            }
            Self::WhichOrganisation { .. } => "`CHANCERY_ORGANISATION` sets one for the session",
            Self::UnknownStore { given } if !given.contains(':') => {
                return Some(format!("a file needs its scheme: `sqlite:{given}`"));
            }
            Self::UnknownProfile { .. } => "`chancery profile list` lists those that come with the program",
            Self::Store(StoreError::Foreign { reason, .. }) if reason.contains("no such file") => {
                "name the store with `--store sqlite:FILE` or CHANCERY_STORE, or make one with \
                 `chancery organisation found …` or `chancery demo`"
            }
            Self::Store(StoreError::KeyReused { .. }) => "a key stands for one request: choose another one",
            Self::Store(StoreError::Busy { .. }) => "nothing was written; try again",
            Self::Engine(error) if matches!(**error, EngineError::BeyondHead { .. }) => {
                "`chancery status` shows the last position"
            }
            Self::Engine(error) if matches!(**error, EngineError::Behind { .. }) => "wait longer: `--wait 1m`",
            Self::Projector(error) => match **error {
                ProjectorError::Poison(_) => {
                    "a newer program may know the event: upgrade, and `chancery projections run` goes on from there; \
                     `--leave-out ORG --reason TEXT` ends the organisation's rows there and goes on with the others"
                }
                ProjectorError::OtherFormat => "make them anew with `chancery projections rebuild`",
                ProjectorError::NoTables => "make them with `chancery projections run`",
                ProjectorError::Misfit(_) => "make the tables anew with `chancery projections rebuild`",
                _ => return None,
            },
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn refusal_hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::MissingPermission { permission, .. } => {
            return Some(format!("`chancery who-can {permission}` lists who could do it"));
        }
        Refusal::Escalation { .. } | Refusal::RoleBeyondActor { .. } => {
            "nobody can give what they do not hold there: ask somebody who holds it"
        }
        Refusal::LevelCeiling { .. } | Refusal::Outranked { .. } => {
            "a smaller number outranks a greater one: ask somebody of that level or above"
        }
        Refusal::RoleInUse { .. } => "take the role from them first: `chancery member unassign MEMBER ROLE`",
        Refusal::OwnerRole { .. } => "`chancery owner transfer MEMBER` hands it over",
        Refusal::MisplacedScope { .. } | Refusal::KindRequired { .. } => {
            "`chancery profile show` lists the kinds of scope and where they stand"
        }
        Refusal::NotAssigned { .. } => "`chancery member show MEMBER` shows what is held, and where",
        Refusal::UnknownActor { .. } => "`--as` takes a member's id",
        _ => return None,
    };
    Some(hint.to_owned())
}
