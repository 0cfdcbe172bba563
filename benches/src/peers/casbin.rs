//! `casbin`: roles as usual; the tree as a second role relation, in which a member stands above what it reaches.

use casbin::DefaultCache;
use casbin::prelude::{CachedApi, CachedEnforcer, CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};

use crate::shape::{Asked, Shape, role};

const MODEL: &str = "
[request_definition]
r = sub, act, obj
[policy_definition]
p = sub, act
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && g(r.sub, p.sub) && g2(r.obj, r.sub)
";

pub async fn plain(shape: &Shape) -> Enforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
    fill(&mut enforcer, shape).await;
    enforcer
}

pub async fn cached(shape: &Shape, capacity: usize) -> CachedEnforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = CachedEnforcer::new(model, MemoryAdapter::default()).await.unwrap();
    enforcer.set_cache(Box::new(DefaultCache::new(capacity)));
    fill(&mut enforcer, shape).await;
    enforcer
}

async fn fill<E: CoreApi + MgmtApi>(enforcer: &mut E, shape: &Shape) {
    enforcer.enable_auto_build_role_links(false);
    let mut policies = Vec::new();
    for (n, permissions) in shape.roles.iter().enumerate() {
        policies.extend(permissions.iter().map(|p| vec![role(n).id.to_string(), shape.permissions[*p].clone()]));
    }
    enforcer.add_policies(policies).await.unwrap();
    let mut roles = Vec::new();
    let mut reach = Vec::new();
    for member in &shape.members {
        roles.extend(member.roles.iter().map(|(n, _)| vec![member.id.clone(), role(*n).id.to_string()]));
        for node in std::collections::BTreeSet::from_iter(&member.nodes) {
            reach.push(vec![shape.scopes[*node].0.clone(), member.id.clone()]);
        }
    }
    for (id, parent) in &shape.scopes {
        reach.extend(parent.map(|parent| vec![id.clone(), shape.scopes[parent].0.clone()]));
    }
    enforcer.add_named_grouping_policies("g", roles).await.unwrap();
    enforcer.add_named_grouping_policies("g2", reach).await.unwrap();
    enforcer.build_role_links().unwrap();
}

pub fn allows(enforcer: &impl CoreApi, asked: &Asked) -> bool {
    enforcer.enforce((asked.subject.as_str(), asked.permission.as_str(), asked.scope.as_str())).unwrap()
}
