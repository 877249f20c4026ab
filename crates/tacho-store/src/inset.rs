//! Bytes of our own between the last row group of a segment and its footer, where other readers pass over them.
//!
//! On disk: metadata of the file says `VERSION OFFSET LENGTH` under the name of what is there.

use crate::error::StoreError;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The metadata for bytes at this place.
pub(crate) fn place(key: &str, version: u32, offset: usize, length: usize) -> KeyValue {
    KeyValue::new(key.to_string(), format!("{version} {offset} {length}"))
}

/// The bytes under this name; nothing when the file has none of this version.
///
/// # Errors
/// [`StoreError`] when the file cannot be read, or says that there are more than `bytes_max`.
pub(crate) fn read(
    path: &Path,
    metadata: &ParquetMetaData,
    key: &str,
    version: u32,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, StoreError> {
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    let place = pairs.filter(|pair| pair.key == key).find_map(|pair| pair.value.as_deref());
    let Some(place) = place.and_then(|place| place.strip_prefix(&format!("{version} "))) else {
        return Ok(None);
    };
    let numbers = place.split_once(' ').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let Some((offset, length)) = numbers.filter(|(_, length)| *length <= bytes_max) else {
        let what = format!("its {key} is {place:?}, expected an offset and at most {bytes_max} bytes");
        return Err(StoreError::Parquet { path: path.to_path_buf(), what });
    };
    let mut bytes = vec![0; length];
    let file = File::open(path).map_err(StoreError::io("cannot open", path))?;
    file.read_exact_at(&mut bytes, offset).map_err(StoreError::io("cannot read", path))?;
    Ok(Some(bytes))
}
