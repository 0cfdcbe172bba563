//! Finds everything that is wrong with a profile at once, each with its place in the file.
//!
//! `shape` looks at fields and types, `names` at keys and what refers to them, `rules` at what the
//! parts mean together. None stops at a mistake of another.

mod mistake;
mod names;
mod rules;
mod shape;
mod sketch;

use toml::de::DeTable;

pub use mistake::{Kind, Mistake, Reason};

use super::document::ProfileDocument;

/// Reads a profile.
///
/// # Errors
/// Every mistake in it, in the order of the file. A file that is not TOML has only that one.
pub fn check(text: &str) -> Result<ProfileDocument, Vec<Mistake>> {
    let mut found = Found { text, mistakes: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => {
            let sketch = sketch::Sketch::of(table.get_ref());
            shape::check(table.get_ref(), &mut found);
            names::check(&sketch, &mut found);
            rules::check(&sketch, &mut found);
        }
        Err(error) => found.unreadable(&error),
    }
    if found.mistakes.is_empty() {
        match toml::from_str(text) {
            Ok(document) => return Ok(document),
            Err(error) => found.unreadable(&error),
        }
    }
    found.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    Err(found.mistakes)
}

/// The mistakes found so far.
struct Found<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl Found<'_> {
    /// Adds a mistake at a byte of the text.
    fn add(&mut self, at: usize, place: &str, reason: Reason) {
        let (line, column) = self.position(at);
        self.mistakes.push(Mistake { line, column, place: place.to_owned(), reason });
    }

    fn unreadable(&mut self, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start);
        self.add(at, "profile", Reason::Unreadable(error.message().to_owned()));
    }

    fn line(&self, at: usize) -> usize {
        self.position(at).0
    }

    /// Line and column, both from 1, of a byte of the text.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(start..).map_or(0, |line| line.chars().count());
        (before.matches('\n').count() + 1, column + 1)
    }
}
