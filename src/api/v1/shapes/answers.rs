//! Answers to questions about access.

use serde_json::Value;

use super::log::Entry;
use super::{KindOfDenial, PersonName};

shapes! {
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
}
