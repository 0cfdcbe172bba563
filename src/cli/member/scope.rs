//! `member scope`: where a member's roles work.

use chancery_aggregates::command::{MemberCommand, ScopeChoice};
use chancery_aggregates::vocabulary::ScopeId;

use crate::cli::resolve;

/// Which member, and where.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("choice").args(["all", "nowhere", "selected", "by_group"]).required(true))]
pub struct Args {
    /// The member's id
    member: String,
    #[command(flatten)]
    scope: Where,
}

/// Where a member's roles work.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// Roles work in the whole organisation
    #[arg(long, conflicts_with_all = ["nowhere", "selected", "by_group"])]
    all: bool,
    /// Roles without a scope of their own work nowhere
    #[arg(long = "none", conflicts_with_all = ["selected", "by_group"])]
    nowhere: bool,
    /// Roles work in these scopes, and what is below them or shared with them
    #[arg(long, value_name = "SCOPE", num_args = 1.., value_delimiter = ',', conflicts_with = "by_group")]
    selected: Vec<String>,
    /// Roles work in everything grouped under these scopes, also what is added later
    #[arg(long, value_name = "SCOPE", num_args = 1.., value_delimiter = ',')]
    by_group: Vec<String>,
}

impl Where {
    /// What was chosen, if anything was.
    pub(super) fn choice(&self) -> Option<ScopeChoice> {
        let ids = |texts: &[String]| -> Vec<ScopeId> { texts.iter().map(|text| resolve::scope(text)).collect() };
        match self {
            Self { all: true, .. } => Some(ScopeChoice::All),
            Self { nowhere: true, .. } => Some(ScopeChoice::None),
            Self { selected, .. } if !selected.is_empty() => Some(ScopeChoice::Selected(ids(selected))),
            Self { by_group, .. } if !by_group.is_empty() => Some(ScopeChoice::ByGroup(ids(by_group))),
            _ => None,
        }
    }
}

impl Args {
    pub(super) fn parts(&self) -> (String, MemberCommand) {
        // INVARIANT: the grammar requires a choice.
        let scope = self.scope.choice().unwrap_or(ScopeChoice::None);
        (self.member.clone(), MemberCommand::ChangeScope { scope })
    }
}
