//! The catalog's file after damage: told as a fault, or it says the same as before about segments and position. Opening
//! it to write neither panics nor makes a segment of nothing.
#![no_main]

use std::sync::LazyLock;
use tacho_fuzz::{Damage, Folder, guarded, let_panics_be_caught};
use tacho_store::Catalog;
use tacho_store::inspect::Inspection;

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::make);

/// What a look at the folder says while it is whole.
static BEFORE: LazyLock<Inspection> = LazyLock::new(|| {
    let (before, rows) = FOLDER.look();
    assert!(before.faults.is_empty() && rows.len() == FOLDER.entries.len(), "{:?}", before.faults);
    before
});

libfuzzer_sys::fuzz_target!(init: let_panics_be_caught(), |damage: Damage| guarded(|| {
    let bytes = damage.apply(&FOLDER.catalog);
    let before = &*BEFORE;
    FOLDER.put_catalog(&bytes);
    let (after, _) = FOLDER.look();
    if after.faults.is_empty() {
        assert_eq!(after.position, before.position, "another position went unseen");
        assert_eq!(after.listed, before.listed, "other segments went unseen");
    }
    if let Ok(catalog) = Catalog::open(&FOLDER.path.join("catalog.sqlite")) {
        let _ = (catalog.keys().is_ok(), catalog.agents().is_ok(), catalog.position().is_ok());
        let _ = catalog.find_key(&[7; 32]).is_ok();
    }
}));
