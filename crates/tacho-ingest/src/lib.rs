//! Sources and accept: from a sender's bytes to accepted events.
//!
//! Invariants
//! - Only what comes out of [`accept`] can reach a disk: redaction happens there, before the journal.
//! - No field of a sender's object is dropped: what a format does not name goes to section `extra`.
//! - One bad line never rejects its neighbours.

pub mod accept;
pub mod fields;
pub mod native;
