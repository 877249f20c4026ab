//! A file as a destination: one event a line, synced before the answer.
//!
//! *On disk*: NDJSON, a line of `{"event_id", "digest", …the event}`. A file that has reached its size is put aside as
//! `NAME.1`, `NAME.2` … and never touched again.
//!
//! *Invariants*
//! - An event that was answered for is on disk. A line that a crash cut off is ended before the next one is written.
//! - The same id with the same content stands once in a file, also when several programs write it.
//!
//! *Locks*: the file's own lock, held for reading what others added, the write and the sync.
//!
//! *Limits*: searching and duplicates look at the current file only.

use crate::prepare::{Prepared, Preparer};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tacho_mcp::{Answer, Caller, Fault, Filter, Log, Page, Recorded};

/// A file of events.
pub(crate) struct FileLog {
    inner: Arc<Inner>,
    preparer: Preparer,
}

struct Inner {
    path: PathBuf,
    bytes_max: u64,
    seen: Mutex<Seen>,
}

/// What was read of the current file.
#[derive(Default)]
struct Seen {
    /// The file's number in its file system: another one means that it was put aside.
    inode: u64,
    read: u64,
    states: HashSet<(String, String)>,
}

impl FileLog {
    pub(crate) fn new(path: PathBuf, bytes_max: u64, preparer: Preparer) -> FileLog {
        FileLog { inner: Arc::new(Inner { path, bytes_max, seen: Mutex::default() }), preparer }
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| Fault::failed(error.to_string()))?
    }
}

impl Inner {
    fn fault(&self, what: &str, error: &std::io::Error) -> Fault {
        Fault::failed(format!("cannot {what} {}: {error}", self.path.display()))
    }

    fn add(&self, prepared: Prepared) -> Result<Recorded, Fault> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.locked()?;
        let mut about = file.metadata().map_err(|error| self.fault("look at", &error))?;
        if about.len() >= self.bytes_max {
            self.put_aside().map_err(|error| self.fault("put aside", &error))?;
            file = self.locked()?;
            about = file.metadata().map_err(|error| self.fault("look at", &error))?;
        }
        if seen.inode != about.ino() {
            *seen = Seen { inode: about.ino(), ..Seen::default() };
        }
        let torn = seen.catch_up(&mut file).map_err(|error| self.fault("read", &error))?;
        let state = (prepared.id, prepared.digest);
        if seen.states.contains(&state) {
            return Ok(Recorded { index: None, duplicate: true });
        }
        let mut line = Map::new();
        line.insert("event_id".into(), state.0.clone().into());
        line.insert("digest".into(), state.1.clone().into());
        line.extend(prepared.event);
        let text = format!("{}{}\n", if torn { "\n" } else { "" }, Value::Object(line));
        file.write_all(text.as_bytes()).map_err(|error| self.fault("write to", &error))?;
        file.sync_data().map_err(|error| self.fault("sync", &error))?;
        Ok(Recorded { index: None, duplicate: false })
    }

    /// The current file, with its lock.
    fn locked(&self) -> Result<File, Fault> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| self.fault("make the folder of", &error))?;
        }
        loop {
            let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path);
            let file = file.map_err(|error| self.fault("open", &error))?;
            let locked = flock(&file, FlockOperation::LockExclusive);
            locked.map_err(|error| self.fault("lock", &error.into()))?;
            let own = file.metadata().map_err(|error| self.fault("look at", &error))?;
            // Whoever held the lock may have put it aside.
            match std::fs::metadata(&self.path) {
                Ok(current) if current.ino() == own.ino() => return Ok(file),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn put_aside(&self) -> std::io::Result<()> {
        let name = |n: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{n}"));
            PathBuf::from(name)
        };
        let free = (1..).map(name).find(|path| !path.exists()).expect("there is always a larger number");
        std::fs::rename(&self.path, free)?;
        sync_folder(&self.path)
    }

    /// Reads the events of the current file, newest first, and takes those that `wanted` takes.
    fn scan(
        &self,
        mut wanted: impl FnMut(&Map<String, Value>) -> Look,
    ) -> Result<Vec<Map<String, Value>>, Fault> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.fault("read", &error)),
        };
        let mut bytes = Vec::new();
        let read = file.take(self.bytes_max + (2 << 20)).read_to_end(&mut bytes);
        read.map_err(|error| self.fault("read", &error))?;
        let mut found = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').rev() {
            // A torn line is no event: it was never answered for.
            let Ok(event) = serde_json::from_slice::<Map<String, Value>>(line) else { continue };
            match wanted(&event) {
                Look::Take => found.push(event),
                Look::Pass => {}
                Look::Stop => break,
            }
        }
        Ok(found)
    }
}

enum Look {
    Take,
    Pass,
    Stop,
}

impl Seen {
    /// Reads what was added since; says whether the last line is not whole.
    fn catch_up(&mut self, file: &mut File) -> std::io::Result<bool> {
        file.seek(SeekFrom::Start(self.read))?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(false);
            }
            if line.last() != Some(&b'\n') {
                return Ok(true);
            }
            self.read += length as u64;
            if let Ok(event) = serde_json::from_slice::<Map<String, Value>>(&line) {
                let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_string);
                self.states.extend(text("event_id").zip(text("digest")));
            }
        }
    }
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// Whether an event is among those that are looked for.
fn fits(event: &Map<String, Value>, filter: &Filter, times: (Option<i64>, Option<i64>)) -> bool {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let is = |name: &str, wanted: &Option<String>| {
        wanted.as_deref().is_none_or(|wanted| text(name) == Some(wanted))
    };
    let time = text("timestamp").and_then(|time| tacho_event::time::parse(time).ok());
    let action = filter.action.as_deref();
    let status = filter.status.as_deref().map(|status| if status == "failed" { "failure" } else { status });
    let whole = filter.query.as_ref().map(|_| Value::Object(event.clone()).to_string().to_lowercase());
    let has = |words: &String| {
        let whole = whole.as_deref().unwrap_or_default();
        words.to_lowercase().split_whitespace().all(|word| whole.contains(word))
    };
    is("agent_id", &filter.agent)
        && is("session_id", &filter.session)
        && is("user_id", &filter.user)
        && action.is_none_or(|action| [text("action_type"), text("action_name")].contains(&Some(action)))
        && status.is_none_or(|status| text("outcome_status") == Some(status))
        && times.0.is_none_or(|from| time.is_some_and(|time| time >= from))
        && times.1.is_none_or(|to| time.is_some_and(|time| time < to))
        && filter.query.as_ref().is_none_or(has)
}

impl Log for FileLog {
    fn name(&self) -> &str {
        "file"
    }

    fn record<'a>(&'a self, _: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async move {
            let prepared = self.preparer.prepare(event)?;
            self.off_thread(move |inner| inner.add(prepared)).await
        })
    }

    fn search<'a>(&'a self, _: &'a Caller, filter: &'a Filter) -> Answer<'a, Page> {
        Box::pin(async move {
            let moment = |text: &Option<String>| match text {
                Some(text) => {
                    tacho_event::time::parse(text).map(Some).map_err(|e| Fault::refused(e.to_string()))
                }
                None => Ok(None),
            };
            let times = (moment(&filter.from)?, moment(&filter.to)?);
            let skip = filter.cursor.as_deref().map_or(Ok(0), str::parse::<usize>);
            let skip = skip.map_err(|_| Fault::refused("the cursor is not of this log"))?;
            let wanted = filter.clone();
            let rows = self.off_thread(move |inner| {
                let (mut passed, mut taken) = (0, 0);
                inner.scan(|event| {
                    if taken == wanted.limit {
                        return Look::Stop;
                    }
                    let fits = fits(event, &wanted, times);
                    passed += usize::from(fits);
                    taken += usize::from(fits && passed > skip);
                    if fits && passed > skip { Look::Take } else { Look::Pass }
                })
            });
            let rows = rows.await?;
            let cursor = (rows.len() == filter.limit).then(|| (skip + rows.len()).to_string());
            Ok(Page { rows, cursor })
        })
    }

    fn entry<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let wanted = id.to_string();
            let is = move |event: &Map<String, Value>| {
                let is = event.get("event_id").and_then(Value::as_str) == Some(&wanted);
                if is { Look::Take } else { Look::Pass }
            };
            // The newest state of it.
            let found = self.off_thread(move |inner| inner.scan(is)).await?.into_iter().next();
            found
                .map(Value::Object)
                .ok_or_else(|| Fault::absent(format!("no event in the current file has the id {id}")))
        })
    }

    fn session<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let wanted = id.to_string();
            let is = move |event: &Map<String, Value>| {
                let is = event.get("session_id").and_then(Value::as_str) == Some(&wanted);
                if is { Look::Take } else { Look::Pass }
            };
            let mut steps = self.off_thread(move |inner| inner.scan(is)).await?;
            steps.reverse();
            if steps.is_empty() {
                return Err(Fault::absent(format!("no session in the current file has the id {id}")));
            }
            Ok(serde_json::json!({"session": id, "steps": steps}))
        })
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
