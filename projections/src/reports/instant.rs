//! Reports about an instant.

use chancery_aggregates::AccessState;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::{MemberKind, MemberScope, Time};

use super::{Cell, Filter, Table};
use crate::access::{self, access_table, barrier};
use crate::findings::{Finding, Kind as Found, LastActed, Options, findings};
use crate::words::{self, Person};

fn name(person: &Person) -> Cell {
    person.name.as_deref().into()
}

fn kind_of(state: &AccessState, person: &Person) -> Cell {
    state.member_by_id(person.id.as_str()).map(|member| told_kind(member.kind)).into()
}

fn told_kind(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Person => "person",
        MemberKind::Service => "service",
    }
}

pub(super) fn access(state: &AccessState, at: Time, filter: &Filter) -> Table {
    let mut table = Table::new([
        "member",
        "name",
        "kind",
        "account_type",
        "no_access_because",
        "holds",
        "id",
        "what",
        "where",
        "from",
        "until",
        "permissions",
    ]);
    let member = filter.member.as_deref().map(|id| state.member_ix(id));
    if member == Some(None) {
        return table;
    }
    let wanted = access::Filter { member: member.flatten(), role: filter.role.clone(), ..access::Filter::default() };
    for row in access_table(state, at, &wanted).members {
        let who = |rest: [Cell; 7]| {
            let [holds, id, what, place, from, until, permissions] = rest;
            let person = &row.member;
            [
                person.id.as_str().into(),
                name(person),
                kind_of(state, person),
                row.account_type.as_str().into(),
                row.barrier.as_deref().into(),
                holds,
                id,
                what,
                place,
                from,
                until,
                permissions,
            ]
        };
        for held in &row.roles {
            let cells = [
                "role".into(),
                held.role.id.as_str().into(),
                held.role.name.as_str().into(),
                place(&held.reach).into(),
                held.window.from.into(),
                held.window.until.into(),
                held.permissions.into(),
            ];
            table.push(Some(held.given_at), who(cells));
        }
        for toggle in row.toggles.iter().filter(|_| filter.role.is_none()) {
            let holds = if toggle.allowed { "allowed directly" } else { "withheld directly" };
            let (id, what) = (toggle.permission.id.as_str(), toggle.permission.name.as_str());
            let reach = place(&row.scope);
            let cells = [holds.into(), id.into(), what.into(), reach.into(), Cell::Empty, Cell::Empty, Cell::Empty];
            table.push(Some(toggle.given_at), who(cells));
        }
        if row.roles.is_empty() && row.toggles.is_empty() {
            let empty = Cell::Empty;
            let cells = ["nothing".into(), empty.clone(), empty.clone(), empty.clone(), empty.clone(), empty.clone()];
            let [holds, id, what, place, from, until] = cells;
            table.push(None, who([holds, id, what, place, from, until, empty]));
        }
    }
    table
}

fn place(scope: &MemberScope) -> String {
    words::member_scope(scope)
}

fn found(state: &AccessState, at: Time, kinds: &[Found], filter: &Filter, acted: Option<&LastActed>) -> Vec<Finding> {
    let mut found = findings(state, at, kinds, &Options::default(), acted);
    found.retain(|finding| {
        filter.member.as_ref().is_none_or(|id| finding.members.iter().any(|person| person.id.as_str() == id))
            && filter.role.as_ref().is_none_or(|id| finding.roles.iter().any(|role| role.id.as_str() == id))
    });
    found
}

/// A row for each path, since each was opened by an event of its own.
fn by_path(state: &AccessState, found: Vec<Finding>) -> Table {
    let mut table = Table::new(["member", "name", "kind", "where", "permissions", "keys", "path", "sentence"]);
    for finding in found {
        let Some(person) = finding.members.first() else { continue };
        let keys: Vec<&str> = finding.permissions.iter().map(|permission| permission.id.as_str()).collect();
        let keys = keys.join(" ");
        for evidence in &finding.evidence {
            table.push(
                evidence.position,
                [
                    person.id.as_str().into(),
                    name(person),
                    kind_of(state, person),
                    finding.places.as_ref().map(|places| places.summary.as_str()).into(),
                    finding.permissions.len().into(),
                    keys.as_str().into(),
                    evidence.what.as_str().into(),
                    finding.sentence.as_str().into(),
                ],
            );
        }
    }
    table
}

/// A role is one path among others to what is sensitive, so the filter by role looks at the paths.
pub(super) fn privileged(state: &AccessState, at: Time, filter: &Filter) -> Table {
    by_role(state, filter, by_path(state, found(state, at, &[Found::Privileged], &without_role(filter), None)))
}

pub(super) fn separation(state: &AccessState, at: Time, filter: &Filter) -> Table {
    by_role(state, filter, by_path(state, found(state, at, &[Found::Separation], &without_role(filter), None)))
}

fn without_role(filter: &Filter) -> Filter {
    Filter { role: None, ..filter.clone() }
}

/// The rows whose event is the giving of this role.
fn by_role(state: &AccessState, filter: &Filter, mut table: Table) -> Table {
    let Some(role) = &filter.role else { return table };
    let ix = state.role_ix(role);
    let given: std::collections::BTreeSet<u64> = state
        .members()
        .flat_map(|(_, member)| &member.assignments)
        .filter(|held| Some(held.role) == ix)
        .map(|held| held.at)
        .collect();
    table.rows.retain(|row| row.event.is_some_and(|position| given.contains(&position)));
    table
}

pub(super) fn service_accounts(state: &AccessState, at: Time, filter: &Filter) -> Table {
    let mut table = Table::new([
        "member",
        "name",
        "account_type",
        "status",
        "no_access_because",
        "roles",
        "scope",
        "key",
        "label",
        "issued",
        "expires",
        "revoked",
        "lets_in",
    ]);
    let services = state.members().filter(|(_, member)| member.kind == MemberKind::Service);
    for (ix, member) in services.filter(|(_, member)| filter.member.as_ref().is_none_or(|id| member.id.as_str() == id))
    {
        let holds = |id: &String| member.assignments.iter().any(|held| Some(held.role) == state.role_ix(id));
        if !filter.role.as_ref().is_none_or(holds) {
            continue;
        }
        let account_type = state.profile().and_then(|profile| profile.account_type(member.account_type));
        let roles: Vec<String> = member.assignments.iter().map(|held| assignment(state, held)).collect();
        let status = match member.status {
            Status::Active => "active",
            Status::Suspended => "suspended",
            Status::Removed => "removed",
        };
        let who = |[key, label, issued, expires, revoked, lets_in]: [Cell; 6]| {
            [
                member.id.as_str().into(),
                name(&Person::of(state, member)),
                account_type.map(|account_type| account_type.label.as_str()).into(),
                status.into(),
                barrier(state, ix, at).map(|denial| denial.to_string()).into(),
                roles.join("; ").into(),
                words::coverage(state, &member.scope).into(),
                key,
                label,
                issued,
                expires,
                revoked,
                lets_in,
            ]
        };
        let mut keys = state.keys_of(ix).peekable();
        if keys.peek().is_none() {
            table.push(Some(member.added.position), who([const { Cell::Empty }; 6]));
        }
        for key in keys {
            let cells = [
                key.id.as_str().into(),
                key.label.as_str().into(),
                key.issued.time.into(),
                key.expires.into(),
                key.revoked.map(|stamp| stamp.time).into(),
                (if state.admits(key, at) { "yes" } else { "no" }).into(),
            ];
            table.push(Some(key.issued.position), who(cells));
        }
    }
    table
}

/// `Manager in Acacia Avenue until 16 March 2026`.
fn assignment(state: &AccessState, held: &chancery_aggregates::state::Assignment) -> String {
    let scope = held.scope.map(|scope| format!(" in {}", state.cite_scope(scope).name)).unwrap_or_default();
    let window = words::window(held.window);
    let window = if window.is_empty() { window } else { format!(" {window}") };
    format!("{}{scope}{window}", state.cite_role(held.role).name)
}

pub(super) fn dormant(state: &AccessState, at: Time, filter: &Filter, acted: Option<&LastActed>) -> Table {
    const KINDS: [Found; 6] = [
        Found::LeftWithAccess,
        Found::SuspendedWithRoles,
        Found::IdleManager,
        Found::DormantGrant,
        Found::UnusedRole,
        Found::NoAccess,
    ];
    let mut table = Table::new(["why", "member", "name", "role", "until", "sentence"]);
    for finding in found(state, at, &KINDS, filter, acted) {
        let person = finding.members.first();
        let roles: Vec<&str> = finding.roles.iter().map(|role| role.id.as_str()).collect();
        table.push(
            finding.evidence.iter().find_map(|evidence| evidence.position),
            [
                finding.kind.name().into(),
                person.map(|person| person.id.as_str()).into(),
                person.map_or(Cell::Empty, name),
                roles.join(" ").into(),
                finding.until.into(),
                finding.sentence.as_str().into(),
            ],
        );
    }
    table
}
