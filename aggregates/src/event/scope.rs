//! What can happen to a node of the resource tree.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{ScopeId, ScopeRef};

/// An event of a scope's stream, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScopeEvent {
    /// A node came to be.
    ScopeCreated {
        /// The node.
        scope: ScopeRef,
        /// Its kind, such as `site`.
        kind: CompactString,
        /// The node it stands below; absent at the top.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<ScopeRef>,
    },
    /// Its name changed.
    ScopeRenamed {
        /// The node.
        scope: ScopeId,
        /// Name before.
        before: CompactString,
        /// Name after.
        after: CompactString,
    },
    /// It stands elsewhere, with everything below it.
    ScopeMoved {
        /// The node.
        scope: ScopeRef,
        /// Parent before.
        before: Option<ScopeRef>,
        /// Parent after.
        after: Option<ScopeRef>,
    },
    /// Whoever works on `with` also works on this node and what is below it.
    ScopeShared {
        /// The node that is opened.
        scope: ScopeRef,
        /// The node it is opened to.
        with: ScopeRef,
    },
    /// The sharing ended.
    ScopeUnshared {
        /// The node that was open.
        scope: ScopeRef,
        /// The node it was open to.
        with: ScopeRef,
    },
    /// It and what is below it are out of use: nobody has access there.
    ScopeArchived {
        /// The node.
        scope: ScopeRef,
    },
    /// It is in use again.
    ScopeRestored {
        /// The node.
        scope: ScopeRef,
    },
}

impl ScopeEvent {
    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ScopeCreated { .. } => "ScopeCreated",
            Self::ScopeRenamed { .. } => "ScopeRenamed",
            Self::ScopeMoved { .. } => "ScopeMoved",
            Self::ScopeShared { .. } => "ScopeShared",
            Self::ScopeUnshared { .. } => "ScopeUnshared",
            Self::ScopeArchived { .. } => "ScopeArchived",
            Self::ScopeRestored { .. } => "ScopeRestored",
        }
    }

    /// The node that it happened to.
    pub fn scope(&self) -> &ScopeId {
        match self {
            Self::ScopeRenamed { scope, .. } => scope,
            Self::ScopeCreated { scope, .. }
            | Self::ScopeMoved { scope, .. }
            | Self::ScopeShared { scope, .. }
            | Self::ScopeUnshared { scope, .. }
            | Self::ScopeArchived { scope }
            | Self::ScopeRestored { scope } => &scope.id,
        }
    }
}
