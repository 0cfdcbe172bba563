//! The lines of `expected`.

use chancery::cli::Exit;
use chancery::cli::script::{self, Step};
use serde_json::Value;

use super::world::{Ended, World};

pub(super) async fn check(world: &mut World<'_>, line: &str) -> Result<(), String> {
    if let Some(wanted) = line.strip_prefix("output has: ") {
        return expect(on_one_line(&world.output).contains(&on_one_line(wanted)), &world.output);
    }
    if let Some(unwanted) = line.strip_prefix("output lacks: ") {
        return expect(!on_one_line(&world.output).contains(&on_one_line(unwanted)), &world.output);
    }
    if let Some(order) = line.strip_prefix("output order: ") {
        let found: Option<Vec<usize>> = order.split(", ").map(|word| world.output.find(word)).collect();
        return expect(found.is_some_and(|found| found.is_sorted()), &world.output);
    }
    if let Some(wanted) = line.strip_prefix("message has: ") {
        return expect(world.message.contains(wanted), &world.message);
    }
    if let Some(least) = line.strip_prefix("categories at least ") {
        return check_categories(&world.profile, least.parse().map_err(|_| "not a number".to_owned())?);
    }
    if let Some((member, question)) = line.split_once(" may ").filter(|(member, _)| !member.contains([' ', ':'])) {
        return check_question(world, member, question).await;
    }
    match script::read(line).map_err(|error| error.to_string())? {
        Some(Step::Time(time)) => {
            world.set_time(time);
            Ok(())
        }
        Some(Step::Command { actor, words, ends_with: Some(rule) }) => {
            let ended = world.run(Some(&actor), &words).await;
            check_end(&ended, &rule)
        }
        other => Err(format!("an expectation has no such line: {other:?}")),
    }
}

fn check_end(ended: &Ended, rule: &str) -> Result<(), String> {
    match (&ended.rule, rule) {
        (None, "ok") => Ok(()),
        (None, _) => Err("it succeeded".to_owned()),
        (Some(_), "not_found") if ended.is(Exit::NotFound) => Ok(()),
        (Some(_), "forbidden") if ended.is(Exit::Refused) => Ok(()),
        (Some(failed), rule) if failed == rule => Ok(()),
        (Some(failed), _) => Err(format!("it ended with {failed} ({})", ended.message)),
    }
}

/// `site.read on beech of tom at 2026-03-01: not_found`, perhaps with `not` before it.
async fn check_question(world: &mut World<'_>, member: &str, question: &str) -> Result<(), String> {
    let (question, reason) = question.split_once(": ").map_or((question, None), |(asked, why)| (asked, Some(why)));
    let (question, allowed) = question.strip_prefix("not ").map_or((question, true), |question| (question, false));
    let mut words = question.split_whitespace();
    let permission = words.next().ok_or("no permission is named")?;
    let mut asked = vec!["check".to_owned(), member.to_owned(), permission.to_owned()];
    while let (Some(word), Some(value)) = (words.next(), words.next()) {
        let flag = match word {
            "on" => "--on",
            "of" => "--owner",
            "at" => "--at",
            other => return Err(format!("`{other}` is not on, of or at")),
        };
        asked.extend([flag.to_owned(), value.to_owned()]);
    }
    compare(&world.ask(member, &asked).await?, allowed, reason)
}

fn compare(decision: &Value, allowed: bool, reason: Option<&str>) -> Result<(), String> {
    let fits = match (decision["allowed"] == true, allowed) {
        (true, true) => (decision["only_own"] == true) == (reason == Some("only_own")),
        (false, false) => match reason {
            Some(kind @ ("not_found" | "forbidden")) => decision["kind"] == kind,
            Some(reason) => decision["code"] == reason,
            None => false,
        },
        _ => false,
    };
    expect(fits, &decision.to_string())
}

fn check_categories(profile: &str, least: usize) -> Result<(), String> {
    let text = chancery::aggregates::profile::BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1;
    let document = chancery::aggregates::profile::check::check(text).unwrap();
    let categories = document.categories.iter().filter(|category| !category.administration).count();
    expect(categories >= least, &format!("{categories} categories"))
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn expect(holds: bool, found: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("found: {found}")) }
}
