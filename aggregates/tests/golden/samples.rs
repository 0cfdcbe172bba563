//! One of each event, as Rust has it.

use chancery_aggregates::event::{
    AuditExported, CommandRefused, Decision, Details, EndedRole, Event, Frozen, MemberEvent, OrganisationEvent,
    ReviewAbout, ReviewEvent, ReviewLine, ReviewResult, ReviewedAccess, RoleCreated, RoleEvent, ScopeEvent, Verdict,
};
use chancery_aggregates::key::KeyHash;
use chancery_aggregates::profile::document::{AssignedBy, Policy};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, DocumentKind, KeyId, MemberId, MemberKind, MemberScope, OrganisationId, PermissionKey,
    PermissionRef, Personal, ReviewId, ReviewRef, RoleId, RoleRef, ScopeId, ScopeRef, Time, Window,
};

use crate::profile;

/// An event and which of its files it is in.
pub(crate) struct Sample {
    pub(crate) event: Event,
    pub(crate) minimal: bool,
    /// What the file shows, where an event came to have more than its first files do.
    pub(crate) with: Option<&'static str>,
}

impl Sample {
    pub(crate) fn file(&self) -> String {
        let with = self.with.map_or_else(String::new, |with| format!(".{with}"));
        format!("{}{}{with}.json", self.event.name(), if self.minimal { ".minimal" } else { "" })
    }
}

fn full(event: impl Into<Event>) -> Sample {
    Sample { event: event.into(), minimal: false, with: None }
}

fn minimal(event: impl Into<Event>) -> Sample {
    Sample { event: event.into(), minimal: true, with: None }
}

fn with(what: &'static str, event: impl Into<Event>) -> Sample {
    Sample { with: Some(what), ..full(event) }
}

pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = of_organisations();
    samples.extend(of_roles());
    samples.extend(of_members());
    samples.extend(of_access());
    samples.extend(of_keys());
    samples.extend(of_scopes());
    samples.extend(of_reviews());
    samples
}

fn of_organisations() -> Vec<Sample> {
    let organisation = OrganisationId::known("acme");
    vec![
        full(OrganisationEvent::OrganisationFounded {
            organisation: organisation.clone(),
            name: "Acme “Sons” & Co".into(),
            profile: Box::new(profile::full()),
        }),
        minimal(OrganisationEvent::OrganisationFounded {
            organisation,
            name: "Acme".into(),
            profile: Box::new(profile::minimal()),
        }),
        with(
            "separation",
            OrganisationEvent::OrganisationFounded {
                organisation: OrganisationId::known("acme"),
                name: "Acme".into(),
                profile: Box::new(profile::separating()),
            },
        ),
        with(
            "separation",
            OrganisationEvent::PolicyRevised {
                before: Box::new(Policy::default()),
                after: Box::new(profile::separating().policy),
            },
        ),
        full(OrganisationEvent::CatalogueRevised { added: vec![profile::category()] }),
        full(OrganisationEvent::PolicyRevised {
            before: Box::new(Policy::default()),
            after: Box::new(profile::policy()),
        }),
        full(OrganisationEvent::OwnerTransferred {
            role: role(),
            before: MemberId::known("priya"),
            after: MemberId::known("anita"),
        }),
        full(OrganisationEvent::CommandRefused(Box::new(CommandRefused {
            actor: "tom".into(),
            command: "AssignRole".into(),
            target: "member/tom".into(),
            rule: "escalation".into(),
            message: "`tom` would gain `work.sign`, which `tom` does not hold there".into(),
            occurrence: 4,
        }))),
        full(OrganisationEvent::LogKeyPublished {
            key: "chancery/acme+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".into(),
        }),
        full(OrganisationEvent::AuditExported(AuditExported {
            from: 1,
            until: 57,
            format: "csv".into(),
            filters: [("actor".into(), "sam".into()), ("type".into(), "RoleAssigned".into())].into(),
        })),
        minimal(OrganisationEvent::AuditExported(AuditExported {
            from: 1,
            until: 57,
            format: "pack".into(),
            filters: Default::default(),
        })),
    ]
}

fn of_roles() -> Vec<Sample> {
    let parent = RoleRef { id: RoleId::known("basic"), name: "Basic".into() };
    let created = RoleCreated {
        role: role(),
        built_in: true,
        description: "Edits, \"signs\"\nand files.".into(),
        colour: Some("#1d4ed8".into()),
        level: Some(30),
        locked: true,
        everywhere: true,
        assigned: AssignedBy::System,
        assigned_only_by: vec![RoleId::known("lead")],
        account_types: vec![AccountTypeKey::known("staff")],
        permissions: vec![PermissionKey::known("work.edit"), PermissionKey::known("work.view")],
        inherits: vec![parent.clone()],
        duplicate_of: Some(RoleRef { id: RoleId::known("writer"), name: "Writer".into() }),
    };
    let bare = RoleCreated {
        role: role(),
        built_in: false,
        description: String::new(),
        colour: None,
        level: None,
        locked: false,
        everywhere: false,
        assigned: AssignedBy::Hand,
        assigned_only_by: Vec::new(),
        account_types: Vec::new(),
        permissions: Vec::new(),
        inherits: Vec::new(),
        duplicate_of: None,
    };
    let colour = |colour: &str| Some(colour.into());
    vec![
        full(RoleEvent::RoleCreated(Box::new(created))),
        minimal(RoleEvent::RoleCreated(Box::new(bare))),
        full(RoleEvent::RoleRenamed { role: role().id, before: "Editor".into(), after: "Éditeur".into() }),
        full(RoleEvent::RoleDescribed { role: role(), before: String::new(), after: "Edits.".into() }),
        full(RoleEvent::RoleRecoloured { role: role(), before: colour("#1d4ed8"), after: colour("#b91c1c") }),
        minimal(RoleEvent::RoleRecoloured { role: role(), before: None, after: None }),
        full(RoleEvent::RoleLevelChanged { role: role(), before: Some(30), after: Some(25) }),
        minimal(RoleEvent::RoleLevelChanged { role: role(), before: None, after: None }),
        full(RoleEvent::PermissionToggled { role: role(), permission: permission(), before: false, after: true }),
        full(RoleEvent::RoleInheritanceChanged { role: role(), before: vec![], after: vec![parent] }),
        full(RoleEvent::RoleLocked { role: role() }),
        full(RoleEvent::RoleUnlocked { role: role() }),
        full(RoleEvent::RoleDeleted { role: role(), holders: 3, permissions: vec![permission().id] }),
        minimal(RoleEvent::RoleDeleted { role: role(), holders: 0, permissions: Vec::new() }),
    ]
}

fn of_members() -> Vec<Sample> {
    let details = Details {
        name: Some(Personal::Clear("Tom O’Hara".into())),
        email: Some(Personal::Sealed("c2VhbGVk".into())),
        phone: Some(Personal::Erased),
    };
    vec![
        full(MemberEvent::MemberAdded {
            member: tom(),
            kind: MemberKind::Service,
            account_type: AccountTypeKey::known("staff"),
            details: details.clone(),
            scope: MemberScope::All,
        }),
        minimal(MemberEvent::MemberAdded {
            member: tom(),
            kind: MemberKind::Person,
            account_type: AccountTypeKey::known("staff"),
            details: Details::default(),
            scope: MemberScope::None,
        }),
        full(MemberEvent::MemberDetailsChanged { member: tom(), before: details.clone(), after: details }),
        minimal(MemberEvent::MemberDetailsChanged {
            member: tom(),
            before: Details::default(),
            after: Details::default(),
        }),
        full(MemberEvent::AccountTypeChanged {
            member: tom(),
            before: AccountTypeKey::known("guest"),
            after: AccountTypeKey::known("staff"),
        }),
        full(MemberEvent::EmailVerified { member: tom() }),
        full(MemberEvent::DocumentSubmitted { member: tom(), document: passport(), reference: Some("blob/7".into()) }),
        minimal(MemberEvent::DocumentSubmitted { member: tom(), document: passport(), reference: None }),
        full(MemberEvent::DocumentApproved { member: tom(), document: passport(), expires: Some(at(0)) }),
        minimal(MemberEvent::DocumentApproved { member: tom(), document: passport(), expires: None }),
        full(MemberEvent::DocumentRejected { member: tom(), document: passport() }),
        full(MemberEvent::DocumentExpired { member: tom(), document: passport() }),
        full(MemberEvent::MemberSuspended { member: tom() }),
        full(MemberEvent::MemberReactivated { member: tom() }),
        full(MemberEvent::MemberRemoved { member: tom(), roles: ended_roles() }),
        minimal(MemberEvent::MemberRemoved { member: tom(), roles: Vec::new() }),
        full(MemberEvent::PersonalDataErased { member: tom() }),
        full(MemberEvent::LegalHoldPlaced { member: tom() }),
        full(MemberEvent::LegalHoldLifted { member: tom() }),
        full(MemberEvent::PersonalDataExported { member: tom() }),
    ]
}

fn ended_roles() -> Vec<EndedRole> {
    let window = Window { from: Some(at(0)), until: Some(at(123_456)) };
    vec![EndedRole { role: role(), scope: Some(attic()), window }]
}

fn of_access() -> Vec<Sample> {
    let window = Window { from: Some(at(0)), until: Some(at(123_456)) };
    let (open, member) = (Window::default(), tom());
    let toggled =
        |before, after| MemberEvent::MemberPermissionToggled { member: tom(), permission: permission(), before, after };
    vec![
        full(MemberEvent::RoleAssigned {
            member: tom(),
            role: role(),
            scope: Some(attic()),
            window,
            before: Some(Window { until: Some(at(100_000)), ..open }),
        }),
        minimal(MemberEvent::RoleAssigned { member: tom(), role: role(), scope: None, window: open, before: None }),
        full(MemberEvent::RoleUnassigned { member: tom(), role: role(), scope: Some(attic()), before: window }),
        minimal(MemberEvent::RoleUnassigned { member: tom(), role: role(), scope: None, before: open }),
        full(MemberEvent::MemberScopeChanged {
            member: tom(),
            before: MemberScope::Selected(vec![attic()]),
            after: MemberScope::ByGroup(vec![north()]),
        }),
        minimal(MemberEvent::MemberScopeChanged { member: tom(), before: MemberScope::None, after: MemberScope::All }),
        full(toggled(Some(true), false)),
        minimal(toggled(None, true)),
        full(MemberEvent::MemberPermissionCleared { member, permission: permission(), before: true }),
    ]
}

fn of_keys() -> Vec<Sample> {
    let (key, other) = (KeyId::known("k7Q2mX9bL0aZ"), KeyId::known("Rt5v8YnC1dEw"));
    let label = || "nightly sync".into();
    let hash = KeyHash::new(std::array::from_fn(|index| index as u8 * 8));
    vec![
        full(MemberEvent::KeyIssued {
            member: tom(),
            key: key.clone(),
            label: label(),
            hash,
            expires: Some(at(0)),
            replaces: Some(other),
        }),
        minimal(MemberEvent::KeyIssued {
            member: tom(),
            key: key.clone(),
            label: label(),
            hash,
            expires: None,
            replaces: None,
        }),
        full(MemberEvent::KeyExpiryChanged {
            member: tom(),
            key: key.clone(),
            label: label(),
            before: Some(at(123_456)),
            after: at(0),
        }),
        minimal(MemberEvent::KeyExpiryChanged {
            member: tom(),
            key: key.clone(),
            label: label(),
            before: None,
            after: at(0),
        }),
        full(MemberEvent::KeyRevoked { member: tom(), key: key.clone(), label: label(), expires: Some(at(0)) }),
        minimal(MemberEvent::KeyRevoked { member: tom(), key, label: label(), expires: None }),
    ]
}

fn of_scopes() -> Vec<Sample> {
    let (scope, with) = (attic(), north());
    vec![
        full(ScopeEvent::ScopeCreated { scope: attic(), kind: "room".into(), parent: Some(north()) }),
        minimal(ScopeEvent::ScopeCreated { scope: north(), kind: "house".into(), parent: None }),
        full(ScopeEvent::ScopeRenamed { scope: attic().id, before: "Attic".into(), after: "Loft".into() }),
        full(ScopeEvent::ScopeMoved { scope: attic(), before: Some(north()), after: Some(north()) }),
        minimal(ScopeEvent::ScopeMoved { scope: attic(), before: None, after: None }),
        full(ScopeEvent::ScopeShared { scope: attic(), with: north() }),
        full(ScopeEvent::ScopeUnshared { scope, with }),
        full(ScopeEvent::ScopeArchived { scope: attic() }),
        full(ScopeEvent::ScopeRestored { scope: attic() }),
    ]
}

fn of_reviews() -> Vec<Sample> {
    let (review, frozen) = (quarter(), Frozen { position: 40, time: at(0) });
    let opened = |about, lines| ReviewEvent::ReviewOpened { review: quarter(), about, frozen, deadline: at(1), lines };
    let window = Window { from: Some(at(0)), until: Some(at(1)) };
    let in_attic = ReviewedAccess::Role { role: role(), scope: Some(attic()), window };
    let plain = ReviewedAccess::Role { role: role(), scope: None, window: Window::default() };
    let direct = ReviewedAccess::Permission { permission: permission() };
    let key = |expires| ReviewedAccess::Key { key: KeyId::known("k1"), label: "Nightly export".into(), expires };
    let all =
        [in_attic, plain.clone(), ReviewedAccess::Ownership { role: role() }, direct, key(Some(at(0))), key(None)];
    let lines: Vec<ReviewLine> = all.into_iter().zip(1..).map(|(access, number)| line(number, access)).collect();
    let result = ReviewResult { lines: 6, kept: 4, revoked: 2, root: "9f86d081".into(), ..ReviewResult::default() };
    let late = ReviewResult { undecided: vec![3], outstanding: vec![1, 2], ..result.clone() };
    let (kept, revoked) = (decision(Verdict::Keep, Some(12)), decision(Verdict::Revoke, Some(12)));
    let gone = decision(Verdict::Keep, None);
    let decided = |before, after| ReviewEvent::ReviewLineDecided {
        review: quarter(),
        line: line(2, plain.clone()),
        before,
        after,
    };
    vec![
        full(opened(ReviewAbout::Role(role()), 6)),
        with("all", opened(ReviewAbout::All, 6)),
        with("sensitive", opened(ReviewAbout::Sensitive, 6)),
        with("scope", opened(ReviewAbout::Scope(attic()), 6)),
        full(ReviewEvent::ReviewLinesListed { review: quarter().id, lines }),
        full(ReviewEvent::ReviewReviewerChanged {
            review: quarter(),
            lines: vec![1, 2],
            before: MemberId::known("ann"),
            after: MemberId::known("bob"),
        }),
        full(decided(Some(kept), revoked)),
        minimal(decided(None, gone)),
        full(ReviewEvent::ReviewCompleted { review: review.clone(), frozen, result: late }),
        minimal(ReviewEvent::ReviewCompleted { review: review.clone(), frozen, result }),
        full(ReviewEvent::ReviewCancelled { review, lines: 6, decided: 2 }),
    ]
}

fn quarter() -> ReviewRef {
    ReviewRef { id: ReviewId::known("q1"), name: "First quarter".into() }
}

fn line(line: u32, access: ReviewedAccess) -> ReviewLine {
    ReviewLine { line, member: tom(), access, since: 12, reviewer: MemberId::known("ann") }
}

fn decision(verdict: Verdict, standing: Option<u64>) -> Decision {
    Decision { verdict, standing }
}

fn tom() -> MemberId {
    MemberId::known("tom")
}

fn passport() -> DocumentKind {
    DocumentKind::known("passport")
}

fn role() -> RoleRef {
    RoleRef { id: RoleId::known("editor"), name: "Editor".into() }
}

fn permission() -> PermissionRef {
    PermissionRef { id: PermissionKey::known("work.edit"), name: "Edit work".into() }
}

fn attic() -> ScopeRef {
    ScopeRef { id: ScopeId::known("attic"), name: "Attic".into() }
}

fn north() -> ScopeRef {
    ScopeRef { id: ScopeId::known("north"), name: "North".into() }
}

/// 2026-03-02T09:00:00Z and some microseconds.
fn at(micros: u32) -> Time {
    chrono::DateTime::from_timestamp(1_772_442_000, micros * 1_000).expect("a time")
}
