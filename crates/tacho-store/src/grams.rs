//! Which four-letter sequences stand in the texts of each block of rows: what a search for a phrase need not read.
//!
//! A rare phrase is in a few blocks of thousands, and decoding texts is nearly all that looking for it costs. Sequences
//! of letters answer `LIKE '%phrase%'` as well as words do, since a pattern may begin in the middle of a word.
//! Letters only: digits of hashes and ids would fill any table.
//!
//! Invariants
//! - "Cannot hold it" is a proof: every sequence of every text of a block is in its table, upper and lower case as one.
//! - The tables lie in the segment file itself, under its digest, and go with it when texts are erased.
//!
//! On disk: `docs/formats/segment.md`.
//!
//! Limits: one table of 4 KiB for each [`BLOCK_ROWS`] rows; a file that claims more is not believed.

use crate::error::StoreError;
use crate::inset;
use crate::schema::{TEXTS_AT, at};
use arrow::array::{AsArray, RecordBatch};
use parquet::file::metadata::ParquetMetaData;
use std::path::Path;
use tacho_event::section::Section;

/// Metadata of the file that says where the tables are.
pub const GRAMS_KEY: &str = "tachograph.grams";

/// How large tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    version: u32,
    /// Rows that share a table.
    rows: usize,
    /// Bytes of a table, a power of two: each sequence is one of its bits.
    bytes: usize,
}

/// What is written: about as many rows as a page of texts has, the least that can be read.
const WRITTEN: Shape = Shape { version: 2, rows: 1024, bytes: 4 << 10 };
/// What earlier files have.
const EARLIER: Shape = Shape { version: 1, rows: 4096, bytes: 8 << 10 };

pub(crate) const VERSION: u32 = WRITTEN.version;
/// Rows that share a table; row groups hold a whole number of blocks.
pub const BLOCK_ROWS: usize = WRITTEN.rows;
/// Letters in a sequence.
const LETTERS: usize = 4;
/// A sequence is a number of so many bits.
const BITS: u32 = 16;
const WORDS: usize = WRITTEN.bytes / 8;
/// Most rows of a file that are believed.
const ROWS_MAX: usize = 64 << 20;
/// What compression may add to bytes that cannot be compressed.
const FRAME_BYTES_MAX: usize = 64 << 10;
const LEVEL: i32 = 9;

/// Place in the alphabet of each byte; [`NONE`] for what is no letter.
const FOLD: [u8; 256] = {
    let mut fold = [NONE; 256];
    let mut letter = 0;
    while letter < 26 {
        fold[b'a' as usize + letter as usize] = letter;
        fold[b'A' as usize + letter as usize] = letter;
        letter += 1;
    }
    fold
};
const NONE: u8 = u8::MAX;

/// The number of each sequence of letters in the text.
fn each(text: &[u8], mut visit: impl FnMut(usize)) {
    const OF_LETTERS: u32 = 26u32.pow(LETTERS as u32);
    let (mut value, mut run) = (0u32, 0usize);
    for byte in text {
        let letter = FOLD[usize::from(*byte)];
        if letter == NONE {
            run = 0;
            continue;
        }
        value = (value * 26 + u32::from(letter)) % OF_LETTERS;
        run += 1;
        if run >= LETTERS {
            // Spread by multiplication, so that sequences that share letters do not share bits.
            visit((value.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BITS)) as usize);
        }
    }
}

impl Shape {
    /// The bit of a sequence with this number: its first digits.
    fn bit_of(self, number: usize) -> usize {
        number / ((1 << BITS) / (self.bytes * 8))
    }
}

/// Long s and the sign of kelvin are letters of the alphabet to those who compare without case.
pub fn has_odd_letters(text: &str) -> bool {
    !text.is_ascii() && text.contains(['\u{17f}', '\u{212a}'])
}

/// The tables of a segment that is being written.
#[derive(Debug)]
pub(crate) struct Gatherer {
    table: Box<[u64; WORDS]>,
    /// Rows in the table.
    rows: usize,
    finished: Vec<u8>,
}

impl Gatherer {
    pub(crate) fn new() -> Gatherer {
        Gatherer { table: Box::new([0; WORDS]), rows: 0, finished: Vec::new() }
    }

    /// Adds the rows that follow.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (BLOCK_ROWS - self.rows).min(batch.num_rows() - start);
            self.gather(&batch.slice(start, rows));
            start += rows;
            self.rows += rows;
            if self.rows == BLOCK_ROWS {
                self.end_block();
            }
        }
    }

    fn gather(&mut self, rows: &RecordBatch) {
        for column in covered() {
            let texts = rows.column(column).as_string_view();
            let mut before = "";
            for text in texts.iter().flatten() {
                // Names repeat from row to row.
                if text != before {
                    self.take(text);
                    before = text;
                }
            }
        }
    }

    fn take(&mut self, text: &str) {
        if has_odd_letters(text) {
            self.table.fill(u64::MAX);
        }
        each(text.as_bytes(), |number| {
            let bit = WRITTEN.bit_of(number);
            self.table[bit / 64] |= 1 << (bit % 64);
        });
    }

    fn end_block(&mut self) {
        self.finished.extend(self.table.iter().flat_map(|word| word.to_le_bytes()));
        self.table.fill(0);
        self.rows = 0;
    }

    /// The bytes for the file.
    ///
    /// # Errors
    /// When they cannot be compressed.
    pub(crate) fn finish(mut self) -> std::io::Result<Vec<u8>> {
        if self.rows > 0 {
            self.end_block();
        }
        zstd::bulk::compress(&self.finished, LEVEL)
    }
}

/// Columns whose texts are in the tables.
fn covered() -> impl Iterator<Item = usize> {
    [at::AGENT_ID, at::ACTION_NAME].into_iter().chain(TEXTS_AT..TEXTS_AT + Section::TEXTS.len())
}

/// Whether the tables tell of this column's texts.
pub fn covers(column: usize) -> bool {
    covered().any(|covered| covered == column)
}

/// What a text must hold, as numbers of sequences; empty when the tables cannot tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(Vec<usize>);

impl Wanted {
    /// What every text holds that holds all these pieces, in upper or lower case.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Wanted {
        let mut numbers = Vec::new();
        pieces.into_iter().for_each(|piece| each(piece.as_bytes(), |number| numbers.push(number)));
        numbers.sort_unstable();
        numbers.dedup();
        Wanted(numbers)
    }

    /// Whether it rules nothing out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The tables of a segment.
#[derive(Debug)]
pub struct Grams {
    tables: Vec<u8>,
    shape: Shape,
}

impl Grams {
    /// Reads the tables; nothing when the file has none that this program knows.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or its tables are damaged.
    pub fn read(path: &Path, metadata: &ParquetMetaData) -> Result<Option<Grams>, StoreError> {
        for shape in [WRITTEN, EARLIER] {
            let grams = Grams::read_shape(path, metadata, shape)?;
            if grams.is_some() {
                return Ok(grams);
            }
        }
        Ok(None)
    }

    fn read_shape(
        path: &Path,
        metadata: &ParquetMetaData,
        shape: Shape,
    ) -> Result<Option<Grams>, StoreError> {
        let rows = metadata.file_metadata().num_rows().max(0) as usize;
        let want = rows.min(ROWS_MAX).div_ceil(shape.rows) * shape.bytes;
        let bytes_max = want + FRAME_BYTES_MAX;
        let Some(bytes) = inset::read(path, metadata, GRAMS_KEY, shape.version, bytes_max)? else {
            return Ok(None);
        };
        let damaged = |what: String| StoreError::Parquet { path: path.to_path_buf(), what };
        let tables = zstd::bulk::decompress(&bytes, want)
            .map_err(|error| damaged(format!("its tables of letters cannot be unpacked: {error}")))?;
        if tables.len() != want {
            return Err(damaged(format!("it has {} bytes of letters, expected {want}", tables.len())));
        }
        Ok(Some(Grams { tables, shape }))
    }

    /// Size in memory.
    pub fn bytes(&self) -> usize {
        self.tables.len()
    }

    pub fn blocks(&self) -> usize {
        self.tables.len() / self.shape.bytes
    }

    /// Rows of each block; of the last what is left.
    pub fn block_rows(&self) -> usize {
        self.shape.rows
    }

    /// Whether a text of the block may hold what is wanted.
    pub fn may_hold(&self, block: usize, wanted: &Wanted) -> bool {
        let table = &self.tables[block * self.shape.bytes..(block + 1) * self.shape.bytes];
        let is_set = |bit: usize| table[bit / 8] & (1 << (bit % 8)) != 0;
        wanted.0.iter().all(|number| is_set(self.shape.bit_of(*number)))
    }
}

#[cfg(test)]
#[path = "grams/grams_tests.rs"]
mod tests;
