//! Every bound on what one call may ask and answer.

/// The arguments of one call as JSON, bytes: a fourth of what one event may have.
pub const ARGUMENTS_BYTES_MAX: usize = 256 << 10;
/// One message of the protocol, bytes: a line on standard input, a body over HTTP.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Calls that are under way at a time; more wait. Those that write do not wait for those that read.
pub const READS_MAX: usize = 16;
pub const WRITES_MAX: usize = 64;
/// Rows of one page of a search, and of costs.
pub const ROWS_MAX: usize = 200;
/// Rows of a page when none are asked for.
pub const ROWS_USUAL: usize = 20;
/// A text in a row of a search is cut behind this many characters; `get_entry` has all of it.
pub const TEXT_CHARS_MAX: usize = 1000;
/// Observations of one action in one answer.
pub const OBSERVATIONS_MAX: usize = 100;
/// Steps of a session in one answer.
pub const STEPS_MAX: usize = 500;
/// Entries that one call verifies.
pub const RANGE_MAX: u64 = 10_000;
/// Entries that one document of evidence holds.
pub const EVIDENCE_MAX: usize = 100;
/// What the log may answer to one question, bytes.
pub const REPLY_BYTES_MAX: usize = 16 << 20;
/// Ids, names and filters in arguments, bytes.
pub const TEXT_BYTES_MAX: usize = 512;
