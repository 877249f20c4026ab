//! A frame: one event as one line of a segment, `CRC SEQ SESSION JSON`. The CRC-32, eight hex digits, is of what
//! follows it; a torn line fails it. A segment's first line is the version of all this. Pure.

/// The first line of a segment.
pub const HEADER: &[u8] = b"tachograph hook spool 1\n";
/// What the first lines of all versions have in common.
const HEADER_START: &[u8] = b"tachograph hook spool ";

/// Whether a segment begins as one of another version does: its lines may mean something else.
pub fn is_other_version(head: &[u8]) -> bool {
    head.starts_with(HEADER_START)
        && head.len() > HEADER_START.len()
        && !head.starts_with(HEADER)
        && !HEADER.starts_with(head)
}

/// One event on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'f> {
    /// The number within the session, 0 for none.
    pub seq: u64,
    /// The session by the name of its file.
    pub session: &'f str,
    /// The event, without a line end.
    pub json: &'f [u8],
}

impl<'f> Frame<'f> {
    /// The line with its end.
    pub fn render(&self) -> Vec<u8> {
        let head = format!("{} {} ", self.seq, self.session);
        let mut crc = crc32fast::Hasher::new();
        crc.update(head.as_bytes());
        crc.update(self.json);
        let mut out = Vec::with_capacity(head.len() + self.json.len() + 10);
        out.extend_from_slice(format!("{:08x} ", crc.finalize()).as_bytes());
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(self.json);
        out.push(b'\n');
        out
    }

    /// Reads a line, with or without its end.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(line: &'f [u8]) -> Result<Frame<'f>, &'static str> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (crc, rest) = line.split_at_checked(9).ok_or("a line of the spool is too short for a frame")?;
        let crc = std::str::from_utf8(crc)
            .ok()
            .and_then(|crc| u32::from_str_radix(crc.strip_suffix(' ')?, 16).ok());
        if crc != Some(crc32fast::hash(rest)) {
            return Err("a line of the spool is torn or was changed: its checksum does not fit");
        }
        let mut parts = rest.splitn(3, |byte| *byte == b' ');
        let (Some(seq), Some(session), Some(json)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("a line of the spool is no frame: expected CRC SEQ SESSION JSON");
        };
        let seq = std::str::from_utf8(seq).ok().and_then(|seq| seq.parse().ok());
        let session = std::str::from_utf8(session).ok();
        match (seq, session) {
            (Some(seq), Some(session)) => Ok(Frame { seq, session, json }),
            _ => Err("a line of the spool is no frame: expected CRC SEQ SESSION JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_bytes_of_a_frame() {
        let frame = Frame { seq: 7, session: "s-1", json: br#"{"a":1}"# };
        assert_eq!(String::from_utf8(frame.render()).unwrap(), "bb670f89 7 s-1 {\"a\":1}\n");
    }

    #[test]
    fn another_version_is_told_from_this_one_and_from_its_beginning() {
        assert!(HEADER.starts_with(HEADER_START));
        for end in 0..=HEADER.len() {
            assert!(!is_other_version(&HEADER[..end]));
        }
        assert!(!is_other_version(b"bb670f89 7 s-1 {}\n"));
        for head in
            [&b"tachograph hook spool 2\n"[..], b"tachograph hook spool 10", b"tachograph hook spool x"]
        {
            assert!(is_other_version(head));
        }
    }

    proptest! {
        #[test]
        fn a_frame_survives_and_a_changed_one_is_refused(
            seq in any::<u64>(), json in "[^\n]{0,60}", at in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            let frame = Frame { seq, session: "abc", json: json.as_bytes() };
            let mut line = frame.render();
            prop_assert_eq!(Frame::parse(&line), Ok(frame));
            prop_assert!(Frame::parse(&line[..line.len() - 2]).is_err());
            let at = at.index(line.len() - 1);
            line[at] ^= 1 << bit;
            // Hex digits have two cases.
            prop_assert!(Frame::parse(&line).is_err() || at < 8 && bit == 5);
        }
    }
}
