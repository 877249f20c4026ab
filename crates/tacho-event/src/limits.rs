//! Every bound on what one event may be. Each is a promise to memory and to the journal's record size.

/// One event as JSON text, bytes.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// Nesting of one event's JSON.
pub const DEPTH_MAX: usize = 64;
/// Object members of one event, over all levels.
pub const FIELDS_MAX: usize = 4096;
/// Agent ids, action names.
pub const NAME_BYTES_MAX: usize = 200;
/// A text fact; longer values stay in `extra`.
pub const FACT_BYTES_MAX: usize = 256;
/// Ids as senders write them.
pub const ID_BYTES_MAX: usize = 512;
/// A journal record: one batch of accepted events.
pub const RECORD_BYTES_MAX: usize = 4 << 20;
/// A request body, compressed or not.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// Integers in an entry stay below this, so that every JSON reader sees the same number.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
