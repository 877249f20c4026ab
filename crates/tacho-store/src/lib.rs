//! The store: the newest events in Arrow, older ones in Parquet segments, and the catalog that lists them.
//!
//! Every entry of the log is in exactly one place: a listed segment, or the newest events in memory, which the
//! journal holds until a segment does. `docs/formats/segment.md` and `docs/formats/catalog.md` are the formats.

mod account;
pub mod alert_file;
pub mod catalog;
pub mod check;
mod columns;
pub mod compact;
mod encoding;
pub mod error;
mod fingerprint;
pub mod grams;
mod groups;
pub mod hot;
mod inset;
pub mod inspect;
pub mod overlay_file;
mod past;
pub mod read;
pub mod rollup;
pub mod row;
pub mod schema;
pub mod segment;
pub mod snapshot;
pub mod store;
pub mod take_out;
mod valued;

pub use catalog::{Catalog, Position};
pub use check::check;
pub use error::StoreError;
pub use grams::Grams;
pub use inspect::inspect;
pub use snapshot::{SegmentFile, Snapshot};
pub use store::{Cut, Options, Store, Teller, Written};
pub use take_out::{Removal, Why};

/// The steps of a cut, a compaction or an erasure, in order. A crash may fall between any two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A segment's bytes are handed to the operating system, under a temporary name.
    SegmentWritten,
    /// They are durable.
    SegmentSynced,
    /// They were read back, and every entry gave its leaf hash.
    SegmentVerified,
    /// The segment has its name, durably; the catalog does not list it yet.
    SegmentPublished,
    /// The catalog lists the segment: it counts, and what it replaces does not.
    CatalogCommitted,
    /// New snapshots show it.
    Switched,
}

impl Step {
    pub const ALL: [Step; 6] = [
        Step::SegmentWritten,
        Step::SegmentSynced,
        Step::SegmentVerified,
        Step::SegmentPublished,
        Step::CatalogCommitted,
        Step::Switched,
    ];
}

/// Told of each step as it is done; for measuring, and for killing the process in the middle.
pub type Observer = fn(Step);
