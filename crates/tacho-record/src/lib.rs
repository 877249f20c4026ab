//! Journal, sequencing, recovery and sealer: what is durable, and in which order.
//!
//! `docs/formats/durability.md` lists each step of the write path, what is durable after it and what
//! recovery does; [`Step`] names the same steps in code.
//!
//! Invariants
//! - A receipt is given only after the journal's sync: what was acknowledged survives a crash.
//! - [`sequence::Sequencer`] is a pure function of the journal's records in order: every replay arrives at the
//!   same entries, so tiles and root can always be made again and must equal what was signed.
//! - After a failed sync nothing is ever retried as if nothing had happened: the journal refuses until it is
//!   opened again and has read back what is really there.

pub mod archive;
mod durable;
pub mod error;
mod follow;
pub mod journal;
pub mod keyring;
mod known;
pub mod log;
mod poison;
mod queue;
pub mod recorder;
pub mod sealer;
pub mod sequence;
mod status;
pub mod writer;

pub use error::RecordError;
pub use log::Log;
pub use recorder::Recorder;
pub use sequence::Receipt;

/// The steps of the write path, in order. A crash may fall between any two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The batch's bytes are handed to the operating system.
    JournalWritten,
    /// The batch is durable; from here on it is on the log for ever.
    JournalSynced,
    /// Index, server time and session numbers are decided; the sender may be answered.
    Sequenced,
    /// Full and partial tiles are handed to the operating system.
    TilesWritten,
    /// The new checkpoint is durable under a temporary name.
    CheckpointSynced,
    /// The new checkpoint is the published one.
    CheckpointPublished,
}

impl Step {
    pub const ALL: [Step; 6] = [
        Step::JournalWritten,
        Step::JournalSynced,
        Step::Sequenced,
        Step::TilesWritten,
        Step::CheckpointSynced,
        Step::CheckpointPublished,
    ];
}

/// Told of each step as it is done; for measuring, and for killing the process in the middle.
pub type Observer = fn(Step);

/// Fills a buffer with random bytes; handed in, because randomness belongs to the binary.
pub type Random = fn(&mut [u8]);

/// A journal file turns over when it has grown past this, bytes.
pub const FILE_BYTES: u64 = 64 << 20;

/// What a log is given by the program around it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub random: Random,
    pub observer: Observer,
    /// A journal file turns over when it has grown past this, bytes.
    pub file_bytes: u64,
}

impl Options {
    pub fn new(random: Random) -> Options {
        Options { random, observer: |_| {}, file_bytes: FILE_BYTES }
    }
}
