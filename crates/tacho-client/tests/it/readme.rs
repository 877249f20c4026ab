//! The quick start is the example that is compiled, and that `scripts/judge-sdks.sh` runs against a real server.

#[test]
fn the_quick_start_is_the_example() {
    let example = include_str!("../../examples/quick_start.rs");
    let (_, code) = example.split_once("\n\n").unwrap();
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&format!("```rust,no_run\n{code}```")),
        "copy examples/quick_start.rs into README.md"
    );
}
