//! Reports on the page and as files.

use super::browser::with;
use super::world::World;

#[test]
fn a_report_is_taken_away_by_who_may_export_and_that_is_recorded() {
    let world = World::on_sqlite();
    let mut olivia = world.signed_in("acme", "olivia");
    let page = olivia.get("/console/acme/reports/access?member=mei");
    page.has("Workbook");
    let (before, action) = (world.position("acme"), "/console/acme/reports/access/file");
    let file = olivia.post(action, &with(page.form(action), "format", &["csv"]));
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
    assert!(file.header("content-disposition").contains(&format!("acme-access-{before}.csv")), "{file:?}");
    assert!(file.body.contains("\nmei,") && !file.body.contains("\nolivia,"), "{}", file.body);
    let told = world.line("acme", "activity --type AuditExported");
    assert!(told.contains("exported a report (access) of the audit log") && told.contains("only member mei"), "{told}");
    // Of the past, too: a report is about it.
    let past = olivia.get("/console/acme/reports/access?at=3");
    let file = olivia.post(action, &with(past.form(action), "format", &["json"]));
    assert_eq!(file.status, 200);
    assert!(file.body.contains("\"position\": 3"), "{}", file.body);
    assert_eq!(world.position("acme"), before + 2);
}

#[test]
fn who_only_reads_is_offered_no_file_and_given_none() {
    let world = World::on_sqlite();
    world.line("studio", "--as nora role create Reader --permission audit.view api_keys.create");
    world.line("studio", "--as nora member add rita --role reader");
    let mut rita = world.signed_in("studio", "rita");
    let page = rita.get("/console/studio/reports/access");
    assert_eq!(page.status, 200);
    page.has_not("Workbook");
    let action = "/console/studio/reports/access/file";
    let mut fields = rita.get("/console/studio").form("/console/-/sign-out");
    fields.retain(|(name, _)| name == "csrf");
    let refused = rita.post(action, &with(fields, "format", &["csv"]));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(
        world.line("studio", "--format json events --type CommandRefused").contains("ExportAudit"),
        "it is on record"
    );
}
