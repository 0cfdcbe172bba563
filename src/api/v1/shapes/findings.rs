//! What a reviewer wants to know.

use super::log::Entry;
use super::{PermissionName, PersonName, PlaceList, RoleName};

shapes! {
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
