//! Histories that once broke a property, shrunk, as the failing test printed them. They read the same
//! only as long as `world` maps numbers to commands as it does today, so each has a twin in `attacks`
//! or next to the code that it broke.

use crate::escalation::nobody_gains_what_the_actor_does_not_hold;
use crate::world::script;

/// A role with "only their own" is deleted, and the role that inherited it from there is free of it.
#[test]
fn a_restricting_parent_is_deleted_by_somebody_under_the_same_restriction() {
    let steps = [(0, 62, [146, 39, 9, 0], 0), (0, 74, [0, 0, 0, 0], 0), (86, 80, [5, 0, 0, 0], 0)];
    nobody_gains_what_the_actor_does_not_hold("workspace", &script([39, 134, 8, 0, 0, 0, 10, 0], &steps));
}
