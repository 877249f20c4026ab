//! Values that stand for a secret without being one: `${TOKEN}`, `<password>`, `****`.

use crate::detectors::lex;

/// Whether a value only names where a secret would be.
pub(crate) fn is(value: &str) -> bool {
    let wrapped = |open: &str, close: &str| {
        value.len() > open.len() + close.len()
            && value.starts_with(open)
            && value.ends_with(close)
            && !value[open.len()..value.len() - close.len()].contains(['{', '}', '<', '>'])
    };
    let shell_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let masked = |c: char| matches!(c, '*' | '.' | 'x' | 'X' | '•' | '…' | '-' | '_' | '#' | '?');
    value.chars().all(|c| c == '*' || c == '.')
        || value.len() >= 3 && value.chars().all(masked)
        || wrapped("${{", "}}")
        || wrapped("{{", "}}")
        || wrapped("${", "}")
        || wrapped("$(", ")")
        || wrapped("{", "}")
        || wrapped("<", ">")
        || wrapped("%(", ")s")
        || wrapped("[", "]")
        || value.len() > 2 && value.starts_with('%') && value.ends_with('%')
        || value.strip_prefix('$').is_some_and(shell_name)
        || matches!(value, "%s" | "%v" | "{}" | "$1" | "$2")
        || ["your_", "your-"].iter().any(|start| lex::starts_with_ignore_case(value, start))
}

#[cfg(test)]
mod tests {
    #[test]
    fn references_and_masks_are_placeholders_and_passwords_are_not() {
        for value in
            ["${DB_PASSWORD}", "$TOKEN", "<password>", "****", "{{ .Values.token }}", "%s", "{}", "your-key"]
        {
            assert!(super::is(value), "{value}");
        }
        for value in ["hunter2", "$ecret", "pa{ss}", "<b>1", "x1x1"] {
            assert!(!super::is(value), "{value}");
        }
    }
}
