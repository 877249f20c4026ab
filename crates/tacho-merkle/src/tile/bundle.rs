//! Entry bundles: up to 256 entries, each after its length as two bytes, big-endian.

/// Bytes of the longest entry that a bundle can hold.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Why entries and bundle do not become each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("entry {at} of the bundle has {found} bytes, expected at most {ENTRY_BYTES_MAX}")]
    TooLong { at: usize, found: usize },
    #[error("bundle holds {found} entries, expected {expected}")]
    Count { found: usize, expected: usize },
    #[error("bundle ends inside entry {at}, at byte {offset}")]
    Truncated { at: usize, offset: usize },
    #[error("bundle has {0} bytes after its last entry")]
    Trailing(usize),
}

/// Writes entries as a bundle.
///
/// # Errors
///
/// More than 256 entries or none, or one that is too long for its length prefix.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() || entries.len() > 256 {
        return Err(BundleError::Count { found: entries.len(), expected: 256 });
    }
    let mut bundle = Vec::with_capacity(entries.iter().map(|entry| entry.as_ref().len() + 2).sum());
    for (at, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length =
            u16::try_from(entry.len()).map_err(|_| BundleError::TooLong { at, found: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Reads a bundle of exactly `width` entries (the width in its path).
///
/// # Errors
///
/// The bundle is shorter or longer than that many entries.
pub fn decode_bundle(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let expected = usize::from(width);
    let mut entries = Vec::with_capacity(expected.min(256));
    let mut rest = bundle;
    while entries.len() < expected {
        let (at, offset) = (entries.len(), bundle.len() - rest.len());
        if rest.is_empty() {
            return Err(BundleError::Count { found: at, expected });
        }
        let truncated = BundleError::Truncated { at, offset };
        let Some((length, after)) = rest.split_first_chunk::<2>() else { return Err(truncated) };
        let Some((entry, after)) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))) else {
            return Err(truncated);
        };
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Trailing(rest.len())) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let longest = vec![7u8; ENTRY_BYTES_MAX];
        let entries: [&[u8]; 4] = [b"", b"a", b"bc", &longest];
        let bundle = encode_bundle(&entries).unwrap();
        assert_eq!(&bundle[..9], [0, 0, 0, 1, b'a', 0, 2, b'b', b'c']);
        assert_eq!(decode_bundle(&bundle, 4).unwrap(), entries);
    }

    #[test]
    fn wrong_bundles_are_refused() {
        let bundle = encode_bundle(&["ab", "c"]).unwrap();
        assert_eq!(decode_bundle(&bundle, 3), Err(BundleError::Count { found: 2, expected: 3 }));
        assert_eq!(decode_bundle(&bundle, 1), Err(BundleError::Trailing(3)));
        assert_eq!(decode_bundle(&bundle[..6], 2), Err(BundleError::Truncated { at: 1, offset: 4 }));
        assert_eq!(decode_bundle(&bundle[..5], 2), Err(BundleError::Truncated { at: 1, offset: 4 }));
        let found = ENTRY_BYTES_MAX + 1;
        assert_eq!(encode_bundle(&[vec![0; found]]), Err(BundleError::TooLong { at: 0, found }));
        assert!(encode_bundle::<&str>(&[]).is_err());
        assert!(encode_bundle(&["x"; 257]).is_err());
    }
}
