//! Names as people write them, and patterns over them: `AGENT_CREATED`, `agent.created` and `agent-created` are one
//! name, and `*` stands for any text.

/// A pattern for an action: of its name, or of type and name as `auth/login*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    kind: Option<String>,
    name: String,
}

impl Action {
    /// Reads a pattern; nothing that is written is refused but an empty text.
    pub(crate) fn read(text: &str) -> Option<Action> {
        let text = text.trim();
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) => (Some(kind.trim().to_ascii_lowercase()), name),
            None => (None, text),
        };
        let name = plain(name);
        (!name.is_empty() && kind.as_deref() != Some("")).then_some(Action { kind, name })
    }

    pub(crate) fn fits(&self, kind: &str, name: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| glob(wanted, kind)) && glob(&self.name, &plain(name))
    }
}

/// A name in small letters, its parts joined by `_`.
fn plain(name: &str) -> String {
    let part = |c: char| if matches!(c, '.' | '-' | '/' | ' ' | ':') { '_' } else { c.to_ascii_lowercase() };
    name.trim().chars().map(part).collect()
}

/// Whether a text fits a pattern in which `*` stands for any text, also none.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut open = false;
    let mut last = "";
    for part in parts {
        if open {
            let Some(at) = rest.find(last) else { return false };
            rest = &rest[at + last.len()..];
        }
        (open, last) = (true, part);
    }
    if open { rest.ends_with(last) } else { rest.is_empty() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_name_has_many_spellings() {
        for name in ["AGENT_CREATED", "agent.created", "Agent-Created", "agent created"] {
            assert!(Action::read("agent_created").unwrap().fits("lifecycle", name), "{name}");
        }
        let login = Action::read("auth/*login*").unwrap();
        assert!(login.fits("auth", "USER_LOGIN_FAILED") && !login.fits("log", "user_login"));
        assert!(Action::read("").is_none() && Action::read("/x").is_none() && Action::read("x/").is_none());
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "ab", false),
            ("aba", "ab", false),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("*b*b*", "abc", false),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    /// The definition, one character at a time.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
            Some((first, rest)) => text.first() == Some(first) && naive(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn patterns_fit_as_their_definition_says(pattern in "[ab*]{0,7}", text in "[ab]{0,7}") {
            prop_assert_eq!(glob(&pattern, &text), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
