//! Every bad line is told, and nothing happens.

use chancery::import::LINES_TOLD;

use super::{World, told};

#[tokio::test]
async fn every_bad_line_is_told_and_nothing_is_imported() {
    let world = World::blank();
    let policy = "p, admin, data, read\ng, ann, admin\np, admin, , read\nq, x\ng2, a, b\np, admin, data\n\
                  p, admin, \"data, read\np, admin, a\u{7}b, read\n";
    assert_eq!(
        world.bad_lines(policy).await,
        [
            "3: field 3 is empty",
            "4: a line of the type `q` cannot be imported: only `p` and `g` can",
            "5: a line of the type `g2` cannot be imported: only `p` and `g` can",
            "6: a line of the type `p` has 3 to 5 fields after it, not 2",
            "7: a quoted field is not closed on its line",
            "8: field 3 has a control character",
        ]
    );
    assert!(world.engine.state(&world.target.organisation).await.is_err());
}

#[tokio::test]
async fn a_line_that_denies_is_not_passed_over() {
    let world = World::blank();
    let bad = world.bad_lines("p, admin, data, read, allow\np, admin, data, write, deny\np, admin, d, x, alow\n").await;
    assert!(bad[0].starts_with("2: it denies"), "{bad:?}");
    assert_eq!(bad[1], "3: its effect `alow` is neither `allow` nor `deny`");
    let bad = world.bad_lines("p, a, dom, data, read\np, a, dom, data, write\np, a, data, read, deny\n").await;
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("3: its last field `deny` reads as an effect"), "{bad:?}");
    let bad = world.bad_lines("p, a, dom, data, read, deny\n").await;
    assert!(bad[0].starts_with("1: it denies"), "{bad:?}");
}

#[tokio::test]
async fn a_line_without_the_domain_that_others_have_does_not_count_everywhere() {
    let world = World::blank();
    let bad = world.bad_lines("p, a, d1, data, read\ng, ann, a, d1\ng, bob, a, d1\ng, eve, a\n").await;
    assert_eq!(bad, ["4: it has 2 fields after `g`, where lines of this type have 3 in this file"]);
}

#[tokio::test]
async fn bytes_that_are_no_text_and_monstrous_lines_are_told_by_line() {
    let world = World::blank();
    let mut policy = b"p, admin, data, read\np, admin, d\xffta, read\n".to_vec();
    policy.extend(b"p, admin, ");
    policy.extend(std::iter::repeat_n(b'x', 3 << 20));
    policy.extend(b", read\np, admin, ");
    policy.extend(std::iter::repeat_n(b'y', 5000));
    policy.extend(b", read\ng, ann, admin, , ,\n");
    assert_eq!(
        world.bad_lines(policy).await,
        [
            "2: it is not UTF-8 text",
            "3: it is longer than 65536 bytes",
            "4: field 3 is longer than 1024 bytes",
            "5: field 4 is empty",
        ]
    );
}

#[tokio::test]
async fn names_that_can_be_no_ids_are_told_on_each_of_their_lines() {
    let world = World::blank();
    let long = "k".repeat(130);
    let policy = format!("p, r, data, read\ng, Ann Lee, r\ng, @operator, r\ng, Ann Lee, s\np, r, {long}, read\n");
    let bad = world.bad_lines(policy).await;
    assert_eq!(bad.len(), 4, "{bad:?}");
    assert_eq!(bad[0], "2: `Ann Lee` cannot be the id of a member: it has a space, a control character or a `/`");
    assert_eq!(bad[1], "3: `@operator` cannot be the id of a member: it starts with `-` or `@`");
    assert!(bad[2].starts_with("4: `Ann Lee`"));
    assert!(bad[3].ends_with("cannot be the id of a permission: it is longer than 128 bytes"));
}

#[tokio::test]
async fn role_names_that_differ_in_case_only_are_told() {
    let world = World::blank();
    let bad = world.bad_lines("p, Admin, data, read\ng, ann, Admin\ng, bob, admin\n").await;
    assert_eq!(bad.len(), 1);
    assert!(bad[0].contains("differ in case or spaces only"), "{bad:?}");
}

#[tokio::test]
async fn cycles_are_told_link_by_link() {
    let world = World::blank();
    let policy = "g, ann, a\ng, a, b\ng, b, c\ng, c, a\ng, c, d\np, d, data, read\n";
    let bad = world.bad_lines(policy).await;
    assert_eq!(
        bad,
        [
            "2: role `a` would inherit from itself through `b`",
            "3: role `b` would inherit from itself through `c`",
            "4: role `c` would inherit from itself through `a`",
        ]
    );
    assert_eq!(world.bad_lines("g, ann, a\ng, a, a\n").await, ["2: role `a` is given to itself"]);
}

#[tokio::test]
async fn a_chain_that_casbin_does_not_follow_is_told() {
    let world = World::blank();
    let chain = |links: usize| {
        let links: String = (1..links).map(|at| format!("g, r{at}, r{}\n", at + 1)).collect();
        format!("g, ann, r1\n{links}")
    };
    let bad = world.bad_lines(chain(11)).await;
    assert_eq!(bad, ["11: role `r11` inherits over more than 10 links, which Casbin does not follow"]);
    world.casbin(chain(10)).await.unwrap();
}

#[tokio::test]
async fn of_very_many_bad_lines_the_first_are_told_and_the_rest_is_counted() {
    let world = World::blank();
    let error = world.casbin("x, y\n".repeat(LINES_TOLD + 7)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("107 lines cannot be imported, so nothing was:\n"), "{text}");
    assert!(
        text.ends_with("policy.csv:100: a line of the type `x` cannot be imported: only `p` and `g` can\n  and 7 more")
    );
}

#[tokio::test]
async fn bad_pairs_are_told_with_the_file() {
    let world = World::blank();
    let error = world.pairs("member,role\nann,r\nbob\n", "r,invoice.*\nr,a b\nr,x.y,z\n").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("members.csv:3: it has 1 fields, not 2"), "{text}");
    assert!(text.contains("roles.csv:1: permission `invoice.*` has a wildcard"), "{text}");
    assert!(text.contains("roles.csv:2: `a b` cannot be the id of a permission"), "{text}");
    assert_eq!(told(Err(error)).len(), 4);
}
