//! `key …`: the keys with which programs act as a member.

use std::str::FromStr;

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::key::KeyExpiry;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{KeyEntry, MemberEntry, MemberIx};
use chancery_aggregates::vocabulary::{Actor, KeyId, MemberId, Time};
use chancery_aggregates::{Command as AnyCommand, Facts, Refusal};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::output::{Table, Tone, stamp};
use super::time::{Edge, Written};
use super::{CliError, Done, Session, resolve, sentence};
use crate::console::{link_to, make_link};
use crate::engine::{Outcome, Request};
use crate::keys::{PREFIX, Token};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key, and show its secret this once
    Issue(Issue),
    /// List keys, never their secrets
    List(List),
    /// Make a key in the place of another, which goes on counting for a while
    Rotate(Rotate),
    /// Make a link that signs whoever acts in to the console, once, within a quarter of an hour
    Link {
        /// How the service is reached
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7171")]
        url: String,
    },
    /// End a key at once
    Revoke {
        /// The key's id, or the whole key
        key: String,
    },
}

/// For whom, and for how long.
#[derive(Debug, clap::Args)]
pub struct Issue {
    /// The member's id: your own, or a service account's
    #[arg(required_unless_present = "oneself", conflicts_with = "oneself")]
    member: Option<String>,
    /// For whoever acts
    #[arg(long = "self")]
    oneself: bool,
    /// What the key is for
    #[arg(long, value_name = "TEXT")]
    label: String,
    #[command(flatten)]
    end: End,
}

/// Which key, and for how long both count.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// The key's id, or the whole key
    key: String,
    /// How long the old key goes on counting: 90m, 2h, 3d, 1w; `0s` ends it at once
    #[arg(long, value_name = "LENGTH", default_value = "1d", value_parser = length)]
    grace: TimeDelta,
    #[command(flatten)]
    end: End,
}

/// When a new key ends; without any of these after 90 days, or after as long as the key that it
/// replaces was made for.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct End {
    /// Until when it counts; a date includes that day
    #[arg(long, value_name = "TIME", value_parser = Written::from_str)]
    expires: Option<Written>,
    /// How many days it counts
    #[arg(long)]
    days: Option<u32>,
    /// It counts until it is revoked: for service accounts only
    #[arg(long)]
    no_expiry: bool,
}

/// Whose keys.
#[derive(Debug, clap::Args)]
pub struct List {
    /// The member's id; without it, everybody's whose keys may be seen
    member: Option<String>,
    /// Those that have ended as well
    #[arg(long)]
    all: bool,
}

fn length(text: &str) -> Result<TimeDelta, &'static str> {
    match Written::from_str(text) {
        Ok(Written::Ago(length)) => Ok(length),
        _ => Err("write how long as 90m, 2h, 3d or 1w"),
    }
}

impl End {
    fn expiry(&self, now: Time) -> KeyExpiry {
        let after = |days: u32| now.checked_add_signed(TimeDelta::days(days.into())).unwrap_or(Time::MAX_UTC);
        match (self.expires, self.days, self.no_expiry) {
            (_, _, true) => KeyExpiry::Never,
            (Some(expires), ..) => KeyExpiry::At(expires.instant(Edge::After, now)),
            (None, Some(days), _) => KeyExpiry::At(after(days)),
            (None, None, false) => KeyExpiry::Usual,
        }
    }
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        if matches!(self, Self::List(_)) { Access::Read } else { Access::Write }
    }

    /// Whether it answers with a secret.
    pub(super) fn makes_secret(&self) -> bool {
        matches!(self, Self::Issue(_) | Self::Rotate(_))
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Issue(args) => issue(args, session).await,
            Self::List(args) => list(args, session).await,
            Self::Rotate(args) => rotate(args, session).await,
            Self::Link { url } => link(url, session).await,
            Self::Revoke { key } => {
                let facts = session.facts_for_change().await?;
                let (member, key) = find(key, &facts)?;
                session.execute(vec![AnyCommand::Member(member, MemberCommand::RevokeKey { key })]).await
            }
        }
    }
}

async fn issue(args: &Issue, session: &Session) -> Result<Done, CliError> {
    let member = match (session.actor()?, args.member.as_deref()) {
        (_, Some(member)) => resolve::member(member),
        (Actor::Member(oneself), None) => oneself.clone(),
        (_, None) => {
            return Err(CliError::Input {
                rule: "member_required",
                message: "only a member has a key of its own: name the member".to_owned(),
            });
        }
    };
    let facts = session.facts_for_change().await?;
    let token = generate(session).await?;
    let (key, hash, expires) = (token.key().clone(), token.hash(), args.end.expiry(facts.now));
    let label = args.label.as_str().into();
    carry_out(session, &facts, member, MemberCommand::IssueKey { key, label, hash, expires }, &token).await
}

async fn link(url: &str, session: &Session) -> Result<Done, CliError> {
    let Actor::Member(member) = session.actor()? else {
        let message = "only a member signs in to the console: name one with `--as`".to_owned();
        return Err(CliError::Input { rule: "member_required", message });
    };
    let token = make_link(session.engine()?, &session.organisation().await?, member).await?;
    let link = link_to(url.trim_end_matches('/'), &token);
    if session.output().is_json() {
        session.output().show(&json!({ "link": link }), |_| {})?;
    } else {
        session.output().raw(format!("{link}\n").as_bytes())?;
    }
    Ok(Done::Shown)
}

async fn rotate(args: &Rotate, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let (member, key) = find(&args.key, &facts)?;
    let token = generate(session).await?;
    let until = facts.now.checked_add_signed(args.grace);
    let (by, hash, expires) = (token.key().clone(), token.hash(), args.end.expiry(facts.now));
    carry_out(session, &facts, member, MemberCommand::RotateKey { key, by, hash, expires, until }, &token).await
}

async fn generate(session: &Session) -> Result<Token, CliError> {
    let organisation = session.organisation().await?;
    Token::generate(&organisation).map_err(|error| CliError::Io(std::io::Error::other(error.to_string())))
}

/// The key is shown only when it is in the log: a token that lets nobody in helps nobody.
async fn carry_out(
    session: &Session,
    facts: &Facts,
    member: MemberId,
    command: MemberCommand,
    token: &Token,
) -> Result<Done, CliError> {
    let request = Request {
        organisation: session.organisation().await?,
        commands: vec![AnyCommand::Member(member.clone(), command)],
        actor: session.actor()?.clone(),
        context: session.context(),
        idempotency_key: session.idempotency_key(),
    };
    let outcome = session.engine()?.execute(request).await?;
    if outcome.repeated {
        // Another token than the one that was shown then.
        sentence::tell(&outcome, &facts.state, session.output())?;
        return Ok(Done::Wrote(outcome));
    }
    show_secret(session, &member, token, &outcome)?;
    Ok(Done::Wrote(outcome))
}

/// Standard output has the secret and nothing else, for programs that keep it.
fn show_secret(session: &Session, member: &MemberId, token: &Token, outcome: &Outcome) -> Result<(), CliError> {
    let output = session.output();
    output.aside(&format!("This key of `{member}` is shown this once: keep it where secrets are kept."));
    if output.is_json() {
        let mut value = sentence::outcome_json(outcome);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("key".to_owned(), json!(token.key()));
            fields.insert("token".to_owned(), json!(token.reveal()));
        }
        return output.show(&value, |_| {});
    }
    output.raw(format!("{}\n", token.reveal()).as_bytes())
}

/// The key that a text means, and whose it is: an id, or a whole token such as one that was found
/// where it does not belong.
fn find(text: &str, facts: &Facts) -> Result<(MemberId, KeyId), CliError> {
    let id = text.strip_prefix(PREFIX).and_then(|rest| rest.split('_').nth(1)).unwrap_or(text);
    // Nothing of a token is repeated that is not its id.
    let shown: String = id.chars().take(if text == id { 64 } else { 12 }).collect();
    let unknown = || Refusal::Unknown { thing: Thing::Key, id: shown.as_str().into(), nearest: None };
    let key = facts.state.key(id).ok_or_else(unknown)?;
    let owner = facts.state.member(key.member).ok_or_else(unknown)?;
    facts.reader()?.member(owner.id.as_str()).map_err(|_| unknown())?;
    Ok((owner.id.clone(), key.id.clone()))
}

async fn list(args: &List, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let facts = &view.facts;
    let reader = facts.reader()?;
    let mut keys: Vec<(&MemberEntry, &KeyEntry)> = Vec::new();
    match &args.member {
        Some(member) => {
            let (ix, member) = reader.member(member)?;
            keys.extend(facts.visible_keys(ix)?.into_iter().map(|key| (member, key)));
        }
        None => {
            let state = &facts.state;
            let with_keys = state.members().filter(|(_, member)| !member.keys.is_empty());
            let seen = with_keys.filter(|(_, member): &(MemberIx, _)| reader.member(member.id.as_str()).is_ok());
            for (ix, member) in seen {
                keys.extend(facts.visible_keys(ix).unwrap_or_default().into_iter().map(|key| (member, key)));
            }
        }
    }
    keys.retain(|(_, key)| args.all || facts.state.admits(key, facts.now));
    let rows: Vec<Value> = keys.iter().map(|(member, key)| row_json(facts, member, key)).collect();
    session.output().show(&rows, |page| {
        let mut table = Table::new(["key", "member", "label", "issued", "until", "status"]);
        for (member, key) in &keys {
            let status = status(facts, key);
            table.toned_row([
                (Tone::Strong, key.id.to_string()),
                (Tone::Plain, member.id.to_string()),
                (Tone::Plain, key.label.to_string()),
                (Tone::Quiet, stamp(key.issued.time)),
                (Tone::Plain, key.expires.map_or_else(|| "it is revoked".to_owned(), stamp)),
                (if status == "active" { Tone::Plain } else { Tone::Warning }, status.to_owned()),
            ]);
        }
        page.table(table, "no keys to show");
    })?;
    Ok(Done::Shown)
}

fn status(facts: &Facts, key: &KeyEntry) -> &'static str {
    if key.revoked.is_some() {
        "revoked"
    } else if !key.lasts(facts.now) {
        "expired"
    } else if facts.state.admits(key, facts.now) {
        "active"
    } else {
        "member shut out"
    }
}

fn row_json(facts: &Facts, member: &MemberEntry, key: &KeyEntry) -> Value {
    json!({
        "key": key.id,
        "member": member.id,
        "label": key.label,
        "begins": Token::hint(facts.state.organisation(), &key.id),
        "issued": key.issued.time,
        "issued_at_position": key.issued.position,
        "expires": key.expires,
        "revoked": key.revoked.map(|revoked| revoked.time),
        "replaces": key.replaces,
        "status": status(facts, key),
    })
}
