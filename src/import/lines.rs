//! Reading a file line by line, with the fields of each.
//!
//! The dialect is that of Casbin's adapters: fields between commas, spaces around them do not count,
//! a field may be quoted also when a space precedes the quote (which CSV libraries take literally),
//! and a record is one line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::error::{Findings, ImportError, Place, Reason};
use super::progress::{Phase, Progress};

/// The longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest field, in bytes.
const LONGEST_FIELD: usize = 1024;
/// Lines between two reports of progress.
const LINES_A_REPORT: u32 = 4096;

/// Hands the fields of each line to a visitor. Bad lines become findings. Blank lines are passed over, and
/// with `comments` those that start with `#`.
pub(super) fn read(
    path: &Path,
    file: u8,
    comments: bool,
    findings: &mut Findings,
    progress: &dyn Progress,
    mut visit: impl FnMut(Place, &[Cow<'_, str>], &mut Findings),
) -> Result<(), ImportError> {
    let failed = |source| ImportError::File { file: path.to_owned(), source };
    let opened = File::open(path).map_err(failed)?;
    progress.begin(Phase::Reading, opened.metadata().map_or(0, |metadata| metadata.len()));
    let mut input = BufReader::with_capacity(1 << 18, opened);
    let (mut buffer, mut done) = (Vec::new(), 0);
    for number in 1.. {
        let (length, whole) = next_line(&mut input, &mut buffer).map_err(failed)?;
        if length == 0 {
            break;
        }
        done += length;
        if number % LINES_A_REPORT == 0 {
            progress.advance(done);
        }
        let place = Place { file, line: number };
        match fields(&buffer, number == 1, whole, comments) {
            Ok(Some(fields)) => visit(place, &fields, findings),
            Ok(None) => {}
            Err(reason) => findings.add(place, reason),
        }
    }
    progress.advance(done);
    Ok(())
}

/// Reads a line without its end; of a line that is too long only the beginning. Tells how much was
/// read, and whether it was the whole line.
fn next_line(input: &mut BufReader<File>, buffer: &mut Vec<u8>) -> std::io::Result<(u64, bool)> {
    buffer.clear();
    let mut length = input.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', buffer)? as u64;
    let whole = buffer.ends_with(b"\n") || buffer.len() < LONGEST_LINE;
    while length > 0 && !whole {
        let rest = input.fill_buf()?;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let passed = end.map_or(rest.len(), |at| at + 1);
        input.consume(passed);
        length += passed as u64;
        if end.is_some() || passed == 0 {
            break;
        }
    }
    Ok((length, whole))
}

fn fields(line: &[u8], first: bool, whole: bool, comments: bool) -> Result<Option<Vec<Cow<'_, str>>>, Reason> {
    if !whole {
        return Err(Reason::LineTooLong { limit: LONGEST_LINE });
    }
    let line = std::str::from_utf8(line).map_err(|_| Reason::NotUtf8)?;
    let line = if first { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line }.trim();
    if line.is_empty() || (comments && line.starts_with('#')) {
        return Ok(None);
    }
    let fields = split(line)?;
    for (field, number) in fields.iter().zip(1..) {
        if field.is_empty() {
            return Err(Reason::EmptyField { number });
        }
        if field.len() > LONGEST_FIELD {
            return Err(Reason::FieldTooLong { number, limit: LONGEST_FIELD });
        }
        if field.chars().any(char::is_control) {
            return Err(Reason::ControlCharacter { number });
        }
    }
    Ok(Some(fields))
}

fn split(line: &str) -> Result<Vec<Cow<'_, str>>, Reason> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let text = text.trim_start();
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => {
                let (field, after) = unquote(quoted)?;
                let number = fields.len() + 1;
                let after = after.trim_start();
                let after = if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(',').ok_or(Reason::AfterQuote { number })?)
                };
                (trimmed(field), after)
            }
            None => match text.split_once(',') {
                Some((field, after)) => (Cow::Borrowed(field.trim_end()), Some(after)),
                None => (Cow::Borrowed(text.trim_end()), None),
            },
        };
        fields.push(field);
        rest = after;
    }
    Ok(fields)
}

/// The text up to the closing quote, with doubled quotes made single, and what follows.
fn unquote(quoted: &str) -> Result<(Cow<'_, str>, &str), Reason> {
    let mut from = 0;
    loop {
        let at = quoted.get(from..).and_then(|rest| rest.find('"')).ok_or(Reason::OpenQuote)? + from;
        let (field, after) = quoted.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        if !after.starts_with('"') {
            let doubled = field.contains('"');
            return Ok((if doubled { field.replace("\"\"", "\"").into() } else { field.into() }, after));
        }
        from = at + 2;
    }
}

fn trimmed(field: Cow<'_, str>) -> Cow<'_, str> {
    match field {
        Cow::Borrowed(field) => Cow::Borrowed(field.trim()),
        Cow::Owned(field) => Cow::Owned(field.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reason, split};

    #[test]
    fn fields_are_trimmed_and_may_be_quoted_after_a_space() {
        assert_eq!(split("p,  admin , \"a, b\" ,read").unwrap(), ["p", "admin", "a, b", "read"]);
        assert_eq!(split("\"say \"\"hi\"\"\",x").unwrap(), ["say \"hi\"", "x"]);
        assert_eq!(split("a,,\"\"").unwrap(), ["a", "", ""]);
        assert_eq!(split("a,").unwrap(), ["a", ""]);
    }

    #[test]
    fn a_quote_that_does_not_end_well_is_told() {
        assert_eq!(split("p, \"open, x"), Err(Reason::OpenQuote));
        assert_eq!(split("p, \"a\"b, x"), Err(Reason::AfterQuote { number: 2 }));
    }
}
