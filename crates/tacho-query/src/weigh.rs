//! How many bytes each value of a column takes, whatever its type.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use datafusion::arrow::datatypes::DataType;

/// What a value takes beside its bytes: the widest fixed type, or a view.
pub(crate) const SLOT_BYTES: usize = 16;

/// Sizes of a column's values, bytes.
pub(crate) enum Weights {
    /// At most so much each.
    Same(usize),
    Each(Vec<usize>),
}

impl Weights {
    pub(crate) fn of(array: &ArrayRef) -> Weights {
        let rows = 0..array.len();
        match array.data_type() {
            DataType::Utf8View => {
                Weights::Each(array.as_string_view().lengths().map(|len| len as usize).collect())
            }
            DataType::BinaryView => {
                Weights::Each(array.as_binary_view().lengths().map(|len| len as usize).collect())
            }
            DataType::Utf8 => lengths(array.as_string::<i32>().value_offsets()),
            DataType::LargeUtf8 => lengths(array.as_string::<i64>().value_offsets()),
            DataType::Binary => lengths(array.as_binary::<i32>().value_offsets()),
            DataType::LargeBinary => lengths(array.as_binary::<i64>().value_offsets()),
            DataType::List(_) => lists(array.as_list::<i32>()),
            DataType::LargeList(_) => lists(array.as_list::<i64>()),
            DataType::Struct(_) => {
                let parts: Vec<Weights> = array.as_struct().columns().iter().map(Weights::of).collect();
                Weights::Each(rows.map(|row| total(parts.iter().map(|part| part.at(row)))).collect())
            }
            DataType::FixedSizeBinary(width) => Weights::Same(usize::try_from(*width).unwrap_or(0)),
            fixed if fixed.is_primitive() || matches!(fixed, DataType::Null | DataType::Boolean) => {
                Weights::Same(SLOT_BYTES)
            }
            // Dictionaries, runs, unions: no value is larger than all of them.
            _ => Weights::Same(array.get_array_memory_size()),
        }
    }

    pub(crate) fn at(&self, row: usize) -> usize {
        match self {
            Weights::Same(size) => *size,
            Weights::Each(sizes) => sizes.get(row).copied().unwrap_or(0),
        }
    }

    pub(crate) fn greatest(&self) -> usize {
        match self {
            Weights::Same(size) => *size,
            Weights::Each(sizes) => sizes.iter().copied().max().unwrap_or(0),
        }
    }

    pub(crate) fn sum(&self, rows: usize) -> usize {
        match self {
            Weights::Same(size) => size.saturating_mul(rows),
            Weights::Each(sizes) => total(sizes.iter().copied()),
        }
    }
}

fn total(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(0, usize::saturating_add)
}

fn lengths<O: OffsetSizeTrait>(offsets: &[O]) -> Weights {
    Weights::Each(offsets.windows(2).map(|pair| pair[1].as_usize() - pair[0].as_usize()).collect())
}

fn lists<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Weights {
    let items = Weights::of(array.values());
    let each = array.value_offsets().windows(2).map(|pair| {
        let range = pair[0].as_usize()..pair[1].as_usize();
        let slots = range.len() * SLOT_BYTES;
        match &items {
            Weights::Same(_) if array.values().data_type().is_primitive() => slots,
            Weights::Same(size) => slots.saturating_add(size.saturating_mul(range.len())),
            Weights::Each(sizes) => slots.saturating_add(total(sizes[range].iter().copied())),
        }
    });
    Weights::Each(each.collect())
}
