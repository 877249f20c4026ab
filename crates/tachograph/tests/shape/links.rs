//! Relative links in the documentation point to something that is there.

use std::path::Path;

/// Checks one page, given by its path from the root.
pub(crate) fn check(root: &Path, page: &str, text: &str) -> Vec<String> {
    let folder = root.join(page).parent().unwrap_or(root).to_path_buf();
    let mut found = Vec::new();
    for (line, target) in targets(text) {
        let file = target.split('#').next().unwrap_or_default();
        if !file.is_empty() && !folder.join(file).exists() {
            found.push(format!(
                "{page}:{line}: the link to \"{target}\" leads nowhere: write it from the page's own folder, or name \
                 a file that is there"
            ));
        }
    }
    found
}

/// The targets of relative links with their line numbers; code is passed over.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced || line.starts_with("    ") {
            continue;
        }
        for after in line.split("](").skip(1) {
            let target = after.split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push((at + 1, target));
            }
        }
    }
    found
}

#[test]
fn links_are_found_but_not_in_code() {
    let text =
        "see [a](docs/a.md#part) and [b](https://example.com/b)\n```\n[c](c.md)\n```\n    [d](d.md)\n[e](#e)";
    assert_eq!(targets(text), [(1, "docs/a.md#part"), (6, "#e")]);
}

#[test]
fn a_link_to_nothing_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(check(root, "README.md", "[a](Cargo.toml) [b](#b) [c](tests/it/main.rs#c)").is_empty());
    let found = check(root, "tests/page.md", "\n[a](Cargo.toml)");
    assert!(found[0].starts_with("tests/page.md:2:"), "{found:?}");
}
