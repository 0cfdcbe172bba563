//! Recording refused commands without letting anybody flood the log.
//!
//! The same refusal of the same actor is recorded at its 1st, 2nd, 4th, 8th … time within an hour,
//! with the count. Whoever tries many different targets is recorded target by target at first, and
//! then by command and rule only.

use crate::command::Command;
use crate::event::CommandRefused;
use crate::refusal::Refusal;
use crate::state::{AccessState, REFUSAL_WINDOW, refusal_key};
use crate::vocabulary::{Actor, Time};

/// Different refusals of one actor within the hour that are recorded with their targets.
const TARGETS_NAMED: usize = 64;
/// Stands for any target.
const ANY_TARGET: &str = "*";

/// Stands for any actor that is not a member.
const UNKNOWN_ACTOR: &str = "@unknown";

/// A refusal that happened, with the key under which its repetitions are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Equal for repetitions.
    pub key: String,
    /// What would be recorded.
    pub refused: CommandRefused,
    /// Whether it is to be recorded.
    pub recorded: bool,
}

/// What to record of a refusal. `unrecorded` is how many repetitions under the same key were passed
/// over since the last one that was recorded.
pub fn attempt(
    state: &AccessState,
    actor: &Actor,
    command: &Command,
    refusal: &Refusal,
    now: Time,
    unrecorded: impl Fn(&str) -> u32,
) -> Attempt {
    // Made-up names must not each have a count of their own; the message still has the name.
    let actor = match refusal {
        Refusal::UnknownActor { .. } => UNKNOWN_ACTOR.into(),
        _ => compact_str::format_compact!("{actor}"),
    };
    let mut target = command.target();
    let mut key = refusal_key(&actor, command.name(), &target, refusal.rule());
    if state.refused_before(&key).is_none() && state.refusals_of(&actor, now - REFUSAL_WINDOW) >= TARGETS_NAMED {
        target = ANY_TARGET.into();
        key = refusal_key(&actor, command.name(), &target, refusal.rule());
    }
    let before = match state.refused_before(&key) {
        Some((first, occurrence)) if now < first + REFUSAL_WINDOW => occurrence,
        _ => 0,
    };
    let passed_over = if before == 0 { 0 } else { unrecorded(&key) };
    let occurrence = before.saturating_add(passed_over).saturating_add(1);
    let refused = CommandRefused {
        actor,
        command: command.name().into(),
        target,
        rule: refusal.rule().into(),
        message: refusal.to_string(),
        occurrence,
    };
    Attempt { key: key.into(), refused, recorded: occurrence.is_power_of_two() }
}
