//! Both databases have the tables that `TABLES` describes, and the public views above them.

use chancery::projections::tables::{ColumnKind, Shape, TABLES, Table};

use super::database::Database;

/// Name, type, whether it must have a value.
type Column = (String, String, bool);

fn expected(database: &Database, table: &Table) -> Vec<Column> {
    let of = |kind| match (database.name(), kind) {
        ("sqlite", ColumnKind::Text) => "TEXT",
        ("sqlite", _) => "INTEGER",
        (_, ColumnKind::Text) => "text",
        (_, ColumnKind::Boolean) => "boolean",
        (_, ColumnKind::Integer) => "bigint",
        (_, ColumnKind::Time) => "timestamp with time zone",
    };
    let own = table.columns.iter().map(|column| (column.name, column.kind, !column.nullable));
    let bounds = [
        ("from_position", ColumnKind::Integer, true),
        ("from_time", ColumnKind::Time, true),
        ("until_position", ColumnKind::Integer, false),
        ("until_time", ColumnKind::Time, false),
    ];
    let bounds = bounds.into_iter().filter(|_| table.shape == Shape::Interval);
    own.chain(bounds).map(|(name, kind, required)| (name.to_owned(), of(kind).to_owned(), required)).collect()
}

fn columns(database: &Database, relation: &str) -> Vec<Column> {
    let sql = match database {
        Database::Sqlite(_) => format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{relation}')"),
        Database::Postgres { .. } => format!(
            "SELECT column_name, data_type, is_nullable = 'NO' FROM information_schema.columns
             WHERE table_name = '{relation}' ORDER BY ordinal_position"
        ),
    };
    let rows = database.query(&sql).rows.into_iter().map(|row| {
        let [name, kind, required] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap);
        (name, kind, required == "1" || required == "t")
    });
    rows.collect()
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|(name, ..)| name.as_str()).collect()
}

#[test]
fn both_databases_have_the_tables_as_they_are_described() {
    for database in Database::both() {
        for table in TABLES {
            let (name, expected) = (table.name, expected(&database, table));
            assert_eq!(columns(&database, &format!("g1_{name}")), expected, "{name} on {}", database.name());
            let public = columns(&database, name);
            assert_eq!(names(&public), names(&expected), "{name} on {}", database.name());
            if table.shape == Shape::Interval {
                let current = columns(&database, &format!("current_{name}"));
                assert_eq!(names(&current), names(&expected)[..expected.len() - 2], "{name} on {}", database.name());
            }
        }
    }
}

#[test]
fn a_key_is_open_once_and_no_row_is_there_twice() {
    for database in Database::both() {
        for table in TABLES {
            let name = table.name;
            let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name).collect();
            let key = key.join(", ");
            let (catalogue, text) = match database {
                Database::Sqlite(_) => ("sqlite_schema", "sql"),
                Database::Postgres { .. } => ("pg_indexes", "indexdef"),
            };
            if table.shape == Shape::Interval {
                let column = if database.name() == "sqlite" { "name" } else { "indexname" };
                let sql = format!("SELECT {text} FROM {catalogue} WHERE {column} = 'g1_{name}_open'");
                let definition = database.query(&sql).rows[0][0].clone().unwrap();
                assert!(definition.contains("UNIQUE INDEX"), "{definition}");
                assert!(definition.contains(&format!("({key})")), "{definition}");
                assert!(definition.contains("until_position IS NULL"), "{definition}");
            }
            let primary = if table.shape == Shape::Interval { format!("{key}, from_position") } else { key };
            let begin = format!("CREATE TABLE {{g}}{name} (");
            let (_, definition) = database.files()[0].split_once(&begin).unwrap();
            let (definition, _) = definition.split_once(';').unwrap();
            assert!(definition.contains(&format!("PRIMARY KEY ({primary})")), "{definition}");
        }
    }
}

#[test]
fn views_move_to_another_generation_under_what_others_built_on_them() {
    for database in Database::both() {
        database.execute("CREATE VIEW of_a_service AS SELECT member, permission FROM effective_permissions");
        database.execute("CREATE VIEW names_of_a_service AS SELECT name FROM current_roles");
        if database.name() == "postgres" {
            database.execute("GRANT SELECT ON current_roles TO PUBLIC");
        }
        database.create_tables("g2_");
        let row = "'o', 'r', 'Of the second', '', NULL, NULL, false, false, false, 'hand', 1";
        database.execute(&format!("INSERT INTO g2_roles VALUES ({row}, {}, NULL, NULL)", database.instant(0)));
        assert!(database.query("SELECT * FROM names_of_a_service").rows.is_empty());
        database.point_views_at("g2_");
        let names = database.query("SELECT * FROM names_of_a_service").rows;
        assert_eq!(names, [[Some("Of the second".to_owned())]], "{}", database.name());
        if database.name() == "postgres" {
            let sql = "SELECT privilege_type FROM information_schema.table_privileges
                       WHERE table_name = 'current_roles' AND grantee = 'PUBLIC'";
            assert_eq!(database.query(sql).rows, [[Some("SELECT".to_owned())]]);
        }
        // Nothing public stands on the former generation any longer.
        for table in TABLES {
            database.execute(&format!("DROP TABLE g1_{}", table.name));
        }
        assert!(database.query("SELECT * FROM of_a_service").rows.is_empty());
    }
}
