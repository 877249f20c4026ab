//! A batch has one spelling: what parses renders back to the same bytes. `docs/formats/journal.md`: "a byte
//! too many is corruption".
#![no_main]

use tacho_event::record::{Batch, BatchBuilder};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(batch) = Batch::parse(input.to_vec()) else { return };
    let mut builder = BatchBuilder::new(batch.is_replay());
    for event in batch.events() {
        builder.push(&event.expect("parse checks every event"));
    }
    assert_eq!(builder.finish().bytes(), input, "a second spelling was accepted");
});
