//! Changes of rows, gathered until they are written: a row that begins and ends in between is
//! written once, as it ended.

use chancery_projections::tables::{Change, Shape, TABLES, Table, Value};
use foldhash::{HashMap, HashMapExt as _};

use crate::store::projection::{Ending, Mark, Row, TableRows};

/// Rows of interval tables that are gathered while a generation is filled, some hundreds of bytes each: the more of
/// them are written in the order of their keys, the fewer pages they change.
const GATHERED: usize = 131_072;

/// Changes that are not written yet.
#[derive(Debug)]
pub(super) struct Batch {
    tables: Vec<Pending>,
    /// True while a generation is filled from nothing: rows stay here until they end, and nothing in
    /// the database has to be changed.
    filling: bool,
}

#[derive(Debug)]
struct Pending {
    table: &'static Table,
    /// Rows that hold, by their key.
    open: HashMap<Box<[Value]>, Row>,
    endings: Vec<Ending>,
    cut: Vec<(Value, Mark)>,
    /// Rows that need no more changes.
    done: Vec<Row>,
}

impl Batch {
    pub(super) fn new(filling: bool) -> Self {
        Self::of(TABLES, filling)
    }

    fn of(tables: &[&'static Table], filling: bool) -> Self {
        let pending = |table: &&'static Table| Pending {
            table,
            open: HashMap::new(),
            endings: Vec::new(),
            cut: Vec::new(),
            done: Vec::new(),
        };
        Self { tables: tables.iter().map(pending).collect(), filling }
    }

    pub(super) fn is_filling(&self) -> bool {
        self.filling
    }

    /// Rows go to the database as they come from now on.
    pub(super) fn stop_filling(&mut self) {
        self.filling = false;
    }

    /// How many rows would be written now.
    pub(super) fn len(&self) -> usize {
        let due = self.is_due();
        let len = |pending: &Pending| pending.done.len() + pending.endings.len() + pending.cut.len();
        let open = |pending: &Pending| if self.filling { 0 } else { pending.open.len() };
        let written = self.tables.iter().filter(|pending| due || pending.table.shape == Shape::Log);
        written.map(|pending| len(pending) + open(pending)).sum()
    }

    /// Whether rows of interval tables are to be written; those of others always are.
    fn is_due(&self) -> bool {
        let intervals = self.tables.iter().filter(|pending| pending.table.shape == Shape::Interval);
        !self.filling || intervals.map(|pending| pending.done.len()).sum::<usize>() >= GATHERED
    }

    /// How many rows are held back because they have not ended.
    pub(super) fn held(&self) -> usize {
        self.tables.iter().map(|table| table.open.len()).sum()
    }

    /// Adds what an event changes.
    ///
    /// # Errors
    /// When the change contradicts the table's description or the changes before it.
    pub(super) fn add(&mut self, change: Change, mark: Mark) -> Result<(), String> {
        match change {
            Change::Open { table, values } => {
                let pending = self.pending(table, Shape::Interval)?;
                fits(table, &values, table.columns.len())?;
                let key: Box<[Value]> = values.iter().take(table.key).cloned().collect();
                let row = Row { values, from: mark, until: None };
                match pending.open.insert(key, row) {
                    None => Ok(()),
                    Some(_) => Err(format!("it opens a row of `{}` that is open", table.name)),
                }
            }
            Change::Close { table, key } => {
                let filling = self.filling;
                let pending = self.pending(table, Shape::Interval)?;
                fits(table, &key, table.key)?;
                match pending.open.remove(key.as_slice()) {
                    Some(row) => pending.done.push(Row { until: Some(mark), ..row }),
                    None if filling => return Err(format!("it closes a row of `{}` that is not open", table.name)),
                    None => pending.endings.push(Ending { key, until: mark }),
                }
                Ok(())
            }
            Change::Add { table, values } => {
                let pending = self.pending(table, Shape::Log)?;
                fits(table, &values, table.columns.len())?;
                pending.done.push(Row { values, from: mark, until: None });
                Ok(())
            }
        }
    }

    /// Ends all rows of an organisation.
    pub(super) fn cut(&mut self, organisation: &str, mark: Mark) {
        let organisation = Value::Text(organisation.into());
        for pending in self.tables.iter_mut().filter(|pending| pending.table.shape == Shape::Interval) {
            let open = std::mem::take(&mut pending.open);
            for (key, row) in open {
                if key.first() == Some(&organisation) {
                    pending.done.push(Row { until: Some(mark), ..row });
                } else {
                    pending.open.insert(key, row);
                }
            }
            if !self.filling {
                pending.cut.push((organisation.clone(), mark));
            }
        }
    }

    /// Takes out what can be written.
    pub(super) fn take(&mut self) -> Vec<TableRows> {
        let (filling, due) = (self.filling, self.is_due());
        let mut taken = Vec::new();
        for pending in self.tables.iter_mut().filter(|pending| due || pending.table.shape == Shape::Log) {
            let mut rows = std::mem::take(&mut pending.done);
            if !filling {
                rows.extend(pending.open.drain().map(|(_, row)| row));
            }
            let (endings, cut) = (std::mem::take(&mut pending.endings), std::mem::take(&mut pending.cut));
            if !rows.is_empty() || !endings.is_empty() || !cut.is_empty() {
                taken.push(TableRows { table: pending.table, endings, cut, rows });
            }
        }
        taken
    }

    fn pending(&mut self, table: &'static Table, shape: Shape) -> Result<&mut Pending, String> {
        let found = self.tables.iter_mut().find(|pending| std::ptr::eq(pending.table, table));
        found
            .filter(|pending| pending.table.shape == shape)
            .ok_or_else(|| format!("there is no such table `{}`", table.name))
    }
}

fn fits(table: &Table, values: &[Value], columns: usize) -> Result<(), String> {
    if values.len() == columns {
        return Ok(());
    }
    Err(format!("it gives {} values for {columns} columns of `{}`", values.len(), table.name))
}

#[cfg(test)]
mod tests {
    use chancery_projections::tables::{Column, ColumnKind};

    use super::*;

    const fn text(name: &'static str) -> Column {
        Column { name, kind: ColumnKind::Text, nullable: false }
    }

    static HELD: Table = Table {
        name: "held",
        columns: &[text("organisation"), text("key"), text("value")],
        key: 2,
        shape: Shape::Interval,
    };
    static DONE: Table =
        Table { name: "done", columns: &[text("organisation"), text("what")], key: 2, shape: Shape::Log };

    fn values<const N: usize>(texts: [&str; N]) -> Vec<Value> {
        texts.iter().map(|text| Value::Text((*text).into())).collect()
    }

    fn open(key: &str, value: &str) -> Change {
        Change::Open { table: &HELD, values: values(["acme", key, value]) }
    }

    fn close(key: &str) -> Change {
        Change::Close { table: &HELD, key: values(["acme", key]) }
    }

    fn mark(position: u64) -> Mark {
        Mark { position, time: position.cast_signed() * 10 }
    }

    fn batch(filling: bool) -> Batch {
        Batch::of(&[&HELD, &DONE], filling)
    }

    #[test]
    fn a_row_that_begins_and_ends_in_one_batch_is_written_once() {
        let mut batch = batch(false);
        batch.add(open("a", "1"), mark(1)).unwrap();
        batch.add(close("a"), mark(2)).unwrap();
        batch.add(open("a", "2"), mark(2)).unwrap();
        assert_eq!(batch.len(), 2);
        let taken = batch.take();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].endings.is_empty());
        let rows: Vec<_> =
            taken[0].rows.iter().map(|row| (row.from.position, row.until.map(|at| at.position))).collect();
        assert_eq!(rows, [(1, Some(2)), (2, None)]);
        assert!(batch.take().is_empty());
    }

    #[test]
    fn a_row_of_an_earlier_batch_ends_in_the_database() {
        let mut batch = batch(false);
        batch.add(open("a", "1"), mark(1)).unwrap();
        batch.take();
        batch.add(close("a"), mark(2)).unwrap();
        let taken = batch.take();
        assert_eq!(taken[0].endings, [Ending { key: values(["acme", "a"]), until: mark(2) }]);
    }

    #[test]
    fn while_a_generation_is_filled_rows_wait_for_their_end() {
        let mut batch = batch(true);
        batch.add(open("a", "1"), mark(1)).unwrap();
        batch.add(Change::Add { table: &DONE, values: values(["acme", "opened"]) }, mark(1)).unwrap();
        let taken = batch.take();
        assert_eq!((taken.len(), taken[0].table.name, batch.held()), (1, "done", 1));
        batch.add(close("a"), mark(2)).unwrap();
        assert_eq!((batch.take().len(), batch.held()), (0, 0), "one row is not worth a visit of its pages");
        assert!(batch.add(close("a"), mark(3)).unwrap_err().contains("not open"));
        batch.add(open("b", "1"), mark(4)).unwrap();
        batch.stop_filling();
        let rows = batch.take().swap_remove(0).rows;
        assert_eq!(rows.iter().map(|row| row.until).collect::<Vec<_>>(), [Some(mark(2)), None]);
        assert_eq!(batch.held(), 0);
    }

    #[test]
    fn an_organisation_that_is_cut_keeps_no_open_row() {
        let mut batch = batch(false);
        batch.add(open("a", "1"), mark(1)).unwrap();
        let other = Change::Open { table: &HELD, values: values(["other", "a", "1"]) };
        batch.add(other, mark(1)).unwrap();
        batch.cut("acme", mark(3));
        let taken = batch.take();
        assert_eq!(taken[0].cut, [(Value::Text("acme".into()), mark(3))]);
        let still_open: Vec<_> =
            taken[0].rows.iter().filter(|row| row.until.is_none()).map(|row| &row.values[0]).collect();
        assert_eq!(still_open, [&Value::Text("other".into())]);
    }

    #[test]
    fn changes_that_contradict_a_table_are_refused() {
        let mut batch = batch(false);
        batch.add(open("a", "1"), mark(1)).unwrap();
        assert!(batch.add(open("a", "2"), mark(2)).unwrap_err().contains("that is open"));
        let short = Change::Add { table: &DONE, values: values(["acme"]) };
        assert_eq!(batch.add(short, mark(2)).unwrap_err(), "it gives 1 values for 2 columns of `done`");
        assert!(batch.add(Change::Add { table: &HELD, values: values(["acme", "a", "1"]) }, mark(2)).is_err());
    }
}
