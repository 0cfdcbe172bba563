//! Requests of the AuthZEN Authorization API 1.0, borrowed from the body. Unknown members are ignored.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A text, borrowed where JSON needs no unescaping.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrowing)
    }
}

/// A JSON object, and never an array in its place (which serde would take for a struct).
#[derive(Debug, Clone)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// Who. The id is left out where subjects are searched for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Subject<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
}

/// What.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Action<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

/// On what. The id is left out where resources are searched for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) properties: Option<Object<Properties<'a>>>,
}

/// What a resource says of itself and matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Properties<'a> {
    /// The scope that it is in, where it is not a scope itself.
    #[serde(borrow)]
    pub(super) scope: Option<Text<'a>>,
    /// The member whose own it is.
    #[serde(borrow)]
    pub(super) owner: Option<Text<'a>>,
}

/// When.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    pub(super) position: Option<u64>,
}

/// One question; in a batch, what it leaves out is taken from the batch.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) subject: Option<Object<Subject<'a>>>,
    #[serde(borrow)]
    pub(super) action: Option<Object<Action<'a>>>,
    #[serde(borrow)]
    pub(super) resource: Option<Object<Resource<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Object<Context<'a>>>,
}

/// A batch whose items are all well formed, or are kept as they were written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Batch<'a, I> {
    #[serde(borrow)]
    pub(super) subject: Option<Object<Subject<'a>>>,
    #[serde(borrow)]
    pub(super) action: Option<Object<Action<'a>>>,
    #[serde(borrow)]
    pub(super) resource: Option<Object<Resource<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Object<Context<'a>>>,
    pub(super) evaluations: Option<Vec<I>>,
    pub(super) options: Option<Object<Options>>,
}

/// How a batch is gone through.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Options {
    pub(super) evaluations_semantic: Option<Semantic>,
}

/// When a batch ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Semantic {
    #[default]
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// A search: the entity that is searched for has no id, and an action is none at all.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Search<'a, A = Object<Action<'a>>> {
    #[serde(borrow)]
    pub(super) subject: Option<Object<Subject<'a>>>,
    pub(super) action: Option<A>,
    #[serde(borrow)]
    pub(super) resource: Option<Object<Resource<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Object<Context<'a>>>,
    #[serde(borrow)]
    pub(super) page: Option<Object<Page<'a>>>,
}

impl<'a> Search<'a, IgnoredAny> {
    /// The search without the action that it named in vain.
    pub(super) fn of_actions(self) -> Search<'a> {
        let Self { subject, action: _, resource, context, page } = self;
        Search { subject, action: None, resource, context, page }
    }
}

/// Which part of the results.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) token: Option<Text<'a>>,
    pub(super) limit: Option<u64>,
}

/// An item that is not a question: why.
pub(super) fn mistake_in(item: &str) -> Option<String> {
    let error = serde_json::from_str::<Object<Item<'_>>>(item).err()?;
    Some(error.to_string())
}

/// Whether a text is a JSON object at all.
pub(super) fn is_object(text: &[u8]) -> bool {
    serde_json::from_slice::<Object<std::collections::BTreeMap<String, IgnoredAny>>>(text).is_ok()
}
