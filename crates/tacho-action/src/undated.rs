//! Models' names, of which one library tells the day and another does not.

/// A model's name without the day that its provider's answer adds: `gpt-4o-2024-08-06`, `claude-sonnet-4-20250514`,
/// `gpt-4-0613`, `gemini-2.0-flash-001`.
pub(crate) fn undated(model: &str) -> &str {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    let cut = |text: &'_ str| text.rfind(['-', '@']).map(|at| (at, at + 1));
    let Some((at, from)) = cut(model) else { return model };
    let last = &model[from..];
    if last == "latest" || [3, 4, 8].into_iter().any(|count| digits(last, count)) {
        return &model[..at];
    }
    let mut rest = model;
    for count in [2, 2, 4] {
        match cut(rest) {
            Some((at, from)) if digits(&rest[from..], count) => rest = &rest[..at],
            _ => return model,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_no_part_of_a_models_name() {
        for (dated, plain) in [
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-sonnet-4-20250514", "claude-sonnet-4"),
            ("claude-sonnet-4@20250514", "claude-sonnet-4"),
            ("gpt-4-0613", "gpt-4"),
            ("gemini-2.0-flash-001", "gemini-2.0-flash"),
            ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
            ("gpt-4o-mini", "gpt-4o-mini"),
            ("claude-opus-4-1", "claude-opus-4-1"),
            ("gpt-4-32k", "gpt-4-32k"),
            ("o3", "o3"),
            ("", ""),
        ] {
            assert_eq!(undated(dated), plain);
        }
    }
}
