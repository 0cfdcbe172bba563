//! The changes of all events up to a position leave open exactly the rows that the state there has.

use std::collections::BTreeMap;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{Metadata, Recorded};
use chancery_projections::tables::{Change, Shape, TABLES, Value, changes, rows};
use proptest::prelude::*;

use crate::world::{Line, Script, play, scripts};

type Key = (&'static str, Vec<Value>);

/// A row with the position from which and the one until which it holds.
struct Interval {
    values: Vec<Value>,
    from: u64,
    until: Option<u64>,
}

#[derive(Default)]
struct Tables {
    intervals: BTreeMap<Key, Vec<Interval>>,
    entries: u64,
}

impl Tables {
    fn take(&mut self, change: Change, position: u64) {
        match change {
            Change::Open { table, values } => {
                assert_eq!((values.len(), table.shape), (table.columns.len(), Shape::Interval), "{}", table.name);
                let key = values[..table.key].to_vec();
                let history = self.intervals.entry((table.name, key)).or_default();
                let last = history.last();
                assert!(last.is_none_or(|last| last.until.is_some()), "{} {values:?} is open already", table.name);
                assert!(last.is_none_or(|last| last.from < position), "{} {values:?} opens twice", table.name);
                history.push(Interval { values, from: position, until: None });
            }
            Change::Close { table, key } => {
                let open = self.intervals.get_mut(&(table.name, key.clone())).and_then(|history| history.last_mut());
                let open = open.filter(|row| row.until.is_none());
                let open = open.unwrap_or_else(|| panic!("{} {key:?} is not open", table.name));
                assert!(open.from < position, "{} {key:?} opens and closes at once", table.name);
                open.until = Some(position);
            }
            Change::Add { table, values } => {
                assert_eq!((values.len(), table.shape), (table.columns.len(), Shape::Log), "{}", table.name);
                self.entries += 1;
            }
        }
    }

    fn as_of(&self, position: u64) -> BTreeMap<(&'static str, &[Value]), &[Value]> {
        let held = |row: &&Interval| row.from <= position && row.until.is_none_or(|until| position < until);
        let found = self.intervals.iter().filter_map(|((table, key), history)| {
            let mut holding = history.iter().filter(held);
            let row = holding.next()?;
            assert!(holding.next().is_none(), "{table} {key:?} holds twice at {position}");
            Some(((*table, key.as_slice()), row.values.as_slice()))
        });
        found.collect()
    }
}

fn recorded(line: &Line) -> Recorded {
    Recorded {
        stamp: line.stamp,
        global_position: line.stamp.position,
        sequence: 1,
        event: line.event.clone(),
        metadata: Metadata { actor: line.actor.to_string(), ..Metadata::default() },
    }
}

fn intervals_equal_the_replayed_state(profile: &str, script: &Script) {
    let world = play(profile, script, |_, _| {});
    let mut tables = Tables::default();
    let mut state = AccessState::default();
    let mut states = Vec::new();
    for line in &world.log {
        let before = state.clone();
        state.apply(&line.event, line.stamp);
        let mut out = Vec::new();
        changes(&before, &recorded(line), &state, &mut out);
        for change in out {
            tables.take(change, line.stamp.position);
        }
        states.push(state.clone());
    }
    assert_eq!(tables.entries, world.log.len() as u64);
    for state in &states {
        let expected = rows(state);
        let held = tables.as_of(state.position());
        assert_eq!(held.len(), expected.len(), "at {}", state.position());
        for row in &expected {
            let key = (row.table.name, &row.values[..row.table.key]);
            assert_eq!(held.get(&key), Some(&row.values.as_slice()), "{key:?} at {}", state.position());
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(3))]

    #[test]
    fn propops(script in scripts(0..40)) {
        intervals_equal_the_replayed_state("propops", &script);
    }

    #[test]
    fn proplink(script in scripts(0..120)) {
        intervals_equal_the_replayed_state("proplink", &script);
    }

    #[test]
    fn workspace(script in scripts(0..120)) {
        intervals_equal_the_replayed_state("workspace", &script);
    }

    #[test]
    fn buildings(script in scripts(0..120)) {
        intervals_equal_the_replayed_state("buildings", &script);
    }
}

#[test]
fn tables_begin_with_their_key_and_the_organisation() {
    for table in TABLES {
        assert_eq!(table.columns[0].name, "organisation", "{}", table.name);
        assert!(table.key > 0 && table.columns[..table.key].iter().all(|column| !column.nullable), "{}", table.name);
    }
}
