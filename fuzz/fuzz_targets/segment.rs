//! A segment's file after damage, read as `verify` reads it: the change is told, whatever the bytes are, and nobody
//! panics, hangs or takes memory that the file's size does not explain.
#![no_main]

use arbitrary::Arbitrary;
use std::sync::LazyLock;
use tacho_fuzz::{Damage, Folder, guarded, let_panics_be_caught};

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::make);

#[derive(Debug, Arbitrary)]
struct Input {
    /// Which of the segments.
    file: u8,
    damage: Damage,
    /// Damage near the end, where Parquet keeps what it says about all the rest.
    footer: bool,
}

libfuzzer_sys::fuzz_target!(init: let_panics_be_caught(), |input: Input| guarded(|| {
    let (path, good) = &FOLDER.segments[usize::from(input.file) % FOLDER.segments.len()];
    let bytes = if input.footer {
        let (head, tail) = good.split_at(footer(good));
        [head, &input.damage.apply(tail)].concat()
    } else {
        input.damage.apply(good)
    };
    std::fs::write(path, &bytes).expect("a file can be written");
    let (found, rows) = FOLDER.look();
    std::fs::write(path, good).expect("a file can be written");
    assert_eq!(found.faults.is_empty(), bytes == *good, "{:?}", found.faults);
    if bytes == *good {
        for (index, entry) in rows {
            assert_eq!(entry.as_ref(), Ok(&FOLDER.entries[index as usize]));
        }
    }
}));

/// Where the footer begins: its length stands before the last four bytes.
fn footer(good: &[u8]) -> usize {
    let end = good.len() - 8;
    let mut length = [0; 4];
    length.copy_from_slice(&good[end..end + 4]);
    end - u32::from_le_bytes(length) as usize
}
