//! The parameters that a query may have: those that the description names. A filter that was mistyped would otherwise be
//! passed over, and everything be answered for the past or the part that was asked about.

use std::collections::HashMap;

use axum::http::Method;
use chancery_aggregates::refusal::nearest;
use serde_json::Value;

use super::problem::{Answer, Problem};

/// The names of the parameters of each operation, by its path and its method.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(HashMap<String, HashMap<String, Vec<String>>>);

/// Where parameters are ours alone. A check of health may carry whatever a balancer adds to it.
const OURS: &str = "/v1/";

impl Parameters {
    /// Those of a description.
    pub(super) fn of(description: &Value) -> Self {
        let paths = description["paths"].as_object().into_iter().flatten();
        let methods = |operations: &Value| {
            let operations = operations.as_object().into_iter().flatten();
            operations.map(|(method, operation)| (method.to_uppercase(), names(operation))).collect()
        };
        let ours = paths.filter(|(path, _)| path.starts_with(OURS));
        Self(ours.map(|(path, operations)| (path.clone(), methods(operations))).collect())
    }

    /// Refuses a query with a parameter that the operation does not have.
    ///
    /// # Errors
    /// The first of them.
    pub(super) fn check(&self, method: &Method, path: &str, query: &str) -> Answer<()> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let Some(known) = self.0.get(path).and_then(|methods| methods.get(method.as_str())) else { return Ok(()) };
        let mut asked = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let Some(unknown) = asked.find(|name| !known.iter().any(|known| known == name)) else { return Ok(()) };
        let hint = match nearest(&unknown, known.iter().map(String::as_str)) {
            Some(meant) => format!(": did you mean `{meant}`?"),
            None if known.is_empty() => ", and no other".to_owned(),
            None => format!(": there are `{}`", known.join("`, `")),
        };
        let detail = format!("there is no parameter `{unknown}` here{hint}");
        Err(Problem::bad_request("unknown_parameter", detail).field(unknown))
    }
}

fn names(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    in_query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_description_names_may_be_asked() {
        let description = crate::api::description(&crate::config::Settings::default());
        let parameters = Parameters::of(&serde_json::from_str(&description).unwrap());
        let check =
            |method, path, query| parameters.check(&method, path, query).map_err(|problem| problem.detail().to_owned());
        let access = "/v1/organisations/{organisation}/access";
        assert_eq!(check(Method::GET, access, "at=2026-03-03"), Ok(()));
        assert_eq!(check(Method::HEAD, access, "%61t=2026-03-03"), Ok(()));
        let refused = |query| check(Method::GET, access, query).unwrap_err();
        assert_eq!(refused("at=2026-03-03&att=1"), "there is no parameter `att` here: did you mean `at`?");
        assert!(refused("zzz").starts_with("there is no parameter `zzz` here: there are `"), "{}", refused("zzz"));
        assert_eq!(check(Method::GET, "/healthz", "from=balancer"), Ok(()));
        assert_eq!(check(Method::DELETE, access, "whatever=1"), Ok(()), "the router refuses that");
    }
}
