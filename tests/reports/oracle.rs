//! The access report against a fold of the raw log that knows no rule but who was given what, all along it.

use std::collections::BTreeMap;

use chancery::engine::Moment;
use chancery::reports::{Cell, Filter, Kind, Question, Report};
use serde_json::Value;

use crate::embed::history::{History, PROFILES};

/// What a member holds, with the position of the event that gave it: roles by id and scope, permissions by key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Held {
    roles: BTreeMap<(String, Option<String>), u64>,
    toggles: BTreeMap<String, (bool, u64)>,
}

type Everybody = BTreeMap<String, Held>;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn fold(held: &mut Everybody, position: u64, event: &Value) {
    let (name, said) = event.as_object().unwrap().iter().next().unwrap();
    let id = |of: &Value| text(&of["id"]);
    let scope = || said.get("scope").map(id);
    match name.as_str() {
        "MemberAdded" => {
            held.insert(text(&said["member"]), Held::default());
        }
        "MemberRemoved" => {
            held.remove(&text(&said["member"]));
        }
        "RoleAssigned" => {
            let roles = &mut held.get_mut(&text(&said["member"])).unwrap().roles;
            roles.insert((id(&said["role"]), scope()), position);
        }
        "RoleUnassigned" => {
            held.get_mut(&text(&said["member"])).unwrap().roles.remove(&(id(&said["role"]), scope()));
        }
        "RoleDeleted" => held.values_mut().for_each(|one| one.roles.retain(|(role, _), _| *role != id(&said["role"]))),
        "MemberPermissionToggled" => {
            let toggles = &mut held.get_mut(&text(&said["member"])).unwrap().toggles;
            toggles.insert(id(&said["permission"]), (said["after"].as_bool().unwrap(), position));
        }
        "MemberPermissionCleared" => {
            held.get_mut(&text(&said["member"])).unwrap().toggles.remove(&id(&said["permission"]));
        }
        _ => {}
    }
}

/// The same, read back from the rows of a report.
fn reported(report: &Report) -> Everybody {
    let mut found = Everybody::new();
    let column = |name: &str| report.table.columns.iter().position(|column| *column == name).unwrap();
    let [member, holds, id, event] = ["member", "holds", "id", "event"].map(column);
    for row in &report.table.rows {
        let cell = |column: usize| match &row.cells[column] {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            other => panic!("{other:?}"),
        };
        let held = found.entry(cell(member)).or_default();
        match cell(holds).as_str() {
            "role" => {
                let given: u64 = cell(event).parse().unwrap();
                held.roles.insert((cell(id), Some(given.to_string())), given);
            }
            "nothing" => {}
            toggle => {
                held.toggles.insert(cell(id), (toggle == "allowed directly", cell(event).parse().unwrap()));
            }
        }
    }
    found
}

/// Rows name a place in words; what tells two assignments of a role apart here is the event that made them.
fn by_event(held: &Everybody) -> Everybody {
    let told = |held: &Held| Held {
        roles: held.roles.iter().map(|((role, _), at)| ((role.clone(), Some(at.to_string())), *at)).collect(),
        toggles: held.toggles.clone(),
    };
    held.iter().map(|(member, held)| (member.clone(), told(held))).collect()
}

#[tokio::test]
async fn the_access_report_has_what_the_log_gave_and_did_not_take_all_along_it() {
    for profile in PROFILES {
        let mut history = History::founded(profile, 41).await;
        for _ in 0..160 {
            history.step().await;
        }
        let engine = history.engine.clone();
        let organisation = &history.organisation;
        let last = engine.state(organisation).await.unwrap().position();
        let raw = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
        let seen = raw.clone();
        let read = move |recorded: chancery::aggregates::event::Recorded| {
            let payload: Value = serde_json::from_str(&recorded.event.payload().unwrap()).unwrap();
            seen.lock().push((recorded.stamp.position, payload));
            std::ops::ControlFlow::Continue(())
        };
        engine.events(organisation, 0, last, read).await.unwrap();
        let events = std::mem::take(&mut *raw.lock());
        let mut held = Everybody::new();
        let mut rows = 0;
        for (position, event) in events {
            fold(&mut held, position, &event);
            // The founding is one change, of which there is no part.
            if position < 5 || position % 7 != 0 && position != last {
                continue;
            }
            let question = Question {
                kind: Kind::Access,
                from: None,
                until: Moment::Position(position),
                filter: Filter::default(),
            };
            let report = Report::make(&engine, organisation, &question).await.unwrap();
            assert_eq!(reported(&report), by_event(&held), "{profile} at #{position}");
            rows += report.table.rows.len();
        }
        assert!(rows > 100, "{profile}: {rows} rows is no test");
    }
}
