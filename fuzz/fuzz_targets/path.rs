//! Names of tiles and bundles: refused, or one spelling that stays below the log's folder.
#![no_main]

use tacho_merkle::tile::{BundlePath, TilePath};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let tile = TilePath::parse(text).map(|path| path.path());
    let bundle = BundlePath::parse(text).map(|path| path.path());
    assert!(tile.is_err() || bundle.is_err(), "one text names two things");
    if let Ok(path) = tile.or(bundle) {
        assert_eq!(path, text);
        assert!(!path.contains("..") && !path.contains("//") && !path.starts_with('/'));
    }
});
