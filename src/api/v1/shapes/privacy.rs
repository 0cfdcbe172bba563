//! All that is held about a member.

use serde_json::Value;

use super::PersonName;
use super::log::Entry;
use super::members::Member;

shapes! {
    /// A name, an e-mail address or a phone number
    PastDetail {
        /// `name`, `email` or `phone`
        field: String,
        /// What it was from then on; `(erased)` and `(sealed)` where it cannot be read, null where it was taken out
        value: Option<String>,
        /// Since when
        #[schema(value_type = String, format = DateTime)]
        from: String,
        /// Since which event
        from_position: u64,
    }
    /// Something that a member had for a while
    HeldForAWhile {
        /// What
        what: String,
        /// Since when
        #[schema(value_type = String, format = DateTime)]
        from: String,
        /// Since which event
        from_position: u64,
        /// Until when; left out while it is so
        #[schema(value_type = String, format = DateTime, required = false)]
        until: Option<String>,
        /// Until which event; left out while it is so
        #[schema(nullable = false)]
        until_position: Option<u64>,
    }
    /// A look at all that is held about a member
    LookAtPersonalData {
        /// Who looked
        by: String,
        /// By name
        by_name: String,
        /// When
        #[schema(value_type = String, format = DateTime)]
        time: String,
        /// The event
        position: u64,
        /// Why
        #[schema(nullable = false)]
        reason: Option<String>,
    }
    /// All that is held about a member, at a position of the log
    #[schema(example = json!({"organisation": {"id": "acme", "name": "Acme"}, "member": {"id": "mei", "name": "Mei"},
        "position": 57, "made": "2026-03-03T14:30:00Z", "now": {"id": "mei", "kind": "person", "name": "Mei"},
        "details": [{"field": "name", "value": "Mei", "from": "2026-03-03T14:30:00Z", "from_position": 12}], "access": [],
        "keys": [], "looks": [], "about": [], "done": [], "requests_from": ["http, curl/8"]}))]
    Dossier {
        /// Whose log
        organisation: PersonName,
        /// Who it is about
        member: PersonName,
        /// The position that it is made of
        position: u64,
        /// When
        #[schema(value_type = String, format = DateTime)]
        made: String,
        /// The member as it is now
        now: Member,
        /// Position of the erasure of the personal data, if there was one
        #[schema(nullable = false)]
        erased: Option<u64>,
        /// Position since which the personal data is under a legal hold
        #[schema(nullable = false)]
        legal_hold: Option<u64>,
        /// Names, e-mail addresses and phone numbers, as each was written
        details: Vec<PastDetail>,
        /// Which access they had, and when
        access: Vec<HeldForAWhile>,
        /// The keys with which programs act or acted as them, and when each was last used; never a secret
        #[schema(value_type = Vec<Object>)]
        keys: Vec<Value>,
        /// Who had all of this handed out, when and why
        looks: Vec<LookAtPersonalData>,
        /// What happened to them
        about: Vec<Entry>,
        /// What they did
        done: Vec<Entry>,
        /// Where their requests came from
        requests_from: Vec<String>,
    }
}
