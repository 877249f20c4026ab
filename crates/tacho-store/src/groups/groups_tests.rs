//! Files of several row groups, some of whose columns are taken over.

use super::*;
use crate::encoding::{Purpose, properties};
use crate::schema::{EVERY, TEXTS_AT, at};
use crate::valued::Valued;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, FixedSizeBinaryArray, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use std::ops::Range;
use tacho_event::time::Day;

/// Rows with a value in each column; texts begin with this one.
fn rows(range: Range<usize>, text: &str) -> RecordBatch {
    let numbers = || range.clone().map(|n| n as i64);
    let column = |kind: &DataType| -> ArrayRef {
        match kind {
            DataType::Int64 => Arc::new(Int64Array::from_iter_values(numbers())),
            DataType::Int32 => Arc::new(Int32Array::from_iter_values(numbers().map(|n| n as i32))),
            DataType::Date32 => Arc::new(Date32Array::from_iter_values(numbers().map(|n| n as i32 / 100))),
            DataType::Boolean => Arc::new(numbers().map(|n| Some(n % 2 == 0)).collect::<BooleanArray>()),
            DataType::Timestamp(..) => {
                Arc::new(TimestampMicrosecondArray::from_iter_values(numbers()).with_timezone("UTC"))
            }
            DataType::Utf8View => {
                Arc::new(StringViewArray::from_iter_values(numbers().map(|n| format!("{text} {n}"))))
            }
            DataType::FixedSizeBinary(size) => {
                let bytes = numbers().map(|n| vec![n as u8; *size as usize]);
                Arc::new(FixedSizeBinaryArray::try_from_iter(bytes).unwrap())
            }
            other => panic!("no column has type {other}"),
        }
    };
    let columns = schema().fields().iter().map(|field| column(field.data_type())).collect();
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn groups(path: &Path) -> Groups<File> {
    let all = rows(0..1, "");
    let properties = properties("log.example/1", Purpose::Kept, &Valued::in_batches(std::iter::once(&all)));
    Groups::new(File::create(path).unwrap(), properties).unwrap()
}

fn read(path: &Path) -> RecordBatch {
    let open = Open::new(path).unwrap();
    let batches = open.batches((0..open.row_groups()).collect(), &EVERY).unwrap();
    let batches: Vec<_> = batches.map(|batch| crate::row::conform(&batch.unwrap()).unwrap()).collect();
    concat_batches(&schema(), &batches).unwrap()
}

/// A file of two row groups, of 300 and of 200 rows.
fn two_groups(path: &Path) -> Source {
    let mut old = groups(path);
    old.write(&rows(0..300, "old")).unwrap();
    old.end_group().unwrap();
    old.write(&rows(300..500, "old")).unwrap();
    old.finish().unwrap();
    Source::new(path, &Open::new(path).unwrap()).unwrap()
}

#[test]
fn each_row_group_takes_over_columns_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("old"), dir.path().join("new"));
    let source = two_groups(&from);
    let mut new = groups(&to);
    new.take_over(&source, 0, |column| column != TEXTS_AT).unwrap();
    // In parts, as they are read.
    new.write(&rows(0..100, "new")).unwrap();
    new.write(&rows(100..300, "new")).unwrap();
    new.take_over(&source, 1, |_| true).unwrap();
    new.write(&rows(300..500, "unread")).unwrap();
    new.finish().unwrap();
    let (old, new) = (read(&from), read(&to));
    for column in EVERY {
        match column {
            TEXTS_AT => {
                let text = rows(0..300, "new");
                assert_eq!(*new.column(column).slice(0, 300), *text.column(column).as_ref());
                assert_eq!(*new.column(column).slice(300, 200), *old.column(column).slice(300, 200));
            }
            _ => assert_eq!(new.column(column), old.column(column), "{}", schema().field(column).name()),
        }
    }
    // Rows are found by the indexes that were taken over.
    let open = Open::new(&to).unwrap();
    let index = open.metadata().offset_index().unwrap();
    for (group, pages) in index.iter().enumerate() {
        let start = open.metadata().row_group(group).column(at::EVENT_ID).byte_range().0;
        assert!(pages[at::EVENT_ID].page_locations()[0].offset >= start as i64);
        let file = File::open(&to).unwrap();
        let ids = open.metadata().row_group(group).column(at::EVENT_ID);
        let filter = Sbbf::read_from_column_chunk(ids, &file).unwrap().unwrap();
        assert!(filter.check(&format!("old {}", group * 300).as_str()), "{group}");
        assert_eq!(open.days(group), Some(if group == 0 { Day(0)..=Day(2) } else { Day(3)..=Day(4) }));
    }
}

#[test]
fn a_column_of_other_rows_is_no_part_of_a_group() {
    let dir = tempfile::tempdir().unwrap();
    let source = two_groups(&dir.path().join("old"));
    let mut new = groups(&dir.path().join("new"));
    new.take_over(&source, 1, |column| column != TEXTS_AT).unwrap();
    new.write(&rows(0..199, "new")).unwrap();
    assert!(new.finish().unwrap_err().to_string().contains("200 rows of a column for 199 rows"));
}
