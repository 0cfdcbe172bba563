//! What is around every page: the head, the navigation, the rewind, and the headers that keep it safe.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::assets::{ICON, SCRIPT, STYLE};
use super::fragments::{name_of, time};
use super::oops::{Failed, describe};
use super::preferences::Theme;
use super::visit::Visit;
use crate::api::service::Shared;
use crate::views::sight::Sight;

/// Nothing from elsewhere, and no script or style that is not ours.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The parts of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Roles,
    Members,
    Scopes,
    Reviews,
    Activity,
    Audit,
    Compare,
    Ask,
    Reports,
}

/// The head and the body of a page without navigation.
pub(super) fn bare(title: &str, theme: Theme, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Chancery" }
                link rel="icon" href=(ICON.path());
                link rel="stylesheet" href=(STYLE.path());
                script src=(SCRIPT.path()) defer {}
            }
            (body)
        }
    }
}

/// A page of somebody who is not signed in, or of something that went wrong.
pub(super) fn lone(title: &str, theme: Theme, content: &Markup) -> Markup {
    let body = html! {
        body.lone {
            main id="main" {
                a.brand href="/console" { img src=(ICON.path()) alt="" width="28" height="28"; "Chancery" }
                (content)
            }
        }
    };
    bare(title, theme, &body)
}

impl Visit {
    /// A page of the organisation.
    pub(super) fn page(&self, section: Section, title: &str, content: &Markup) -> Response {
        let body = html! {
            body {
                a.skip href="#main" { "Skip to the content" }
                (self.top())
                div.frame {
                    (self.navigation(section))
                    main id="main" {
                        @if let Some(notice) = self.service.console.told(&self.guest) {
                            p.notice.done role="status" { (super::fragments::spans(&notice.0)) }
                        }
                        (content)
                    }
                }
            }
        };
        Html(bare(&format!("{title} · {}", self.head.state.name()), self.preferences.theme, &body).into_string())
            .into_response()
    }

    fn top(&self) -> Markup {
        html! {
            header.top {
                a.brand href=(self.link("")) { img src=(ICON.path()) alt="" width="28" height="28"; span { "Chancery" } }
                a.place href="/console" title="Organisations" { (self.head.state.name()) }
                (self.rewind())
                (self.person())
            }
            @if let Some(past) = &self.past {
                section.past aria-label="The past" {
                    div.then { p {
                        strong { "You are looking at the past: " }
                        (time(past.at)) " UTC, position " (self.facts.state.position())
                        ". Nothing can be changed here."
                    }
                    a.button href=(self.without("at")) { "Back to the present" } }
                    (self.slider())
                }
            }
        }
    }

    fn person(&self) -> Markup {
        let member = self.head.state.member_by_id(self.member.as_str());
        let name = member.map_or_else(|| self.member.to_string(), |member| name_of(&self.head.state, member));
        html! {
            details.menu.person {
                summary.button { (name) }
                div.panel {
                    p.quiet { "Signed in as " code { (self.member) } " in " (self.head.state.name()) "." }
                    form method="post" action="/console/-/preferences" {
                        input type="hidden" name="back" value=(self.here());
                        fieldset.themes {
                            legend { "Appearance" }
                            @for (theme, label) in [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")] {
                                button name="theme" value=(theme.name()) aria-pressed=(self.preferences.theme == theme) { (label) }
                            }
                        }
                    }
                    a.button href="/console/-/organisations" { "Organisations" }
                    form method="post" action="/console/-/sign-out" {
                        (self.token())
                        button { "Sign out" }
                    }
                }
            }
        }
    }

    /// What every form of this session has in it.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.guest.form_token); }
    }

    fn navigation(&self, section: Section) -> Markup {
        let mut entries = vec![(Section::Overview, "Overview", "")];
        let reader = self.facts.reader();
        if reader.as_ref().is_ok_and(|reader| reader.sees_roles().unwrap_or(false)) {
            entries.push((Section::Roles, "Roles", "/roles"));
        }
        if reader.as_ref().is_ok_and(|reader| reader.members().is_ok()) {
            entries.push((Section::Members, "Members", "/members"));
            entries.push((Section::Ask, "Ask", "/ask"));
        }
        if self.facts.state.profile().is_some_and(|profile| !profile.document().scope_kinds.is_empty()) {
            entries.push((Section::Scopes, "Scopes", "/scopes"));
        }
        if super::reviews::is_shown(&self.facts) {
            entries.push((Section::Reviews, "Reviews", "/reviews"));
        }
        if Sight::of(&self.facts).is_ok() {
            entries.push((Section::Activity, "Activity", "/activity"));
        }
        if self.head.may_replay().is_ok() {
            entries.push((Section::Audit, "Audit log", "/audit"));
            entries.push((Section::Compare, "Compare", "/compare"));
            entries.push((Section::Reports, "Reports", "/reports"));
        }
        html! {
            nav.sections aria-label="Sections" {
                ul { @for (of, label, below) in entries {
                    li { a href=(self.link(below)) aria-current=[(of == section).then_some("page")] { (label) } }
                } }
            }
        }
    }
}

/// Makes pages of failures, and gives every answer the headers that keep it safe.
pub(super) async fn dress(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let theme = Theme::of(request.headers());
    let mut response = next.run(request).await;
    if let Some(Failed(problem)) = response.extensions().get::<Failed>().cloned() {
        let (title, text) = describe(&problem);
        let content = html! { h1 { (title) } (text) p { a.button href="/console" { "To the console" } } };
        let page = Html(lone(title, theme, &content).into_string());
        let kept = response.extensions().clone();
        response = (problem.status(), page).into_response();
        *response.extensions_mut() = kept;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if service.is_reached_by_tls() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
