use super::*;
use arrow::array::{
    BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, IntervalMonthDayNanoArray,
    ListArray, StringViewArray, TimestampMicrosecondArray, UInt64Array,
};
use std::sync::Arc;

fn written(column: ArrayRef, format: Format) -> Vec<Option<Vec<u8>>> {
    let kind = Kind::of(column.data_type());
    let rows = Rows::new(&[column], &[(kind, format)]).unwrap();
    let row = |row| {
        let mut out = BytesMut::new();
        rows.put(row, &mut out);
        assert_eq!(&out[..1], b"D");
        let length = i32::from_be_bytes(out[7..11].try_into().unwrap());
        (length >= 0).then(|| out[11..].to_vec())
    };
    (0..rows.count()).map(row).collect()
}

fn texts(column: ArrayRef) -> Vec<String> {
    let shown = |value: Option<Vec<u8>>| value.map_or("(null)".into(), |v| String::from_utf8(v).unwrap());
    written(column, Format::Text).into_iter().map(shown).collect()
}

#[test]
fn texts_are_as_postgresql_writes_them() {
    assert_eq!(
        texts(Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ["t", "f", "(null)"]
    );
    let times = TimestampMicrosecondArray::from(vec![1_795_215_600_123_400, 0, -1]).with_timezone("UTC");
    assert_eq!(
        texts(Arc::new(times)),
        ["2026-11-20 23:00:00.1234+00", "1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00"]
    );
    let money = Decimal128Array::from(vec![1_500_000, -1]).with_precision_and_scale(18, 6).unwrap();
    assert_eq!(texts(Arc::new(money)), ["1.500000", "-0.000001"]);
    assert_eq!(texts(Arc::new(UInt64Array::from(vec![u64::MAX]))), ["18446744073709551615"]);
    assert_eq!(texts(Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..]]))), ["\\x00ff"]);
    let floats = vec![1.0, 0.5, 1e300, f64::NAN, f64::NEG_INFINITY, 1e-7, 100_000.0];
    assert_eq!(
        texts(Arc::new(Float64Array::from(floats))),
        ["1", "0.5", "1e300", "NaN", "-Infinity", "1e-7", "100000"]
    );
    let intervals = [(14, 1, 3_723_500_000_000), (0, 0, 0), (0, -2, -1_000_000_000)];
    let intervals: Vec<_> = intervals.map(|(m, d, n)| IntervalMonthDayNano::new(m, d, n)).into();
    assert_eq!(
        texts(Arc::new(IntervalMonthDayNanoArray::from(intervals))),
        ["1 year 2 mons 1 day 01:02:03.5", "00:00:00", "-2 days -00:00:01"]
    );
    let list =
        ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None]), Some(vec![])]);
    assert_eq!(texts(Arc::new(list)), ["{1,NULL}", "{}"]);
}

#[test]
fn bytes_are_as_postgresql_sends_them() {
    let one = |column: ArrayRef| written(column, Format::Binary).remove(0).unwrap();
    assert_eq!(one(Arc::new(Int64Array::from(vec![-2]))), (-2i64).to_be_bytes());
    assert_eq!(one(Arc::new(StringViewArray::from(vec!["é"]))), "é".as_bytes());
    let times = TimestampMicrosecondArray::from(vec![EPOCH_US + 5]).with_timezone("UTC");
    assert_eq!(one(Arc::new(times)), 5i64.to_be_bytes());
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None])]);
    let mut want = Vec::new();
    for word in [1, 1, 20, 2, 1, 8, 0, 1, -1] {
        want.extend(i32::to_be_bytes(word));
    }
    assert_eq!(one(Arc::new(list)), want);
}

#[test]
fn a_format_is_one_for_all_or_one_for_each() {
    assert_eq!(Format::of(&[], 3), Ok(Format::Text));
    assert_eq!(Format::of(&[1], 3), Ok(Format::Binary));
    assert_eq!(Format::of(&[0, 1], 1), Ok(Format::Binary));
    assert!(Format::of(&[2], 0).is_err());
}
