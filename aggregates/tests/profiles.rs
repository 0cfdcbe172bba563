//! The profiles that come with the program, held to the sizes and lists of the source documents.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::check::check;
use chancery_aggregates::profile::document::{AssignedBy, PermissionDocument, ProfileDocument};
use chancery_aggregates::profile::pattern;
use chancery_aggregates::profile::table::Table;

#[path = "profiles/mistakes.rs"]
mod mistakes;

fn text(name: &str) -> &'static str {
    BUILT_IN.iter().find(|(built_in, _)| *built_in == name).expect("a built-in profile").1
}

fn profile(name: &str) -> ProfileDocument {
    check(text(name)).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"))
}

fn permissions(profile: &ProfileDocument) -> impl Iterator<Item = &PermissionDocument> {
    profile.categories.iter().flat_map(|category| &category.permissions)
}

/// The keys that a role has by its own patterns.
fn held<'a>(profile: &'a ProfileDocument, role: &str) -> Vec<&'a str> {
    let role = profile.roles.iter().find(|candidate| candidate.key == role).expect("a role of the profile");
    permissions(profile).map(|p| p.key.as_str()).filter(|key| pattern::selects(&role.permissions, key)).collect()
}

/// The keys that members of an account type may hold.
fn bound<'a>(profile: &'a ProfileDocument, account_type: &str) -> Vec<&'a str> {
    let found = profile.account_types.iter().find(|candidate| candidate.key == account_type);
    let patterns = &found.expect("an account type of the profile").may_hold;
    permissions(profile).map(|p| p.key.as_str()).filter(|key| pattern::selects(patterns, key)).collect()
}

fn is_within(part: &[&str], whole: &[&str]) -> bool {
    part.iter().all(|key| whole.contains(key))
}

#[test]
fn every_built_in_profile_passes_the_check() {
    for (name, text) in BUILT_IN {
        assert_eq!(check(text).map(|profile| profile.name.to_string()), Ok(name.to_owned()));
    }
}

/// A profile goes into the founding event of an organisation.
#[test]
fn a_profile_survives_being_written() {
    for (name, _) in BUILT_IN {
        let profile = profile(name);
        let written = toml::to_string(&profile).unwrap();
        assert_eq!(check(&written), Ok(profile));
    }
}

mod propops {
    use super::*;

    #[test]
    fn po_04_the_table_of_levels_and_counts() {
        let table = Table::of(&profile("propops"));
        assert_eq!(table.columns, ["API Perms", "Page Perms", "Doc Perms"]);
        assert_eq!(table.catalogue, [402, 103, 45]);
        let rows: Vec<_> = table
            .roles
            .iter()
            .map(|row| (row.level.unwrap(), row.name.as_str(), row.counts.as_slice(), row.locked))
            .collect();
        let expected: [(u16, &str, &[usize], bool); 5] = [
            (10, "SysOps", &[402, 103, 45], false),
            (20, "Director", &[391, 95, 45], true),
            (30, "Finance", &[306, 57, 45], true),
            (40, "Maintenance Coordinator", &[301, 52, 45], true),
            (50, "Minimal Access", &[6, 0, 0], false),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn po_05_fifteen_document_types_each_with_upload_read_and_delete() {
        let profile = profile("propops");
        let keys: Vec<_> = permissions(&profile).map(|p| p.key.as_str()).collect();
        let mut types: Vec<_> = keys.iter().filter_map(|key| key.strip_prefix("doc.")?.strip_suffix(".read")).collect();
        types.sort_unstable();
        types.dedup();
        assert_eq!(types.len(), 15);
        for document in types {
            for verb in ["upload", "read", "delete"] {
                assert!(keys.contains(&format!("doc.{document}.{verb}").as_str()), "{document} {verb}");
            }
        }
        for named in ["api.email.send.manage", "api.email.verify.view", "api.email.welcome.manage"] {
            assert!(keys.contains(&named), "{named}");
        }
    }

    #[test]
    fn po_06_a_lock_forbids_only_deleting_and_not_to_sysops() {
        use chancery_aggregates::profile::document::Forbidden;
        let policy = profile("propops").policy;
        assert_eq!(policy.locked_forbids, [Forbidden::Delete]);
        assert_eq!(policy.locked_except_for, ["sysops"]);
    }

    #[test]
    fn po_07_roles_nest_strictly() {
        let profile = profile("propops");
        for [higher, lower] in [["sysops", "director"], ["director", "finance"], ["finance", "maintenance_coordinator"]]
        {
            let (higher, lower) = (held(&profile, higher), held(&profile, lower));
            assert!(is_within(&lower, &higher) && lower.len() < higher.len());
        }
    }

    /// Every line of the document's lists, and keys that make it good.
    const BEYOND: [(&str, &str, &str, &[&str]); 16] = [
        ("sysops", "director", "Sync background task registry", &["api.system.task_registry.sync"]),
        ("sysops", "director", "Branch sharing across workspaces", &["api.branches.sharing.manage"]),
        ("sysops", "director", "Dashboard chart management", &["api.dashboard.chart_management.update"]),
        ("sysops", "director", "Security operations chiplets", &["api.security.chiplets.manage"]),
        ("sysops", "director", "Maintenance mode toggle", &["api.system.maintenance_mode.manage"]),
        ("sysops", "director", "Web push notification testing", &["api.notifications.push_test.manage"]),
        ("sysops", "director", "User appearance/theme management", &["api.users.appearance.manage"]),
        (
            "director",
            "finance",
            "Full admin panel access (activity logs, API discovery, permissions, settings)",
            &[
                "api.admin.panel.view",
                "api.admin.activity_log.view",
                "api.admin.api_discovery.view",
                "api.permissions.catalogue.view",
                "api.admin.general.manage",
            ],
        ),
        (
            "director",
            "finance",
            "Security management (file integrity alerts, session management, blacklists)",
            &["api.security.file_integrity.manage", "api.security.sessions.revoke", "api.security.blacklists.manage"],
        ),
        (
            "director",
            "finance",
            "Role and permission management",
            &["api.roles.record.update", "api.roles.assignment.manage", "api.permissions.toggles.manage"],
        ),
        ("director", "finance", "User management policies", &["api.user_policies.password.manage"]),
        (
            "director",
            "finance",
            "Deployment and security guard notifications",
            &["api.guards.deployment.view", "api.guards.security_guard.view"],
        ),
        ("director", "finance", "Tenant bulk operations (bulk delete)", &["api.tenants.bulk.delete"]),
        ("director", "finance", "GDPR report access", &["api.gdpr.oversight.view"]),
        (
            "finance",
            "maintenance_coordinator",
            "GDPR data report generation and download",
            &["api.gdpr.report.generate", "api.gdpr.report.download"],
        ),
        ("finance", "maintenance_coordinator", "Tenant data export", &["api.tenants.export.generate"]),
    ];

    #[test]
    fn po_07_every_listed_capability_is_held_by_the_higher_role_and_missing_from_the_next() {
        let profile = profile("propops");
        for (higher, lower, line, keys) in BEYOND {
            for key in keys {
                assert!(held(&profile, higher).contains(key), "{line}: {higher} lacks {key}");
                assert!(!held(&profile, lower).contains(key), "{line}: {lower} has {key}");
            }
        }
    }

    #[test]
    fn po_07_shared_capabilities_reach_the_maintenance_coordinator() {
        let profile = profile("propops");
        let held = held(&profile, "maintenance_coordinator");
        for key in [
            "api.jobs.record.create",
            "api.case_notes.note.create",
            "api.job_media.photos.upload",
            "api.certifications.record.approve",
            "api.trades.record.manage",
            "api.coverage.area.manage",
            "api.invoices.record.create",
            "api.payments.record.create",
            "api.dashboard.jobs_widget.view",
            "api.email.templates.manage",
            "api.whatsapp.messages.send",
            "api.users.record.update",
            "api.branches.settings.manage",
            "api.calendar.events.create",
            "api.search.everything.view",
            "api.analytics.jobs.view",
            "api.reports.record.run",
        ] {
            assert!(held.contains(&key), "{key}");
        }
    }

    #[test]
    fn po_08_minimal_access_has_six_email_permissions() {
        let profile = profile("propops");
        let held = held(&profile, "minimal_access");
        assert_eq!(held.len(), 6);
        assert!(held.iter().all(|key| key.starts_with("api.email.")));
    }

    #[test]
    fn pa_01_only_staff_may_hold_what_governs_others() {
        let profile = profile("propops");
        assert_eq!(bound(&profile, "staff").len(), 550);
        let governs = [".roles.", ".permissions.", ".security.", ".admin.", ".system.", ".gdpr.", "api.users."];
        for account_type in ["agent", "contractor", "landlord", "tenant"] {
            let bound = bound(&profile, account_type);
            for key in &bound {
                assert!(!governs.iter().any(|area| key.contains(area)), "{account_type} may hold {key}");
            }
        }
    }

    #[test]
    fn pa_01_what_contractors_landlords_and_tenants_cannot_do() {
        let profile = profile("propops");
        let forbidden: [(&str, &[&str]); 3] = [
            (
                "contractor",
                &["api.invoices.", "api.payments.", "api.finance.", "api.tenants.", "api.landlords.", "doc.invoice"],
            ),
            ("landlord", &["api.payments.", "api.finance.", "api.case_notes.internal.", "api.jobs.record.update"]),
            (
                "tenant",
                &[
                    "api.invoices.",
                    "api.payments.",
                    "api.finance.",
                    "api.contractors.",
                    "api.case_notes.internal.",
                    "doc.",
                ],
            ),
        ];
        for (account_type, areas) in forbidden {
            for key in bound(&profile, account_type) {
                assert!(!areas.iter().any(|area| key.starts_with(area)), "{account_type} may hold {key}");
            }
        }
    }

    #[test]
    fn pa_04_everybody_but_staff_needs_a_verified_address() {
        for account_type in profile("propops").account_types {
            assert_eq!(account_type.verified_email, account_type.key != "staff", "{}", account_type.key);
        }
    }

    #[test]
    fn pa_06_agents_do_not_see_their_own_permission_set() {
        for account_type in profile("propops").account_types {
            assert_eq!(account_type.sees_own_access, account_type.key != "agent", "{}", account_type.key);
        }
    }

    #[test]
    fn pa_10_more_than_thirty_categories() {
        assert!(profile("propops").categories.len() > 30);
    }
}

mod proplink {
    use super::*;

    const VERBS: [&str; 7] = ["read", "create", "update", "approve", "archive", "restore", "force_delete"];

    #[test]
    fn pl_02_every_permission_is_a_domain_and_one_of_seven_verbs() {
        let profile = profile("proplink");
        assert_eq!(permissions(&profile).count(), 150);
        for category in &profile.categories {
            for permission in &category.permissions {
                let (domain, verb) = permission.key.split_once('.').unwrap();
                assert_eq!(domain, category.key);
                assert!(VERBS.contains(&verb), "{}", permission.key);
            }
        }
    }

    #[test]
    fn pl_02_debtor_invoices_have_the_verbs_of_the_example() {
        let profile = profile("proplink");
        for verb in ["read", "create", "update", "approve"] {
            assert!(permissions(&profile).any(|p| p.key == format!("debtor_invoice.{verb}")));
        }
    }

    #[test]
    fn pl_03_seven_built_in_roles_with_the_intent_of_the_document() {
        let profile = profile("proplink");
        let by_hand = profile.roles.iter().filter(|role| role.assigned != AssignedBy::System);
        let names: Vec<_> = by_hand.map(|role| role.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Organisation Owner",
                "Administrator",
                "Manager",
                "Accountant",
                "Site Manager",
                "Maintenance Coordinator",
                "Read Only"
            ]
        );
        let all: Vec<_> = permissions(&profile).map(|p| p.key.as_str()).collect();
        assert_eq!(held(&profile, "owner"), all);
        let without_billing: Vec<_> = all.iter().copied().filter(|key| !key.starts_with("billing.")).collect();
        assert_eq!(held(&profile, "administrator"), without_billing);
        assert!(held(&profile, "read_only").iter().all(|key| key.ends_with(".read")));
        assert!(held(&profile, "manager").contains(&"invoice.approve"));
        assert!(!held(&profile, "read_only").contains(&"invoice.approve"));
    }

    /// Else an administrator could not assign the role: nobody grants what they do not hold.
    #[test]
    fn pl_03_administrators_hold_all_that_the_other_roles_have() {
        let profile = profile("proplink");
        let administrator = held(&profile, "administrator");
        for role in profile.roles.iter().filter(|role| role.key != "owner") {
            assert!(is_within(&held(&profile, &role.key), &administrator), "{}", role.key);
        }
    }

    #[test]
    fn pl_08_system_roles_fit_into_what_portal_users_may_hold() {
        let profile = profile("proplink");
        let system: Vec<_> = profile.roles.iter().filter(|role| role.assigned == AssignedBy::System).collect();
        assert_eq!(system.len(), 3);
        for role in system {
            assert!(is_within(&held(&profile, &role.key), &bound(&profile, "portal")), "{}", role.key);
        }
    }
}

mod workspace {
    use super::*;

    #[test]
    fn ws_02_five_locked_roles() {
        let profile = profile("workspace");
        let names: Vec<_> = profile.roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["Owner", "Admin", "Manager", "Member", "Developer"]);
        assert!(profile.roles.iter().all(|role| role.locked && role.colour.is_some()));
        assert_eq!(profile.roles[0].assigned_only_by, ["owner"]);
    }

    #[test]
    fn ws_02_admin_is_owner_without_deleting_the_organisation_and_without_billing() {
        let profile = profile("workspace");
        let admin = held(&profile, "admin");
        let missing: Vec<_> = held(&profile, "owner").into_iter().filter(|key| !admin.contains(key)).collect();
        assert_eq!(missing, ["organisation.delete", "billing.view", "billing.manage"]);
    }

    #[test]
    fn ws_02_only_the_member_role_is_restricted_to_its_own() {
        let profile = profile("workspace");
        for role in &profile.roles {
            let restricted = held(&profile, &role.key).contains(&"tasks.own_only");
            assert_eq!(restricted, role.key == "member", "{}", role.key);
        }
    }

    #[test]
    fn ws_03_member_is_the_default_role() {
        let profile = profile("workspace");
        assert!(profile.account_types.iter().all(|t| t.default_role.as_deref() == Some("member")));
    }

    #[test]
    fn ws_05_every_permission_has_a_label_and_a_description() {
        let profile = profile("workspace");
        for permission in permissions(&profile) {
            assert!(!permission.label.is_empty() && !permission.description.is_empty(), "{}", permission.key);
        }
    }

    #[test]
    fn ws_08_manage_roles_is_held_by_owner_and_admin() {
        let profile = profile("workspace");
        for role in &profile.roles {
            let manages = held(&profile, &role.key).contains(&"roles.manage");
            assert_eq!(manages, ["owner", "admin"].contains(&role.key.as_str()), "{}", role.key);
        }
    }
}

mod buildings {
    use super::*;

    #[test]
    fn bo_05_eleven_categories_and_thirty_three_permissions() {
        let profile = profile("buildings");
        let table = Table::of(&profile);
        let counts: Vec<_> = table
            .categories
            .iter()
            .filter(|category| !category.administration)
            .map(|category| (category.label.as_str(), category.permissions))
            .collect();
        assert_eq!(
            counts,
            [
                ("Assets", 4),
                ("Categories", 1),
                ("Checklists", 3),
                ("Files", 4),
                ("Messenger Flow", 2),
                ("Recurring Tasks", 4),
                ("Spaces", 4),
                ("Tags", 2),
                ("Tasks", 7),
                ("Building", 1),
                ("Users", 1),
            ]
        );
        assert_eq!(table.catalogue, [33]);
        assert_eq!(table.counted_categories(), 11);
    }

    #[test]
    fn bo_02_members_may_hold_the_catalogue_and_nothing_of_administration() {
        let profile = profile("buildings");
        let counted = profile.categories.iter().filter(|category| !category.administration);
        let keys: Vec<_> = counted.flat_map(|category| &category.permissions).map(|p| p.key.as_str()).collect();
        assert_eq!(bound(&profile, "member"), keys);
    }

    #[test]
    fn bo_06_only_own_tasks_narrows_the_other_six() {
        let profile = profile("buildings");
        let tasks: Vec<_> = permissions(&profile).filter(|p| p.key.starts_with("tasks.")).collect();
        let (restriction, others) = tasks.split_last().unwrap();
        assert_eq!(restriction.key, "tasks.manage_own_only");
        assert_eq!(restriction.narrows, others.iter().map(|p| p.key.clone()).collect::<Vec<_>>());
        assert!(!held(&profile, "admin").contains(&"tasks.manage_own_only"));
    }
}
