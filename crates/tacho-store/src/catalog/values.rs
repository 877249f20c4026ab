//! Digests over the values of a row.

use sha2::{Digest, Sha256};

/// SHA-256 over values: 0 for null, else 1 and the value, integers as 8 bytes big-endian, texts and bytes with
/// their length before them.
pub(super) struct Values(Sha256);

impl Values {
    pub(super) fn new(label: &[u8], salt: &[u8]) -> Values {
        let mut values = Values(Sha256::new().chain_update(label));
        values.bytes(salt);
        values
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Values {
        self.0.update([1]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Values {
        match text {
            Some(text) => self.bytes(text.as_bytes()),
            None => self.null(),
        }
    }

    pub(super) fn number(&mut self, number: Option<i64>) -> &mut Values {
        let Some(number) = number else { return self.null() };
        self.0.update([1]);
        self.0.update(number.to_be_bytes());
        self
    }

    pub(super) fn null(&mut self) -> &mut Values {
        self.0.update([0]);
        self
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
