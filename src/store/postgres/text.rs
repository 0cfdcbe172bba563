//! JSON columns as the very text that they hold, neither parsed nor copied.

use bytes::BytesMut;
use serde::de::IgnoredAny;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// The text of a `json` value. The server keeps the text that it is given, and gives it back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<'a>(pub(super) &'a str);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    accepts!(JSON);
}

impl ToSql for Json<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSON);
    to_sql_checked!();
}

/// What goes into a `json` column and what into the text column beside it.
pub(super) fn split(text: &str) -> (Json<'_>, Option<&str>) {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => (Json(text), None),
        Err(_) => (Json("null"), Some(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_goes_into_a_json_column() {
        for json in [r#"{"a":1}"#, "[]", " 1.0e5 ", r#""\u0000 \ud800""#] {
            let (kept, beside) = split(json);
            assert_eq!((kept.0, beside), (json, None));
        }
        for other in ["", "{", "not JSON", "{} {}", "\u{feff}{}", "\"\n\""] {
            let (kept, beside) = split(other);
            assert_eq!((kept.0, beside), ("null", Some(other)));
        }
    }
}
