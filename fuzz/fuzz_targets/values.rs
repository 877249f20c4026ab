//! Times, durations, sizes, shares, amounts and ids as senders write them: bounded, and written again they
//! mean the same.
#![no_main]

use tacho_event::id::{Id, is_plain_name};
use tacho_event::time::{Day, format, parse};
use tacho_event::units;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(time) = parse(text) {
        assert_eq!(parse(&format(time)), Ok(time));
    }
    if let Some(day) = Day::parse(text) {
        assert_eq!(day.text(), text);
    }
    if let Some(id) = Id::parse(text) {
        assert_eq!(Id::parse(&id.text()), Some(id));
    }
    let _ = is_plain_name(text, 200);
    let read = [units::duration_us(text), units::bytes(text), units::ppm(text), units::dollars_micros(text)];
    for value in read.into_iter().flatten() {
        assert!(value.abs() <= tacho_event::limits::INTEGER_MAX, "{value} does not fit an entry");
    }
});
