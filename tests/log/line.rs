//! The line of an export never changes: everything signed so far depends on it.

use chancery::log::Hash;
use chancery::log::line::Line;
use chancery::store::EventRow;

const ROW: EventRow<'static> = EventRow {
    global_position: 99,
    organisation: "fairmont",
    position: 7,
    aggregate_type: "member",
    aggregate_id: "fairmont/tom",
    sequence: 2,
    event_type: "RoleAssigned",
    event_version: "1",
    payload: r#"{"RoleAssigned":{"role":"manager", "note":"é \u00e9"}}"#,
    metadata: r#"{"actor":"sam","reason":"joins \"us\""}"#,
    time: 1_772_548_200_000_001,
};

fn line(row: &EventRow<'_>) -> String {
    String::from_utf8(Line::default().of(row).to_vec()).unwrap()
}

#[test]
fn the_line_of_an_event_is_as_it_was_the_first_time() {
    let golden = include_str!("golden/v1.jsonl");
    let text =
        EventRow { payload: "not JSON\n", metadata: "{\n}", time: i64::MIN, aggregate_id: "a\"\n\u{1f511}", ..ROW };
    let first = EventRow { time: -62_167_219_200_000_000, position: u64::MAX >> 1, ..ROW };
    let last = EventRow { time: 253_402_300_799_999_999, ..ROW };
    let lines: String = [ROW, text, first, last].iter().map(|row| line(row) + "\n").collect();
    assert_eq!(lines, golden);
}

#[test]
fn a_line_does_not_depend_on_where_the_store_keeps_the_event() {
    let moved = EventRow { global_position: 1, ..ROW };
    assert_eq!(line(&moved), line(&ROW));
    assert_eq!(Line::default().hash(&ROW), Hash::of_leaf(line(&ROW).as_bytes()));
}

#[test]
fn every_other_field_is_in_the_line() {
    let changed = [
        EventRow { organisation: "x", ..ROW },
        EventRow { position: 8, ..ROW },
        EventRow { aggregate_type: "role", ..ROW },
        EventRow { aggregate_id: "x", ..ROW },
        EventRow { sequence: 3, ..ROW },
        EventRow { event_type: "x", ..ROW },
        EventRow { event_version: "2", ..ROW },
        EventRow { payload: "{}", ..ROW },
        EventRow { metadata: "{}", ..ROW },
        EventRow { time: ROW.time + 1, ..ROW },
    ];
    for row in changed {
        assert_ne!(line(&row), line(&ROW), "{row:?}");
    }
}

#[test]
fn lines_are_json_on_one_line() {
    for payload in ["{}", "{\"a\":\n1}", "not JSON", "\"\r\"", "\u{2028}"] {
        let text = line(&EventRow { payload, ..ROW });
        assert!(!text.contains(['\n', '\r']));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["position"], 7);
    }
}
