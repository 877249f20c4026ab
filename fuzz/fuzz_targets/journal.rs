//! The journal's files after a crash or after damage: read back as the first of what was written, or refused
//! by name. The frames are rendered here from `docs/formats/journal.md`, not by the code under test.
#![no_main]

use arbitrary::Arbitrary;
use std::path::PathBuf;
use std::sync::LazyLock;
use tacho_event::record::Batch;
use tacho_record::journal::{self, Journal, Record};
use tacho_record::{Options, RecordError};

const HEADER_BYTES: usize = 32;
/// The salt of the files here; no sender knows it.
const SALT: [u8; 12] = *b"\xa5\x01\x9f\xc3tachosal";

#[derive(Debug, Arbitrary)]
struct Input {
    /// Kind of payload, time, and whether a group begins here.
    records: Vec<(u8, i64, bool)>,
    /// A second file begins with this record.
    split: Option<u8>,
    damage: Damage,
    /// A follower needs the records from this one on.
    from: u8,
}

#[derive(Debug, Arbitrary)]
enum Damage {
    None,
    /// A crash: the last file ends early.
    Torn {
        cut: u16,
    },
    /// A crash: the last file ends early, with other bytes behind.
    TornAndFilled {
        cut: u16,
        fill: Vec<u8>,
    },
    /// A crash: power failed while the last group was written, and later pages of it were already there.
    Hole {
        at: u16,
        len: u16,
        fill: u8,
    },
    Flip {
        file: bool,
        at: u16,
        xor: u8,
    },
    MissingFile {
        last: bool,
    },
    Raw {
        bytes: Vec<u8>,
    },
}

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    tempfile::Builder::new().prefix("tacho-fuzz-wal").tempdir().expect("a folder can be made").keep()
});

libfuzzer_sys::fuzz_target!(|input: Input| {
    let records = input.records.iter().take(12);
    let written: Vec<(Vec<u8>, i64, bool)> = records.map(|(n, t, begins)| (batch(*n), *t, *begins)).collect();
    let split = input.split.map_or(0, |at| usize::from(at) % (written.len() + 1));
    let mut files = vec![(0, file(0, &written))];
    if split > 0 {
        files = vec![(0, file(0, &written[..split])), (split, file(split, &written[split..]))];
    }
    let before = files.clone();
    let last_group = last_group(files.last().map_or(&[], |(first, _)| &written[*first..]));
    damage(&mut files, &input.damage, last_group);
    lay_out(&files);
    let mut read = Vec::new();
    let outcome = journal::read(&FOLDER, 0, |record| {
        read.push(record);
        Ok(())
    });
    for (at, record) in read.iter().enumerate() {
        assert_eq!(record.number, at as u64);
        if !matches!(input.damage, Damage::Raw { .. }) {
            assert_eq!((record.batch.bytes(), record.time_us), (&written[at].0[..], written[at].1));
        }
    }
    match (&input.damage, outcome) {
        (_, Err(RecordError::Corrupt { .. })) => {
            let crash = matches!(input.damage, Damage::None | Damage::Torn { .. } | Damage::Hole { .. });
            assert!(!crash, "a crash was taken for damage");
        }
        (_, Err(other)) => panic!("{other}"),
        (Damage::None, Ok(_)) => assert_eq!(read.len(), written.len()),
        (_, Ok(end)) => {
            // One changed byte before the last file must be seen; in the last record it looks torn.
            let unseen = files != before && files.first() != before.first() && before.len() > 1;
            assert!(!unseen || files.len() < 2, "damage before the last file went unseen");
            // Nor may it be unseen before the last group: every frame of that group says that it was synced.
            if let (Damage::Flip { .. }, Some((_, bytes))) = (&input.damage, files.last()) {
                let (_, whole) = before.last().expect("there is a file");
                assert_eq!(
                    bytes[..last_group],
                    whole[..last_group],
                    "damage before the last group went unseen"
                );
            }
            goes_on(&read, end);
            reads_from(u64::from(input.from % 16), read.len() as u64 + 1);
        }
    }
});

/// Reading from a later record gives the rest of the records, and refuses when that record was never there.
fn reads_from(from: u64, count: u64) {
    let mut numbers = Vec::new();
    let outcome = journal::read(&FOLDER, from, |record| {
        numbers.push(record.number);
        Ok(())
    });
    assert_eq!(outcome.is_ok(), from <= count, "from {from} of {count}");
    assert!(numbers.into_iter().eq(from..count), "from {from} of {count}");
}

/// What was read is there after the journal was opened for writing, and so is what is appended.
fn goes_on(read: &[Record], end: journal::End) {
    let options = Options::new(|out| out.copy_from_slice(&SALT));
    let mut journal = Journal::open(&FOLDER, options, end).expect("the journal opens");
    let more = Batch::parse(batch(7)).expect("a batch");
    journal.append(5, std::slice::from_ref(&more)).expect("the journal can be written");
    let mut again = Vec::new();
    let end = journal::read(&FOLDER, 0, |record| {
        again.push(record);
        Ok(())
    });
    end.expect("what the journal wrote reads back");
    assert_eq!(again.len(), read.len() + 1);
    for (first, second) in read.iter().zip(&again) {
        assert_eq!((first.batch.bytes(), first.time_us), (second.batch.bytes(), second.time_us));
    }
    assert_eq!(again[read.len()].batch, more);
}

/// Where the last group of a file begins.
fn last_group(records: &[(Vec<u8>, i64, bool)]) -> usize {
    let (mut at, mut last) = (HEADER_BYTES, HEADER_BYTES);
    for (i, (payload, _, begins)) in records.iter().enumerate() {
        last = if *begins || i == 0 { at } else { last };
        at += 32 + payload.len();
    }
    last
}

fn damage(files: &mut Vec<(usize, Vec<u8>)>, damage: &Damage, last_group: usize) {
    let last = files.len() - 1;
    match damage {
        Damage::None => {}
        // A file gets its name when its header is durable: that is never torn.
        Damage::Torn { cut } => {
            let bytes = &mut files[last].1;
            bytes.truncate(HEADER_BYTES + usize::from(*cut) % (bytes.len() + 1 - HEADER_BYTES));
        }
        Damage::TornAndFilled { cut, fill } => {
            let bytes = &mut files[last].1;
            bytes.truncate(usize::from(*cut) % (bytes.len() + 1));
            bytes.extend_from_slice(fill);
        }
        Damage::Hole { at, len, fill } => {
            let group = &mut files[last].1[last_group..];
            let from = usize::from(*at).min(group.len());
            let to = from + usize::from(*len).min(group.len() - from);
            group[from..to].fill(*fill);
        }
        Damage::Flip { file, at, xor } => {
            let bytes = &mut files[if *file { last } else { 0 }].1;
            let at = usize::from(*at) % bytes.len();
            bytes[at] ^= xor;
        }
        Damage::MissingFile { last: which } => drop(files.remove(if *which { last } else { 0 })),
        Damage::Raw { bytes } => files[last].1 = bytes.clone(),
    }
}

fn lay_out(files: &[(usize, Vec<u8>)]) {
    for entry in std::fs::read_dir(&*FOLDER).expect("the folder is there") {
        std::fs::remove_file(entry.expect("the folder is there").path()).expect("files can be removed");
    }
    for (first, bytes) in files {
        std::fs::write(FOLDER.join(format!("{first:016x}.wal")), bytes).expect("files can be written");
    }
}

fn file(first: usize, records: &[(Vec<u8>, i64, bool)]) -> Vec<u8> {
    let mut out = b"tachograph wal 1".to_vec();
    out.extend_from_slice(&SALT);
    out.extend_from_slice(&crc(&[&out]).to_le_bytes());
    let mut unsynced = 0u32;
    for (i, (payload, time, begins)) in records.iter().enumerate() {
        unsynced = if *begins || i == 0 { 0 } else { unsynced + 1 };
        out.extend_from_slice(&frame(&SALT, (first + i) as u64, *time, unsynced, payload));
    }
    out
}

fn frame(salt: &[u8; 12], number: u64, time: i64, unsynced: u32, payload: &[u8]) -> Vec<u8> {
    let mut rest = (payload.len() as u32).to_le_bytes().to_vec();
    rest.extend_from_slice(&salt[..4]);
    rest.extend_from_slice(&unsynced.to_le_bytes());
    rest.extend_from_slice(&number.to_le_bytes());
    rest.extend_from_slice(&time.to_le_bytes());
    rest.extend_from_slice(payload);
    [&crc(&[&salt[4..], &rest]).to_le_bytes()[..], &rest].concat()
}

fn crc(parts: &[&[u8]]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.finalize()
}

/// A batch of `n % 4` small events, rendered from the specification. From 240 on a sender plays a trick.
fn batch(n: u8) -> Vec<u8> {
    let mut event = vec![n; 56];
    event.extend_from_slice(&[0, 1, 3, 1, 1, 1, 0, 3]);
    event.extend_from_slice(&[0; 8]); // no content fingerprint
    event.extend_from_slice(&[n; 8]); // writer
    event.extend_from_slice(&[0; 16]); // period, nobody, zero
    event.extend_from_slice(b"\x01\x01a\x07\x01b\x08\x01c"); // agent, action name, source
    if n >= 240 {
        event.extend_from_slice(&[21, FORGED.len() as u8]); // user agent
        event.extend_from_slice(&FORGED);
    }
    let count = u32::from(n % 4);
    let mut out = vec![1, n >> 7 & u8::from(n < 240)];
    out.extend_from_slice(&count.to_le_bytes());
    for _ in 0..count {
        out.extend_from_slice(&(event.len() as u32).to_le_bytes());
        out.extend_from_slice(&event);
    }
    out
}

/// A whole frame of a later record that is also UTF-8 text, so that a sender can put it into a field: right in
/// all but the salt, which he can only guess.
static FORGED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut frames = (0..i64::from(i32::MAX)).map(|time| frame(&[0; 12], 40, time, 0, &[1, 0, 0, 0, 0, 0]));
    frames.find(|frame| std::str::from_utf8(frame).is_ok()).expect("some time gives a checksum of ASCII")
});
