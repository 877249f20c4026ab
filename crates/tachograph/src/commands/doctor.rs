//! `doctor`: says what is wrong and what to do, in the order of how much it matters.
//!
//! BAD is what has to be mended, and decides the exit code. WARN is what will have to be if nothing is done; it does not,
//! so that a machine with a small disk is not called ill.

mod space;

use super::Arguments;
use crate::client::Answer;
use crate::folder::{master_path, read_origin, read_secrets, verifiers};
use crate::target::{Target, serving};
use crate::verify::tiles;
use space::Room;
use std::error::Error;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tacho_merkle::Checkpoint;
use tacho_record::RecordError;
use tacho_record::log::{self, Released};
use tacho_store::StoreError;
use tacho_store::inspect::{Glance, glance};

/// Entries that may wait for a checkpoint before something is wrong.
const UNSEALED_MANY: u64 = 1_000_000;

/// What to do about bytes that are not what was written.
const DAMAGED: &str = "stop what writes there and change nothing: copy the folder as it is, run tachograph verify on \
                       the copy to see what is damaged, and restore that from a backup";

/// Printed as it is found; the verdict is the same when nobody reads it.
#[derive(Default)]
struct Report {
    bad: u32,
    warnings: u32,
}

impl Report {
    fn good(&mut self, what: impl std::fmt::Display) {
        drop(writeln!(std::io::stdout(), "  ok    {what}"));
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        drop(writeln!(std::io::stdout(), "  note  {what}"));
    }

    fn warn(&mut self, what: impl std::fmt::Display, cure: &str) {
        self.warnings += 1;
        drop(writeln!(std::io::stdout(), "  WARN  {what}\n        {cure}"));
    }

    fn room(&mut self, room: Room) {
        match room {
            Room::Enough(what) => self.good(what),
            Room::Low(what, cure) => self.warn(what, cure),
            Room::None(what, cure) => self.bad(what, cure),
        }
    }

    fn verdict(&self) -> String {
        match (self.bad, self.warnings) {
            (0, 0) => "all is well".to_string(),
            (0, 1) => "all is well, with a warning".to_string(),
            (0, some) => format!("all is well, with {some} warnings"),
            (bad, _) => format!("{bad} to mend"),
        }
    }

    fn bad(&mut self, what: impl std::fmt::Display, cure: &str) {
        self.bad += 1;
        drop(writeln!(std::io::stdout(), "  BAD   {what}\n        {cure}"));
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let mut report = Report::default();
    let data = arguments.data.as_path();
    let mut is_whole = true;
    if data.exists() {
        drop(writeln!(std::io::stdout(), "folder {}", data.display()));
        report.room(space::room(data)?);
        // A server is asked whatever its folder looks like. A folder at rest would be mended while it is opened, and
        // with that goes what shows how it came to this.
        let is_asked = arguments.server.is_some() || matches!(serving(data), Ok(Some(_)));
        let is_sound = secrets(data, &mut report) && sealed(data, &mut report) && stored(data, &mut report);
        is_whole = is_sound || is_asked;
    }
    if is_whole {
        match arguments.target() {
            Err(error) => report.bad(&error, cure(error.as_ref(), data)),
            Ok(target) => {
                drop(writeln!(
                    std::io::stdout(),
                    "{}",
                    if target.client().is_some() { "server" } else { "folder at rest" }
                ));
                ask(&target, &mut report)?;
            }
        }
    } else {
        report.note("the folder was not opened: what is bad above comes first");
    }
    drop(writeln!(std::io::stdout(), "{}", report.verdict()));
    drop(writeln!(
        std::io::stdout(),
        "what is recorded was not compared with what was signed: tachograph verify does that"
    ));
    Ok(report.bad == 0)
}

/// What to do when the folder or the server cannot be asked.
fn cure(error: &(dyn Error + 'static), data: &Path) -> &'static str {
    match (error.downcast_ref::<RecordError>(), error.downcast_ref::<StoreError>()) {
        (Some(RecordError::Corrupt { .. } | RecordError::Poisoned { .. }), _) => DAMAGED,
        (Some(RecordError::InUse { .. }), _) => "another process has it: name its server with --server",
        (Some(_), _) | (_, Some(StoreError::Io { .. })) => "look at space and permissions",
        (_, Some(StoreError::Newer { .. })) => "use the program that wrote it, or a newer one",
        (_, Some(_)) => DAMAGED,
        (None, None) if data.exists() => "mend what it names, then ask again",
        (None, None) => "start a server (tachograph serve), or name one with --server",
    }
}

/// Whether what is recorded is signed, as far as that can be seen without opening the folder.
fn sealed(data: &Path, report: &mut Report) -> bool {
    let has =
        |folder: &str| std::fs::read_dir(data.join(folder)).is_ok_and(|mut files| files.next().is_some());
    if data.join("log/checkpoint").exists() {
        return true;
    }
    let what = if has("log/tile") || has("segments") {
        "log/checkpoint is missing, and entries were signed".to_string()
    } else {
        let mut entries = 0;
        let read = log::read(data, Released::default(), |batch| {
            entries += batch.entries().count();
            Ok(())
        });
        match read {
            Ok(()) if entries == 0 => return true,
            Ok(()) => format!("{entries} entries are recorded, and log/checkpoint is missing"),
            // A folder that is only now made has no journal.
            Err(_) if !has("wal") => return true,
            Err(error) => {
                report.bad(&error, cure(&error, data));
                return false;
            }
        }
    };
    let cure = "do not start a server, it would sign what is there now: copy the folder as it is, run tachograph \
                verify on the copy, and restore log/checkpoint from its backup; only a log that crashed in its \
                first second never had one";
    report.bad(what, cure);
    false
}

/// Whether everything that is signed has its place, as far as catalog rows and the names and lengths of files tell.
fn stored(data: &Path, report: &mut Report) -> bool {
    let Glance { faults, position } = glance(data);
    let mut found: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let note = std::fs::read_to_string(data.join("log/checkpoint")).unwrap_or_default();
    let text = note.split("\n\n").next().unwrap_or_default();
    match Checkpoint::parse_text(&format!("{text}\n")) {
        // What the journal still holds, the next start makes tiles of again.
        Ok(checkpoint) => found.extend(tiles::absent(&data.join("log"), checkpoint.size.min(position))),
        Err(_) if note.is_empty() => {}
        Err(error) => found.push(format!("log/checkpoint is none: {error}")),
    }
    found.iter().for_each(|what| report.bad(what, DAMAGED));
    if found.is_empty() {
        report.good("the catalog accounts for every entry, and no segment and no full tile is missing");
    }
    found.is_empty()
}

/// Says whether the log can be opened with what is there.
fn secrets(data: &Path, report: &mut Report) -> bool {
    let has_log = data.join("wal").exists();
    let mut is_whole = true;
    match (read_origin(data), has_log) {
        (Err(_), false) => report.note("it holds no log yet: the first start makes one"),
        (Err(error), true) => {
            is_whole = false;
            let cure = "restore the file origin from a backup, it holds one line: the log's name, which is also the \
                        first line of log/checkpoint";
            report.bad(error, cure);
        }
        (Ok(origin), _) => match read_secrets(data).and_then(|ring| verifiers(&origin, &ring)) {
            Ok(_) => report.good("the log's keys are readable"),
            Err(error) => {
                is_whole = false;
                let cure = "restore keyring/ and the master key from their backup: without them nothing new can be \
                            signed, and no section can be checked";
                report.bad(error, cure);
            }
        },
    }
    let master = master_path(data);
    let Ok(found) = std::fs::metadata(&master) else { return is_whole };
    if found.permissions().mode() & 0o077 != 0 {
        let cure = format!("chmod 600 {}", master.display());
        report.bad(format!("{} can be read by others", master.display()), &cure);
    }
    if master.starts_with(data) {
        report.note(
            "the master key lies beside what it wraps: TACHOGRAPH_MASTER_KEY names one that lies elsewhere",
        );
    }
    if !data.join("config.toml").exists() {
        report.note("no config.toml: the defaults apply (docs/guide/configuration.md)");
    }
    is_whole
}

/// Says when the disk is full, where that is soon; a server that does not tell is old, or not asked by who may know.
fn grows(target: &Target, report: &mut Report) {
    let found = target.get("/v1/capacity", "application/json").and_then(Answer::good);
    let Ok(found) = found else { return };
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap_or_default();
    if let Some(room) = space::growth(found["days_until_full"].as_f64()) {
        report.room(room);
    }
}

/// Health, seal lag and the slowest queries, by the server's own answers.
fn ask(target: &Target, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let health: serde_json::Value = serde_json::from_slice(&target.get("/health", "application/json")?.body)?;
    let number = |name: &str| health[name].as_u64().unwrap_or_default();
    match health["status"].as_str() {
        Some("ok") => {
            report.good(format!("recording; {} entries, {} sealed", number("size"), number("sealed")))
        }
        Some(status) => {
            let faults = health["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
            let faults: Vec<&str> = faults.iter().filter_map(|fault| fault.as_str()).collect();
            let cure = match status {
                "stopped" => "restart the server: it reads back what the disk holds and goes on from there",
                _ => "what failed is tried again every second; look at space and permissions",
            };
            report.bad(format!("{status}: {}", faults.join("; ")), cure);
        }
        None => report.bad("no answer of /health is understood", "is this a tachograph server?"),
    }
    if number("size").saturating_sub(number("sealed")) > UNSEALED_MANY {
        let cure = "the machine is overloaded, or the log/ folder is slow: look at its disk";
        report.bad(format!("{} entries wait for a checkpoint", number("size") - number("sealed")), cure);
    }
    grows(target, report);
    let silent = "SELECT id FROM agents WHERE expected AND (last_seen IS NULL OR last_seen < now() - INTERVAL '1 day')";
    match target.post("/v1/sql", "application/x-ndjson", silent.as_bytes())?.good() {
        Err(error) => report.bad(error, "queries must work: look at the server's log"),
        Ok(rows) => {
            for row in String::from_utf8_lossy(&rows).lines() {
                let what = format!("expected agent not seen for a day: {row}");
                report.bad(what, "is it running, and does it send here?");
            }
        }
    }
    let slow: serde_json::Value =
        serde_json::from_slice(&target.get("/v1/queries", "application/json")?.body).unwrap_or_default();
    for query in slow["slowest"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let milliseconds = query["milliseconds"].as_u64().unwrap_or_default();
        report
            .note(format!("slow query, {milliseconds} ms: {}", query["query"].as_str().unwrap_or_default()));
    }
    Ok(())
}
