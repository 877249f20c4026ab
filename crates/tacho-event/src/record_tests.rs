//! Journal records survive their round trip, and nothing else passes for one.

use super::*;

fn event() -> Accepted<'static> {
    let mut facts = Facts::default();
    facts.ints[IntFact::TokensInput as usize] = Some(-7);
    facts.ints[IntFact::COUNT - 1] = Some(i64::MAX);
    facts.texts[TextFact::Model as usize] = Some("claude");
    Accepted {
        header: Header {
            id: Id([3; 16]),
            timestamp_us: 1_735_813_815_123_000,
            time_claimed: true,
            agent: "ops/release-manager",
            agent_version: Some("1"),
            session: Some(Id([4; 16])),
            producer_seq: Some(300),
            call: Some("toolu_1"),
            parent: None,
            phase: Some(Phase::Result),
            action_type: ActionType::Tool,
            action_name: "Bash",
            class: Class::Standard,
            level: Level::Info,
            outcome: Outcome::Success,
            known: Known::Observed,
            source: "http",
            writer: [9; 8],
            retention: Class::Critical,
            period: Day(20_090),
            subject: Some([5; 16]),
            body: [6; 32],
        },
        who: Who { user: Some("u1"), ip: Some("::1"), ..Who::default() },
        facts,
        texts: [Some("{\"command\":\"ls\"}"), None, None, None, Some("[]"), Some("{}")],
        content: Some(42),
        former: Some(43),
        subject_slot: Some(0),
    }
}

fn batch() -> Batch {
    let mut builder = BatchBuilder::new(true);
    builder.push(&event());
    let plain = Accepted { content: None, former: None, subject_slot: None, who: Who::default(), ..event() };
    builder.push(&plain);
    builder.finish()
}

#[test]
fn a_batch_survives_the_round_trip() {
    let batch = Batch::parse(batch().bytes().to_vec()).unwrap();
    assert!(batch.is_replay());
    assert_eq!(batch.count(), 2);
    let events: Vec<_> = batch.events().collect::<Result<_, _>>().unwrap();
    assert_eq!(events[0], event());
    assert_eq!(events[1].subject_slot, None);
    assert_eq!(events[1].content, None);
}

#[test]
fn sections_are_the_committed_bytes() {
    let event = event();
    let mut scratch = Vec::new();
    assert_eq!(event.section(Section::Who, &mut scratch), Some(&br#"{"ip":"::1","user":"u1"}"#[..]));
    assert_eq!(event.section(Section::Input, &mut scratch), Some(&br#"{"command":"ls"}"#[..]));
    assert_eq!(event.section(Section::Output, &mut scratch), None);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = batch().bytes().to_vec();
    for len in 0..bytes.len() {
        assert!(Batch::parse(bytes[..len].to_vec()).is_err(), "cut at {len}");
    }
}

/// The event's bytes with its fields replaced, as the journal would hold them.
fn spelled(fields: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    event().encode(&mut bytes);
    let mut bytes = bytes[4..4 + FIXED_BYTES].to_vec();
    bytes.extend_from_slice(fields);
    bytes
}

const NAMES: &[u8] = b"\x01\x01a\x07\x01b\x08\x01c";

#[test]
fn tags_ascend_without_repeats() {
    assert!(Accepted::decode(&spelled(NAMES)).is_ok());
    for fields in [
        &b"\x07\x01b\x01\x01a\x08\x01c"[..],
        b"\x01\x01a\x01\x01a\x07\x01b\x08\x01c",
        b"\x01\x01a\x07\x01b\x08\x01c\x02\x011",
        b"\x00\x01a\x01\x01a\x07\x01b\x08\x01c",
    ] {
        assert!(Accepted::decode(&spelled(fields)).is_err(), "{fields:?}");
    }
    let mut all = Vec::new();
    event().encode(&mut all);
    assert_eq!(Accepted::decode(&all[4..]).unwrap(), event());
}

#[test]
fn an_integer_has_one_spelling() {
    let number = |varint: &[u8]| {
        let fields = [b"\x01\x01a\x04", varint, b"\x07\x01b\x08\x01c"].concat();
        Accepted::decode(&spelled(&fields)).map(|event| event.header.producer_seq).ok().flatten()
    };
    assert_eq!(number(&[0]), Some(0));
    assert_eq!(number(&[0x80, 1]), Some(128));
    let mut largest = [0xff; 10];
    largest[9] = 1;
    assert_eq!(number(&largest), Some(u64::MAX));
    for bad in [&[0x80, 0][..], &[0xff, 0x80, 0], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
    {
        assert_eq!(number(bad), None, "{bad:?}");
    }
    // The length of a text is such an integer.
    assert!(Accepted::decode(&spelled(b"\x01\x81\x00a\x07\x01b\x08\x01c")).is_err());
}

#[test]
fn what_is_unused_is_zero() {
    let good = spelled(NAMES);
    // Flags 2 and 4 say that there are fingerprints; without them the fingerprints must be zero.
    let mut bad = good.clone();
    bad[56] &= !HAS_FORMER;
    assert!(Accepted::decode(&bad).is_err());
    bad[88..96].fill(0);
    let good = bad.clone();
    assert_eq!(Accepted::decode(&good).unwrap().former, None);
    bad[56] &= !HAS_CONTENT;
    assert!(Accepted::decode(&bad).is_err());
    bad[64..72].fill(0);
    assert!(Accepted::decode(&bad).is_ok());
    bad[56] |= HAS_FORMER;
    assert!(Accepted::decode(&bad).is_err(), "the former one alone");
    for at in [56, 88, 95] {
        let mut bad = good.clone();
        bad[at] |= 0x80;
        assert!(Accepted::decode(&bad).is_err(), "byte {at}");
    }
}

#[test]
fn the_heads_are_those_of_the_events() {
    let batch = batch();
    let heads: Vec<_> = batch.heads().map(|head| head.map(|head| (head.header, head.content))).collect();
    let whole: Vec<_> =
        batch.events().map(|event| event.map(|event| (event.header, event.content))).collect();
    assert!(!heads.is_empty());
    assert_eq!(heads, whole);
}

proptest::proptest! {
    #[test]
    fn what_parses_encodes_to_the_same_bytes(
        edits in proptest::collection::vec((0usize..400, proptest::num::u8::ANY), 1..4),
    ) {
        let mut bytes = batch().bytes().to_vec();
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(read) = Batch::parse(bytes.clone()) {
            let mut again = BatchBuilder::new(read.is_replay());
            read.events().for_each(|event| again.push(&event.unwrap()));
            let again = again.finish();
            proptest::prop_assert_eq!(again.bytes(), bytes);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = Batch::parse(bytes.clone());
        let _ = Accepted::decode(&bytes);
    }

    #[test]
    fn a_changed_byte_never_reads_as_the_same_batch(at in 0usize..400, flip in 1u8..=255) {
        let good = batch();
        let mut bytes = good.bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(read) = Batch::parse(bytes) {
            proptest::prop_assert_ne!(read, good);
        }
    }
}
