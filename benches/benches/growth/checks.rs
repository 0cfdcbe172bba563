//! Checks in process, over more and more organisations of the shape *org*.

use std::sync::Arc;

use chancery::embed::{Organisation, Organisations, Resolved};
use chancery::engine::Published;
use chancery_benches::measure::{Contender, race, report, resident};
use chancery_benches::plot::{Panel, Series};
use chancery_benches::shape::{Asked, org, organisation_id};
use chancery_benches::yardstick::{Big, Keys};

use crate::{SCALES, setting};

const QUESTIONS: usize = 100_000;

pub fn measure() -> Vec<Panel> {
    let most = setting("CHANCERY_BENCH_ORGANISATIONS", 1_000);
    let names = ["chancery, ids as text", "chancery, handles", "barest index, text", "barest index, numbers"];
    let mut series = names.map(Series::new);
    for part in SCALES {
        let count = (most / part).max(1) as usize;
        for (series, figure) in series.iter_mut().zip(one(count)) {
            series.add((count * 1_000) as f64, figure);
        }
    }
    vec![Panel::new("A check in process", "members, 1,000 an organisation", "nanoseconds", series)]
}

fn one(count: usize) -> [f64; 4] {
    let shape = org();
    let before = resident();
    let mut profile = None;
    let mut organisation = |number| {
        let state = shape.shared_state(&organisation_id(number), &mut profile).with_index();
        Organisation::new(Arc::new(Published::new(state.index().unwrap().clone())))
    };
    let list: Vec<Organisation> = (0..count).map(&mut organisation).collect();
    let memory = resident().saturating_sub(before) as f64 / 1e6;
    let organisations = Organisations::default();
    organisations.extend(list.iter().cloned().enumerate().map(|(n, own)| (organisation_id(n).into(), own)));
    let (keys, yardstick) = (Keys::of(&shape), Big::of(&shape, count));
    let asked = shape.questions(QUESTIONS, count, 50);
    let accesses: Vec<_> = list.iter().map(Organisation::access).collect();
    let resolve = |asked: &Asked| {
        let resolved = accesses[asked.organisation].resolve(&asked.request()).unwrap();
        (asked.organisation, resolved)
    };
    let resolved: Vec<(usize, Resolved)> = asked.iter().map(resolve).collect();
    let mut contenders = [
        Contender::new("chancery, strings, newest version", &asked, |asked: &Asked| {
            organisations.check(&asked.organisation_id, &asked.request()).unwrap().is_allowed()
        }),
        Contender::new("chancery, handles, yes or no", &resolved, |(n, question): &(usize, Resolved)| {
            accesses[*n].permits_resolved(question).unwrap()
        }),
        Contender::new("yardstick, strings", &asked, |asked: &Asked| yardstick.by_string(&keys, asked)),
        Contender::new("yardstick, numbers", &asked, |asked: &Asked| {
            yardstick.organisations[asked.organisation].by_number(asked.numbers)
        }),
    ];
    let figures = race(QUESTIONS, &mut contenders);
    report(&format!("checks in {count} organisations of 1,000 members, {memory:.1} MB"), &contenders, &figures);
    [figures[0], figures[1], figures[2], figures[3]].map(|figure| figure.in_turn)
}
