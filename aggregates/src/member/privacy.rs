//! A member's personal data as a whole: handed out, held, erased. It outlives the membership.

use super::Member;
use crate::authority::Facts;
use crate::command::MemberCommand;
use crate::event::MemberEvent;
use crate::refusal::{Refusal, Thing};
use crate::vocabulary::MemberId;

impl Member {
    pub(super) fn change_privacy(
        &self,
        id: &MemberId,
        command: &MemberCommand,
        facts: &Facts,
    ) -> Result<Vec<MemberEvent>, Refusal> {
        if self.id.is_none() {
            return Err(facts.unseen(Thing::Member, id.as_str()));
        }
        let (member, name) = (id.clone(), || id.as_str().into());
        let event = match command {
            MemberCommand::ErasePersonalData if self.held => return Err(Refusal::LegalHold { member: name() }),
            MemberCommand::ErasePersonalData | MemberCommand::ReapplyErasure => {
                (!self.erased).then_some(MemberEvent::PersonalDataErased { member })
            }
            MemberCommand::PlaceLegalHold if self.erased => {
                return Err(Refusal::PersonalDataErased { member: name() });
            }
            MemberCommand::PlaceLegalHold => (!self.held).then_some(MemberEvent::LegalHoldPlaced { member }),
            MemberCommand::LiftLegalHold => self.held.then_some(MemberEvent::LegalHoldLifted { member }),
            MemberCommand::ExportPersonalData => Some(MemberEvent::PersonalDataExported { member }),
            // INVARIANT: `decide` sends nothing else here.
            _ => None,
        };
        Ok(event.into_iter().collect())
    }
}
