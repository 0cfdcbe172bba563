//! Lists in pages: in an order, from a cursor on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::problem::{Answer, Problem};

/// Items of a page where nothing is said.
pub(super) const DEFAULT_LIMIT: usize = 100;
/// The most items of a page.
pub(super) const LARGEST_LIMIT: usize = 1_000;

/// Which part of a list. A cursor goes on in the list that it comes from: the other parameters stay the same.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// `next` of the page before
    #[param(nullable = false)]
    pub cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Which way round; `asc` where nothing is said
    #[param(nullable = false, inline)]
    pub order: Option<Order>,
}

/// Which way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Ascending.
    #[default]
    Asc,
    /// Descending.
    Desc,
}

/// An item of a list, and where it stands in it.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// By what the list is sorted.
    pub key: String,
    /// Tells items with the same key apart.
    pub id: String,
    /// The item.
    pub item: T,
}

/// A page of a list, and the cursor of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// What was listed, in which order.
    of: String,
    key: String,
    id: String,
}

/// Sorts items and cuts out a page. `of` names what is listed and by what it is sorted: a cursor of
/// another list is refused.
///
/// # Errors
/// When the cursor or the limit makes no sense.
pub fn cut<T>(mut items: Vec<Placed<T>>, paging: &Paging, of: &str) -> Answer<Cut<T>> {
    let limit = paging.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        let detail = format!("a page has 1 to {LARGEST_LIMIT} items");
        return Err(Problem::bad_request("bad_query", detail).field("limit"));
    }
    let order = paging.order.unwrap_or_default();
    let of = format!("{of} {order:?}");
    let after = paging.cursor.as_deref().map(|cursor| read_mark(cursor, &of)).transpose()?;
    let place = |item: &Placed<T>| (item.key.clone(), item.id.clone());
    items.sort_by_cached_key(place);
    if order == Order::Desc {
        items.reverse();
    }
    if let Some(Mark { key, id, .. }) = after {
        let after = (key, id);
        items.retain(|item| match order {
            Order::Asc => place(item) > after,
            Order::Desc => place(item) < after,
        });
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let mark = Mark { of, key: last.key.clone(), id: last.id.clone() };
        // INVARIANT: strings always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&mark).unwrap_or_default())
    });
    Ok(Cut { items: items.into_iter().map(|placed| placed.item).collect(), next })
}

fn read_mark(cursor: &str, of: &str) -> Answer<Mark> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let mark: Option<Mark> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    mark.filter(|mark| mark.of == of).ok_or_else(|| {
        Problem::bad_request("bad_cursor", "the cursor is of another list: begin again without it").field("cursor")
    })
}

/// A number as a key that sorts as the number does.
pub fn number_key(number: u64) -> String {
    format!("{number:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(names: &[&str]) -> Vec<Placed<String>> {
        names
            .iter()
            .map(|name| Placed { key: name[..1].to_owned(), id: (*name).into(), item: (*name).into() })
            .collect()
    }

    fn walk(order: Order, limit: usize) -> Vec<String> {
        let mut paging = Paging { limit: Some(limit), order: Some(order), cursor: None };
        let mut walked = Vec::new();
        loop {
            let cut = cut(items(&["b2", "a1", "c", "b1", "a2"]), &paging, "things").unwrap();
            assert!(cut.items.len() <= limit);
            walked.extend(cut.items);
            paging.cursor = cut.next;
            if paging.cursor.is_none() {
                return walked;
            }
        }
    }

    #[test]
    fn pages_are_the_whole_list_in_order() {
        for limit in 1..7 {
            assert_eq!(walk(Order::Asc, limit), ["a1", "a2", "b1", "b2", "c"]);
            assert_eq!(walk(Order::Desc, limit), ["c", "b2", "b1", "a2", "a1"]);
        }
    }

    #[test]
    fn a_cursor_goes_on_where_its_item_was_even_if_that_is_gone() {
        let paging = Paging { limit: Some(2), ..Paging::default() };
        let cursor = cut(items(&["a", "b", "c"]), &paging, "things").unwrap().next;
        let paging = Paging { cursor, ..paging };
        assert_eq!(cut(items(&["a", "c"]), &paging, "things").unwrap().items, ["c"]);
        assert_eq!(cut(items(&["a", "c"]), &paging, "others").unwrap_err().rule(), "bad_cursor");
        let paging = Paging { limit: Some(0), ..Paging::default() };
        assert_eq!(cut(items(&["a"]), &paging, "things").unwrap_err().rule(), "bad_query");
    }
}
