//! The shapes of answers that other crates make, for the description of the interface: nothing of it runs. The fuzzing
//! of the interface holds every answer against them.

#![allow(dead_code, reason = "describes what others write")]

use serde_json::Value;
use utoipa::ToSchema;

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => { $(
        #[derive(ToSchema)]
        $(#[$meta])*
        pub(super) struct $name { $($(#[$field_meta])* pub(super) $field: $type),* }
    )* };
}

shapes! {
    /// A role by id and name
    RoleName {
        /// Its id
        id: String,
        /// What it was called
        name: String,
    }
    /// A scope by id and name
    ScopeName {
        /// Its id
        id: String,
        /// What it was called
        name: String,
    }
    /// A permission by key and label
    PermissionName {
        /// Its key
        id: String,
        /// What people call it
        name: String,
    }
    /// A member as people know them
    PersonName {
        /// The member's id
        id: String,
        /// The name, as long as it can be read
        #[schema(nullable = false)]
        name: Option<String>,
    }
    /// Places where the same holds
    PlaceList {
        /// In words, short
        summary: String,
        /// The organisation as a whole
        organisation: bool,
        /// The scopes, one by one
        scopes: Vec<ScopeName>,
        /// Whether all of the scopes are new
        #[schema(nullable = false)]
        only_new: Option<bool>,
    }
    /// A role that a member holds
    HeldRole {
        role: RoleName,
        /// The scope that it is held in; null where the member's own scope counts
        scope: Option<ScopeName>,
        /// First instant at which it counts
        #[schema(value_type = Option<String>, format = DateTime)]
        from: Option<String>,
        /// First instant at which it no longer counts
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<String>,
        /// The position of the event that set it so
        position: u64,
    }
    /// A permission that is allowed or withheld directly
    DirectToggle {
        /// The permission's key
        permission: Option<String>,
        /// True allows, false withholds
        allowed: bool,
        /// The position of the event that set it so
        position: u64,
    }
    /// What keeps a member from any access
    Barrier {
        /// Stable name
        code: String,
        /// In words
        message: String,
    }
    /// A document that was handed in
    DocumentOfMember {
        /// Which one
        kind: String,
        status: DocumentState,
        /// First instant at which it no longer counts
        #[schema(value_type = Option<String>, format = DateTime)]
        expires: Option<String>,
        /// The position of the event that set it so
        position: u64,
    }
    /// A person or a program that takes part, as far as the caller sees it. Whoever made a change and no longer sees the
    /// member is told the id alone
    #[schema(example = json!({"id": "mei", "kind": "person", "name": "Mei", "email": "mei@example.com",
        "email_verified": true, "phone": null, "account_type": "member", "status": "active", "no_access_because": null,
        "documents": [], "added": "2026-03-03T14:30:00Z", "added_position": 12, "roles": [{"role": {"id": "viewer",
        "name": "Viewer"}, "scope": {"id": "tower", "name": "Tower"}, "from": null, "until": null, "position": 13}],
        "scope": "none", "toggles": [{"permission": "assets.view", "allowed": true, "position": 14}], "version": 3}))]
    Member {
        /// Never changes
        id: String,
        #[schema(nullable = false)]
        kind: Option<KindOfMember>,
        /// What people call the member
        name: Option<String>,
        /// E-mail address
        email: Option<String>,
        /// Whether the e-mail address is known to be the member's
        #[schema(nullable = false)]
        email_verified: Option<bool>,
        /// Phone number
        phone: Option<String>,
        /// The key of the account type
        #[schema(nullable = false)]
        account_type: Option<String>,
        #[schema(nullable = false)]
        status: Option<StateOfMember>,
        /// What keeps the member from any access now
        no_access_because: Option<Barrier>,
        #[schema(nullable = false)]
        documents: Option<Vec<DocumentOfMember>>,
        /// When the member was added
        #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
        added: Option<String>,
        /// The position at which the member was added
        #[schema(nullable = false)]
        added_position: Option<u64>,
        /// Roles; null for members who do not see their own
        roles: Option<Vec<HeldRole>>,
        #[schema(nullable = false)]
        scope: Option<Extent>,
        /// Direct toggles; null for members who do not see their own
        toggles: Option<Vec<DirectToggle>>,
        /// Counts its changes; the `ETag` is the same number
        #[schema(nullable = false)]
        version: Option<u64>,
    }
    /// A member in short, as far as the caller sees it
    MemberInShort {
        /// Never changes
        id: String,
        kind: KindOfMember,
        /// What people call the member
        name: Option<String>,
        /// E-mail address
        email: Option<String>,
        /// The key of the account type
        account_type: String,
        status: StateOfMember,
        /// Roles; null for members who do not see their own
        roles: Option<Vec<HeldRole>>,
        scope: Extent,
        /// Direct toggles; null for members who do not see their own
        toggles: Option<Vec<DirectToggle>>,
    }
    /// A place in the resource tree, as far as the caller sees it. Whoever made a change and no longer sees the scope is
    /// told the id alone
    #[schema(example = json!({"id": "tower", "name": "Tower", "kind": "site", "parent": null, "shared_with": [],
        "archived_position": null, "in_use": true, "created": "2026-03-03T14:30:00Z", "created_position": 5,
        "version": 1}))]
    Scope {
        /// Never changes
        id: String,
        /// What people call it
        #[schema(nullable = false)]
        name: Option<String>,
        /// Its kind
        #[schema(nullable = false)]
        kind: Option<String>,
        /// The id of what it stands below
        parent: Option<String>,
        /// How deep it stands in what is shown; in lists only
        #[schema(nullable = false)]
        depth: Option<u64>,
        /// The ids of the scopes whose people work on it, too
        #[schema(nullable = false)]
        shared_with: Option<Vec<String>>,
        /// The position at which it was archived
        archived_position: Option<u64>,
        /// Whether neither it nor what it stands below is archived
        #[schema(nullable = false)]
        in_use: Option<bool>,
        /// When it was made
        #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
        created: Option<String>,
        /// The position of its making
        #[schema(nullable = false)]
        created_position: Option<u64>,
        /// Counts its changes; the `ETag` is the same number
        #[schema(nullable = false)]
        version: Option<u64>,
    }
    /// Something that an event names
    ThingOfEvent {
        kind: KindOfSubject,
        /// Its id
        id: String,
    }
    /// What happened, in words
    Entry {
        /// Position in the organisation's log
        position: u64,
        /// When
        #[schema(value_type = String, format = DateTime)]
        time: String,
        /// A member's id, `@system` or `@operator`
        actor: String,
        /// Who, as people know them
        actor_name: String,
        /// On whose behalf
        #[schema(nullable = false)]
        on_behalf_of: Option<String>,
        /// The event's name
        r#type: String,
        /// What it is about
        subjects: Vec<ThingOfEvent>,
        /// Why, in the actor's words
        #[schema(nullable = false)]
        reason: Option<String>,
        /// Who did what to whom, where, until when and why
        sentence: String,
    }
    /// What happened, newest first
    #[schema(example = json!({"items": [{"position": 12, "time": "2026-03-03T14:30:00Z", "actor": "olivia",
        "actor_name": "Olivia", "type": "RoleAssigned", "subjects": [{"kind": "member", "id": "mei"}],
        "sentence": "Olivia gave Mei the role Viewer"}], "next": null}))]
    Activity {
        items: Vec<Entry>,
        /// `before` of the next page; null after the last
        next: Option<u64>,
    }
    /// Something by its id, and by the name that it had then: `(erased)` where it can no longer be read
    Called {
        /// Its id
        id: String,
        /// Its name
        #[schema(nullable = false)]
        name: Option<String>,
    }
    /// Why something did not happen
    AuditRefusal {
        /// Stable name of the rule
        rule: String,
        /// As the actor read it
        message: String,
        /// What it was meant for, as it was asked for
        target: String,
        /// How often within the hour
        occurrence: u32,
    }
    /// An entry of the audit log
    AuditEntry {
        /// Position in the organisation's log
        position: u64,
        /// When
        #[schema(value_type = String, format = DateTime)]
        time: String,
        /// The event's name
        r#type: String,
        /// `allowed` or `refused`
        outcome: String,
        /// Who
        actor: Called,
        /// On whose behalf
        #[schema(nullable = false)]
        on_behalf_of: Option<Called>,
        /// Id of the key with which the actor called
        #[schema(nullable = false)]
        key: Option<String>,
        /// The command that it came from, or that was refused
        #[schema(nullable = false)]
        command: Option<String>,
        /// The member to whom it happened
        #[schema(nullable = false)]
        subject: Option<Called>,
        /// The role
        #[schema(nullable = false)]
        role: Option<Called>,
        /// The permission
        #[schema(nullable = false)]
        permission: Option<Called>,
        /// Where
        #[schema(nullable = false)]
        scope: Option<Called>,
        /// Everything that the event names
        subjects: Vec<ThingOfEvent>,
        /// What was before
        before: Option<Value>,
        /// What is after
        after: Option<Value>,
        /// Of a refusal: which rule, and what it was about
        #[schema(nullable = false)]
        refusal: Option<AuditRefusal>,
        /// Why, in the actor's words
        #[schema(nullable = false)]
        reason: Option<String>,
        /// From where the request came
        #[schema(nullable = false)]
        source: Option<String>,
        /// The program that made the request
        #[schema(nullable = false)]
        agent: Option<String>,
        /// The same for all events of one request
        #[schema(nullable = false)]
        correlation: Option<String>,
        /// What made the actor act
        #[schema(nullable = false)]
        causation: Option<String>,
        /// All of it in a sentence
        sentence: String,
    }
    /// Entries of the audit log, oldest first
    #[schema(example = json!({"items": [{"position": 12, "time": "2026-03-03T14:30:00Z", "type": "RoleAssigned",
        "outcome": "allowed", "actor": {"id": "olivia", "name": "Olivia"}, "command": "AssignRole",
        "subject": {"id": "mei", "name": "Mei"}, "role": {"id": "viewer", "name": "Viewer"},
        "subjects": [{"kind": "member", "id": "mei"}, {"kind": "role", "id": "viewer"}], "after": {},
        "reason": "joins the team", "source": "http", "sentence": "Olivia gave the role Viewer to Mei"}], "next": null}))]
    AuditPage {
        items: Vec<AuditEntry>,
        /// `after` of the next page; null after the last
        next: Option<u64>,
    }
    /// An event of the log with everything that was recorded about it
    LoggedEvent {
        organisation: String,
        /// Position in the organisation's log
        position: u64,
        /// Position in the store's log
        global_position: u64,
        /// When
        #[schema(value_type = String, format = DateTime)]
        time: String,
        /// `organisation`, `role/ID`, `member/ID` or `scope/ID`
        stream: String,
        /// The number of the event in its stream
        sequence: u64,
        /// The event's name
        r#type: String,
        /// The version of the event's contract
        version: String,
        /// The event by its contract
        #[schema(value_type = Object)]
        event: Value,
        /// Who, why and from where
        #[schema(value_type = Object)]
        metadata: Value,
    }
    /// Events, oldest first
    #[schema(example = json!({"items": [{"organisation": "acme", "position": 12, "global_position": 12,
        "time": "2026-03-03T14:30:00Z", "stream": "member/mei", "sequence": 2, "type": "RoleAssigned", "version": "1",
        "event": {}, "metadata": {"actor": "olivia"}}], "next": null}))]
    EventPage {
        items: Vec<LoggedEvent>,
        /// `after` of the next page; null after the last
        next: Option<u64>,
    }
    /// Yes, or why not
    #[schema(example = json!({"allowed": false, "code": "no_role", "kind": "forbidden", "message": "no role gives it"}))]
    Decision {
        allowed: bool,
        /// A yes: whether it is limited to what is the member's own
        #[schema(nullable = false)]
        only_own: Option<bool>,
        /// A no: the stable name of the reason
        #[schema(nullable = false)]
        code: Option<String>,
        /// A no: how it may look
        #[schema(nullable = false)]
        kind: Option<KindOfDenial>,
        /// A no: why, in words
        #[schema(nullable = false)]
        message: Option<String>,
    }
    /// A fact that an answer rests on
    Cause {
        /// The position of the event that made it so
        position: u64,
        /// What it made so
        fact: String,
        /// The event in words, for who may read the log
        event: Option<Entry>,
    }
    /// What is to come
    NextTurn {
        #[schema(value_type = String, format = DateTime)]
        at: String,
        decision: Decision,
    }
    /// A stretch of time with the same answer
    Span {
        decision: Decision,
        #[schema(value_type = String, format = DateTime)]
        since: String,
        /// An event, or the passing of time
        #[schema(value_type = Object)]
        begun_by: Value,
    }
    /// An answer with its reasons
    #[schema(example = json!({"member": "mei", "permission": "assets.view", "scope": "tower", "owner": null,
        "at": "2026-03-03T14:30:00Z", "position": 57, "decision": {"allowed": true, "only_own": false},
        "sentence": "Mei may use View assets on Tower", "missing": null, "next": null,
        "causes": [{"position": 12, "fact": "assigned", "event": null}], "history": null}))]
    Explanation {
        member: String,
        permission: String,
        scope: Option<String>,
        owner: Option<String>,
        /// The instant that was asked about
        #[schema(value_type = String, format = DateTime)]
        at: String,
        /// The position of the state that was asked
        position: u64,
        decision: Decision,
        /// The answer in words
        sentence: String,
        /// What it would take
        missing: Option<String>,
        /// When the answer turns as things stand
        next: Option<NextTurn>,
        /// The facts that it rests on
        causes: Vec<Cause>,
        /// The answers since the beginning, for who may read the log
        history: Option<Vec<Span>>,
    }
    /// A member who may do it, and every way to it
    Holder {
        member: PersonName,
        /// Only for what is the member's own
        only_own: bool,
        /// By a role or a direct toggle, with the position of the event
        #[schema(value_type = Vec<Object>)]
        through: Vec<Value>,
    }
    /// Everybody who may do something
    #[schema(example = json!({"permission": "assets.view", "scope": "tower", "at": "2026-03-03T14:30:00Z",
        "members": [{"member": {"id": "mei"}, "only_own": false, "through": []}]}))]
    Holders {
        permission: String,
        scope: Option<String>,
        #[schema(value_type = String, format = DateTime)]
        at: String,
        members: Vec<Holder>,
    }
    /// A permission that a member has in effect
    HeldPermission {
        key: String,
        /// What people call it
        label: String,
        /// Only for what is the member's own
        only_own: bool,
        /// Worth a reviewer's attention
        sensitive: bool,
    }
    /// A category of the catalogue, and what is held of it
    HeldCategory {
        key: String,
        /// What people call it
        label: String,
        /// How many permissions it has that grant something
        size: u64,
        held: Vec<HeldPermission>,
    }
    /// What is held at some places
    HeldAt {
        places: PlaceList,
        categories: Vec<HeldCategory>,
    }
    /// What a member may do in effect
    #[schema(example = json!({"member": "mei", "at": "2026-03-03T14:30:00Z", "effective": [{"places": {"summary": "Tower",
        "organisation": false, "scopes": [{"id": "tower", "name": "Tower"}]}, "categories": []}]}))]
    EffectivePermissions {
        member: String,
        #[schema(value_type = String, format = DateTime)]
        at: String,
        effective: Vec<HeldAt>,
    }
    /// From when until when
    Window {
        #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
        from: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
        until: Option<String>,
    }
    /// A role that somebody holds, and where it works
    RoleAccess {
        role: RoleName,
        reach: Extent,
        #[schema(nullable = false)]
        window: Option<Window>,
        /// Permissions that the member has by this role, anywhere it works
        permissions: u64,
        /// The position of the event that set it so
        given_at: u64,
    }
    /// A permission that somebody was allowed or is withheld directly
    ToggleAccess {
        permission: PermissionName,
        allowed: bool,
        /// The position of the event that set it so
        given_at: u64,
    }
    /// What one member holds
    MemberAccess {
        member: PersonName,
        /// The account type's label
        account_type: String,
        scope: Extent,
        /// What keeps the member from any access, in words
        #[schema(nullable = false)]
        barrier: Option<String>,
        roles: Vec<RoleAccess>,
        toggles: Vec<ToggleAccess>,
    }
    /// Who holds what
    #[schema(example = json!({"at": "2026-03-03T14:30:00Z", "items": [], "next": null}))]
    AccessReport {
        #[schema(value_type = String, format = DateTime)]
        at: String,
        items: Vec<MemberAccess>,
        /// The cursor of the next page; null after the last
        next: Option<String>,
    }
    /// One end of a comparison
    DiffEnd {
        /// The position of the last event before it
        position: u64,
        /// The instant for which windows and documents are judged
        #[schema(value_type = String, format = DateTime)]
        at: String,
    }
    /// How one permission changed
    PermissionChange {
        permission: PermissionName,
        kind: KindOfChange,
    }
    /// What one member gained or lost by the same causes at some places
    DiffLine {
        member: PersonName,
        places: PlaceList,
        changes: Vec<PermissionChange>,
        /// Events, or the passing of time
        #[schema(value_type = Vec<Object>)]
        causes: Vec<Value>,
        /// Positions of other events without which a gain would not be there
        #[schema(nullable = false)]
        rests_on: Option<Vec<u64>>,
    }
    /// What changed between two instants
    #[schema(example = json!({"from": {"position": 57, "at": "2026-03-03T14:30:00Z"},
        "to": {"position": 60, "at": "2026-03-04T09:00:00Z"}, "new_scopes": [], "lines": [], "events": []}))]
    Diff {
        from: DiffEnd,
        to: DiffEnd,
        /// Scopes that were made in between
        new_scopes: Vec<ScopeName>,
        lines: Vec<DiffLine>,
        /// The events that lines cite
        events: Vec<Entry>,
    }
    /// What a finding rests on
    Evidence {
        /// The position of an event
        #[schema(nullable = false)]
        position: Option<u64>,
        /// In words
        what: String,
    }
    /// Something that a reviewer wants to know
    Finding {
        /// Such as `separation` or `unused_role`
        kind: String,
        /// Such as `high`
        severity: String,
        #[schema(nullable = false)]
        members: Option<Vec<PersonName>>,
        #[schema(nullable = false)]
        roles: Option<Vec<RoleName>>,
        #[schema(nullable = false)]
        permissions: Option<Vec<PermissionName>>,
        #[schema(nullable = false)]
        places: Option<PlaceList>,
        #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
        until: Option<String>,
        /// In words
        sentence: String,
        evidence: Vec<Evidence>,
    }
    /// The findings, by severity
    #[schema(example = json!({"at": "2026-03-03T14:30:00Z", "findings": [], "events": []}))]
    Findings {
        #[schema(value_type = String, format = DateTime)]
        at: String,
        findings: Vec<Finding>,
        /// The events that they cite
        events: Vec<Entry>,
    }
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($word:ident),* })*) => { $(
        $(#[doc = $doc])+
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        pub(super) enum $name { $($word),* }
    )* };
}

words! {
    /// A human being, or a program
    KindOfMember { Person, Service }
    /// Whether a member takes part
    StateOfMember { Active, Suspended, Left }
    /// What became of a document
    DocumentState { Submitted, Approved, Rejected, Expired }
    /// What an event can be about
    KindOfSubject { Member, Role, Permission, Scope }
    /// How a no may look
    KindOfDenial { Forbidden, NotFound }
    /// In which way a permission changed
    KindOfChange { Gained, GainedOwn, Widened, Narrowed, Lost }
}

/// Where roles work: `none`, `all`, or the scopes that are chosen
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Extent {
    /// Nowhere
    None,
    /// The whole organisation
    All,
    /// These scopes, what is below them and what is shared with them
    Selected(Vec<ScopeName>),
    /// Everything that is grouped under these scopes
    ByGroup(Vec<ScopeName>),
}
