//! The client libraries' copies of the pattern file are current. `TACHO_WRITE=1 cargo test -p tacho-redact --test it clients`
//! writes them anew.

use std::path::Path;

#[test]
fn the_pattern_files_of_the_client_libraries_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let wanted = tacho_redact::pattern_file();
    serde_json::from_str::<serde_json::Value>(&wanted).unwrap();
    for copy in ["sdks/python/src/tachograph/patterns.json", "sdks/typescript/src/patterns.json"] {
        let path = root.join(copy);
        if std::env::var_os("TACHO_WRITE").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(
            found == wanted,
            "{copy} is not what the detectors say now: TACHO_WRITE=1 cargo test -p tacho-redact --test it clients"
        );
    }
}
