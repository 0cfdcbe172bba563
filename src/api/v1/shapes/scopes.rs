//! The resource tree.

shapes! {
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
}
