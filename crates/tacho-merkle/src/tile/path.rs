//! Names of tiles and entry bundles: `tile/0/x001/x234/067`, `tile/entries/000.p/12`.
//!
//! One tile has one name; every other spelling is refused, so that a path from outside cannot point to
//! anything but a tile.

use std::fmt;

use crate::TREE_SIZE_MAX;
use crate::text::{excerpt, from_decimal};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH};

/// Highest level that a tile path can name.
pub const LEVEL_MAX: u8 = 63;

/// The longest name: level, seven path elements, a partial width.
const PATH_BYTES_MAX: usize = 64;

/// Name of a hash tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// 0 for leaf hashes, up to [`LEVEL_MAX`].
    pub level: u8,
    /// Place within the level.
    pub index: u64,
    /// Hashes in the tile, 1 to 256; 256 is a full tile.
    pub width: u16,
}

/// Name of an entry bundle: like a hash tile of level 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundlePath {
    /// Place among the bundles.
    pub index: u64,
    /// Entries in the bundle, 1 to 256; 256 is a full bundle.
    pub width: u16,
}

/// Why a text names no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("tile path \"{0}\" does not begin with \"tile/\" and a level or \"entries\"")]
    Prefix(String),
    #[error("tile level is \"{0}\", expected 0 to 63 without leading zeros")]
    Level(String),
    #[error("tile index is \"{0}\", expected groups of three digits, all but the last after an \"x\"")]
    Index(String),
    #[error("partial tile width is \"{0}\", expected 1 to 255 without leading zeros")]
    Width(String),
    #[error("tile {0} is beyond a tree of 2^63 - 1 leaves")]
    Beyond(String),
}

impl TilePath {
    /// The path below the log's prefix.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, index_path(self.index, self.width))
    }

    /// Parses what [`TilePath::path`] writes.
    ///
    /// # Errors
    ///
    /// The text is anything else.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let rest = strip_tile(path)?;
        let (level, rest) = rest.split_once('/').ok_or_else(|| PathError::Prefix(excerpt(path)))?;
        let level = from_decimal(level, u64::from(LEVEL_MAX))
            .and_then(|level| u8::try_from(level).ok())
            .ok_or_else(|| PathError::Level(excerpt(level)))?;
        let (index, width) = parse_index(rest)?;
        // C2SP names levels up to 63, but the largest tree ends on level 7.
        let hashes = TREE_SIZE_MAX.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
        if !ends_within(index, width, hashes) {
            return Err(PathError::Beyond(excerpt(path)));
        }
        Ok(Self { level, index, width })
    }

    /// Whether the tile has all its 256 hashes and will never change.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl BundlePath {
    /// The path below the log's prefix.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/entries/{}", index_path(self.index, self.width))
    }

    /// Parses what [`BundlePath::path`] writes.
    ///
    /// # Errors
    ///
    /// The text is anything else.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let rest = strip_tile(path)?;
        let rest = rest.strip_prefix("entries/").ok_or_else(|| PathError::Prefix(excerpt(path)))?;
        let (index, width) = parse_index(rest)?;
        if !ends_within(index, width, TREE_SIZE_MAX) {
            return Err(PathError::Beyond(excerpt(path)));
        }
        Ok(Self { index, width })
    }

    /// Whether the bundle has all its 256 entries and will never change.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl fmt::Display for BundlePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

fn strip_tile(path: &str) -> Result<&str, PathError> {
    let rest = path.strip_prefix("tile/").filter(|_| path.len() <= PATH_BYTES_MAX);
    rest.ok_or_else(|| PathError::Prefix(excerpt(path)))
}

/// Whether the items of a tile are among the first `count` of their level.
fn ends_within(index: u64, width: u16, count: u64) -> bool {
    let end = index.checked_mul(u64::from(TILE_WIDTH)).and_then(|start| start.checked_add(u64::from(width)));
    end.is_some_and(|end| end <= count)
}

fn index_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

fn parse_index(text: &str) -> Result<(u64, u16), PathError> {
    let (groups, width) = match text.split_once(".p/") {
        Some((groups, width)) => {
            let parsed = from_decimal(width, u64::from(TILE_WIDTH) - 1).filter(|width| *width > 0);
            let parsed = parsed.and_then(|width| u16::try_from(width).ok());
            (groups, parsed.ok_or_else(|| PathError::Width(excerpt(width)))?)
        }
        None => (text, TILE_WIDTH),
    };
    let refuse = || PathError::Index(excerpt(groups));
    let mut index: u64 = 0;
    let mut rest = groups.split('/').peekable();
    while let Some(group) = rest.next() {
        let digits = if rest.peek().is_some() { group.strip_prefix('x') } else { Some(group) };
        let digits = digits.filter(|digits| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()));
        let value: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(refuse)?;
        index = index.checked_mul(1000).and_then(|index| index.checked_add(value)).ok_or_else(refuse)?;
    }
    // Leading groups of zeros would be a second spelling.
    if groups.len() > 3 && groups.starts_with("x000") {
        return Err(refuse());
    }
    Ok((index, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        let check = |level, index, width, path: &str| {
            let tile = TilePath { level, index, width };
            assert_eq!(tile.path(), path);
            assert_eq!(TilePath::parse(path), Ok(tile));
        };
        check(0, 1_234_067, 256, "tile/0/x001/x234/067");
        check(0, 0, 256, "tile/0/000");
        check(2, 0, 1, "tile/2/000.p/1");
        check(0, 273, 112, "tile/0/273.p/112");
        check(0, 1000, 256, "tile/0/x001/000");
        check(7, 0, 127, "tile/7/000.p/127");
        let bundle = BundlePath { index: 273, width: 112 };
        assert_eq!(bundle.path(), "tile/entries/273.p/112");
        assert_eq!(BundlePath::parse("tile/entries/273.p/112"), Ok(bundle));
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/00/000",
            "tile/64/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x001",
            "tile/0/001/000",
            "tile/0/x000/001",
            "tile/0/x01/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000/",
            "tile/0/../000",
            "tile/0/x001//000",
            "tile/-1/000",
            "tile/0/+12",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/entries/000",
            "tile/data/000",
            "tile/8/001",
            "tile/8/000.p/1",
            "tile/7/000.p/128",
            "tile/0/x036/x028/x797/x018/x963/968",
        ] {
            assert!(TilePath::parse(path).is_err(), "{path}");
        }
        for path in ["tile/0/000", "tile/entries/", "tile/entries/0", "entries/000", "tile/entries/000.p/0"] {
            assert!(BundlePath::parse(path).is_err(), "{path}");
        }
    }
}
