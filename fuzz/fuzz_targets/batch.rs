//! A journal record's payload: what parses means the same when it is encoded again, and its sections can
//! be read.
#![no_main]

use tacho_event::entry::{Place, render};
use tacho_event::record::{Accepted, Batch, BatchBuilder};
use tacho_event::section::Section;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = Accepted::decode(input);
    let Ok(batch) = Batch::parse(input.to_vec()) else { return };
    let mut builder = BatchBuilder::new(batch.is_replay());
    for event in batch.events() {
        builder.push(&event.expect("parse checks every event"));
    }
    let again = Batch::parse(builder.finish().bytes().to_vec()).expect("what is encoded parses");
    assert_eq!(again.count(), batch.count());
    for (first, second) in batch.events().zip(again.events()) {
        let (first, second) = (first.expect("it parsed"), second.expect("it parsed"));
        assert_eq!(first, second);
        check_event(&first);
    }
});

fn check_event(event: &Accepted<'_>) {
    let mut scratch = Vec::new();
    for section in [Section::Who, Section::Facts] {
        if let Some(bytes) = event.section(section, &mut scratch) {
            serde_json::from_slice::<serde_json::Value>(bytes).expect("a rendered section is JSON");
        }
    }
    let mut entry = Vec::new();
    render(&event.header, &Place { time_us: 0, session_seq: Some(0), revision: 1 }, &mut entry);
    serde_json::from_slice::<serde_json::Value>(&entry).expect("an entry is JSON");
}
