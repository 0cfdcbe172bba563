//! `import casbin|pairs`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use chancery_aggregates::event::Details;
use chancery_aggregates::founding::Founder;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::vocabulary::{AccountTypeKey, Actor, MemberId, OrganisationId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::output::Page;
use super::{CliError, Done, Session, resolve};
use crate::import::{self, Founding, ImportError, Options, Phase, Progress, Source, Summary, Target};
use crate::store::sqlite::Access;

/// What is imported.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// Which system the files come from.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The policy of a Casbin RBAC model: `p, role, [domain,] object, action` and `g, user, role[, domain]`
    #[command(after_help = CASBIN)]
    Casbin {
        /// The policy
        #[arg(value_name = "POLICY.csv")]
        policy: PathBuf,
        /// A role that nobody in the policy holds; everybody else who holds something is a member
        #[arg(long = "role", value_name = "NAME")]
        roles: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Two CSV files: member,role and role,permission
    Pairs {
        /// Member and role; a first line `member,role` is passed over
        #[arg(long, value_name = "MEMBER_ROLE.csv")]
        members: PathBuf,
        /// Role and permission; a first line `role,permission` is passed over
        #[arg(long, value_name = "ROLE_PERMISSION.csv")]
        roles: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

const CASBIN: &str = "\
The permission to do an action on an object gets the key `object.action`; in it `/` becomes `:`, a space `+`,
and `*` becomes `~`. A role that differs between domains becomes a role for each domain, and what is granted
to a user directly becomes a role of that member's own.";

/// Where the import goes, and how it meets what is there.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Found this organisation with the import, from the profile `blank`
    #[arg(long, value_name = "ID", requires_all = ["name", "owner"], conflicts_with = "organisation")]
    found: Option<String>,
    /// What people call the new organisation
    #[arg(long, value_name = "TEXT", requires = "found")]
    name: Option<String>,
    /// Id of the new organisation's first member, who governs it
    #[arg(long, value_name = "MEMBER", requires = "found")]
    owner: Option<String>,
    /// Add unknown permissions to the catalogue of a product's profile
    #[arg(long)]
    extend_catalogue: bool,
    /// Give out roles that are there already even if they permit more than the files say
    #[arg(long)]
    join_roles: bool,
    /// Put this before the name of every role
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    role_prefix: String,
    /// Give this role all permissions of the files, so that its holders can give out the imported roles
    #[arg(long, value_name = "ROLE")]
    governed_by: Option<String>,
    /// Level of new roles, where the profile has levels
    #[arg(long, value_name = "NUMBER")]
    level: Option<u16>,
    /// Account type of new members; the profile's first without it
    #[arg(long, value_name = "TYPE")]
    account_type: Option<String>,
}

impl Args {
    fn common(&self) -> &Common {
        match &self.command {
            Command::Casbin { common, .. } | Command::Pairs { common, .. } => common,
        }
    }

    /// Only a founding makes a store: a misspelt name must not.
    pub(super) fn needs(&self) -> Access {
        if self.common().found.is_some() { Access::Create } else { Access::Write }
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let (source, common, roles) = match &args.command {
        Command::Casbin { policy, roles, common } => (Source::Casbin(policy.clone()), common, roles.clone()),
        Command::Pairs { members, roles, common } => {
            (Source::Pairs { members: members.clone(), roles: roles.clone() }, common, Vec::new())
        }
    };
    if session.options().actor.as_ref().is_some_and(|actor| *actor != Actor::Operator) {
        let message = "an import is made by the operator of the store: leave `--as` out".to_owned();
        return Err(CliError::Input { rule: "operator_only", message });
    }
    let target = target(common, session).await?;
    let account_type = common.account_type.as_deref();
    let options = Options {
        extend_catalogue: common.extend_catalogue,
        join_roles: common.join_roles,
        roles,
        role_prefix: common.role_prefix.clone(),
        governed_by: common.governed_by.clone(),
        level: common.level,
        account_type: account_type
            .map(|key| resolve::new_id(Thing::AccountType, key, AccountTypeKey::parse))
            .transpose()?,
    };
    let bar: Arc<dyn Progress> = Arc::new(Bar::new());
    let imported = import::run(session.engine()?, &source, &target, &options, session.context(), &bar).await;
    drop(bar);
    let summary = imported?;
    let ungoverned = summary.added.roles > 0 && common.governed_by.is_none();
    session.output().show(&summary_json(&summary), |page| {
        tell(&summary, page);
        if ungoverned {
            page.gap();
            page.line("Nobody gives out what they do not hold. To let the holders of a role of yours give out the");
            page.line("imported roles as well, import once more with `--governed-by ROLE`.");
        }
    })?;
    Ok(Done::Shown)
}

async fn target(common: &Common, session: &Session) -> Result<Target, CliError> {
    let (Some(found), Some(name), Some(owner)) = (&common.found, &common.name, &common.owner) else {
        return Ok(Target { organisation: session.organisation().await?, founding: None });
    };
    let organisation = resolve::new_id(Thing::Organisation, found, OrganisationId::parse)?;
    let id = resolve::new_id(Thing::Member, owner, MemberId::parse)?;
    let founder = Founder { id, details: Details::default() };
    let founding = Founding { name: name.clone(), profile: super::profile::read("blank")?, founder };
    Ok(Target { organisation, founding: Some(founding) })
}

fn summary_json(summary: &Summary) -> serde_json::Value {
    let added = &summary.added;
    json!({
        "organisation": summary.organisation,
        "founded": summary.founded,
        "added": {
            "permissions": added.permissions,
            "scopes": added.scopes,
            "roles": added.roles,
            "role_permissions": added.role_permissions,
            "parents": added.parents,
            "members": added.members,
            "assignments": added.assignments,
        },
        "events": summary.events,
        "position": summary.position,
    })
}

fn tell(summary: &Summary, page: &mut Page) {
    if summary.events == 0 {
        return page.line(format!(
            "nothing to do: organisation `{}` has everything already, at position {}",
            summary.organisation, summary.position
        ));
    }
    let founded = if summary.founded { "founded and imported into" } else { "imported into" };
    page.line(format!("{founded} organisation `{}`", summary.organisation));
    page.gap();
    let added = &summary.added;
    let count = |count: usize| (count > 0).then(|| count.to_string());
    page.fields(&[
        ("permissions in the catalogue", count(added.permissions)),
        ("scopes", count(added.scopes)),
        ("roles", count(added.roles)),
        ("permissions of roles", count(added.role_permissions)),
        ("parents of roles", count(added.parents)),
        ("members", count(added.members)),
        ("assignments", count(added.assignments)),
        ("events", count(summary.events)),
        ("position", Some(summary.position.to_string())),
    ]);
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        let rule = match error {
            ImportError::Engine(error) => return error.into(),
            ImportError::File { file, source } => return Self::File { path: file, source },
            ImportError::BadLines { .. } => "bad_lines",
            ImportError::TooLarge { .. } => "import_too_large",
            ImportError::OtherOrganisation { .. } => "other_organisation",
            ImportError::Governing { .. } => "governing_role",
        };
        Self::Input { rule, message: error.to_string() }
    }
}

/// A bar on standard error, when that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(ProgressBar::with_draw_target(None, target))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, phase: Phase, total: u64) {
        let (template, doing) = match phase {
            Phase::Reading => ("{msg:9} [{bar:40}] {bytes}/{total_bytes}", "reading"),
            Phase::Deciding => ("{msg:9} [{bar:40}] {human_pos}/{human_len} commands", "deciding"),
            // One transaction: there is nothing to count before it is durable.
            Phase::Writing => ("{msg:9} {spinner} {human_len} events, {elapsed}", "writing"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
        self.0.set_message(doing);
        self.0.set_length(total);
        self.0.set_position(0);
        self.0.enable_steady_tick(std::time::Duration::from_millis(100));
    }

    fn advance(&self, done: u64) {
        self.0.set_position(done);
    }
}
