//! All findings of one organisation, and previews of three changes to it, on states in memory.
//!
//! Profile `propops` (550 permissions) with 1,000 members of two roles each, 50 roles of its own with a
//! tenth to a half of the catalogue, and 110 scopes; each member works in three of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

use std::time::Duration;

use chancery::aggregates::AccessState;
use chancery::aggregates::event::{
    Details, Event, MemberEvent, Metadata, OrganisationEvent, Recorded, RoleCreated, RoleEvent, ScopeEvent, Stamp,
};
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, MemberScope, OrganisationId, RoleId, RoleRef, ScopeId, ScopeRef, Time, Window,
};
use chancery::projections::findings::{Kind, LastActed, Options, findings};
use chancery::projections::preview::{Unbounded, preview};
use criterion::{Criterion, criterion_group, criterion_main};

const MEMBERS: u64 = 1_000;
const ROLES: u64 = 50;
const SCOPES: u64 = 110;

fn measure(criterion: &mut Criterion) {
    let state = organisation();
    let at = now();
    let mut group = criterion.benchmark_group("one organisation of 1,000 members");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    let last = LastActed::new();
    group.bench_function("all findings", |bench| {
        bench.iter(|| findings(&state, at, &Kind::ALL, &Options::default(), Some(&last)));
    });
    let profile = state.profile().unwrap();
    let switched = profile.grants().iter().next().unwrap();
    let held = state.role_by_id("role-00").unwrap().effective.contains(switched);
    let permission = profile.cite(switched);
    let changes: [(&str, Event); 3] = [
        (
            "preview of an assignment",
            MemberEvent::RoleAssigned {
                member: member(1),
                role: role(7),
                scope: None,
                window: Window::default(),
                before: None,
            }
            .into(),
        ),
        (
            "preview of a switch on a role",
            RoleEvent::PermissionToggled { role: role(0), permission, before: held, after: !held }.into(),
        ),
        ("preview of an archived scope", ScopeEvent::ScopeArchived { scope: scope(3) }.into()),
    ];
    for (name, event) in changes {
        let stamp = Stamp { position: state.position() + 1, time: at };
        let mut after = state.clone();
        after.apply(&event, stamp);
        let metadata = Metadata { actor: "member-0000".into(), ..Metadata::default() };
        let events = [Recorded { stamp, global_position: 0, sequence: 1, event, metadata }];
        group.bench_function(name, |bench| bench.iter(|| preview(&state, &after, &events, at, &Unbounded)));
    }
    group.finish();
}

fn now() -> Time {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn organisation() -> AccessState {
    let text = BUILT_IN.iter().find(|(name, _)| *name == "propops").unwrap().1;
    let profile = Box::new(check(text).unwrap());
    let mut state = AccessState::default();
    let mut happen = |event: Event| {
        let stamp = Stamp { position: state.position() + 1, time: now() };
        state.apply(&event, stamp);
    };
    let keys: Vec<_> = profile.categories.iter().flat_map(|category| &category.permissions).map(|p| &p.key).collect();
    let keys: Vec<String> = keys.into_iter().map(ToString::to_string).collect();
    let organisation = OrganisationId::known("bench");
    happen(OrganisationEvent::OrganisationFounded { organisation, name: "Bench".into(), profile }.into());
    for number in 0..SCOPES {
        let parent = (number >= 10).then(|| scope(number % 10));
        happen(ScopeEvent::ScopeCreated { scope: scope(number), kind: "branch".into(), parent }.into());
    }
    for number in 0..ROLES {
        let own = |at: &usize| (*at as u64 * 7 + number * 13) % 50 < 5 + number % 20;
        let permissions = (0..keys.len()).filter(own).filter_map(|at| keys.get(at));
        happen(
            RoleEvent::RoleCreated(Box::new(RoleCreated {
                role: role(number),
                built_in: false,
                description: String::new(),
                colour: None,
                level: Some(50),
                locked: false,
                everywhere: false,
                assigned: Default::default(),
                assigned_only_by: Vec::new(),
                account_types: Vec::new(),
                permissions: permissions
                    .map(|key| chancery::aggregates::vocabulary::PermissionKey::known(key.as_str()))
                    .collect(),
                inherits: Vec::new(),
                duplicate_of: None,
            }))
            .into(),
        );
    }
    for number in 0..MEMBERS {
        let scope = MemberScope::Selected(vec![scope(number), scope(number * 3 + 1), scope(number * 7 + 2)]);
        let (kind, account_type) = (MemberKind::Person, AccountTypeKey::known("staff"));
        let details = Details::default();
        happen(MemberEvent::MemberAdded { member: member(number), kind, account_type, details, scope }.into());
        for role in [role(number), role(number * 3 + 5)] {
            let (member, window) = (member(number), Window::default());
            happen(MemberEvent::RoleAssigned { member, role, scope: None, window, before: None }.into());
        }
    }
    state
}

fn member(number: u64) -> MemberId {
    MemberId::known(format!("member-{:04}", number % MEMBERS))
}

fn role(number: u64) -> RoleRef {
    let number = number % ROLES;
    RoleRef { id: RoleId::known(format!("role-{number:02}")), name: format!("Role number {number}").into() }
}

fn scope(number: u64) -> ScopeRef {
    let number = number % SCOPES;
    ScopeRef { id: ScopeId::known(format!("scope-{number:03}")), name: format!("Number {number}, Long Lane").into() }
}

criterion_group!(benches, measure);
criterion_main!(benches);
