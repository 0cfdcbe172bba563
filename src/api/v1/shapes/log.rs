//! What happened, and what changed by it.

use serde_json::Value;

use super::{KindOfChange, KindOfSubject, PermissionName, PersonName, PlaceList, ScopeName};

shapes! {
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
        /// By which way the request came: `local`, `http`, `console`
        #[schema(nullable = false)]
        source: Option<String>,
        /// The address that the request came from; `(erased)` or `(sealed)` where it cannot be read
        #[schema(nullable = false)]
        address: Option<String>,
        /// The program that made the request, read like the address
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
}
