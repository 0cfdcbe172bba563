//! The barest index for each shape: what somebody would write who knows that nothing else is ever asked, and
//! that nothing changes. Allowed or not, no reason.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::shape::{Asked, Shape};

type Ids = HashMap<Box<str>, u32, FixedState>;

fn ids<'a>(texts: impl Iterator<Item = &'a str>) -> Ids {
    texts.zip(0..).map(|(text, n)| (text.into(), n)).collect()
}

/// For *org*: two role numbers and the scopes that are reached, as bits.
#[derive(Debug)]
pub struct Org {
    members: Ids,
    records: Vec<OrgRecord>,
    roles: Vec<[u64; 8]>,
}

#[derive(Debug)]
struct OrgRecord {
    roles: [u16; 2],
    scopes: [u64; 2],
}

/// Keys that organisations of one shape have in common.
#[derive(Debug)]
pub struct Keys {
    permissions: Ids,
    scopes: Ids,
}

impl Keys {
    pub fn of(shape: &Shape) -> Self {
        Self {
            permissions: ids(shape.permissions.iter().map(String::as_str)),
            scopes: ids(shape.scopes.iter().map(|(id, _)| id.as_str())),
        }
    }
}

impl Org {
    pub fn of(shape: &Shape) -> Self {
        let mut roles = vec![[0; 8]; shape.roles.len()];
        for (bits, permissions) in roles.iter_mut().zip(&shape.roles) {
            for permission in permissions {
                bits[permission / 64] |= 1 << (permission % 64);
            }
        }
        let record = |member: &crate::shape::ShapeMember| {
            let mut scopes = [0; 2];
            for (n, (_, parent)) in shape.scopes.iter().enumerate() {
                if member.nodes.contains(&n) || parent.is_some_and(|n| member.nodes.contains(&n)) {
                    scopes[n / 64] |= 1 << (n % 64);
                }
            }
            OrgRecord { roles: [member.roles[0].0 as u16, member.roles[1].0 as u16], scopes }
        };
        let members = ids(shape.members.iter().map(|member| member.id.as_str()));
        Self { members, records: shape.members.iter().map(record).collect(), roles }
    }

    #[inline]
    pub fn by_number(&self, [member, permission, scope]: [usize; 3]) -> bool {
        let record = &self.records[member];
        let held = |n: u16| self.roles[usize::from(n)][permission / 64] >> (permission % 64) & 1;
        record.scopes[scope / 64] >> (scope % 64) & (held(record.roles[0]) | held(record.roles[1])) & 1 != 0
    }

    #[inline]
    pub fn by_string(&self, keys: &Keys, asked: &Asked) -> bool {
        let (Some(member), Some(permission), Some(scope)) = (
            self.members.get(asked.subject.as_str()),
            keys.permissions.get(asked.permission.as_str()),
            keys.scopes.get(asked.scope.as_str()),
        ) else {
            return false;
        };
        self.by_number([*member, *permission, *scope].map(|n| n as usize))
    }
}

/// For *casbin-large*: a role number; a role has permissions, as bits, on one resource.
#[derive(Debug)]
pub struct Large {
    members: Ids,
    records: Vec<u32>,
    roles: Vec<(u32, u32)>,
}

impl Large {
    pub fn of(shape: &Shape) -> Self {
        let mut roles: Vec<(u32, u32)> = shape.roles.iter().map(|own| (own.iter().map(|n| 1 << n).sum(), 0)).collect();
        for member in &shape.members {
            let (role, scope) = member.roles[0];
            roles[role].1 = scope.unwrap() as u32;
        }
        Self {
            members: ids(shape.members.iter().map(|member| member.id.as_str())),
            records: shape.members.iter().map(|member| member.roles[0].0 as u32).collect(),
            roles,
        }
    }

    #[inline]
    pub fn by_number(&self, [member, permission, scope]: [usize; 3]) -> bool {
        let (permissions, resource) = self.roles[self.records[member] as usize];
        resource as usize == scope && permissions >> permission & 1 != 0
    }

    #[inline]
    pub fn by_string(&self, keys: &Keys, asked: &Asked) -> bool {
        let (Some(member), Some(permission), Some(scope)) = (
            self.members.get(asked.subject.as_str()),
            keys.permissions.get(asked.permission.as_str()),
            keys.scopes.get(asked.scope.as_str()),
        ) else {
            return false;
        };
        self.by_number([*member, *permission, *scope].map(|n| n as usize))
    }
}

/// For *big*: organisations by id, each with an index of its own.
#[derive(Debug)]
pub struct Big {
    pub organisations: Vec<Org>,
    numbers: Ids,
}

impl Big {
    pub fn of(shape: &Shape, organisations: usize) -> Self {
        let names: Vec<String> = (0..organisations).map(crate::shape::organisation_id).collect();
        Self {
            organisations: (0..organisations).map(|_| Org::of(shape)).collect(),
            numbers: ids(names.iter().map(String::as_str)),
        }
    }

    #[inline]
    pub fn by_string(&self, keys: &Keys, asked: &Asked) -> bool {
        let organisation = self.numbers.get(asked.organisation_id.as_str());
        organisation.is_some_and(|n| self.organisations[*n as usize].by_string(keys, asked))
    }
}
