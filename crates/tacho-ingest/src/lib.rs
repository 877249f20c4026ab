//! Sources and accept: from a sender's bytes to accepted events.
//!
//! [`Ingest`] is the way in: it splits a body into lines ([`body`]), applies the request's parameters
//! ([`mapping`]), decodes each by its format ([`formats`]),
//! classifies ([`classify`]), estimates what it cost ([`prices`]) and accepts ([`accept`]).
//!
//! Invariants
//! - Only what comes out of [`accept`] can reach a disk: redaction happens there, before the journal.
//! - No field of a sender's object is dropped: what a format does not name goes to section `extra`.
//! - One bad line never rejects its neighbours, and of a bad line nothing is recorded.
//! - Given the same bytes, clock, ids and keys, the same batches come out.

pub mod accept;
mod acting;
mod believed;
pub mod body;
pub mod classify;
mod content;
pub mod fields;
mod fingerprint;
pub mod formats;
pub mod ingest;
mod lift;
pub mod mapping;
mod members;
pub mod newcomers;
pub mod otlp;
mod place;
pub mod prices;
mod read;
pub mod request;
mod salts;
mod scan;
mod shorten;

pub use ingest::{Ingest, Options, Rejected, Tally};
pub use mapping::Mapping;
pub use newcomers::Newcomers;
pub use place::Place;
