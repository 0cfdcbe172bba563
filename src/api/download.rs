//! Files that are handed out over HTTP.

use axum::http::{HeaderName, HeaderValue, header};

use super::problem::Problem;
use crate::sheet::SheetError;

/// The headers of a file that is to be kept: browsers save it under its name, and nothing on the way keeps a copy.
pub(crate) fn download(name: &str, media_type: &'static str) -> [(HeaderName, HeaderValue); 3] {
    // What would end the name early, or no header may have, is left out of it.
    let name: String = name.chars().filter(|letter| letter.is_ascii_graphic() && !r#""\/"#.contains(*letter)).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        // INVARIANT: nothing is left that a header may not have.
        (header::CONTENT_DISPOSITION, disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        tracing::error!(%error, "a file could not be written");
        Self::unavailable("not_written", "the file cannot be written now: see the service's log")
    }
}

#[cfg(test)]
mod tests {
    use super::download;

    #[test]
    fn a_name_stays_within_its_quotes() {
        let disposition = |name| download(name, "text/csv")[1].1.to_str().unwrap().to_owned();
        assert_eq!(disposition("acme-access-57.csv"), "attachment; filename=\"acme-access-57.csv\"");
        assert_eq!(disposition("a\"; filename=b/é\n.csv"), "attachment; filename=\"a;filename=b.csv\"");
    }
}
