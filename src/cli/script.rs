//! Command lines in a file, each with the member who acts: the demonstration's history, and the
//! situations of the requirement cases.
//!
//! ```text
//! # a comment
//! time 2026-03-02 09:00
//! priya: member add tom --name Tom --role manager
//! tom: member assign tom owner => owner_role
//! ```

use chancery_aggregates::vocabulary::Time;
use chrono::{NaiveDate, NaiveDateTime};

/// A line that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// From here on it is this instant.
    Time(Time),
    /// An organisation is founded.
    Found {
        /// Profile, name, founder's id, founder's name.
        words: Vec<String>,
    },
    /// Somebody runs a command.
    Command {
        /// Who.
        actor: String,
        /// The command's words.
        words: Vec<String>,
        /// What it is to end with, where the line says it: `ok` or the rule that refuses it.
        ends_with: Option<String>,
    },
}

/// Why a line means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A quotation mark is open at its end.
    #[error("a quotation mark is not closed")]
    Quote,
    /// An instant that is none.
    #[error("`{0}` is not an instant such as `2026-03-02 09:00`")]
    Time(String),
    /// Nobody acts.
    #[error("it does not begin with who acts, as in `priya: role list`")]
    Actor,
}

/// Reads one line; nothing for an empty one or a comment.
///
/// # Errors
/// When it is none of the forms.
pub fn read(line: &str) -> Result<Option<Step>, StepError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if let Some(time) = line.strip_prefix("time ") {
        return instant(time).map(|time| Some(Step::Time(time))).ok_or_else(|| StepError::Time(time.to_owned()));
    }
    if let Some(founding) = line.strip_prefix("found ") {
        return Ok(Some(Step::Found { words: split(founding)? }));
    }
    let (actor, rest) = line.split_once(": ").filter(|(actor, _)| !actor.contains(' ')).ok_or(StepError::Actor)?;
    let (command, ends_with) = match rest.rsplit_once(" => ") {
        Some((command, rule)) => (command, Some(rule.trim().to_owned())),
        None => (rest, None),
    };
    Ok(Some(Step::Command { actor: actor.to_owned(), words: split(command)?, ends_with }))
}

/// The words of a command line, as a shell would split it.
///
/// # Errors
/// [`StepError::Quote`].
pub fn split(text: &str) -> Result<Vec<String>, StepError> {
    shlex::split(text).ok_or(StepError::Quote)
}

/// `2026-03-02 09:00` or `2026-03-02`, which is its midnight.
pub fn instant(text: &str) -> Option<Time> {
    let text = text.trim();
    let exact = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok();
    let midnight = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    exact.or_else(midnight).map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_who_acts_what_and_how_it_ends() {
        let step = read("tom: member assign tom 'Site Manager' => self_change").unwrap();
        let words = ["member", "assign", "tom", "Site Manager"].map(str::to_owned).to_vec();
        let ends_with = Some("self_change".to_owned());
        assert_eq!(step, Some(Step::Command { actor: "tom".to_owned(), words, ends_with }));
    }

    #[test]
    fn comments_and_empty_lines_mean_nothing() {
        assert_eq!(read("  # nothing"), Ok(None));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(read("time soon"), Err(StepError::Time("soon".to_owned())));
        assert_eq!(read("role list"), Err(StepError::Actor));
        assert_eq!(read("tom: role create 'x"), Err(StepError::Quote));
    }
}
