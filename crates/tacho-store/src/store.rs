//! The store of one data folder: takes sequenced batches, shows them at once, and cuts them into segments.
//!
//! Locks: `committing` is taken before `state`; `state` is never held over I/O.
//!
//! Invariants
//! - Every snapshot shows each entry exactly once, whatever is being cut, compacted or erased meanwhile.
//! - The position moves only with the catalog transaction that lists the segments below it.
//! - Files that the catalog does not list are removed only when their entries are known to be elsewhere.

use crate::account;
use crate::catalog::{Catalog, Position, name_of};
use crate::encoding::Purpose;
use crate::error::StoreError;
use crate::hot::Hot;
use crate::read::Wanted;
use crate::schema::at;
use crate::segment::{Leaf, Name, SegmentWriter, Site};
use crate::snapshot::{SegmentFile, Snapshot};
use crate::valued::Valued;
use crate::{Observer, Step};
use arrow::array::{BooleanArray, RecordBatch, StringViewArray};
use arrow::compute::FilterBuilder;
use arrow::compute::kernels::cmp::eq;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tacho_event::record::Batch;
use tacho_event::words::Class;
use tacho_record::sequence::Decision;

/// Memory that the newest events may take by default, bytes. Cuts should come at half of it.
pub const HOT_BYTES_MAX: usize = 256 << 20;

/// Rows that are looked through at once when the newest events are cut.
const SLICE_ROWS: usize = 8 << 10;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The log's origin, written into every segment.
    pub origin: String,
    /// Memory that the newest events may take before [`Store::append`] refuses, bytes.
    pub hot_bytes_max: usize,
    pub observer: Observer,
}

impl Options {
    pub fn new(origin: &str) -> Options {
        Options { origin: origin.to_string(), hot_bytes_max: HOT_BYTES_MAX, observer: |_| {} }
    }
}

/// Puts on the log what takes the place of other files, before it counts: `verify` would take an untold file for a forged one.
pub trait Teller: std::fmt::Debug + Send + Sync {
    /// # Errors
    /// Then nothing is replaced.
    fn tell(&self, old: &[Arc<SegmentFile>], new: &[Arc<SegmentFile>]) -> Result<(), StoreError>;
}

/// An open store. All methods may be called from any thread.
#[derive(Debug)]
pub struct Store {
    pub(crate) site: Site,
    pub(crate) catalog: Catalog,
    hot_bytes_max: usize,
    state: Mutex<State>,
    /// Held while the catalog changes and the snapshot with it.
    committing: Mutex<()>,
    /// Held by the one erasure at a time.
    pub(crate) erasing: Mutex<()>,
    /// Held by the one compaction at a time, which leaves to an erasure what begins below this index.
    pub(crate) merged_from: Mutex<u64>,
    /// Segment files that no catalog row lists and whose entries lie at or above the position: left by a crash.
    leftovers: Mutex<Vec<(PathBuf, u64)>>,
    teller: OnceLock<Arc<dyn Teller>>,
}

#[derive(Debug)]
struct State {
    /// By first index.
    segments: Vec<Arc<SegmentFile>>,
    frozen: Option<Arc<Frozen>>,
    hot: Hot,
    /// Behind the newest row.
    end: Position,
    /// Behind the newest row in a listed segment.
    committed: Position,
    /// Made when asked for, dropped when anything changes.
    snapshot: Option<Arc<Snapshot>>,
}

/// Rows that are being cut; they change no more.
#[derive(Debug)]
struct Frozen {
    rows: Hot,
    from: Position,
    to: Position,
}

/// Everything that was hot at one moment, to be written as segments.
#[derive(Debug, Clone)]
pub struct Cut {
    site: Site,
    frozen: Arc<Frozen>,
}

/// Segments that are on disk, verified, and do not count yet. Dropping it removes them.
#[derive(Debug)]
pub struct Written {
    frozen: Arc<Frozen>,
    segments: Vec<Arc<SegmentFile>>,
}

impl Written {
    /// Bytes of the files.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

impl Store {
    /// Opens the store of a data folder, or starts an empty one, and removes what a crash left behind.
    ///
    /// The caller then replays the journal from [`Store::position`].
    ///
    /// # Errors
    /// [`StoreError::CatalogDamaged`] when a row that counts is damaged or missing, or a listed file is; nothing is
    /// removed then.
    pub fn open(folder: &Path, options: Options) -> Result<Store, StoreError> {
        let segments_folder = folder.join("segments");
        std::fs::create_dir_all(&segments_folder)
            .map_err(StoreError::io("cannot create", &segments_folder))?;
        let catalog_path = folder.join("catalog.sqlite");
        let is_new = !catalog_path.exists();
        let found = files(&segments_folder)?;
        if is_new && let Some((_, path)) = found.segments.first() {
            let what = format!("it is missing, but {} is there: restore it", path.display());
            return Err(StoreError::CatalogDamaged { path: catalog_path, what });
        }
        let catalog = Catalog::open(&catalog_path)?;
        let (segments, mut damaged) = catalog.segments(&segments_folder)?;
        if let Some(error) = damaged.pop() {
            return Err(error);
        }
        let position = catalog.position()?;
        for segment in &segments {
            check_present(&catalog, segment)?;
        }
        check_accounted(&catalog, &found, &segments, position)?;
        let leftovers = tidy(found, &segments, position)?;
        let state = State {
            segments: segments.into_iter().map(Arc::new).collect(),
            frozen: None,
            hot: Hot::default(),
            end: position,
            committed: position,
            snapshot: None,
        };
        Ok(Store {
            site: Site { folder: segments_folder, origin: options.origin, observer: options.observer },
            catalog,
            hot_bytes_max: options.hot_bytes_max,
            state: Mutex::new(state),
            committing: Mutex::new(()),
            erasing: Mutex::new(()),
            merged_from: Mutex::new(0),
            leftovers: Mutex::new(leftovers),
            teller: OnceLock::new(),
        })
    }

    /// From here on replacements are told first. Can be said once.
    pub fn told_by(&self, teller: Arc<dyn Teller>) {
        drop(self.teller.set(teller));
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.site.origin
    }

    /// The catalog: agents and API keys.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Takes a sequenced journal record. Call it for every record in order, also for one of duplicates only.
    ///
    /// # Errors
    /// [`StoreError::Order`] when record or index do not follow on those before; [`StoreError::Full`] when a cut
    /// must come first. On any error nothing was taken.
    pub fn append(&self, record: u64, batch: &Batch, decisions: &[Decision]) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if record != state.end.next_record {
            let expected = state.end.next_record;
            return Err(StoreError::Order { what: "journal record", found: record, expected });
        }
        let mut next = state.end.next_index;
        for decision in decisions {
            if let Decision::Entry { index, .. } = decision {
                if *index != next {
                    return Err(StoreError::Order { what: "entry", found: *index, expected: next });
                }
                next += 1;
            }
        }
        let bytes = state.hot_bytes();
        if bytes > self.hot_bytes_max {
            return Err(StoreError::Full { bytes, max: self.hot_bytes_max });
        }
        state.hot.append(batch, decisions)?;
        state.end = Position { next_index: next, next_record: record + 1 };
        state.snapshot = None;
        Ok(())
    }

    /// One consistent moment of the log. Cheap: made once for each change.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let mut state = self.state.lock();
        if let Some(snapshot) = &state.snapshot {
            return Arc::clone(snapshot);
        }
        state.hot.close();
        let frozen = state.frozen.iter().flat_map(|frozen| frozen.rows.batches());
        let snapshot = Arc::new(Snapshot {
            segments: state.segments.clone(),
            hot: frozen.chain(state.hot.batches()).cloned().collect(),
            size: state.end.next_index,
        });
        state.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// Memory of the rows that are not in segments, bytes.
    pub fn hot_bytes(&self) -> usize {
        self.state.lock().hot_bytes()
    }

    /// Up to where the journal may be released, and from where recovery replays it.
    pub fn position(&self) -> Position {
        self.state.lock().committed
    }

    /// Everything hot, to be written; later rows stay out of it, and all stay visible. `None` when there is
    /// nothing. While a cut is not committed, this gives the same cut again.
    pub fn freeze(&self) -> Option<Cut> {
        let mut state = self.state.lock();
        // Records of duplicates have no rows: they too are to leave the journal.
        if state.frozen.is_none() && state.end != state.committed {
            let mut rows = std::mem::take(&mut state.hot);
            rows.close();
            state.frozen = Some(Arc::new(Frozen { rows, from: state.committed, to: state.end }));
        }
        let frozen = Arc::clone(state.frozen.as_ref()?);
        Some(Cut { site: self.site.clone(), frozen })
    }

    /// Makes written segments count: one catalog transaction, then new snapshots show them in place of the hot
    /// rows. A cut that another thread has committed meanwhile is dropped; its files go.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when the transaction failed; the cut can be written and committed again.
    pub fn commit(&self, written: Written) -> Result<(), StoreError> {
        let _committing = self.committing.lock();
        let current = self.state.lock().frozen.clone();
        if !current.is_some_and(|frozen| Arc::ptr_eq(&frozen, &written.frozen)) {
            return Ok(());
        }
        // When the commit fails, nobody knows whether the rows are in: the files stay until the next open.
        written.segments.iter().for_each(|segment| segment.doom(false));
        let Frozen { from, to, .. } = *written.frozen;
        self.catalog.cut(&written.segments, from, to)?;
        (self.site.observer)(Step::CatalogCommitted);
        let mut state = self.state.lock();
        state.segments.extend(written.segments.iter().cloned());
        state.segments.sort_by_key(|segment| segment.first);
        state.frozen = None;
        state.committed = to;
        state.snapshot = None;
        drop(state);
        (self.site.observer)(Step::Switched);
        self.remove_leftovers(&written.segments, to);
        Ok(())
    }

    /// Freezes, writes and commits in this thread. Returns whether there was anything to cut.
    ///
    /// # Errors
    /// As [`Cut::write`] and [`Store::commit`].
    pub fn cut(&self, leaf: Leaf<'_>) -> Result<bool, StoreError> {
        match self.freeze() {
            Some(cut) => self.commit(cut.write(leaf)?).map(|()| true),
            None => Ok(false),
        }
    }

    /// Permanent bytes of the entries of an index range, in order, from segments and newest events.
    ///
    /// # Errors
    /// [`StoreError`] names the segment or the entry that cannot be read.
    pub fn entries(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        let mut bytes = Vec::with_capacity(1024);
        self.snapshot().rows(range, Wanted::Header, &mut |row| {
            bytes.clear();
            row.entry(&mut bytes)?;
            each(row.index(), &bytes);
            Ok(())
        })
    }

    /// The listed segments, by first index.
    pub(crate) fn segments(&self) -> Vec<Arc<SegmentFile>> {
        self.state.lock().segments.clone()
    }

    /// Puts new segments in the place of old ones that hold the same entries. Told first.
    pub(crate) fn replace(
        &self,
        old: &[Arc<SegmentFile>],
        new: &[Arc<SegmentFile>],
    ) -> Result<(), StoreError> {
        if let Some(teller) = self.teller.get() {
            teller.tell(old, new)?;
        }
        let _committing = self.committing.lock();
        new.iter().for_each(|segment| segment.doom(false));
        self.catalog.replace(old, new)?;
        (self.site.observer)(Step::CatalogCommitted);
        let mut state = self.state.lock();
        state.segments.retain(|segment| !old.iter().any(|old| Arc::ptr_eq(old, segment)));
        state.segments.extend(new.iter().cloned());
        state.segments.sort_by_key(|segment| segment.first);
        state.snapshot = None;
        drop(state);
        // From here on the files go with the last snapshot that shows them.
        old.iter().for_each(|segment| segment.doom(true));
        (self.site.observer)(Step::Switched);
        Ok(())
    }

    fn remove_leftovers(&self, listed: &[Arc<SegmentFile>], position: Position) {
        self.leftovers.lock().retain(|(path, last)| {
            let covered = *last < position.next_index;
            if covered && !listed.iter().any(|segment| segment.path == *path) {
                let _ = std::fs::remove_file(path);
            }
            !covered
        });
    }
}

impl State {
    fn hot_bytes(&self) -> usize {
        self.hot.bytes() + self.frozen.as_ref().map_or(0, |frozen| frozen.rows.bytes())
    }
}

impl Cut {
    /// Index range that is cut.
    pub fn range(&self) -> Range<u64> {
        self.frozen.from.next_index..self.frozen.to.next_index
    }

    /// Writes one segment for each retention class, synced and read back. May be called again after an error.
    ///
    /// # Errors
    /// [`StoreError::Leaf`] when a row does not give the leaf in the tree, or the tree does not hold it yet;
    /// [`StoreError::Io`] and [`StoreError::Parquet`] when the disk refuses. Nothing is lost then.
    pub fn write(&self, leaf: Leaf<'_>) -> Result<Written, StoreError> {
        let mut segments = Vec::new();
        let valued = Valued::in_batches(self.frozen.rows.batches());
        for class in Class::ALL {
            let mut writer: Option<SegmentWriter> = None;
            for batch in self.frozen.rows.batches().flat_map(slices) {
                let Some(rows) = of_class(&batch, class.as_str())? else { continue };
                if writer.is_none() {
                    writer = Some(SegmentWriter::new(
                        &self.site,
                        class.as_str(),
                        self.range().start,
                        Purpose::Fresh,
                        &valued,
                    )?);
                }
                if let Some(writer) = &mut writer {
                    writer.push(&rows)?;
                }
            }
            if let Some(writer) = writer {
                segments.extend(writer.finish(leaf)?.map(Arc::new));
            }
        }
        Ok(Written { frozen: Arc::clone(&self.frozen), segments })
    }
}

/// A batch in parts of [`SLICE_ROWS`]: picking rows copies them, and a hundred columns of a large batch are much memory.
fn slices(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    let starts = (0..batch.num_rows()).step_by(SLICE_ROWS);
    starts.map(|at| batch.slice(at, SLICE_ROWS.min(batch.num_rows() - at)))
}

/// The rows of one retention class.
fn of_class(batch: &RecordBatch, class: &str) -> Result<Option<RecordBatch>, StoreError> {
    let mask: BooleanArray = eq(batch.column(at::RETENTION), &StringViewArray::new_scalar(class))?;
    Ok(match mask.true_count() {
        0 => None,
        all if all == batch.num_rows() => Some(batch.clone()),
        count => {
            let picked = FilterBuilder::new(&mask).optimize().build();
            let columns = batch.columns().iter().map(|column| match column.null_count() {
                // Most columns have no value: any so many nulls are the nulls of the picked rows.
                nulls if nulls == column.len() => Ok(column.slice(0, count)),
                _ => picked.filter(column),
            });
            Some(RecordBatch::try_new(batch.schema(), columns.collect::<Result<_, _>>()?)?)
        }
    })
}

/// What lies in the folder of the segments, as far as its names are ours.
pub(crate) struct Found {
    segments: Vec<(Name, PathBuf)>,
    temporary: Vec<PathBuf>,
}

impl Found {
    /// Names of segments that the catalog does not list.
    pub(crate) fn unlisted(&self, listed: &[SegmentFile]) -> Vec<String> {
        let listed: HashSet<String> = listed.iter().map(name_of).collect();
        let mut names: Vec<String> = self.segments.iter().map(|(name, _)| name.text()).collect();
        names.retain(|name| !listed.contains(name));
        names.sort();
        names
    }
}

pub(crate) fn files(folder: &Path) -> Result<Found, StoreError> {
    let mut found = Found { segments: Vec::new(), temporary: Vec::new() };
    for entry in std::fs::read_dir(folder).map_err(StoreError::io("cannot list", folder))? {
        let path = entry.map_err(StoreError::io("cannot list", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = Name::parse(name) {
            found.segments.push((name, path));
        } else if Name::is_temporary(name) {
            found.temporary.push(path);
        }
    }
    Ok(found)
}

/// A store that lacks entries would answer short, and say nothing.
fn check_accounted(
    catalog: &Catalog,
    found: &Found,
    segments: &[SegmentFile],
    position: Position,
) -> Result<(), StoreError> {
    let faults = account::faults(segments, position.next_index, &found.unlisted(segments));
    if faults.is_empty() {
        return Ok(());
    }
    let what = format!("{}. Nothing was changed; tachograph verify names what is wrong", faults.join("; "));
    Err(catalog.damaged(what))
}

pub(crate) fn check_present(catalog: &Catalog, segment: &SegmentFile) -> Result<(), StoreError> {
    let path = segment.path.display();
    match std::fs::metadata(&segment.path) {
        Ok(metadata) if metadata.len() == segment.bytes => Ok(()),
        Ok(metadata) => {
            let (found, expected) = (metadata.len(), segment.bytes);
            Err(catalog.damaged(format!("it lists {path} with {expected} bytes, the file has {found}")))
        }
        Err(error) => Err(catalog.damaged(format!("it lists {path}, which cannot be read: {error}"))),
    }
}

/// Removes what a crash left behind. Every listed file is known to be there: an unlisted file below the position
/// holds entries that are in those. One above it is kept until its entries are in a listed file, in case this is
/// an older catalog and the journal no longer has them. Returns the latter with their last index.
fn tidy(found: Found, listed: &[SegmentFile], position: Position) -> Result<Vec<(PathBuf, u64)>, StoreError> {
    let remove = |path: &Path| std::fs::remove_file(path).map_err(StoreError::io("cannot remove", path));
    for path in &found.temporary {
        remove(path)?;
    }
    let mut kept = Vec::new();
    for (name, path) in found.segments {
        if listed.iter().any(|segment| name_of(segment) == name.text()) {
            continue;
        }
        if name.last < position.next_index {
            remove(&path)?;
        } else {
            kept.push((path, name.last));
        }
    }
    Ok(kept)
}
