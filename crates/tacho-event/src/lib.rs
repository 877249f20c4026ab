//! The vocabulary of tachograph: event, ids, time, units, limits and the permanent bytes of an entry.
//!
//! Invariants
//! - Pure: no I/O, no clock, no randomness. Everything here can be replayed.
//! - Nothing above may render entry bytes by itself: [`entry::render`] is the only way.

pub mod entry;
pub mod event;
pub mod fact;
pub mod id;
pub mod limits;
pub mod model;
pub mod record;
pub mod section;
pub mod strings;
pub mod time;
pub mod units;
pub mod words;
