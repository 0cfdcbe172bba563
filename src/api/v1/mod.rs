//! An organisation's resources, under `/v1`.
//!
//! A resource is one file: its bodies, its operations, its `routes()`. A reading operation takes [`View`], which is the
//! organisation as the caller may see it (401, 404, `X-Chancery-At-Least` and `?at=` are dealt with), and answers
//! [`Seen`]. A changing one takes [`Change`] (`Idempotency-Key`, `If-Match`, `?dry_run=true`, the reason), names
//! commands, and shows what there is afterwards. What a rule refuses is a problem by itself: `?` is enough. Lists are
//! cut into pages by [`page::cut`].

mod audit;
mod batch;
pub mod change;
mod evidence;
mod findings;
mod keys;
mod log;
mod members;
mod names;
mod organisations;
mod owner;
pub mod page;
mod privacy;
mod questions;
mod reports;
mod reviews;
mod roles;
mod rules;
mod scopes;
mod shapes;
mod status;
pub mod view;

pub use change::{Change, Shown};
use utoipa_axum::router::OpenApiRouter;
pub use view::{Seen, View};

use super::service::Shared;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .merge(organisations::routes())
        .merge(roles::routes())
        .merge(members::routes())
        .merge(scopes::routes())
        .merge(owner::routes())
        .merge(keys::routes())
        .merge(rules::routes())
        .merge(questions::routes())
        .merge(log::routes())
        .merge(audit::routes())
        .merge(findings::routes())
        .merge(reports::routes())
        .merge(reviews::routes())
        .merge(evidence::routes())
        .merge(status::routes())
        .merge(privacy::routes())
        .merge(batch::routes())
}
