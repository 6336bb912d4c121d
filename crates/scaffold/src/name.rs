//! Names that an app can have.

use crate::{Environment, Error, ErrorKind};

/// What Kubernetes allows in the name of a namespace or a Service (RFC 1123: a label).
const MAX_LABEL: usize = 63;

/// Words that YAML takes for something else than a name where they stand without quotes
/// (YAML 1.1: the types bool and null).
const NOT_NAMES: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

/// Checks that objects called `<environment>-<name>` in namespaces called `<name>-<environment>`
/// can exist.
pub(crate) fn check(name: &str, environments: &[Environment]) -> Result<(), Error> {
    for environment in environments {
        if let Some(why) = fault(&environment.name, MAX_LABEL) {
            return Err(refused("an environment", &environment.name, &why));
        }
    }
    let longest = environments.iter().map(|e| e.name.len()).max().unwrap_or(0);
    match fault(name, MAX_LABEL.saturating_sub(longest + 1)) {
        Some(why) => Err(refused("an app", name, &why)),
        None => Ok(()),
    }
}

/// Why `name` cannot be a label of at most `room` characters, if it cannot.
fn fault(name: &str, room: usize) -> Option<String> {
    if name.is_empty() {
        Some("it is empty".to_owned())
    } else if !name.bytes().all(is_label_byte) {
        Some("only a-z, 0-9 and `-` can stand in it".to_owned())
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
        Some("it must begin with a letter and not end with `-`".to_owned())
    } else if name.len() > room {
        Some(format!(
            "with what is put beside it, it may have {room} characters"
        ))
    } else if NOT_NAMES.contains(&name) {
        Some("YAML takes it for something else than a name".to_owned())
    } else {
        None
    }
}

fn refused(what: &str, name: &str, why: &str) -> Error {
    let shown: String = name.chars().take(80).collect();
    let message = format!("cannot name {what} `{}`: {why}", shown.escape_debug());
    Error::new(ErrorKind::Name, message)
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environments() -> Vec<Environment> {
        vec![Environment {
            name: "staging".to_owned(),
            branch: "staging".to_owned(),
            tag: None,
        }]
    }

    #[test]
    fn labels_with_room_for_an_environment_are_names() {
        for name in ["a", "shop", "shop-2", "x".repeat(55).as_str()] {
            assert!(check(name, &environments()).is_ok(), "{name}");
        }
        for name in [
            "", "Shop", "2shop", "shop-", "-shop", "sh_op", "shöp", "a/b", "..", "no",
        ] {
            assert!(check(name, &environments()).is_err(), "{name}");
        }
        assert!(check(&"x".repeat(56), &environments()).is_err());
    }

    #[test]
    fn an_environment_is_a_label_too() {
        let mut environments = environments();
        environments[0].name = "../prod".to_owned();
        let error = check("shop", &environments).unwrap_err();
        assert!(error.to_string().starts_with("cannot name an environment"));
    }

    #[test]
    fn an_error_shows_what_was_given_within_reason() {
        let error = check(&"\n".repeat(5_000), &environments()).unwrap_err();
        assert!(error.to_string().len() < 300, "{error}");
    }
}
