//! The evidence of a review: on the page, and as files.

use axum::response::{IntoResponse, Response};
use maud::html;

use super::{InReview, below, title};
use crate::api::body::InPath;
use crate::api::download::download;
use crate::api::problem::Problem;
use crate::console::export::files;
use crate::console::form::Deed;
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::reports::Format;
use crate::review::{Evidence, attempt, evidence_content};
use crate::views::review::find;

pub(super) async fn show(visit: Visit, InPath(path): InPath<InReview>) -> Result<Response, Oops> {
    visit.facts.may_review()?;
    let entry = find(&visit.facts, &path.review)?;
    let evidence = Evidence::of(&visit.service.engine, &visit.facts, entry).await?;
    let page = below(entry.id.as_str());
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/reviews")) { "Reviews" } " / " a href=(visit.link(&page)) { (title(entry)) } }
        @if visit.is_present() { (files(&visit, &format!("{page}/evidence/file"))) }
        (evidence_content(&evidence))
    };
    Ok(visit.page(Section::Reviews, "Evidence", &content))
}

/// The evidence as a file: an export, which is recorded before it is handed out.
pub(super) async fn file(InPath(path): InPath<InReview>, deed: Deed) -> Result<Response, Oops> {
    let facts = &deed.visit.head;
    let format = Format::named(deed.fields.text("format")).ok_or_else(Oops::nothing)?;
    if facts.may_export().is_err() {
        deed.export(attempt(&path.review, format.as_str())).await?;
        return Err(Oops::nothing());
    }
    facts.may_review()?;
    let evidence = Evidence::of(&deed.visit.service.engine, facts, find(facts, &path.review)?).await?;
    let bytes = evidence.bytes(format).map_err(Problem::from)?;
    deed.export(evidence.export(format.as_str())).await?;
    Ok((download(&evidence.file_name(format), format.media_type()), bytes).into_response())
}
