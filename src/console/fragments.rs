//! Small parts that many pages have.

use chancery_aggregates::Refusal;
use chancery_aggregates::state::{AccessState, MemberEntry};
use chancery_aggregates::vocabulary::{Field, Time};
use maud::{Markup, html};

use super::oops::sentence;

/// Text in which backticks mark names.
pub(super) fn spans(text: &str) -> Markup {
    html! { @for (number, span) in text.split('`').enumerate() {
        @if number % 2 == 1 { code { (span) } } @else { (span) }
    } }
}

/// An instant, for people and for programs.
pub(super) fn time(at: Time) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(at.format("%-d %B %Y, %H:%M:%S UTC")) {
        (at.format("%-d %b %Y, %H:%M"))
    } }
}

/// The colour of a role: a picture, since styles within pages are not allowed.
pub(super) fn dot(colour: Option<&str>) -> Markup {
    html! {
        svg.dot viewBox="0 0 10 10" aria-hidden="true" {
            @match colour {
                Some(colour) => circle cx="5" cy="5" r="5" fill=(colour) {},
                None => circle.none cx="5" cy="5" r="4" {},
            }
        }
    }
}

/// What people call a member: the one place of the console that reads a name.
pub(super) fn name_of(state: &AccessState, member: &MemberEntry) -> String {
    crate::views::member::readable(state, member, Field::Name).unwrap_or_else(|| member.id.to_string())
}

/// A link that is there, or greyed out with the reason.
pub(super) fn action(allowed: &Result<(), Refusal>, label: &str, href: &str) -> Markup {
    html! {
        @match allowed {
            Ok(()) => a.button href=(href) { (label) },
            Err(refusal) => span.refused {
                button type="button" disabled { (label) }
                small { (sentence(&refusal.to_string())) }
            },
        }
    }
}

/// Something that a page offers.
pub(super) struct Offer {
    pub(super) label: &'static str,
    pub(super) allowed: Result<(), Refusal>,
    /// The link or the form that asks for it.
    pub(super) ask: Markup,
}

/// What a page offers, in a row; what may not be asked for is greyed out, and the reasons stand below, each once.
pub(super) fn offers(offers: &[Offer]) -> Markup {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for offer in offers {
        let Err(refusal) = &offer.allowed else { continue };
        let refusal = refusal.to_string();
        match reasons.iter_mut().find(|(reason, _)| *reason == refusal) {
            Some((_, labels)) => labels.push(offer.label),
            None => reasons.push((refusal, vec![offer.label])),
        }
    }
    html! {
        div.actions { @for offer in offers { @match &offer.allowed {
            Ok(()) => (offer.ask),
            Err(_) => button type="button" disabled aria-describedby="reasons" { (offer.label) },
        } } }
        @if !reasons.is_empty() { ul.reasons id="reasons" {
            @for (reason, labels) in &reasons { li { strong { (labels.join(", ")) ": " } (sentence(reason)) } }
        } }
    }
}

/// `1 member`, `3 members`.
pub(super) fn count(number: usize, of: &str) -> String {
    chancery_projections::words::count(number, of)
}

/// A picture for a word: a lock, a warning. The word stands beside it.
pub(super) fn lock() -> Markup {
    html! {
        svg.glyph viewBox="0 0 16 16" aria-hidden="true" {
            path d="M4 7V5a4 4 0 0 1 8 0v2h.5c.8 0 1.5.7 1.5 1.5v5c0 .8-.7 1.5-1.5 1.5h-9A1.5 1.5 0 0 1 2 13.500v-5C2 7.700 2.700 7 3.500 7H4zm2 0h4V5a2 2 0 0 0-4 0v2z" {}
        }
    }
}

/// The pages of a long list.
pub(super) fn pager(page: usize, pages: usize, link: impl Fn(usize) -> String) -> Markup {
    html! {
        @if pages > 1 {
            nav.pager aria-label="Pages" {
                @if page > 1 { a rel="prev" href=(link(page - 1)) { "Previous" } } @else { span.off { "Previous" } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a rel="next" href=(link(page + 1)) { "Next" } } @else { span.off { "Next" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_is_escaped_everywhere() {
        let hostile = "<script>alert(1)</script>`\"'><img>`";
        assert!(!spans(hostile).into_string().contains("<script"));
        assert!(!spans(hostile).into_string().contains("<img"));
        assert!(!dot(Some("\"><script>")).into_string().contains("<script"));
    }
}
