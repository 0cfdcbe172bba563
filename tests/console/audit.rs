//! The audit log's pages: entries, filters, exports, charts.

use chancery::log::pack;
use chancery::log::pack::Manifest;

use super::browser::{Browser, Page, with};
use super::world::World;

/// In the studio, Rita may read the audit log and export nothing.
const RITA: &[&str] = &[
    "--as nora role create Reader --permission audit.view api_keys.create",
    "--as nora member add rita --role reader",
];

fn with_rita() -> World {
    let world = World::on_sqlite();
    RITA.iter().for_each(|line| drop(world.line("studio", line)));
    world
}

/// Positions of the entries that a page shows, in its order.
fn positions(page: &Page) -> Vec<u64> {
    let links = page.body.split("<ol class=\"log\"").nth(1).unwrap_or_default().split("<div class=\"meta\"").skip(1);
    let number = |part: &str| part.split("/audit/entries/").nth(1)?.split(['"', '?']).next()?.parse().ok();
    links.filter_map(number).collect()
}

/// Where a link with this text leads.
fn link(page: &Page, text: &str) -> Option<String> {
    let found = page.body.split("<a ").skip(1).find(|part| part.split("</a>").next().unwrap().contains(text))?;
    Some(found.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&"))
}

const PAGES: [&str; 5] = [
    "/console/acme/audit",
    "/console/acme/audit?actor=olivia",
    "/console/acme/audit/entries/3",
    "/console/acme/audit/over-time",
    "/console/acme/audit/verify",
];

/// BO-02
#[test]
fn it_is_there_for_who_may_read_it_and_for_nobody_else() {
    let world = with_rita();
    for (organisation, member) in [("acme", "olivia"), ("studio", "nora"), ("studio", "rita")] {
        let mut browser = world.signed_in(organisation, member);
        browser.get(&format!("/console/{organisation}")).has(&format!("/console/{organisation}/audit\""));
        for path in PAGES.map(|path| path.replace("acme", organisation).replace("olivia", member)) {
            assert_eq!(browser.get(&path).status, 200, "{member} {path}");
        }
    }
    for member in ["mei", "hugo"] {
        let mut browser = world.signed_in("acme", member);
        browser.get("/console/acme").has_not("/console/acme/audit");
        let absent = browser.get("/console/acme/nothing");
        for path in PAGES {
            let page = browser.get(path);
            assert_eq!((page.status, &page.body), (404, &absent.body), "{member} {path}");
        }
    }
    let mut olivia = world.signed_in("acme", "olivia");
    for missing in ["/console/acme/audit/entries/0", "/console/acme/audit/entries/999", "/console/acme/audit/entries/x"]
    {
        assert!([400, 404].contains(&olivia.get(missing).status), "{missing}");
    }
}

#[test]
fn an_entry_is_complete_and_leads_to_what_it_is_about_before_and_after() {
    let world = World::on_sqlite();
    let before = world.position("acme");
    world.line("acme", "--as olivia --reason cover member assign mei spare --in tower");
    let at = world.position("acme");
    assert_eq!(at, before + 1);
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get(&format!("/console/acme/audit/entries/{at}"));
    let text = page.text();
    for part in [
        &format!("Entry #{at}"),
        "gave the role Spare in Tower to mei",
        "Outcome allowed",
        "Who olivia",
        "Command AssignRole",
        "About mei",
        "Role Spare spare",
        "Where Tower tower",
        "After {}",
        "Reason cover",
        "From local",
        "Program chancery/",
        "Request ",
        "Leaf hash ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    page.has(&format!("/console/acme/members/mei?at={before}"));
    page.has(&format!("/console/acme/roles/spare?at={at}"));
    let mei = |browser: &mut Browser, at: u64| browser.get(&format!("/console/acme/members/mei?at={at}"));
    let holds = |page: &Page| page.body.contains("/roles/spare");
    let (then, now) = (mei(&mut browser, before), mei(&mut browser, at));
    assert_eq!((then.status, now.status), (200, 200));
    assert!(!holds(&then) && holds(&now), "{}", now.text());
    let list = browser.get("/console/acme/audit?full=yes");
    list.has("cover");
    list.has("Leaf hash");
    list.has(&format!("/console/acme/audit/entries/{at}"));
}

#[test]
fn what_is_gone_is_looked_at_as_it_was() {
    let world = World::on_sqlite();
    world.line("acme", "--as olivia role delete spare");
    let at = world.position("acme");
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get(&format!("/console/acme/audit/entries/{at}"));
    page.has(&format!("/console/acme/roles/spare?at={}", at - 1));
    page.has_not(&format!("/console/acme/roles/spare?at={at}"));
    page.has_not("\"/console/acme/roles/spare\"");
    assert_eq!(browser.get(&format!("/console/acme/roles/spare?at={}", at - 1)).status, 200);
    assert_eq!(positions(&browser.get("/console/acme/audit?role=spare")).first(), Some(&at), "deleted ones are found");
}

#[test]
fn filters_work_together_and_the_last_day_is_included() {
    let world = World::on_sqlite();
    world.line("acme", "--as olivia role toggle viewer --allow tasks.complete");
    world.line("acme", "--as olivia member assign mei spare --in tower");
    let at = world.position("acme");
    let mut browser = world.signed_in("acme", "olivia");
    let mut found = |query: &str| {
        let page = browser.get(&format!("/console/acme/audit?{query}"));
        assert_eq!(page.status, 200, "{query}: {}", page.text());
        positions(&page)
    };
    assert_eq!(found("role=spare&subject=mei&actor=olivia&type=RoleAssigned&outcome=allowed"), [at]);
    assert_eq!(found("role=spare&subject=omar"), [0_u64; 0]);
    assert_eq!(found("subject=mei,omar&type=MemberAdded").len(), 2);
    assert_eq!(
        found("type=MemberAdded&type=RoleAssigned&subject=mei").len(),
        3,
        "added with a role, and given another"
    );
    assert_eq!(found("scope=tower&type=ScopeCreated").len(), 1);
    assert_eq!(found("permission=tasks.complete&type=PermissionToggled"), [at - 1]);
    assert_eq!(found(&format!("from={at}&to={at}")), [at]);
    let today = chrono::Utc::now();
    let day = |days: i64| (today + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    assert!(found(&format!("from={}&to={}", day(-1), day(0))).contains(&at), "the last day is included");
    assert_eq!(found(&format!("to={}", day(-1))), [0_u64; 0]);
    assert_eq!(found(&format!("from={}", day(1))), [0_u64; 0]);
    let page = browser.get("/console/acme/audit?actor=nobody&role=spare");
    assert_eq!(page.status, 404);
    page.has("nobody");
    page.has("value=\"spare\"");
    let page = browser.get("/console/acme/audit?type=RoleAsigned");
    assert_eq!(page.status, 400);
    page.has("RoleAssigned");
    let page = browser.get("/console/acme/audit?from=yesterday");
    assert_eq!(page.status, 400);
    page.has("role=\"alert\"");
}

#[test]
fn refusals_are_entries_and_marked() {
    let world = World::on_sqlite();
    let mut hugo = world.signed_in("acme", "hugo");
    let fields = hugo.get("/console/acme/members/mei").form("/members/mei/do/assign");
    let fields = with(with(fields, "role", &["admin"]), "confirm", &["yes"]);
    assert_eq!(hugo.post("/console/acme/members/mei/do/assign", &fields).status, 403);
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/audit?outcome=refused&full=yes");
    assert_eq!(positions(&page).len(), 1);
    page.has("<li class=\"refusal\">");
    let text = page.text();
    for part in ["refused", "Who hugo", "Rule ", "Meant for member/mei", "1 within the hour", "From console"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let world = World::on_sqlite();
    (0..130).for_each(|number| drop(world.line("acme", &format!("--as olivia role create R{number}"))));
    let mut browser = world.signed_in("acme", "olivia");
    let head = world.position("acme");
    let all = |browser: &mut Browser, path: &str| {
        let (mut seen, mut page) = (Vec::new(), browser.get(path));
        for _ in 0..20 {
            seen.extend(positions(&page));
            let Some(older) = link(&page, "Older") else { break };
            page = browser.get(&older);
            assert_eq!(page.status, 200);
        }
        seen
    };
    assert_eq!(all(&mut browser, "/console/acme/audit"), (1..=head).rev().collect::<Vec<_>>());
    let roles = all(&mut browser, "/console/acme/audit?type=RoleCreated&actor=olivia");
    assert!(roles.len() > 130 && roles.windows(2).all(|two| two[0] > two[1]), "{roles:?}");
    let activity = browser.get("/console/acme/activity");
    activity.has("just before");
    assert!(link(&activity, "Older").unwrap().contains("before="));
}

#[test]
fn an_export_is_what_was_chosen_and_on_record_with_its_reason() {
    let world = World::on_sqlite();
    world.line("acme", "--as olivia member assign mei spare --in tower");
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/audit?type=RoleAssigned&subject=mei");
    let wanted = positions(&page);
    let fields = with(with(page.form("/audit/export"), "format", &["csv"]), "reason", &["the yearly audit"]);
    let file = browser.post("/console/acme/audit/export", &fields);
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"acme-1-"), "{file:?}");
    let rows: Vec<&str> =
        file.body.lines().filter(|line| !line.starts_with("\"# ") && !line.starts_with("# ")).collect();
    assert_eq!(rows.len(), wanted.len() + 1, "{rows:?}");
    assert!(rows[1..].iter().all(|row| row.contains("RoleAssigned") && row.contains("mei")), "{rows:?}");
    let recorded = browser.get("/console/acme/audit?type=AuditExported&full=yes");
    let text = recorded.text();
    assert!(
        text.contains("Reason the yearly audit") && text.contains("From console") && text.contains("csv"),
        "{text}"
    );
    for (format, begin) in [("xlsx", &b"PK"[..]), ("ocsf", b"{"), ("cloudevents", b"{"), ("syslog", b"<110>1 ")] {
        let file = browser.post("/console/acme/audit/export", &with(fields.clone(), "format", &[format]));
        assert_eq!(file.status, 200, "{format}");
        assert!(file.bytes.starts_with(begin), "{format}: {}", file.body);
    }
    assert_eq!(positions(&browser.get("/console/acme/audit?type=AuditExported")).len(), 5);
    assert_eq!(browser.post("/console/acme/audit/export", &with(fields.clone(), "format", &["pdf"])).status, 400);
    assert_eq!(browser.post("/console/acme/audit/export", &with(fields.clone(), "csrf", &["x"])).status, 403);
    let unsigned = browser.post("/console/acme/audit/export", &with(fields, "format", &["pack"]));
    assert_eq!(unsigned.status, 409);
    unsigned.has("--log-key");
}

#[test]
fn who_may_not_export_is_offered_none_and_refused_on_record() {
    let world = with_rita();
    let mut rita = world.signed_in("studio", "rita");
    let page = rita.get("/console/studio/audit");
    page.has_not("/audit/export");
    let token = with(page.form("/console/-/sign-out"), "format", &["csv"]);
    let refused = rita.post("/console/studio/audit/export", &token);
    assert_eq!(refused.status, 403, "{}", refused.text());
    let entries = rita.get("/console/studio/audit?outcome=refused&actor=rita");
    assert_eq!(positions(&entries).len(), 1);
    assert_eq!(positions(&rita.get("/console/studio/audit?type=AuditExported")), [0_u64; 0]);
}

#[test]
fn an_evidence_pack_is_verified_elsewhere() {
    let world = World::with_log_key();
    world.sign("acme");
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/audit");
    let fields = with(page.form("/audit/export"), "format", &["pack"]);
    let file = browser.post("/console/acme/audit/export", &fields);
    assert_eq!((file.status, file.header("content-type")), (200, "application/zstd"), "{}", file.text());
    let directory = tempfile::tempdir().unwrap();
    let (archive, files) = (directory.path().join("pack.tar.zst"), directory.path().join("files"));
    std::fs::write(&archive, &file.bytes).unwrap();
    std::fs::create_dir(&files).unwrap();
    pack::unpack(&archive, &files).unwrap();
    let manifest: Manifest =
        serde_json::from_str(&std::fs::read_to_string(files.join("manifest.json")).unwrap()).unwrap();
    let verified = pack::verify(&files, &[], &[], || {}).unwrap();
    assert_eq!((verified.events, manifest.from), (manifest.until, 1));
    let recorded = browser.get("/console/acme/audit?type=AuditExported&full=yes").text();
    assert!(recorded.contains("\"format\":\"pack\""), "{recorded}");
}

#[test]
fn charts_have_the_numbers_beneath_and_they_add_up() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    // Reading makes no event, signing in did.
    let head = world.position("acme");
    let page = browser.get("/console/acme/audit/over-time");
    page.has("<svg class=\"chart\"");
    page.has_not(" style=");
    let cells = |table: &str, column: usize| -> Vec<u64> {
        let body = page.body.split(table).nth(1).unwrap().split("<tbody>").nth(1).unwrap();
        let rows = body.split("</tbody>").next().unwrap().split("<tr>").skip(1);
        let plain = |cell: &str| {
            let text: String = cell.split("</td>").next().unwrap().chars().skip_while(|c| *c != '>').collect();
            text.split(['<', '>']).find_map(|part| part.trim().parse().ok()).unwrap()
        };
        rows.map(|row| plain(row.split("<td ").nth(column).unwrap())).collect()
    };
    let table = "aria-label=\"Events by kind, in numbers\"";
    let columns = page.body.split(table).nth(1).unwrap().split("</thead>").next().unwrap().matches("<th ").count() - 1;
    assert_eq!(cells(table, columns).iter().sum::<u64>(), head, "all of them");
    let by_group: u64 = (1..columns).map(|column| cells(table, column).iter().sum::<u64>()).sum();
    assert_eq!(by_group, head, "each once");
    // Olivia and Ann administer; the others hold nothing that is sensitive.
    let held = "aria-label=\"Privileged access, in numbers\"";
    assert!(cells(held, 1).last().is_some_and(|members| *members >= 2), "{:?}", cells(held, 1));
    let again = browser.get("/console/acme/audit/over-time");
    assert_eq!(again.status, 200);
}
