//! How names of other systems become ids here: readable, and never two names the same id.
//!
//! | in a permission's object and action | becomes |
//! | --- | --- |
//! | `/` | `:` |
//! | a space | `+` |
//! | `*` | `~`, since `*` selects in patterns |
//! | `:` `+` `~` `%`, other white space, `.` in the action, `-` `@` `!` at the start | `%` and UTF-8 in hexadecimal |
//!
//! The key is `object.action`: what follows the last dot is the action. So `/users/*` and `GET` make
//! `:users:~.GET`, and `invoice` and `approve` make `invoice.approve`.
//!
//! In the name of a role or domain a space becomes `+`, and `+` `%` `@` `/`, other white space and `-` at
//! the start become `%` and hexadecimal. `Site Manager` makes `Site+Manager`. The name itself is kept as the name.

use std::fmt::Write as _;

/// What becomes of one character.
enum Form {
    Itself,
    Other(char),
    Hexadecimal,
}

fn encode(text: &str, form: impl Fn(usize, char) -> Form) -> String {
    let mut encoded = String::with_capacity(text.len() + 4);
    for (at, c) in text.char_indices() {
        match form(at, c) {
            Form::Itself => encoded.push(c),
            Form::Other(other) => encoded.push(other),
            Form::Hexadecimal => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a string cannot fail.
                    let _ = write!(encoded, "%{byte:02X}");
                }
            }
        }
    }
    encoded
}

/// The key of the permission to do an action on an object.
pub(super) fn permission(object: &str, action: &str) -> String {
    let form = |in_action: bool| {
        move |at, c: char| match c {
            '/' => Form::Other(':'),
            ' ' => Form::Other('+'),
            '*' => Form::Other('~'),
            ':' | '+' | '~' | '%' => Form::Hexadecimal,
            '.' if in_action => Form::Hexadecimal,
            '-' | '@' | '!' if at == 0 && !in_action => Form::Hexadecimal,
            c if c.is_whitespace() => Form::Hexadecimal,
            _ => Form::Itself,
        }
    };
    format!("{}.{}", encode(object, form(false)), encode(action, form(true)))
}

/// The id of a role or domain with this name. Has no `@`, which stands between the parts of composed ids.
pub(super) fn name(text: &str) -> String {
    encode(text, |at, c| match c {
        ' ' => Form::Other('+'),
        '+' | '%' | '@' | '/' => Form::Hexadecimal,
        '-' if at == 0 => Form::Hexadecimal,
        c if c.is_whitespace() => Form::Hexadecimal,
        _ => Form::Itself,
    })
}

/// The id of a role as it is in one domain.
pub(super) fn role_in(role: &str, domain: &str) -> String {
    format!("{}@{}", name(role), name(domain))
}

/// The id of the role that has what is granted to a member directly, perhaps in one domain.
pub(super) fn personal(member: &str, domain: Option<&str>) -> String {
    let domain = domain.map(|domain| format!("@{}", name(domain))).unwrap_or_default();
    format!("personal@@{}{domain}", name(member))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chancery_aggregates::profile::pattern;
    use chancery_aggregates::vocabulary::{PermissionKey, RoleId};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_stay_readable() {
        let keys = [
            ("invoice", "approve", "invoice.approve"),
            ("/users/*", "GET", ":users:~.GET"),
            ("data set 1", "read all", "data+set+1.read+all"),
            ("*", "*", "~.~"),
            ("arn:aws:s3", "get.object", "arn%3Aaws%3As3.get%2Eobject"),
            ("@me", "!x", "%40me.!x"),
            ("a\u{a0}b", "é", "a%C2%A0b.é"),
        ];
        for (object, action, key) in keys {
            assert_eq!(permission(object, action), key);
        }
        assert_eq!(name("Site Manager"), "Site+Manager");
        assert_eq!(name("role:admin/x@y"), "role:admin%2Fx%40y");
    }

    #[test]
    fn composed_ids_are_told_apart() {
        assert_eq!(role_in("a", "b"), "a@b");
        assert_eq!(name("a@b"), "a%40b");
        assert_eq!(personal("a", Some("b")), "personal@@a@b");
        assert_ne!(personal("a", None), role_in("personal", "a"));
    }

    proptest! {
        #[test]
        fn no_two_pairs_have_the_same_key(
            pairs in prop::collection::vec(("[a:/.+~%*@ !-]{1,3}", "[a:/.+~%*@ !-]{1,3}"), 2..200),
        ) {
            let mut keys = HashMap::new();
            for pair in pairs {
                let key = permission(&pair.0, &pair.1);
                prop_assert!(PermissionKey::parse(&key).is_ok());
                // In a list of patterns a key stands for itself and nothing else.
                prop_assert!(!key.contains('*') && !key.starts_with('!') && pattern::matches(&key, &key));
                prop_assert_eq!(keys.entry(key).or_insert_with(|| pair.clone()), &pair);
            }
        }

        #[test]
        fn no_two_names_have_the_same_id(names in prop::collection::vec("[a@+% /:-]{1,4}", 2..200)) {
            let mut ids = HashMap::new();
            for text in names {
                let id = name(&text);
                prop_assert!(RoleId::parse(&id).is_ok() && !id.contains('@'));
                prop_assert_eq!(ids.entry(id).or_insert_with(|| text.clone()), &text);
            }
        }
    }
}
