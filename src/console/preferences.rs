//! What a reader likes: light or dark, which columns. Kept in cookies, so nothing about it is in the log. Columns are a
//! person's own choice, also where several share a browser: the cookie's name has a digest of who it is for.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use chancery_aggregates::vocabulary::{MemberId, OrganisationId};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use super::form::Posted;
use super::session::{cookie, wish_cookie};
use super::visit::Visit;
use crate::api::service::Shared;

const THEME: &str = "chancery_theme";
const COLUMNS: &str = "chancery_columns_";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/-/preferences", post(keep))
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match cookie(headers, THEME) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// As the page's root has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a reader likes.
#[derive(Debug, Clone, Default)]
pub(super) struct Preferences {
    pub(super) theme: Theme,
    /// Whose columns.
    whose: String,
    columns: Vec<(String, Vec<String>)>,
}

/// A column of a list, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    /// Shown to who has not chosen.
    pub(super) usual: bool,
}

impl Preferences {
    pub(super) fn of(headers: &HeaderMap, organisation: &OrganisationId, member: &MemberId) -> Self {
        let whose = digest(organisation, member);
        let lists = ["roles", "members"].into_iter().filter_map(|list| {
            let chosen = cookie(headers, &columns_of(list, &whose))?;
            Some((list.to_owned(), chosen.split('.').map(str::to_owned).collect()))
        });
        let columns = lists.collect();
        Self { theme: Theme::of(headers), whose, columns }
    }

    /// Which of a list's columns to show.
    pub(super) fn shows(&self, list: &str, column: &Column) -> bool {
        match self.columns.iter().find(|(of, _)| of == list) {
            Some((_, chosen)) => chosen.iter().any(|key| key == column.key),
            None => column.usual,
        }
    }
}

/// The name of a cookie with the columns of a list.
fn columns_of(list: &str, whose: &str) -> String {
    format!("{COLUMNS}{list}_{whose}")
}

/// Who somebody is, as a cookie's name can have it.
fn digest(organisation: &OrganisationId, member: &MemberId) -> String {
    let digest = Sha256::digest(format!("{organisation}/{member}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The choice of columns.
pub(super) fn picker(visit: &Visit, list: &str, columns: &[Column]) -> Markup {
    html! {
        details.menu {
            summary.button { "Columns" }
            form.panel method="post" action="/console/-/preferences" {
                input type="hidden" name="columns" value=(list);
                input type="hidden" name="whose" value=(visit.preferences.whose);
                input type="hidden" name="back" value=(visit.here());
                fieldset {
                    legend { "Columns of this list" }
                    @for column in columns {
                        label.check {
                            input type="checkbox" name="show" value=(column.key) checked[visit.preferences.shows(list, column)];
                            (column.label)
                        }
                    }
                }
                button { "Show these" }
            }
        }
    }
}

/// Harmless, so it needs no token: another site's form is turned away by where it comes from.
async fn keep(State(service): State<Shared>, Posted(fields): Posted) -> Response {
    let secure = service.is_reached_by_tls();
    let mut response = Redirect::to(local(fields.text("back"))).into_response();
    let mut keep = |name: &str, value: &str| {
        response.headers_mut().append(header::SET_COOKIE, wish_cookie(name, value, secure));
    };
    if let Some(theme @ ("light" | "dark" | "system")) = fields.get("theme") {
        keep(THEME, theme);
    }
    if let Some(list @ ("roles" | "members")) = fields.get("columns") {
        let plain = |key: &&str| key.bytes().all(|byte| byte.is_ascii_lowercase());
        let whose: String = fields.text("whose").chars().filter(char::is_ascii_hexdigit).take(16).collect();
        keep(&columns_of(list, &whose), &fields.all("show").filter(plain).collect::<Vec<_>>().join("."));
    }
    response
}

/// A path of the console; anything else is its beginning.
pub(super) fn local(path: &str) -> &str {
    let ours = path == "/console" || path.starts_with("/console/");
    if ours && !path.contains(['\\', '\r', '\n']) { path } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(local("/console/acme/roles?sort=name"), "/console/acme/roles?sort=name");
        for elsewhere in ["//evil.example", "https://evil.example", "/console\\@evil", "/consolex", "", "/\\evil"] {
            assert_eq!(local(elsewhere), "/console", "{elsewhere}");
        }
    }
}
