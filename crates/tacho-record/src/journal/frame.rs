//! The bytes of a journal file, `docs/formats/journal.md`: header, frames, and what a hole in them means. Pure.
//!
//! Invariants
//! - Who does not know a file's salt can't write a frame of it: what a sender puts into an event is never taken
//!   for one.

use crate::Random;
use crate::error::RecordError;
use tacho_event::limits::RECORD_BYTES_MAX;
use tacho_event::time::Micros;

pub(super) const MAGIC: &[u8; 16] = b"tachograph wal 1";
pub(super) const HEADER_BYTES: usize = 32;
pub(super) const FRAME_BYTES: usize = 32;
const SALT_BYTES: usize = 12;
/// A frame's checksum stands before what it covers.
const CRC_BYTES: usize = 4;

/// The salt of one file: its first four bytes mark each frame, the others seed each checksum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Salt([u8; SALT_BYTES]);

/// What a frame says of its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) number: u64,
    pub(super) time_us: Micros,
    /// How many records right before this one were not synced yet when it was written: its place in its group.
    pub(super) unsynced: u32,
}

impl Head {
    /// Every record below this number was durable, and perhaps acknowledged, when the frame was written.
    fn synced(&self) -> u64 {
        self.number.saturating_sub(u64::from(self.unsynced))
    }
}

impl Salt {
    pub(super) fn fresh(random: Random) -> Salt {
        let mut salt = [0; SALT_BYTES];
        random(&mut salt);
        Salt(salt)
    }

    /// The header of a file.
    pub(super) fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..16].copy_from_slice(MAGIC);
        header[16..28].copy_from_slice(&self.0);
        let crc = crc32fast::hash(&header[..28]);
        header[28..].copy_from_slice(&crc.to_le_bytes());
        header
    }

    /// Reads the header at the start of a file.
    pub(super) fn read(bytes: &[u8]) -> Option<Salt> {
        let mut salt = Salt([0; SALT_BYTES]);
        salt.0.copy_from_slice(bytes.get(16..28)?);
        bytes.starts_with(&salt.header()).then_some(salt)
    }

    fn mark(&self) -> &[u8] {
        &self.0[..4]
    }

    fn checksum(&self, covered: &[&[u8]]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.0[4..]);
        covered.iter().for_each(|bytes| hasher.update(bytes));
        hasher.finalize()
    }

    /// Appends a frame.
    pub(super) fn push(&self, head: &Head, payload: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        if payload.len() > RECORD_BYTES_MAX {
            return Err(RecordError::TooLarge { bytes: payload.len(), max: RECORD_BYTES_MAX });
        }
        let mut frame = [0; FRAME_BYTES];
        frame[4..8].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        frame[8..12].copy_from_slice(self.mark());
        frame[12..16].copy_from_slice(&head.unsynced.to_le_bytes());
        frame[16..24].copy_from_slice(&head.number.to_le_bytes());
        frame[24..].copy_from_slice(&head.time_us.to_le_bytes());
        let crc = self.checksum(&[&frame[CRC_BYTES..], payload]);
        frame[..CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&frame);
        out.extend_from_slice(payload);
        Ok(())
    }

    /// The whole frame at `at`: what it says, and its payload. `None` when there is none.
    pub(super) fn frame<'a>(&self, bytes: &'a [u8], at: usize) -> Option<(Head, &'a [u8])> {
        let frame: &[u8; FRAME_BYTES] = bytes.get(at..)?.first_chunk()?;
        let word = |i: usize| u32::from_le_bytes([frame[i], frame[i + 1], frame[i + 2], frame[i + 3]]);
        let long = |i: usize| u64::from(word(i)) | u64::from(word(i + 4)) << 32;
        let len = word(4) as usize;
        if &frame[8..12] != self.mark() || len > RECORD_BYTES_MAX {
            return None;
        }
        let start = at + FRAME_BYTES;
        let payload = bytes.get(start..start + len)?;
        let head = Head { number: long(16), time_us: long(24) as i64, unsynced: word(12) };
        (self.checksum(&[&frame[CRC_BYTES..], payload]) == word(0)).then_some((head, payload))
    }

    /// Whether a hole at `at`, where record `number` should stand, proves damage: a whole frame behind it was
    /// written when that record was synced already. Without one it is the torn end of a group that nobody was
    /// promised; power that fails may leave later frames of that same group behind the hole.
    pub(super) fn proves_damage(&self, bytes: &[u8], at: usize, number: u64) -> bool {
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let marks = behind.windows(4).enumerate().skip(8).filter(|(_, four)| *four == self.mark());
        marks
            .filter_map(|(mark, _)| self.frame(bytes, at + 1 + mark - 8))
            .any(|(head, _)| head.synced() > number)
    }
}
