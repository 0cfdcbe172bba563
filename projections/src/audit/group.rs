//! Kinds of event in few groups, for charts.

/// What an event is about, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Who holds what, where.
    Access,
    /// What roles can do.
    Roles,
    /// Members' accounts, documents and personal data.
    Members,
    /// The resource tree.
    Scopes,
    /// API keys.
    Keys,
    /// The organisation's rules, and its log as evidence.
    Rules,
    /// What was refused.
    Refusals,
}

impl Group {
    /// All of them, in the order in which people are shown them.
    pub const ALL: [Self; 7] =
        [Self::Access, Self::Roles, Self::Members, Self::Scopes, Self::Keys, Self::Rules, Self::Refusals];

    /// The group of an event's type.
    pub fn of(kind: &str) -> Self {
        match kind {
            "RoleAssigned"
            | "RoleUnassigned"
            | "MemberPermissionToggled"
            | "MemberPermissionCleared"
            | "MemberScopeChanged"
            | "OwnerTransferred" => Self::Access,
            "CommandRefused" => Self::Refusals,
            "PermissionToggled" => Self::Roles,
            kind if kind.starts_with("Role") => Self::Roles,
            kind if kind.starts_with("Scope") => Self::Scopes,
            kind if kind.starts_with("Key") => Self::Keys,
            kind if is_of_members(kind) => Self::Members,
            _ => Self::Rules,
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Access => "Access given and taken",
            Self::Roles => "Roles",
            Self::Members => "Members",
            Self::Scopes => "Scopes",
            Self::Keys => "API keys",
            Self::Rules => "Rules and evidence",
            Self::Refusals => "Refusals",
        }
    }
}

fn is_of_members(kind: &str) -> bool {
    ["Member", "Account", "Email", "Document", "Personal", "LegalHold"].iter().any(|start| kind.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::super::EVENT_TYPES;
    use super::*;

    #[test]
    fn every_type_has_the_group_that_a_reader_expects() {
        let of = |group: Group| EVENT_TYPES.iter().copied().filter(|kind| Group::of(kind) == group).collect::<Vec<_>>();
        assert_eq!(of(Group::Access).len(), 6);
        assert_eq!(of(Group::Refusals), ["CommandRefused"]);
        assert_eq!(of(Group::Keys), ["KeyExpiryChanged", "KeyIssued", "KeyRevoked"]);
        assert!(of(Group::Roles).contains(&"PermissionToggled") && !of(Group::Roles).contains(&"RoleAssigned"));
        assert!(of(Group::Members).contains(&"LegalHoldPlaced") && of(Group::Members).contains(&"PersonalDataErased"));
        assert!(of(Group::Rules).contains(&"AuditExported") && of(Group::Rules).contains(&"LogKeyPublished"));
        for group in Group::ALL {
            assert!(!of(group).is_empty(), "{group:?}");
        }
    }
}
