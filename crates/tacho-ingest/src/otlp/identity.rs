//! Ids that a second export of the same record gets as well.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tacho_event::id::Id;

/// What is told apart by which bytes; part of the digest, so that no two kinds meet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Span,
    Log,
    Point,
}

impl Kind {
    fn label(self) -> &'static [u8] {
        match self {
            Kind::Span => b"tacho/otlp/span/v1",
            Kind::Log => b"tacho/otlp/log/v1",
            Kind::Point => b"tacho/otlp/point/v1",
        }
    }
}

/// How often the same record came in one request: a program may log one line twice within a clock tick, and both
/// happened.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<[u8; 16], u64>);

impl Seen {
    /// The id of a record that is told by its content.
    pub(super) fn id(&mut self, kind: Kind, parts: &[&[u8]]) -> Id {
        let first = digest(kind, parts);
        let times = self.0.entry(first).or_default();
        *times += 1;
        match *times {
            1 => uuid(first),
            times => uuid(digest(kind, &[&first, &times.to_be_bytes()])),
        }
    }
}

/// The id of a span: its trace and its own.
pub(super) fn span(trace: &[u8], span: &[u8]) -> Id {
    uuid(digest(Kind::Span, &[trace, span]))
}

fn digest(kind: Kind, parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new_with_prefix(kind.label());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hash.finalize()[..16]);
    out
}

/// A UUIDv8, as for every id that is made of something.
fn uuid(mut bytes: [u8; 16]) -> Id {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Id(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_every_part_and_on_how_often_it_came() {
        let mut seen = Seen::default();
        let first = seen.id(Kind::Log, &[b"a", b"b"]);
        assert_eq!(first, Seen::default().id(Kind::Log, &[b"a", b"b"]));
        let second = seen.id(Kind::Log, &[b"a", b"b"]);
        assert_ne!(first, second);
        assert_ne!(second, seen.id(Kind::Log, &[b"a", b"b"]));
        assert_ne!(first, seen.id(Kind::Log, &[b"ab", b""]));
        assert_ne!(first, seen.id(Kind::Point, &[b"a", b"b"]));
        assert_eq!(span(&[1; 16], &[2; 8]).text().as_bytes()[14], b'8');
    }
}
