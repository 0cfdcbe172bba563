//! The lines of `expected`.

use chancery::aggregates::access::{Decision, DenialKind};
use chancery::cli::script::{self, Step};
use chancery::cli::{CliError, Done, Exit};

use super::world::World;

pub(super) async fn check(world: &mut World, line: &str) -> Result<(), String> {
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
            world.clock.set(time);
            Ok(())
        }
        Some(Step::Command { actor, words, ends_with: Some(rule) }) => {
            let result = world.run_as(&actor, words).await;
            check_end(&result, &rule)
        }
        other => Err(format!("an expectation has no such line: {other:?}")),
    }
}

fn check_end(result: &Result<Done, CliError>, rule: &str) -> Result<(), String> {
    match (result, rule) {
        (Ok(_), "ok") => Ok(()),
        (Ok(_), _) => Err("it succeeded".to_owned()),
        (Err(error), "not_found") if error.exit() == Exit::NotFound => Ok(()),
        (Err(error), "forbidden") if error.exit() == Exit::Refused => Ok(()),
        (Err(error), rule) if error.rule() == rule => Ok(()),
        (Err(error), _) => Err(format!("it ended with {} ({error})", error.rule())),
    }
}

/// `site.read on beech of tom at 2026-03-01: not_found`, perhaps with `not` before it.
async fn check_question(world: &mut World, member: &str, question: &str) -> Result<(), String> {
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
    match world.run(&asked).await {
        Ok(Done::Decided(decision)) => compare(&decision, allowed, reason),
        other => Err(format!("no decision, but {other:?}")),
    }
}

fn compare(decision: &Decision, allowed: bool, reason: Option<&str>) -> Result<(), String> {
    let fits = match (decision, allowed) {
        (Decision::Allowed { only_own }, true) => *only_own == (reason == Some("only_own")),
        (Decision::Denied(denial), false) => match reason {
            Some("not_found") => denial.kind() == DenialKind::NotFound,
            Some("forbidden") => denial.kind() == DenialKind::Forbidden,
            Some(reason) => denial.code() == reason,
            None => false,
        },
        _ => false,
    };
    expect(fits, &format!("{decision:?}"))
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
