//! Members, and what they hold.

use super::{DocumentState, Extent, KindOfMember, RoleName, ScopeName, StateOfMember};

shapes! {
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
}
