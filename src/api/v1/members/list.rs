//! The list of members.

use chancery_aggregates::Refusal;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{MemberEntry, fold_name};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Query;
use crate::api::failures::Failures;
use crate::api::problem::Answer;
use crate::api::v1::page::{Cut, Order, Paging, Placed, cut, number_key};
use crate::api::v1::shapes::MemberInShort;
use crate::api::v1::view::{AtLeast, When};
use crate::api::v1::{Seen, View};
use crate::views::member::{Filter, Standing, account_type, row_json};

/// Members, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "mei", "kind": "person", "name": "Mei", "email": null, "account_type": "member",
    "status": "active", "roles": [], "scope": "none", "toggles": []}], "next": null}))]
pub(super) struct MemberList {
    /// Members in short, as far as the caller sees them
    #[schema(value_type = Vec<MemberInShort>)]
    items: Vec<Value>,
    /// The cursor of the next page; null after the last
    next: Option<String>,
}

/// By what members are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MemberSort {
    #[default]
    Name,
    Id,
    Added,
    AccountType,
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MemberFilter {
    /// Only members with this in their id, name or e-mail address
    #[param(nullable = false)]
    search: Option<String>,
    /// Only holders of this role
    #[param(nullable = false)]
    role: Option<String>,
    /// Only members of this account type
    #[param(nullable = false)]
    account_type: Option<String>,
    /// Only members with some access in this scope
    #[param(nullable = false)]
    scope: Option<String>,
    /// Only members who stand so; those who have not left where nothing is said
    #[param(nullable = false, inline)]
    status: Option<Standing>,
    /// By what to sort; by name where nothing is said
    #[param(nullable = false, inline)]
    sort: Option<MemberSort>,
    /// `next` of the page before
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Which way round; `asc` where nothing is said
    #[param(nullable = false, inline)]
    order: Option<Order>,
}

/// Lists the members that the caller sees
#[utoipa::path(get, path = "/v1/organisations/{organisation}/members", operation_id = "list_members", tag = "Members",
    params(("organisation" = String, Path, description = "Whose members", example = "acme"), MemberFilter, When, AtLeast),
    responses((status = 200, body = MemberList, description = "A page of members"), Failures))]
pub(super) async fn list(view: View, Query(wanted): Query<MemberFilter>) -> Answer<Seen<MemberList>> {
    let reader = view.facts.reader()?;
    let filter = wanted.lookup(&reader)?;
    let mut members = reader.members()?;
    members.retain(|(ix, member)| filter.takes(&reader, *ix, member));
    let sort = wanted.sort.unwrap_or_default();
    let placed = members.into_iter().map(|(ix, member)| {
        let key = sort.key(&reader, member);
        Placed { key, id: member.id.to_string(), item: (ix, member) }
    });
    let of = wanted.list();
    let paging = Paging { cursor: wanted.cursor, limit: wanted.limit, order: wanted.order };
    let Cut { items, next } = cut(placed.collect(), &paging, &of)?;
    let items = items.into_iter().map(|(ix, member)| row_json(&reader, ix, member)).collect();
    Ok(view.seen(MemberList { items, next }))
}

impl MemberFilter {
    /// What the filter names. What the reader does not see is not there.
    fn lookup(&self, reader: &Reader<'_>) -> Result<Filter, Refusal> {
        let profile = reader.facts().profile()?;
        let account_type = |key: &String| {
            let known = profile.account_types().iter().map(|account_type| account_type.key.as_str());
            profile.account_type_ix(key).ok_or_else(|| Refusal::unknown(Thing::AccountType, key, known))
        };
        Ok(Filter {
            search: self.search.as_deref().map(|search| fold_name(search).to_string()),
            role: self.role.as_deref().map(|role| reader.role(role)).transpose()?.map(|(ix, _)| ix),
            account_type: self.account_type.as_ref().map(account_type).transpose()?,
            on: self.scope.as_deref().map(|scope| reader.scope(scope)).transpose()?.map(|(ix, _)| ix),
            status: self.status,
        })
    }

    /// Names the list, for its cursors.
    fn list(&self) -> String {
        let Self { search, role, account_type, scope, status, sort, .. } = self;
        format!("members {:?} {:?}", sort.unwrap_or_default(), (search, role, account_type, scope, status))
    }
}

impl MemberSort {
    fn key(self, reader: &Reader<'_>, member: &MemberEntry) -> String {
        match self {
            Self::Name => {
                let name = member.details.name.as_ref().and_then(|name| name.readable());
                fold_name(name.unwrap_or_else(|| member.id.as_str())).into()
            }
            Self::Id => String::new(),
            Self::Added => number_key(member.added.position),
            Self::AccountType => account_type(&reader.facts().state, member),
        }
    }
}
