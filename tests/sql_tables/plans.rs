//! The documented questions go by indexes: no table is read from end to end.

use super::database::Database;

/// What comes before each question.
const QUESTIONS: [&str; 4] = [
    "SELECT only_own FROM effective_permissions
     WHERE organisation = 'o' AND member = 'm' AND permission = 'p' AND scope = 's'",
    "SELECT scope FROM effective_permissions WHERE organisation = 'o' AND member = 'm' AND permission = 'p'",
    "SELECT permission, scope FROM effective_permissions WHERE organisation = 'o' AND member = 'm'",
    "SELECT member FROM effective_permissions WHERE organisation = 'o' AND permission = 'p' AND scope = 's'",
];

#[test]
fn no_question_reads_a_whole_table_on_sqlite() {
    let database = Database::sqlite();
    let past = database.effective_at("o", 1);
    let past = format!("{past} WHERE member = 'm' AND permission = 'p'");
    for question in QUESTIONS.into_iter().chain([past.as_str()]) {
        let plan = database.query(&format!("EXPLAIN QUERY PLAN {question}"));
        let steps: Vec<String> = plan.rows.into_iter().map(|row| row[3].clone().unwrap()).collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH g1_")), "{steps:#?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN g1_")), "{steps:#?}");
    }
}

#[test]
fn no_question_reads_a_whole_table_on_postgres() {
    let database = Database::postgres();
    // Empty tables are read whole whatever the indexes are, unless that is forbidden.
    database.execute("SET enable_seqscan = off; SET enable_bitmapscan = off");
    let past = database.effective_at("o", 1);
    let past = format!("{past} WHERE member = 'm' AND permission = 'p'");
    for question in QUESTIONS.into_iter().chain([past.as_str()]) {
        let plan = database.query(&format!("EXPLAIN {question}"));
        let steps: Vec<String> = plan.rows.into_iter().map(|row| row[0].clone().unwrap()).collect();
        assert!(!steps.iter().any(|step| step.contains("Seq Scan")), "{steps:#?}");
        let by_organisation = |step: &&String| step.contains("Index Cond") && step.contains("organisation = 'o'");
        assert!(steps.iter().filter(by_organisation).count() >= 6, "{steps:#?}");
    }
}
