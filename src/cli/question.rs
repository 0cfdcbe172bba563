//! The question that `check` and `explain` answer, as a reader may ask it.

use chancery_aggregates::access::{Ownership, Place, Question};
use chancery_aggregates::authority::Reader;

use super::CliError;
use super::access::seen_member;
use super::options::At;

/// The question.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who
    pub(super) member: String,
    /// What
    pub(super) permission: String,
    /// Where the resource is; without it, the organisation as a whole
    #[arg(long, value_name = "SCOPE")]
    pub(super) on: Option<String>,
    /// Whose own the resource is, for permissions that are limited to one's own
    #[arg(long, value_name = "MEMBER")]
    pub(super) owner: Option<String>,
    #[command(flatten)]
    pub(super) at: At,
}

impl Args {
    /// Looks up what the question names. What the reader does not see is not there.
    ///
    /// # Errors
    /// When something is not there, or the reader does not see the member's access.
    pub(super) fn resolve(&self, reader: &Reader<'_>) -> Result<Question, CliError> {
        let facts = reader.facts();
        let subject = seen_member(facts, reader, &self.member)?;
        let permission = facts.find_permission(&self.permission)?;
        let place = match &self.on {
            Some(scope) => Place::Scope(reader.scope(scope)?.0),
            None => Place::Organisation,
        };
        let ownership = match &self.owner {
            None => Ownership::Unnamed,
            Some(owner) if reader.member(owner)?.0 == subject => Ownership::Subject,
            Some(_) => Ownership::Other,
        };
        Ok(Question { subject, permission, place, ownership, at: facts.now })
    }
}
