//! A member as a common answer needs it, in sixteen bytes.

use super::member::{Plain, Reach};
use super::quick::{Grid, Lanes};

/// Rows of what roles give, of one brief.
pub(super) const ROWS: usize = 3;

/// What a member holds, in a quarter of a row's room: where there are very many members, four times as many of
/// them are in the processor's cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub(super) struct Brief {
    /// The scopes that the member reaches; or those of the rows, one each.
    pub(super) nodes: Lanes,
    /// Rows of the grid. Where there are fewer, the first one again: what was read already costs nothing.
    pub(super) rows: [u16; ROWS],
    /// Cells of a row of the grid. It stands here because the cache line in which the tables are found is full.
    pub(super) words: u8,
    pub(super) form: Form,
}

/// How a brief is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    /// More than fits, or with numbers greater than fit: only the rule knows.
    #[default]
    ByRule,
    /// Up to two roles on up to four nodes.
    Nodes,
    /// Three roles on up to four nodes.
    More,
    /// Up to three roles on everything that is in use.
    All,
    /// One role on a scope of its own.
    Pair,
    /// Two or three roles, each on a scope of its own.
    Pairs,
}

impl Brief {
    /// What fits. A member who does not fit is left to the rule.
    pub(super) fn of(grid: &Grid, plain: &Plain<'_>) -> Self {
        Self::try_of(grid, plain).unwrap_or_default()
    }

    fn try_of(grid: &Grid, plain: &Plain<'_>) -> Option<Self> {
        let account_type = plain.account_type;
        let brief = |form, nodes: &[u32], roles: &[u32]| {
            let none = grid.row_of_none(account_type)?;
            let first = roles.first().map_or(Some(none), |role| grid.row_of(*role, account_type))?;
            let mut rows = [first; ROWS];
            for (at, role) in roles.iter().enumerate() {
                *rows.get_mut(at)? = grid.row_of(*role, account_type)?;
            }
            Some(Self { nodes: Lanes::of_nodes(nodes)?, rows, words: grid.words()?, form })
        };
        match (plain.reach, plain.pairs) {
            (Reach::All, []) => brief(Form::All, &[], plain.roles),
            (Reach::None | Reach::Nodes, []) => {
                brief(if plain.roles.len() > 2 { Form::More } else { Form::Nodes }, plain.nodes, plain.roles)
            }
            (Reach::None, pairs) if plain.roles.is_empty() => {
                let (pairs, _) = pairs.as_chunks::<2>();
                let (roles, scopes): (Vec<u32>, Vec<u32>) = pairs.iter().map(|[role, scope]| (*role, *scope)).unzip();
                brief(if pairs.len() == 1 { Form::Pair } else { Form::Pairs }, &scopes, &roles)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_is_a_quarter_of_a_cache_line() {
        assert_eq!(size_of::<Brief>(), 16);
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_rule() {
        let grid = Grid::shaped(2, 3);
        let plain =
            |reach, roles, pairs, nodes| Brief::of(&grid, &Plain { reach, account_type: 1, roles, pairs, nodes });
        assert_eq!(plain(Reach::Nodes, &[0, 5], &[], &[7]).rows, [4, 19, 4]);
        assert_eq!(plain(Reach::Nodes, &[], &[], &[7]).rows, [1; 3]);
        assert_eq!(plain(Reach::Nodes, &[0, 1, 2], &[], &[]).form, Form::More);
        assert_eq!(plain(Reach::All, &[0, 1, 2, 3], &[], &[]).form, Form::ByRule);
        assert_eq!(plain(Reach::Nodes, &[0], &[], &[1, 2, 3, 4, 5]).form, Form::ByRule);
        assert_eq!(plain(Reach::Nodes, &[0], &[], &[65_530]).form, Form::ByRule);
        assert_eq!(plain(Reach::Nodes, &[30_000], &[], &[0]).form, Form::ByRule);
        assert_eq!(plain(Reach::None, &[], &[1, 2], &[]).form, Form::Pair);
        assert_eq!(plain(Reach::None, &[], &[1, 2, 3, 4, 5, 6], &[]).form, Form::Pairs);
        assert_eq!(plain(Reach::None, &[], &[1, 2, 3, 4, 5, 6, 7, 8], &[]).form, Form::ByRule);
        assert_eq!(plain(Reach::Nodes, &[], &[1, 2], &[9]).form, Form::ByRule);
        assert_eq!(plain(Reach::None, &[1], &[1, 2], &[]).form, Form::ByRule);
    }
}
