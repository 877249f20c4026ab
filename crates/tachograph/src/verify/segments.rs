//! Segment files against what the log itself says of them: the recorder puts the digest of each new one on it.
//!
//! A file gets a free name, so a name can come back: only the newest event about a range of one class counts.

use super::Findings;
use std::collections::BTreeMap;
use tacho_event::entry::Header;
use tacho_merkle::Hash;

/// What the newest event about a range says.
#[derive(Debug)]
struct Written {
    index: u64,
    file: String,
    digest: Hash,
}

/// The events `segment_written` that passed by, by the name of the file without the number of its replacement.
#[derive(Debug, Default)]
pub(crate) struct Segments(BTreeMap<String, Written>);

/// Whether an event is the recorder's own word about a segment.
pub(crate) fn is_written(header: &Header<'_>) -> bool {
    header.agent == "tachograph" && header.writer == *b"internal" && header.action_name == "segment_written"
}

impl Segments {
    /// Takes the output of such an event. What is no such output says nothing.
    pub(crate) fn take(&mut self, index: u64, output: &[u8]) {
        let Ok(output) = serde_json::from_slice::<serde_json::Value>(output) else { return };
        let (Some(file), Some(digest)) = (output["file"].as_str(), output["sha256"].as_str()) else { return };
        let Ok(digest) = Hash::from_hex(digest) else { return };
        let written = Written { index, file: file.to_string(), digest };
        match self.0.get_mut(range(file)) {
            Some(known) if known.index > index => {}
            Some(known) => *known = written,
            None => drop(self.0.insert(range(file).to_string(), written)),
        }
    }

    /// Compares name and digest of each listed file with the log, where the log has them.
    pub(crate) fn compare<'n>(
        &self,
        listed: impl Iterator<Item = (&'n str, [u8; 32])>,
        findings: &mut Findings,
    ) {
        for (name, digest) in listed {
            let written = self.0.get(range(name)).filter(|written| written.file == name);
            if let Some(written) = written.filter(|written| *written.digest.as_bytes() != digest) {
                let (found, want, index) = (Hash::new(digest), written.digest, written.index);
                let what = format!("has SHA-256 {found}, entry {index} on the log says {want}");
                findings.integrity(format!("segments/{name}"), what);
            }
        }
    }
}

fn range(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(events: &[(u64, &str, u8)], listed: &[(&str, u8)]) -> u64 {
        let (mut segments, mut findings) = (Segments::default(), Findings::default());
        for (index, file, byte) in events {
            let output = serde_json::json!({"file": file, "sha256": Hash::new([*byte; 32]).to_string()});
            segments.take(*index, output.to_string().as_bytes());
        }
        segments.compare(listed.iter().map(|(name, byte)| (*name, [*byte; 32])), &mut findings);
        findings.count
    }

    #[test]
    fn a_file_with_another_digest_than_the_log_says_is_found() {
        assert_eq!(found(&[(7, "a.parquet", 1)], &[("a.parquet", 1)]), 0);
        assert_eq!(found(&[(7, "a.parquet", 1)], &[("a.parquet", 2)]), 1);
        assert_eq!(found(&[(7, "a.parquet", 1)], &[("b.parquet", 2)]), 0, "the log has nothing about it");
    }

    #[test]
    fn a_name_that_was_free_again_is_judged_by_its_newest_event() {
        let events = [(9, "a.1.parquet", 2), (7, "a.parquet", 1)];
        assert_eq!(found(&events, &[("a.1.parquet", 2)]), 0);
        assert_eq!(found(&events, &[("a.1.parquet", 3)]), 1);
        assert_eq!(found(&events, &[("a.parquet", 3)]), 0, "written after the newest event");
    }

    #[test]
    fn what_is_no_event_of_a_segment_says_nothing() {
        let mut segments = Segments::default();
        for output in ["", "[]", "{}", r#"{"file":"a","sha256":"x"}"#, r#"{"file":1,"sha256":2}"#] {
            segments.take(0, output.as_bytes());
        }
        assert!(segments.0.is_empty());
    }
}
