use std::borrow::Cow;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx as Workbook};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::xlsx::Xlsx;
use super::*;

const COLUMNS: [Column<'static>; 2] = [Column { name: "what", width: 20 }, Column { name: "=value", width: 30 }];

fn head<'a>(facts: &'a [(&'a str, Cell<'a>)]) -> Head<'a> {
    Head { title: "Entries", facts, columns: &COLUMNS }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn csv(facts: &[(&str, Cell<'_>)], rows: &[[Cell<'_>; 2]]) -> String {
    let mut out = Vec::new();
    let mut sheet = Box::new(Csv::new(&mut out, &head(facts)).unwrap());
    rows.iter().for_each(|row| sheet.row(row).unwrap());
    sheet.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn xlsx(facts: &[(&str, Cell<'_>)], rows: &[[Cell<'_>; 2]], per_sheet: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sheet = Box::new(Xlsx::with_rows(&mut out, &head(facts), per_sheet).unwrap());
    rows.iter().for_each(|row| sheet.row(row).unwrap());
    sheet.finish().unwrap();
    out
}

fn opened(bytes: Vec<u8>) -> Workbook<Cursor<Vec<u8>>> {
    Workbook::new(Cursor::new(bytes)).unwrap()
}

/// The cells of a worksheet below its header.
fn cells(bytes: Vec<u8>, sheet: &str) -> Vec<Vec<Data>> {
    let range = opened(bytes).worksheet_range(sheet).unwrap();
    range.rows().skip(1).map(<[Data]>::to_vec).collect()
}

#[test]
fn a_csv_names_its_facts_then_its_columns_then_its_rows() {
    let facts = [("organisation", "fairmont".into()), ("why", "two\r\nlines".into())];
    let rows = [["at".into(), time("2026-03-03T14:30:00Z").into()], [Cell::Number(-7), Cell::Empty]];
    let expected = "# organisation,fairmont\r\n# why,two  lines\r\nwhat,'=value\r\nat,2026-03-03T14:30:00Z\r\n-7,\r\n";
    assert_eq!(csv(&facts, &rows), expected);
}

#[test]
fn a_formula_in_a_csv_is_text() {
    for planted in ["=HYPERLINK(\"http://evil\",\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1"]
    {
        let written = csv(&[], &[[planted.into(), Cell::Empty]]);
        let mut read = ::csv::ReaderBuilder::new().from_reader(written.as_bytes());
        let record = read.records().next().unwrap().unwrap();
        assert_eq!(&record[0], format!("'{planted}"));
    }
}

#[test]
fn a_row_of_another_width_is_refused() {
    let mut sheet = Csv::new(Vec::new(), &head(&[])).unwrap();
    let error = sheet.row(&[Cell::Empty]).unwrap_err();
    assert_eq!(error.to_string(), "a row of 1 cells does not fit 2 columns");
    let mut sheet = Xlsx::new(Vec::new(), &head(&[])).unwrap();
    assert!(matches!(sheet.row(&[]), Err(SheetError::Width { cells: 0, columns: 2 })));
}

#[test]
fn a_workbook_has_typed_dates_and_exact_numbers() {
    let moment = time("2026-03-03T14:30:00.125Z");
    let rows = [
        ["date".into(), moment.into()],
        ["number".into(), Cell::Number(9_007_199_254_740_992)],
        ["rounded".into(), Cell::Number(9_007_199_254_740_993)],
        ["too early".into(), time("1900-02-28T00:00:00Z").into()],
        ["nothing".into(), Cell::Empty],
    ];
    let cells = cells(xlsx(&[], &rows, ROWS), "Entries");
    let Data::DateTime(date) = &cells[0][1] else { panic!("{:?}", cells[0]) };
    let distance = date.as_datetime().unwrap().and_utc() - moment;
    assert!(distance.abs() <= TimeDelta::milliseconds(1), "{distance}");
    assert_eq!(cells[1][1], Data::Float(9_007_199_254_740_992.0));
    assert_eq!(cells[2][1], Data::String("9007199254740993".to_owned()));
    assert_eq!(cells[3][1], Data::String("1900-02-28T00:00:00Z".to_owned()));
    assert_eq!(cells[4][1], Data::Empty);
}

const ROWS: u32 = 1_048_576;

#[test]
fn a_workbook_has_no_formula_whatever_is_written_into_it() {
    let planted = "=HYPERLINK(\"http://evil\",\"x\")";
    let bytes = xlsx(&[("chosen", planted.into())], &[[planted.into(), "http://evil".into()]], ROWS);
    let mut book = opened(bytes.clone());
    for sheet in ["Entries", "About"] {
        assert!(book.worksheet_formula(sheet).unwrap().is_empty());
    }
    assert_eq!(cells(bytes.clone(), "Entries")[0][0], Data::String(planted.to_owned()));
    assert_eq!(cells(bytes, "About")[0][1], Data::String(planted.to_owned()));
}

#[test]
fn a_full_worksheet_goes_on_in_the_next() {
    let rows: Vec<[Cell<'_>; 2]> = (0..7_u64).map(|number| [number.into(), Cell::Empty]).collect();
    let bytes = xlsx(&[("rows", 7_u64.into())], &rows, 4);
    assert_eq!(opened(bytes.clone()).sheet_names(), ["Entries", "Entries (2)", "Entries (3)", "About"]);
    let of = |sheet| cells(bytes.clone(), sheet).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(of("Entries"), [0.0, 1.0, 2.0].map(Data::Float));
    assert_eq!(of("Entries (2)"), [3.0, 4.0, 5.0].map(Data::Float));
    assert_eq!(of("Entries (3)"), [Data::Float(6.0)]);
}

#[test]
fn text_too_long_for_a_cell_is_cut_and_says_so() {
    for text in ["x".repeat(32_767), "𝄞".repeat(16_383)] {
        let cells = cells(xlsx(&[], &[[text.as_str().into(), Cell::Empty]], ROWS), "Entries");
        assert_eq!(cells[0][0], Data::String(text));
    }
    for text in ["x".repeat(32_768), "𝄞".repeat(16_384)] {
        let cells = cells(xlsx(&[], &[[text.as_str().into(), Cell::Empty]], ROWS), "Entries");
        let Data::String(cut) = &cells[0][0] else { panic!("{:?}", cells[0]) };
        let mark = format!(" … (cut off: the text has {} characters)", text.chars().count());
        assert!(text.starts_with(cut.strip_suffix(&mark).unwrap()));
        assert!((32_766..=32_767).contains(&cut.encode_utf16().count()));
    }
}

fn any_cell() -> impl Strategy<Value = Cell<'static>> {
    prop_oneof![
        any::<String>().prop_map(Cell::from),
        "[=+@'\\-\t\r\n＝x]{1,3}".prop_map(Cell::from),
        any::<i64>().prop_map(Cell::Number),
        (0..253_402_300_799_999_999_i64)
            .prop_map(|micros| Cell::Time(DateTime::from_timestamp_micros(micros).unwrap())),
        Just(Cell::Empty),
    ]
}

/// What a reader of a CSV has, once the guard is taken off.
fn plain(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.clone().into_owned(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(time) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        Cell::Empty => String::new(),
    }
}

proptest! {
    #[test]
    fn any_cell_comes_back_from_a_csv_and_none_begins_like_a_formula(cells in prop::collection::vec([any_cell(), any_cell()], 0..8)) {
        let written = csv(&[], &cells);
        let mut reader = ::csv::ReaderBuilder::new().from_reader(written.as_bytes());
        let read: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), cells.len());
        for (record, row) in read.iter().zip(&cells) {
            for (field, cell) in record.iter().zip(row) {
                if matches!(cell, Cell::Text(_)) {
                    prop_assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{field:?}");
                }
                prop_assert_eq!(field.strip_prefix('\'').unwrap_or(field), plain(cell));
            }
        }
    }

    #[test]
    fn any_text_comes_back_from_a_workbook(texts in prop::collection::vec("[ -~äß€\u{1F600}]{1,40}", 1..6)) {
        let rows: Vec<[Cell<'_>; 2]> = texts.iter().map(|text| [Cell::Text(Cow::Borrowed(text)), 1_u64.into()]).collect();
        let read = cells(xlsx(&[], &rows, ROWS), "Entries");
        for (row, text) in read.iter().zip(&texts) {
            prop_assert_eq!(row[0].to_string(), text.as_str());
        }
    }
}
