//! Segment files against what the log itself says of them: the recorder puts the digest of each new one on it.
//!
//! All files that were not told of are told together, in one record, and a file that takes the place of others is told
//! with their names before it is listed. So only files behind the last entry that the log tells of may lack an event; any
//! other one was put there, also when a later start told of it.
//! A name is never given to another file.

use super::Findings;
use std::collections::BTreeMap;
use tacho_event::entry::Header;
use tacho_event::time::Micros;
use tacho_merkle::Hash;
use tacho_store::inspect::Listed;

/// What the log tells of files, in any order.
#[derive(Debug, Default)]
pub(crate) struct Segments(Vec<Told>);

/// One event.
#[derive(Debug)]
struct Told {
    index: u64,
    /// Server time: events of one record have the same.
    time_us: Micros,
    file: String,
    digest: Hash,
    first: u64,
    last: u64,
    /// Whether it says that it replaces nothing. Events of earlier programs say nothing about it.
    is_new: bool,
}

impl Told {
    /// `None` for what is no such output: it says nothing.
    fn parse(index: u64, time_us: Micros, output: &[u8]) -> Option<Told> {
        let output: serde_json::Value = serde_json::from_slice(output).ok()?;
        Some(Told {
            index,
            time_us,
            file: output["file"].as_str()?.to_string(),
            digest: Hash::from_hex(output["sha256"].as_str()?).ok()?,
            first: output["first_index"].as_u64()?,
            last: output["last_index"].as_u64()?,
            is_new: output["replaces"].as_array().is_some_and(Vec::is_empty),
        })
    }
}

/// Whether an event is the recorder's own word.
pub(crate) fn is_own(header: &Header<'_>) -> bool {
    header.agent == "tachograph" && header.writer == *b"internal"
}

impl Segments {
    /// Takes the output of an event `segment_written`.
    pub(crate) fn take(&mut self, index: u64, time_us: Micros, output: &[u8]) {
        self.0.extend(Told::parse(index, time_us, output));
    }

    /// Compares each listed file with the log.
    pub(crate) fn compare(mut self, listed: &[Listed], findings: &mut Findings) {
        self.0.sort_by_key(|told| told.index);
        // The newest event about each name, and what lies behind the last entry of all files that the log tells of.
        let (mut newest, mut end) = (BTreeMap::<&str, &Told>::new(), 0);
        for together in self.0.chunk_by(|a, b| a.time_us == b.time_us) {
            for told in together {
                let is_known =
                    newest.get(told.file.as_str()).is_some_and(|known| known.digest == told.digest);
                if told.first < end && told.is_new && !is_known {
                    let what =
                        format!("tells of segments/{}, which takes the place of others unsaid", told.file);
                    findings.integrity(format!("entry {}", told.index), what);
                }
                newest.insert(&told.file, told);
            }
            end = together.iter().fold(end, |end, told| end.max(told.last.saturating_add(1)));
        }
        for Listed { name, first, digest } in listed {
            let place = || format!("segments/{name}");
            match newest.get(name.as_str()) {
                Some(Told { index, digest: want, .. }) if want.as_bytes() != digest => {
                    let found = Hash::new(*digest);
                    let what = format!("has SHA-256 {found}, entry {index} on the log says {want}");
                    findings.integrity(place(), what);
                }
                None if *first < end => {
                    let last = end - 1;
                    let what =
                        format!("the log does not tell of this file, and of others up to entry {last}");
                    findings.integrity(place(), what);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event: entry, file, digest, first and last index, what it replaces. Each is a record of its own.
    type Event = (u64, &'static str, u8, u64, u64, &'static [&'static str]);

    const A: Event = (7, "a.parquet", 1, 0, 5, &[]);

    /// Files as name, first index, digest.
    fn found(events: &[Event], listed: &[(&str, u64, u8)]) -> Vec<String> {
        let (mut segments, mut findings) = (Segments::default(), Findings::default());
        for (index, file, byte, first, last, replaces) in events {
            let output = serde_json::json!({
                "file": file, "sha256": Hash::new([*byte; 32]).to_string(),
                "first_index": first, "last_index": last, "replaces": replaces,
            });
            segments.take(*index, *index as i64, output.to_string().as_bytes());
        }
        let listed: Vec<Listed> = listed
            .iter()
            .map(|(name, first, byte)| Listed { name: name.to_string(), first: *first, digest: [*byte; 32] })
            .collect();
        segments.compare(&listed, &mut findings);
        findings.kept.into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn a_file_with_another_digest_than_the_log_says_is_found() {
        assert!(found(&[A], &[("a.parquet", 0, 1)]).is_empty());
        assert_eq!(found(&[A], &[("a.parquet", 0, 2)]), ["segments/a.parquet"]);
    }

    #[test]
    fn a_file_that_replaces_another_is_judged_by_its_own_event() {
        let events = [(9, "a.1.parquet", 2, 0, 5, ["a.parquet"].as_slice()), A];
        assert!(found(&events, &[("a.1.parquet", 0, 2)]).is_empty());
        assert_eq!(found(&events, &[("a.1.parquet", 0, 1)]), ["segments/a.1.parquet"]);
    }

    #[test]
    fn only_a_file_behind_all_that_the_log_tells_of_may_lack_an_event() {
        assert!(found(&[A], &[("a.parquet", 0, 1), ("b.parquet", 6, 2)]).is_empty(), "not told of yet");
        assert_eq!(found(&[A], &[("a.1.parquet", 0, 1)]).len(), 1, "another name for the same entries");
        assert_eq!(found(&[A], &[("b.parquet", 5, 2)]).len(), 1, "another class of the same range");
        assert!(found(&[], &[("a.parquet", 0, 1)]).is_empty(), "nothing was told of yet");
    }

    #[test]
    fn a_file_that_a_start_took_for_a_new_one_is_found_for_ever() {
        let listed = [("a.1.parquet", 0, 2)];
        assert_eq!(found(&[A, (9, "a.1.parquet", 2, 0, 5, &[])], &listed), ["entry 9"]);
        let again: Event = (12, "a.1.parquet", 2, 0, 5, &[]);
        let replaced: Event = (9, "a.1.parquet", 2, 0, 5, &["a.parquet"]);
        assert!(found(&[A, replaced, again], &listed).is_empty(), "told once more after a start");
    }

    #[test]
    fn files_of_one_record_may_overlap() {
        let mut segments = Segments::default();
        for (index, file) in [(7, "a"), (8, "b")] {
            let digest = Hash::new([1; 32]);
            let output = format!(r#"{{"file":"{file}","sha256":"{digest}","first_index":0,"last_index":9}}"#);
            segments.take(index, 5, output.as_bytes());
        }
        let mut findings = Findings::default();
        segments.compare(&[], &mut findings);
        assert_eq!(findings.count, 0);
    }

    #[test]
    fn what_is_no_event_of_a_segment_says_nothing() {
        let mut segments = Segments::default();
        let endless = format!(r#"{{"file":"a","sha256":"{}","first_index":0}}"#, Hash::new([1; 32]));
        for output in ["", "[]", "{}", r#"{"file":"a","sha256":"x"}"#, r#"{"file":1,"sha256":2}"#, &endless] {
            segments.take(0, 0, output.as_bytes());
        }
        assert!(segments.0.is_empty());
    }
}
