//! What is known of each session, one small file each, changed under the spool's lock.
//!
//! A file is written with one call and read by its own length and checksum, so a reader never takes an old rest for
//! new text. It is not synced by hooks: a crash of the machine may leave an old number, which `recover` mends from
//! the segments; before a segment is deleted the numbers of its sessions are synced.

use super::{Spool, private};
use crate::stamp::State;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

/// A file is read up to this size, bytes; what is remembered is bounded in number, and this bounds it in size.
const STATE_BYTES_MAX: usize = 64 << 10;
/// Session ids that stand for themselves have at most so many characters.
const PLAIN_MAX: usize = 80;

/// The name of a session's file: its id where that is a plain name, else a digest of it.
pub fn file_name(session: Option<&str>) -> String {
    let plain = |id: &str| {
        id.len() <= PLAIN_MAX
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && id.bytes().any(|byte| byte.is_ascii_alphanumeric())
    };
    match session {
        None | Some("") => "-".to_owned(),
        Some(id) if plain(id) => id.to_owned(),
        Some(id) => {
            let reversed: Vec<u8> = id.bytes().rev().collect();
            format!("={:08x}{:08x}{:x}", crc32fast::hash(id.as_bytes()), crc32fast::hash(&reversed), id.len())
        }
    }
}

/// The state of a session and the file to store it in; of a file that can't be read the number is looked for in the
/// segments.
pub(super) fn load(spool: &Spool, name: &str) -> io::Result<(State, File)> {
    let path = spool.path("sessions").join(name);
    let file = private(OpenOptions::new().read(true).write(true)).open(path)?;
    let mut bytes = vec![0; 4096];
    let mut read = file.read_at(&mut bytes, 0)?;
    if read == bytes.len() {
        bytes.resize(STATE_BYTES_MAX, 0);
        read = file.read_at(&mut bytes, 0)?;
    }
    if read == 0 {
        return Ok((State::default(), file));
    }
    let state = match parse(&bytes[..read]) {
        Some(state) => state,
        None => State { seq: super::recover::last_number(spool, name)?, ..State::default() },
    };
    Ok((state, file))
}

pub(super) fn store(file: &File, state: &State) -> io::Result<()> {
    let mut json = serde_json::to_vec(state)?;
    if json.len() > STATE_BYTES_MAX - 32 {
        json = serde_json::to_vec(&State { seq: state.seq, ..State::default() })?;
    }
    let mut out = format!("{:08x} {} ", crc32fast::hash(&json), json.len()).into_bytes();
    out.extend_from_slice(&json);
    file.write_all_at(&out, 0)
}

fn parse(bytes: &[u8]) -> Option<State> {
    let mut parts = bytes.splitn(3, |byte| *byte == b' ');
    let crc = u32::from_str_radix(std::str::from_utf8(parts.next()?).ok()?, 16).ok()?;
    let len: usize = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let json = parts.next()?.get(..len)?;
    if crc32fast::hash(json) != crc {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Raises a session's number, when the segments hold a higher one, and syncs it.
pub(super) fn raise(spool: &Spool, name: &str, seq: u64) -> io::Result<()> {
    let path = spool.path("sessions").join(name);
    let file = private(OpenOptions::new().read(true).write(true)).open(path)?;
    let mut bytes = vec![0; STATE_BYTES_MAX];
    let read = file.read_at(&mut bytes, 0)?;
    let state = parse(&bytes[..read]).unwrap_or_default();
    if state.seq < seq {
        store(&file, &State { seq, ..state })?;
    }
    file.sync_data()
}
