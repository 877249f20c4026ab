//! How each column of a segment is written: encoding, compression, size of pages, filters. Readers of Parquet need not know.
//!
//! Figures are bytes for a row and microseconds of one core, over the 909-byte events of the benchmark.

use crate::schema::{COLUMNS, INT_FACTS_AT, TEXTS_AT, WHO, WHO_AT, at, schema};
use crate::segment::{FORMAT, FORMAT_KEY, ORIGIN_KEY, ROW_GROUP_ROWS};
use crate::valued::Valued;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use tacho_event::fact::IntFact;
use tacho_event::section::Section;

/// Pages of texts, bytes before compression: about 2,000 rows of ordinary texts, so that one row costs one small page.
const TEXT_PAGE_BYTES: usize = 256 << 10;
/// Pages of ids, bytes: some 4,000 rows.
const ID_PAGE_BYTES: usize = 160 << 10;

/// What a segment is written for, which decides how hard it is compressed. Measured on 909-byte events, texts and ids:
/// 162 bytes for an event at level 1 in 1.4 µs, 143 at level 9 in 6 µs, 136 at level 11 in 9 µs with lengths apart from texts, and
/// level 15 saves two percent more in 25 µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The newest events, while more come in: compaction writes them again when it is quiet.
    Fresh,
    /// To be kept: compaction and erasure.
    Kept,
}

impl Purpose {
    fn level(self) -> i32 {
        match self {
            Purpose::Fresh => 1,
            Purpose::Kept => 11,
        }
    }
}

pub(crate) fn properties(origin: &str, purpose: Purpose, valued: &Valued) -> WriterProperties {
    let pair = |key: &str, value: &str| KeyValue::new(key.to_string(), value.to_string());
    let sorting = SortingColumn { column_idx: at::INDEX as i32, descending: false, nulls_first: false };
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("tachograph {}", env!("CARGO_PKG_VERSION")))
        .set_compression(zstd(purpose.level()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(Some(vec![sorting]))
        .set_key_value_metadata(Some(vec![pair(FORMAT_KEY, FORMAT), pair(ORIGIN_KEY, origin)]));
    // Values that hardly repeat: a dictionary would only be built and thrown away.
    let plain = [at::EVENT_ID, at::CALL_ID, at::PARENT_ID, at::SUBJECT_TAG, at::BODY, at::CONTENT];
    for column in plain.into_iter().chain(texts()) {
        builder = builder.set_column_dictionary_enabled(path_of(column), false);
    }
    // Numbers that run on: differences are small.
    for column in [at::INDEX, at::RECORDED_AT, at::TIMESTAMP, at::SESSION_SEQ, at::PRODUCER_SEQ] {
        builder = encoded(builder, column, Encoding::DELTA_BINARY_PACKED);
    }
    for column in texts() {
        builder = builder.set_column_data_page_size_limit(path_of(column), TEXT_PAGE_BYTES);
    }
    if purpose == Purpose::Kept {
        builder = kept(builder);
    }
    // Bytes of chance, and columns without a value: to compress them takes time and gives nothing.
    let chance = [at::BODY, at::CONTENT].into_iter();
    for column in chance.chain((0..COLUMNS).filter(|column| !valued.has(*column))) {
        builder = builder.set_column_compression(path_of(column), Compression::UNCOMPRESSED);
    }
    // The ids on the log, and the originals of those that are no UUIDs.
    let [id, session] = ["who_id", "who_session"].map(|name| WHO.iter().position(|who| *who == name));
    let originals = [id, session].into_iter().flatten().map(|at| WHO_AT + at);
    for column in [at::EVENT_ID, at::SESSION_UUID].into_iter().chain(originals) {
        builder = with_bloom_filter(builder, column);
    }
    builder.build()
}

/// What takes longer, for files that stay.
fn kept(mut builder: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    // Lengths that stand apart from the texts compress better. Many an output begins as the one before it.
    for (column, section) in texts().zip(Section::TEXTS) {
        let encoding = match section {
            Section::Output => Encoding::DELTA_BYTE_ARRAY,
            _ => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        };
        builder = encoded(builder, column, encoding);
    }
    for column in [at::EVENT_ID, at::CALL_ID, at::PARENT_ID] {
        builder = encoded(builder, column, Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    // Chance in hexadecimal digits: all there is to gain is in the digits. Higher levels look for what repeats, find three digits
    // here and there, and give 20.0 bytes in place of 18.6.
    builder = builder.set_column_compression(path_of(at::EVENT_ID), zstd(1));
    // Numbers that seldom repeat while their high bytes do: 2.0 bytes for input tokens and 2.3 for a cost, where dictionaries
    // give 2.7 and 3.0; 1.0 for a number in the session, where differences give 1.2.
    let facts = [IntFact::TokensInput, IntFact::TokensOutput, IntFact::CostMicros];
    for column in facts.map(|fact| INT_FACTS_AT + fact as usize).into_iter().chain([at::SESSION_SEQ]) {
        builder = encoded(builder, column, Encoding::BYTE_STREAM_SPLIT);
    }
    builder
}

fn with_bloom_filter(builder: WriterPropertiesBuilder, column: usize) -> WriterPropertiesBuilder {
    builder
        .set_column_data_page_size_limit(path_of(column), ID_PAGE_BYTES)
        .set_column_bloom_filter_enabled(path_of(column), true)
        .set_column_bloom_filter_fpp(path_of(column), 0.01)
        .set_column_bloom_filter_max_ndv(path_of(column), ROW_GROUP_ROWS as u64)
}

/// The column in this encoding, and in no dictionary.
fn encoded(builder: WriterPropertiesBuilder, column: usize, encoding: Encoding) -> WriterPropertiesBuilder {
    builder
        .set_column_dictionary_enabled(path_of(column), false)
        .set_column_encoding(path_of(column), encoding)
}

fn texts() -> std::ops::Range<usize> {
    TEXTS_AT..TEXTS_AT + Section::TEXTS.len()
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).expect("1 and 11 are levels of zstd"))
}

fn path_of(column: usize) -> ColumnPath {
    ColumnPath::from(schema().field(column).name().clone())
}
