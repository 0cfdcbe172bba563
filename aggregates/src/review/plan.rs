//! Carrying out what was revoked: which commands take it away, and what they cannot.

use super::{Reviewed, remedy, stands_since};
use crate::authority::Facts;
use crate::command::{Command, MemberCommand};
use crate::event::{Event, Stamp, Verdict};
use crate::member::Member;
use crate::refusal::Refusal;
use crate::vocabulary::MemberId;

/// What carries out revoked lines, for somebody who acts.
#[derive(Debug, Default)]
pub struct Plan {
    /// The commands, in the order of the lines.
    pub commands: Vec<Command>,
    /// The lines that they carry out.
    pub lines: Vec<u32>,
    /// The lines that they do not.
    pub left: Vec<Left>,
}

/// A line that is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its number.
    pub line: u32,
    /// Why not.
    pub because: Because,
}

/// Why a line is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Because {
    /// Nobody has to.
    #[error("it is gone already")]
    Gone,
    /// What was decided about is not what is there.
    #[error("it was changed after the decision: decide about it as it is now")]
    Changed,
    /// No command takes it away by itself.
    #[error("an ownership is handed over, not taken away: `owner transfer`")]
    Ownership,
    /// Whoever acts may not, or it would break a rule.
    #[error("{0}")]
    Refused(Refusal),
}

impl Plan {
    /// What of these lines the actor can take away: each judged by the rules as they would be after the ones before.
    pub fn of<'a>(facts: &Facts, lines: impl IntoIterator<Item = &'a Reviewed>) -> Self {
        let mut plan = Self::default();
        let mut facts = facts.clone();
        for reviewed in lines {
            let Some(decided) = &reviewed.decided else { continue };
            if decided.decision.verdict != Verdict::Revoke {
                continue;
            }
            match carry_out(&mut facts, reviewed, decided.decision.standing) {
                Ok(command) => {
                    plan.commands.push(command);
                    plan.lines.push(reviewed.line.line);
                }
                Err(because) => plan.left.push(Left { line: reviewed.line.line, because }),
            }
        }
        plan
    }
}

fn carry_out(facts: &mut Facts, reviewed: &Reviewed, decided_on: Option<u64>) -> Result<Command, Because> {
    let line = &reviewed.line;
    let standing = stands_since(&facts.state, line, facts.now).ok_or(Because::Gone)?;
    if decided_on != Some(standing) {
        return Err(Because::Changed);
    }
    let command = remedy(line).ok_or(Because::Ownership)?;
    if let Command::Member(member, wanted) = &command {
        for event in decide(facts, member, wanted).map_err(Because::Refused)? {
            let position = facts.state.position() + 1;
            facts.state.apply(&event, Stamp { position, time: facts.now });
        }
    }
    Ok(command)
}

fn decide(facts: &Facts, id: &MemberId, command: &MemberCommand) -> Result<Vec<Event>, Refusal> {
    let entry = facts.state.member_by_id(id.as_str());
    let member = entry.map(|entry| Member::of(&facts.state, entry)).unwrap_or_default();
    Ok(member.decide(id, command, facts)?.into_iter().map(Event::from).collect())
}
