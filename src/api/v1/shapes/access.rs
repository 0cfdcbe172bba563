//! Who holds what.

use super::{Extent, PermissionName, PersonName, PlaceList, RoleName};

shapes! {
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
}
