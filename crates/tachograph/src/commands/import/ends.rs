//! The ends of what was read of a file: whether it is still the same that goes on, or another that was written in its
//! place. Only a digest is kept while nobody reads. What changed between the ends alone is not seen.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::FileExt;

/// So much at the beginning and before the position counts, bytes.
const END_BYTES: usize = 4 << 10;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Ends {
    /// The ends of a file up to a position.
    pub(super) fn of(file: &File, at: u64) -> io::Result<Ends> {
        let length = at.min(END_BYTES as u64);
        let piece = |from: u64| {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, from).map(|()| bytes)
        };
        Ok(Ends { head: piece(0)?, tail: piece(at - length)? })
    }

    /// What was read next.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = END_BYTES.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(END_BYTES)..]);
        self.tail.drain(..self.tail.len().saturating_sub(END_BYTES));
    }

    /// The digest, for this process only.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.head, &self.tail).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_in_pieces_has_the_ends_of_the_file() {
        let text: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &text).unwrap();
        for size in [1, 100, 4095, 4096, 4097, 9000, 20_000] {
            let (mut ends, mut at) = (Ends::default(), 0);
            for piece in text.chunks(size) {
                ends.push(piece);
                at += piece.len() as u64;
                assert_eq!(ends, Ends::of(path.as_file(), at).unwrap(), "{size} {at}");
            }
        }
        assert!(Ends::of(path.as_file(), 20_001).is_err(), "the file is shorter");
    }
}
