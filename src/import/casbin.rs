//! Policies of Casbin's RBAC models, with and without domains.
//!
//! All `p` lines of a file have the same columns, and all `g` lines have, because a Casbin model fixes them:
//! `p, role, object, action`, `p, role, domain, object, action`, either with an effect at the end;
//! `g, user, role` and `g, user, role, domain`. Which of them it is, the most common width tells.
//!
//! Casbin does not tell users from roles. Here a role is whatever somebody holds (the second field of
//! a `g` line), what the caller knows to be one, and nothing else: everybody else is a member.

use std::collections::HashMap;
use std::path::Path;

use super::error::{Findings, ImportError, Place, Reason};
use super::policy::{Hold, Inherit, Names, Permit, Policy, RoleName};
use super::progress::Progress;
use super::{key, lines};

/// Fields of a line after its type, numbered in `Raw::names`.
struct Row {
    place: Place,
    fields: [u32; 5],
    width: usize,
}

impl Row {
    fn field(&self, at: usize) -> u32 {
        self.fields.get(at).copied().unwrap_or_default()
    }

    fn last(&self) -> u32 {
        self.field(self.width.saturating_sub(1))
    }
}

#[derive(Default)]
struct Raw {
    names: Names,
    p: Vec<Row>,
    g: Vec<Row>,
}

/// Reads a policy. `known_role` tells of names that are roles although nobody in the file holds them.
pub(super) fn read(
    path: &Path,
    prefix: &str,
    known_role: &dyn Fn(&str) -> bool,
    findings: &mut Findings,
    progress: &dyn Progress,
) -> Result<Policy, ImportError> {
    let mut raw = Raw::default();
    lines::read(path, 0, true, findings, progress, |place, fields, findings| {
        if let Err(reason) = raw.take(place, fields) {
            findings.add(place, reason);
        }
    })?;
    let (p_width, g_width) = (usual_width(&raw.p, 3), usual_width(&raw.g, 2));
    check_widths('p', &raw.p, p_width, findings);
    check_widths('g', &raw.g, g_width, findings);
    raw.p.retain(|row| row.width == p_width);
    raw.g.retain(|row| row.width == g_width);
    let effects = ends_with_effect(&raw, p_width);
    check_effects(&raw, p_width, effects, findings);
    let mut policy = Policy::in_domains(p_width - usize::from(effects) == 4, g_width == 3);
    Reader { is_role: roles(&raw, prefix, known_role), raw: &raw, prefix, policy: &mut policy }.fill();
    Ok(policy)
}

impl Raw {
    fn take(&mut self, place: Place, fields: &[std::borrow::Cow<'_, str>]) -> Result<(), Reason> {
        let Some((kind, fields)) = fields.split_first() else { return Ok(()) };
        let (rows, kind, least, most) = match kind.as_ref() {
            "p" => (&mut self.p, 'p', 3, 5),
            "g" => (&mut self.g, 'g', 2, 3),
            _ => return Err(Reason::UnknownType { given: kind.to_string() }),
        };
        if !(least..=most).contains(&fields.len()) {
            return Err(Reason::BadWidth { kind, found: fields.len(), least, most });
        }
        let mut row = Row { place, fields: [0; 5], width: fields.len() };
        for (slot, field) in row.fields.iter_mut().zip(fields) {
            *slot = self.names.add(field, place);
        }
        rows.push(row);
        Ok(())
    }

    fn is_effect(&self, row: &Row) -> bool {
        matches!(self.names.text(row.last()), "allow" | "deny")
    }
}

/// The most common width, the lesser of equals; `least` when there is no line.
fn usual_width(rows: &[Row], least: usize) -> usize {
    let mut counts = [0usize; 6];
    for row in rows {
        if let Some(count) = counts.get_mut(row.width) {
            *count += 1;
        }
    }
    let most = (0..counts.len()).rev().max_by_key(|width| counts.get(*width).copied());
    most.filter(|_| !rows.is_empty()).unwrap_or(least)
}

fn check_widths(kind: char, rows: &[Row], usual: usize, findings: &mut Findings) {
    for row in rows.iter().filter(|row| row.width != usual) {
        findings.add(row.place, Reason::OtherWidth { kind, found: row.width, usual });
    }
}

/// Whether the last field of the `p` lines is an effect. Of four fields it may be an action as well.
fn ends_with_effect(raw: &Raw, width: usize) -> bool {
    let effects = raw.p.iter().filter(|row| raw.is_effect(row)).count();
    width == 5 || (width == 4 && effects * 2 > raw.p.len())
}

fn check_effects(raw: &Raw, width: usize, effects: bool, findings: &mut Findings) {
    for row in &raw.p {
        let last = raw.names.text(row.last());
        match (effects, raw.is_effect(row)) {
            (true, true) if last == "deny" => findings.add(row.place, Reason::Deny),
            (true, false) => findings.add(row.place, Reason::BadEffect { given: last.to_owned() }),
            (false, true) if width == 4 => {
                findings.add(row.place, Reason::EffectOrAction { given: last.to_owned() });
            }
            _ => {}
        }
    }
}

/// Which of the names are roles.
fn roles(raw: &Raw, prefix: &str, known_role: &dyn Fn(&str) -> bool) -> Vec<bool> {
    let mut roles: Vec<bool> =
        raw.names.numbers().map(|name| known_role(&format!("{prefix}{}", raw.names.text(name)))).collect();
    for row in &raw.g {
        if let Some(role) = roles.get_mut(row.field(1) as usize) {
            *role = true;
        }
    }
    roles
}

struct Reader<'a> {
    raw: &'a Raw,
    is_role: Vec<bool>,
    prefix: &'a str,
    policy: &'a mut Policy,
}

impl Reader<'_> {
    fn fill(&mut self) {
        let raw = self.raw;
        for row in &raw.g {
            self.link(row);
        }
        let mut permissions = HashMap::new();
        for row in &raw.p {
            self.permit(row, &mut permissions);
        }
    }

    fn link(&mut self, row: &Row) {
        let place = row.place;
        let domain = self.policy.held_in_domains.then(|| self.domain(row.field(2), place));
        let parent = self.named(row.field(1), place);
        if self.is_role(row.field(0)) {
            let role = self.named(row.field(0), place);
            self.policy.inherits.push(Inherit { role, parent, domain, place });
        } else {
            let member = self.policy.members.add(self.raw.names.text(row.field(0)), place);
            self.policy.holds.push(Hold { member, role: parent, domain, place });
        }
    }

    fn permit(&mut self, row: &Row, permissions: &mut HashMap<(u32, u32), u32>) {
        let place = row.place;
        let (domain, object, action) = match self.policy.permits_in_domains {
            true => (Some(self.domain(row.field(1), place)), row.field(2), row.field(3)),
            false => (None, row.field(1), row.field(2)),
        };
        let names = &self.raw.names;
        let policy = &mut *self.policy;
        let permission = *permissions.entry((object, action)).or_insert_with(|| {
            let (object, action) = (names.text(object), names.text(action));
            policy.permission(&key::permission(object, action), || format!("{action} {object}"), place)
        });
        let role = if self.is_role(row.field(0)) {
            self.named(row.field(0), place)
        } else {
            let member = self.policy.members.add(names.text(row.field(0)), place);
            let role = self.policy.role(RoleName::Personal(member), place);
            self.policy.holds.push(Hold { member, role, domain, place });
            role
        };
        self.policy.permits.push(Permit { role, domain, permission });
    }

    fn is_role(&self, name: u32) -> bool {
        self.is_role.get(name as usize).copied().unwrap_or(false)
    }

    fn named(&mut self, name: u32, place: Place) -> u32 {
        let name = format!("{}{}", self.prefix, self.raw.names.text(name));
        self.policy.role(RoleName::Named(name.into()), place)
    }

    fn domain(&mut self, name: u32, place: Place) -> u32 {
        self.policy.domains.add(self.raw.names.text(name), place)
    }
}
