//! Types: what Arrow's are called in PostgreSQL. What it has no type for is JSON there.

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use std::sync::Arc;

/// A type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    Bool,
    Bytea,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Json,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Interval,
}

/// What is known of a type: itself, its oid, that of its list, its size, its name, its name in `pg_type`, its category.
type Known = (Scalar, u32, u32, i16, &'static str, &'static str, &'static str);

const KNOWN: [Known; 15] = [
    (Scalar::Bool, 16, 1000, 1, "boolean", "bool", "B"),
    (Scalar::Bytea, 17, 1001, -1, "bytea", "bytea", "U"),
    (Scalar::Int2, 21, 1005, 2, "smallint", "int2", "N"),
    (Scalar::Int4, 23, 1007, 4, "integer", "int4", "N"),
    (Scalar::Int8, 20, 1016, 8, "bigint", "int8", "N"),
    (Scalar::Float4, 700, 1021, 4, "real", "float4", "N"),
    (Scalar::Float8, 701, 1022, 8, "double precision", "float8", "N"),
    (Scalar::Numeric, 1700, 1231, -1, "numeric", "numeric", "N"),
    (Scalar::Text, 25, 1009, -1, "text", "text", "S"),
    (Scalar::Json, 114, 199, -1, "json", "json", "U"),
    (Scalar::Date, 1082, 1182, 4, "date", "date", "D"),
    (Scalar::Time, 1083, 1183, 8, "time without time zone", "time", "D"),
    (Scalar::Timestamp, 1114, 1115, 8, "timestamp without time zone", "timestamp", "D"),
    (Scalar::Timestamptz, 1184, 1185, 8, "timestamp with time zone", "timestamptz", "D"),
    (Scalar::Interval, 1186, 1187, 16, "interval", "interval", "T"),
];

/// Other oids that a client may give a parameter, and what they are taken for: name, varchar, bpchar, oid, jsonb, uuid.
const OTHERS: [(u32, Scalar); 6] = [
    (19, Scalar::Text),
    (1043, Scalar::Text),
    (1042, Scalar::Text),
    (26, Scalar::Int8),
    (3802, Scalar::Text),
    (2950, Scalar::Text),
];

/// A type, or a list of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub scalar: Scalar,
    pub is_list: bool,
}

fn scalar(data_type: &DataType) -> Scalar {
    match data_type {
        DataType::Boolean => Scalar::Bool,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => Scalar::Int2,
        DataType::Int32 | DataType::UInt16 => Scalar::Int4,
        DataType::Int64 | DataType::UInt32 => Scalar::Int8,
        DataType::Float16 | DataType::Float32 => Scalar::Float4,
        DataType::Float64 => Scalar::Float8,
        DataType::UInt64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Scalar::Numeric,
        DataType::Timestamp(_, None) => Scalar::Timestamp,
        DataType::Timestamp(_, Some(_)) => Scalar::Timestamptz,
        DataType::Date32 | DataType::Date64 => Scalar::Date,
        DataType::Time32(_) | DataType::Time64(_) => Scalar::Time,
        DataType::Interval(_) | DataType::Duration(_) => Scalar::Interval,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Scalar::Bytea
        }
        DataType::Dictionary(_, value) => scalar(value),
        other if other.is_nested() => Scalar::Json,
        _ => Scalar::Text,
    }
}

impl Kind {
    /// The type of a column.
    pub fn of(data_type: &DataType) -> Kind {
        match data_type {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
                if !item.data_type().is_nested() =>
            {
                Kind { scalar: scalar(item.data_type()), is_list: true }
            }
            other => Kind { scalar: scalar(other), is_list: false },
        }
    }

    /// The type that a client calls by its number; `None` for one that is not there, or that leaves it open.
    pub fn by_oid(oid: u32) -> Option<Kind> {
        let known = KNOWN.iter().find_map(|(scalar, one, list, ..)| {
            (oid == *one || oid == *list).then_some(Kind { scalar: *scalar, is_list: oid == *list })
        });
        let other = || OTHERS.iter().find(|(other, _)| *other == oid);
        // Lists of varchar and name are lists of text.
        let lists =
            || matches!(oid, 1015 | 1003 | 2951).then_some(Kind { scalar: Scalar::Text, is_list: true });
        known.or_else(|| other().map(|(_, scalar)| Kind { scalar: *scalar, is_list: false })).or_else(lists)
    }

    fn known(self) -> &'static Known {
        KNOWN.iter().find(|known| known.0 == self.scalar).expect("every type is listed")
    }

    /// PostgreSQL's number for it.
    pub fn oid(self) -> u32 {
        if self.is_list { self.known().2 } else { self.known().1 }
    }

    /// Bytes of a value; -1 where values differ.
    pub fn size(self) -> i16 {
        if self.is_list { -1 } else { self.known().3 }
    }

    /// As `format_type` and `information_schema` call it.
    pub fn name(self) -> String {
        format!("{}{}", self.known().4, if self.is_list { "[]" } else { "" })
    }

    /// As a cast in SQL names it.
    pub fn sql(self) -> String {
        // A cast to JSON is one to text.
        let name = if self.scalar == Scalar::Json { "text" } else { self.known().4 };
        format!("{name}{}", if self.is_list { "[]" } else { "" })
    }

    /// As `pg_type` calls it.
    pub fn type_name(self) -> String {
        format!("{}{}", if self.is_list { "_" } else { "" }, self.known().5)
    }

    pub fn category(self) -> &'static str {
        if self.is_list { "A" } else { self.known().6 }
    }

    /// Every type, lists too.
    pub fn all() -> impl Iterator<Item = Kind> {
        let scalars = KNOWN.iter().map(|known| known.0);
        scalars.flat_map(|scalar| [false, true].map(|is_list| Kind { scalar, is_list }))
    }

    /// The type of one value of a list.
    #[must_use]
    pub fn item(self) -> Kind {
        Kind { is_list: false, ..self }
    }

    /// The one type of Arrow that values are written from and parameters read into.
    pub fn arrow(self) -> DataType {
        let one = match self.scalar {
            Scalar::Bool => DataType::Boolean,
            Scalar::Bytea => DataType::Binary,
            Scalar::Int2 => DataType::Int16,
            Scalar::Int4 => DataType::Int32,
            Scalar::Int8 => DataType::Int64,
            Scalar::Float4 => DataType::Float32,
            Scalar::Float8 => DataType::Float64,
            // Digits, of which no type of Arrow has enough.
            Scalar::Numeric | Scalar::Text | Scalar::Json => DataType::Utf8,
            Scalar::Date => DataType::Date32,
            Scalar::Time => DataType::Time64(TimeUnit::Microsecond),
            Scalar::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Scalar::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Scalar::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        };
        if self.is_list { DataType::List(Arc::new(Field::new("item", one, true))) } else { one }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_number() {
        for kind in Kind::all() {
            assert_eq!(Kind::by_oid(kind.oid()), Some(kind));
            if kind.scalar != Scalar::Numeric && kind.scalar != Scalar::Json {
                assert_eq!(Kind::of(&kind.arrow()), kind);
            }
        }
        assert_eq!(Kind::by_oid(0), None);
        assert_eq!(Kind::by_oid(1043).map(Kind::sql), Some("text".into()));
    }

    #[test]
    fn what_postgresql_has_no_type_for_is_json_and_wide_numbers_are_numeric() {
        let nested = DataType::Struct(vec![Field::new("a", DataType::Int64, true)].into());
        assert_eq!(Kind::of(&nested).name(), "json");
        assert_eq!(Kind::of(&DataType::UInt64).name(), "numeric");
        assert_eq!(Kind::of(&DataType::Utf8View).name(), "text");
    }
}
