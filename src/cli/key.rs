//! `key …`: the keys with which programs act as a member.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::key::KeyExpiry;
use chancery_aggregates::vocabulary::{Actor, KeyId, MemberId, Time};
use chancery_aggregates::{Command as AnyCommand, Facts};
use chrono::TimeDelta;
use serde_json::json;

use super::output::{Table, Tone, stamp};
use super::time::{Edge, Written};
use super::{CliError, Done, Session, resolve, sentence};
use crate::api::keys::OperatorKeys;
use crate::console::{link_to, make_link};
use crate::engine::{Outcome, Request};
use crate::keys::{PREFIX, Token};
use crate::store::sqlite::Access;
use crate::views::key::{self as view, Key, KeyStatus, Uses};

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
    /// Make a key of the operator, and show it this once
    Operator {
        /// The file that keeps the digests of operator keys; made where it is not there
        #[arg(long, value_name = "FILE", env = "CHANCERY_OPERATOR_KEYS")]
        operator_keys: PathBuf,
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
    pub(super) fn needs(&self) -> Option<Access> {
        match self {
            Self::List(_) => Some(Access::Read),
            Self::Issue(_) | Self::Rotate(_) | Self::Link { .. } | Self::Revoke { .. } => Some(Access::Write),
            Self::Operator { .. } => None,
        }
    }

    /// Whether it answers with a secret.
    pub(super) fn makes_secret(&self) -> bool {
        matches!(self, Self::Issue(_) | Self::Rotate(_) | Self::Link { .. })
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Issue(args) => issue(args, session).await,
            Self::List(args) => list(args, session).await,
            Self::Rotate(args) => rotate(args, session).await,
            Self::Link { url } => link(url, session).await,
            Self::Operator { operator_keys } => operator(operator_keys, session),
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
        sentence::tell(&outcome, &facts.state, &super::session::Aside::default(), session.output())?;
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
    let reader = facts.reader()?;
    let (_, owner, key) = view::find(&reader, id, &shown)?;
    Ok((owner.id.clone(), key.id.clone()))
}

async fn list(args: &List, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let facts = &view.facts;
    let reader = facts.reader()?;
    let mut keys = view::seen(&reader, args.member.as_deref())?;
    keys.retain(|(_, key)| args.all || facts.state.admits(key, facts.now));
    let uses = Uses::read(session.engine()?.store().as_ref(), facts).await?;
    let rows: Vec<Key> = keys.iter().map(|(member, key)| Key::of(facts, member, key, &uses)).collect();
    session.output().show(&rows, |page| {
        let mut table = Table::new(["key", "member", "label", "issued", "until", "last used", "status"]);
        for row in &rows {
            table.toned_row([
                (Tone::Strong, row.key.clone()),
                (Tone::Plain, row.member.clone()),
                (Tone::Plain, row.label.clone()),
                (Tone::Quiet, stamp(row.issued)),
                (Tone::Plain, row.expires.map_or_else(|| "it is revoked".to_owned(), stamp)),
                (Tone::Quiet, row.last_used.map_or_else(|| "never".to_owned(), stamp)),
                (
                    if row.status == KeyStatus::Active { Tone::Plain } else { Tone::Warning },
                    row.status.word().to_owned(),
                ),
            ]);
        }
        page.table(table, "no keys to show");
    })?;
    Ok(Done::Shown)
}

/// The service that keeps this file takes the new key over when it starts, or is told to read its files again.
fn operator(file: &Path, session: &Session) -> Result<Done, CliError> {
    let token = OperatorKeys::add(file)
        .map_err(|error| CliError::Input { rule: "bad_operator_keys", message: error.to_string() })?;
    anstream::eprintln!("This key of the operator is shown this once: keep it where secrets are kept.");
    let output = session.output();
    if output.is_json() {
        output.show(&json!({ "key": token.key(), "token": token.reveal() }), |_| {})?;
    } else {
        output.raw(format!("{}\n", token.reveal()).as_bytes())?;
    }
    Ok(Done::Shown)
}
