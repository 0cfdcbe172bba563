//! What was posted: checked before anybody looks at it.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;

use super::oops::Oops;
use super::visit::Visit;
use crate::api::body::read;
use crate::api::problem::Problem;
use crate::api::service::Shared;

/// Names and values, in the order in which they stood in the form.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the text of a form or of a query.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first value of a name, if it is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first value of a name as it is; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether a name is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// All values of a name.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_owned();
        self.0.iter().filter(move |(field, _)| *field == name).map(|(_, value)| value.as_str())
    }

    /// Everything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same with another value for a name.
    #[must_use]
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let kept = self.0.iter().filter(|(field, _)| field != name).cloned();
        Self(kept.chain([(name.to_owned(), value.to_owned())]).collect())
    }

    /// The same without a name.
    #[must_use]
    pub(super) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(field, _)| field != name).cloned().collect())
    }

    /// As a query has it, without the question mark.
    pub(super) fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// A form that was posted by nobody's page but ours: an extractor, for pages that need nobody signed in.
#[derive(Debug)]
pub(super) struct Posted(pub(super) Fields);

impl FromRequest<Shared> for Posted {
    type Rejection = Oops;

    async fn from_request(request: Request, service: &Shared) -> Result<Self, Oops> {
        check_origin(request.headers())?;
        Ok(Self(Fields::parse(&read(request.into_body(), service).await?)))
    }
}

/// A change that somebody signed in wants to make: an extractor.
#[derive(Debug)]
pub(super) struct Deed {
    /// Who, and where.
    pub(super) visit: Visit,
    /// What.
    pub(super) fields: Fields,
}

impl FromRequest<Shared> for Deed {
    type Rejection = Oops;

    async fn from_request(request: Request, service: &Shared) -> Result<Self, Oops> {
        let (mut parts, body) = request.into_parts();
        check_origin(&parts.headers)?;
        let visit = Visit::from_request_parts(&mut parts, service).await?;
        let fields = Fields::parse(&read(body, service).await?);
        check_token(&fields, &visit.guest.form_token)?;
        if visit.past.is_some() {
            let detail = "the past cannot be changed: go back to the present first";
            return Err(Problem::new(StatusCode::CONFLICT, "past", detail).into());
        }
        Ok(Self { visit, fields })
    }
}

/// Whether a form has the token that our page put into it.
///
/// # Errors
/// When it has another, or none.
pub(super) fn check_token(fields: &Fields, token: &str) -> Result<(), Oops> {
    if bool::from(fields.text("csrf").as_bytes().ct_eq(token.as_bytes())) {
        return Ok(());
    }
    Err(foreign())
}

/// Browsers say from where a form was posted. Programs that say nothing have no cookies of anybody.
fn check_origin(headers: &HeaderMap) -> Result<(), Oops> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site, "same-origin" | "none") { Ok(()) } else { Err(foreign()) };
    }
    match (text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
        (None, _) => Ok(()),
        (Some(origin), Some(host)) if origin.split_once("://").is_some_and(|(_, from)| from == host) => Ok(()),
        _ => Err(foreign()),
    }
}

fn foreign() -> Oops {
    let detail = "this form did not come from a page of this session: open the page again and repeat what you did";
    Problem::new(StatusCode::FORBIDDEN, "foreign_form", detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_written_back() {
        let fields = Fields::parse(b"on=a&on=b%26c&name=+X+&empty=");
        assert_eq!(fields.all("on").collect::<Vec<_>>(), ["a", "b&c"]);
        assert_eq!((fields.get("name"), fields.get("empty"), fields.get("none")), (Some("X"), None, None));
        assert_eq!(fields.without("on").with("name", "é").query(), "empty=&name=%C3%A9");
    }

    #[test]
    fn a_form_from_elsewhere_is_refused() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
            check_origin(&pairs.collect()).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(!check(&[("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")]));
        assert!(!check(&[("sec-fetch-site", "same-site")]));
        assert!(check(&[("origin", "http://a:1"), ("host", "a:1")]));
        assert!(!check(&[("origin", "http://b"), ("host", "a")]));
        assert!(!check(&[("origin", "null"), ("host", "a")]));
    }
}
