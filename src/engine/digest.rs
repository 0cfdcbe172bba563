//! What tells one request from another under the same idempotency key: who asks for what.

use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::Details;
use chancery_aggregates::key::KeyHash;
use chancery_aggregates::vocabulary::{KeyId, MemberId, Personal};
use sha2::{Digest as _, Sha256};

use super::Request;
use crate::vault::Sealing;

/// Bytes of the digest that are kept.
const LENGTH: usize = 16;

/// The digest of a request. Personal data counts by what only its member's key can tell of it, so that nobody who has
/// the digests tests guesses against them, and nobody at all after an erasure.
pub(super) fn of(request: &Request, sealing: &Sealing) -> String {
    let commands: Vec<Command> = request.commands.iter().map(|command| plain(command, sealing)).collect();
    // INVARIANT: commands are plain data, which always has a JSON form.
    let commands = serde_json::to_vec(&commands).unwrap_or_default();
    let actor = request.actor.to_string();
    let hash = Sha256::new()
        .chain_update(b"chancery request 1")
        .chain_update((actor.len() as u64).to_be_bytes())
        .chain_update(actor)
        .chain_update(commands)
        .finalize();
    hash.iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

/// A command as it is asked for: the id and the secret of a new key are drawn anew at every attempt.
fn plain(command: &Command, sealing: &Sealing) -> Command {
    let none = || (KeyId::default(), KeyHash::new([0; 32]));
    let Command::Member(member, asked) = command else { return command.clone() };
    let mut asked = asked.clone();
    match &mut asked {
        MemberCommand::IssueKey { key, hash, .. } => (*key, *hash) = none(),
        MemberCommand::RotateKey { by, hash, .. } => (*by, *hash) = none(),
        MemberCommand::AddMember { details, .. } | MemberCommand::ChangeDetails { details } => {
            stand_ins(member, details, sealing);
        }
        _ => {}
    }
    Command::Member(member.clone(), asked)
}

fn stand_ins(member: &MemberId, details: &mut Details, sealing: &Sealing) {
    if sealing.is_off() {
        return;
    }
    for (field, value) in details.fields_mut() {
        if let Some(Personal::Clear(text)) = value {
            // Without a key nothing is written either, and the request is refused.
            let stand_in = sealing.stand_in(member, field, text).unwrap_or_default();
            *value = Some(Personal::Sealed(stand_in.into()));
        }
    }
}
