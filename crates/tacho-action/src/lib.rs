//! One action, several observations: what hook, log, span, transcript and MCP tell of the same call becomes one action.
//!
//! [`Joiner`] takes the events of a log in index order and writes what it concludes into an [`Overlay`]: which events
//! are one action, which of them is shown, how the action ended, and what an event inherits that came before its
//! parent. `docs/guide/actions.md` says what joins; `docs/decisions/010-one-action-several-observations.md` says why.
//!
//! Invariants
//! - Pure: the same log gives the same overlay, whenever and in whichever batches it is read.
//! - Nothing on the log changes. Whoever loses the overlay reads the log again.
//! - Memory of the joiner is bounded ([`ACTIONS_MAX`], [`SPANS_MAX`], [`SESSIONS_MAX`]), and nobody's flood takes the
//!   places of others; what was concluded stays.

mod action;
mod entry;
mod ids;
mod joiner;
mod kin;
mod member;
mod near;
mod observation;
mod observer;
mod overlay;
mod places;
mod said;
mod shares;
mod standing;
mod twins;
mod undated;

pub use action::OBSERVATIONS_MAX;
pub use entry::{Closure, Entry, Figure, Record};
pub use ids::{is_span_id, is_strong};
pub use joiner::{ACTIONS_MAX, Joiner, SESSIONS_MAX, Tally};
pub use kin::SPANS_MAX;
pub use observation::{Observation, concerns, header_concerns};
pub use observer::Observer;
pub use overlay::{CHUNK_ROWS, Changes, Cursor, Overlay, Range};

/// Version of everything that the crate concludes and writes: with another one, the log is read again.
pub const VERSION: u32 = 26;

/// Bytes that are not what this version writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an overlay of version {VERSION}: {0}")]
pub struct Malformed(pub String);
