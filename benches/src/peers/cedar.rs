//! `cedar-policy`: a policy for each role, and permissions as members of action groups, one group a role.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

use crate::shape::{Asked, Shape};

#[derive(Debug)]
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).unwrap(), EntityId::new(id))
}

impl Cedar {
    pub fn of(shape: &Shape) -> Self {
        let policies: String = (0..shape.roles.len())
            .map(|n| {
                format!(
                    "permit(principal in Role::\"{n}\", action in Action::\"role {n}\", resource) \
                     when {{ resource in principal.scopes }};\n"
                )
            })
            .collect();
        let mut entities = Vec::new();
        let parents = |uids: Vec<EntityUid>| uids.into_iter().collect::<HashSet<_>>();
        for (n, permission) in shape.permissions.iter().enumerate() {
            let groups = (0..shape.roles.len()).filter(|role| shape.roles[*role].contains(&n));
            let groups = parents(groups.map(|role| uid("Action", &format!("role {role}"))).collect());
            entities.push(Entity::new_no_attrs(uid("Action", permission), groups));
        }
        for n in 0..shape.roles.len() {
            entities.push(Entity::new_no_attrs(uid("Role", &n.to_string()), HashSet::new()));
            entities.push(Entity::new_no_attrs(uid("Action", &format!("role {n}")), HashSet::new()));
        }
        let scope = |n: usize| uid("Scope", &shape.scopes[n].0);
        for (n, (_, parent)) in shape.scopes.iter().enumerate() {
            entities.push(Entity::new_no_attrs(scope(n), parents(parent.map(scope).into_iter().collect())));
        }
        for member in &shape.members {
            let scopes = member.nodes.iter().map(|n| RestrictedExpression::new_entity_uid(scope(*n)));
            let attributes = HashMap::from([("scopes".to_owned(), RestrictedExpression::new_set(scopes))]);
            let roles = parents(member.roles.iter().map(|(n, _)| uid("Role", &n.to_string())).collect());
            entities.push(Entity::new(uid("Member", &member.id), attributes, roles).unwrap());
        }
        Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&policies).unwrap(),
            entities: Entities::from_entities(entities, None).unwrap(),
        }
    }

    /// With the names of things parsed beforehand.
    pub fn request(&self, asked: &Asked) -> Request {
        let subject = uid("Member", &asked.subject);
        let (action, resource) = (uid("Action", &asked.permission), uid("Scope", &asked.scope));
        Request::new(subject, action, resource, Context::empty(), None).unwrap()
    }

    pub fn allows(&self, request: &Request) -> bool {
        self.authorizer.is_authorized(request, &self.policies, &self.entities).decision() == Decision::Allow
    }
}
