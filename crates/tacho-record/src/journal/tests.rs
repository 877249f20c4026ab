//! What a hole means, frame by frame.

use super::frame::{FRAME_BYTES, HEADER_BYTES, Head, Salt};
use proptest::prelude::*;

fn salt(n: u8) -> Salt {
    Salt::fresh(if n == 0 { |out| out.fill(5) } else { |out| out.fill(6) })
}

/// Groups of so many records each, and where each frame begins.
fn file(groups: &[u32]) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut places, mut number) = (salt(0).header().to_vec(), Vec::new(), 0);
    for count in groups {
        for unsynced in 0..*count {
            places.push(bytes.len());
            let head = Head { number, time_us: 1, unsynced };
            salt(0).push(&head, format!("record {number}").as_bytes(), &mut bytes).unwrap();
            number += 1;
        }
    }
    (bytes, places)
}

proptest! {
    #[test]
    fn a_hole_is_damage_when_a_later_group_was_begun(
        groups in proptest::collection::vec(1u32..5, 1..5), hole in 0usize..20, also in 0usize..20,
    ) {
        let (mut bytes, places) = file(&groups);
        let (hole, also) = (hole % places.len(), also % places.len());
        let group = |record: usize| {
            groups.iter().scan(0, |end, count| { *end += *count as usize; Some(*end) }).filter(|end| *end <= record).count()
        };
        for record in [hole, also] {
            bytes[places[record] + 4] ^= 0xff;
        }
        let first = hole.min(also);
        let whole = |record: usize| record != hole && record != also;
        let proof = (first + 1..places.len()).any(|record| whole(record) && group(record) > group(first));
        prop_assert_eq!(salt(0).proves_damage(&bytes, places[first], first as u64), proof);
    }
}

#[test]
fn a_header_and_a_frame_read_as_they_were_written() {
    let (bytes, places) = file(&[2]);
    assert_eq!(Salt::read(&bytes).unwrap().header(), salt(0).header());
    assert_eq!(places[0], HEADER_BYTES);
    let (head, payload) = salt(0).frame(&bytes, places[1]).unwrap();
    assert_eq!((head.number, head.time_us, head.unsynced, payload), (1, 1, 1, &b"record 1"[..]));
    assert_eq!(places[1] + FRAME_BYTES + payload.len(), bytes.len());
    assert!(salt(1).frame(&bytes, places[1]).is_none(), "another file's salt");
}

/// The format pinned: a reader written from the page reads these bytes.
#[test]
fn golden_bytes_of_version_one() {
    let (bytes, _) = file(&[1]);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Magic, salt, checksum; then checksum, length, mark, unsynced, number, time, payload.
    let header = ["746163686f67726170682077616c2031", "050505050505050505050505", "7945f393"];
    let frame = [
        "1ab3c2d2",
        "08000000",
        "05050505",
        "00000000",
        "0000000000000000",
        "0100000000000000",
        "7265636f72642030",
    ];
    assert_eq!(hex, [header.concat(), frame.concat()].concat());
}
