//! `regorus`, by its virtual machine: data as objects with the keys that are looked for, and inputs built
//! beforehand.

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};
use serde_json::{Map, json};

use crate::shape::{Asked, Shape};

const POLICY: &str = "
package access
import rego.v1
default allow := false
allow if {
    member := data.members[input.subject]
    some above in data.above[input.scope]
    member.scopes[above]
    some role in member.roles
    data.roles[role][input.permission]
}
";

pub struct Regorus {
    machine: RegoVM,
}

impl std::fmt::Debug for Regorus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Regorus")
    }
}

impl Regorus {
    pub fn of(shape: &Shape) -> Self {
        let data = Value::from_json_str(&data(shape).to_string()).unwrap();
        let mut engine = Engine::new();
        engine.add_policy("access.rego".to_owned(), POLICY.to_owned()).unwrap();
        engine.add_data(data.clone()).unwrap();
        let compiled = engine.compile_with_entrypoint(&"data.access.allow".into()).unwrap();
        let program = Compiler::compile_from_policy(&compiled, &["data.access.allow"]).unwrap();
        let mut machine = RegoVM::new_with_policy(compiled);
        machine.load_program(program);
        machine.set_data(data).unwrap();
        Self { machine }
    }

    pub fn input(asked: &Asked) -> Value {
        let input = json!({"subject": asked.subject, "permission": asked.permission, "scope": asked.scope});
        Value::from_json_str(&input.to_string()).unwrap()
    }

    pub fn allows(&mut self, input: &Value) -> bool {
        self.machine.set_input(input.clone());
        self.machine.execute().unwrap() == Value::Bool(true)
    }
}

fn data(shape: &Shape) -> serde_json::Value {
    let set = |keys: Vec<String>| keys.into_iter().map(|key| (key, true.into())).collect::<Map<_, _>>();
    let scope = |n: usize| shape.scopes[n].0.clone();
    let mut members = Map::new();
    for member in &shape.members {
        let roles: Vec<String> = member.roles.iter().map(|(n, _)| n.to_string()).collect();
        let scopes = set(member.nodes.iter().map(|n| scope(*n)).collect());
        members.insert(member.id.clone(), json!({"roles": roles, "scopes": scopes}));
    }
    let permissions = |own: &Vec<usize>| set(own.iter().map(|n| shape.permissions[*n].clone()).collect());
    let roles: Map<_, _> =
        shape.roles.iter().enumerate().map(|(n, own)| (n.to_string(), permissions(own).into())).collect();
    let above = shape
        .scopes
        .iter()
        .map(|(id, parent)| (id.clone(), [id.clone()].into_iter().chain(parent.map(scope)).collect::<Vec<_>>().into()));
    json!({"members": members, "roles": roles, "above": above.collect::<Map<_, _>>()})
}
