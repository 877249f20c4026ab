//! `import`: records files of history of any format, in a folder at rest or through the server that has it open. The
//! session files of agents are found by themselves; a file that is imported again is all duplicates. One bad line is
//! reported and its neighbours are recorded, one bad file as well.

mod course;
mod ends;
mod find;
mod follow;
mod pieces;
mod sink;
mod stop;
mod summary;

use super::Arguments;
use crate::exit::Ended;
use course::{Course, Failure, Tail};
use find::Found;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use pieces::Pieces;
use sink::Sink;
use std::collections::VecDeque;
use std::error::Error;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use stop::Stop;
use summary::Summary;
use tacho_ingest::formats::Format;

/// So many files are read at a time.
const WORKERS_MAX: usize = 4;

/// What is imported, and how.
#[derive(clap::Args)]
pub(super) struct Import {
    /// Files, folders, `-` for standard input, or agents: claude, codex, gemini. Nothing is every agent's usual folder.
    #[arg(value_name = "WHAT")]
    what: Vec<PathBuf>,
    /// Every agent's usual folder, beside what is named.
    #[arg(long)]
    all: bool,
    /// The format, when it should not be recognised by itself.
    #[arg(long)]
    format: Option<String>,
    /// Only shows what would be read.
    #[arg(long)]
    dry_run: bool,
    /// Goes on with what is written to the files, and with new files, until Ctrl-C.
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
}

/// Imports. Returns whether all of it was recorded.
pub(super) fn run(arguments: &Arguments, import: &Import) -> Result<bool, Box<dyn Error>> {
    let format = match import.format.as_deref() {
        Some(name) => Some(Format::by_name(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Ended::usage(format!("format \"{name}\" is unknown: expected one of {}", known.join(", ")))
        })?),
        None => None,
    };
    if import.what.iter().any(|what| what.as_os_str() == "-") {
        if import.what.len() > 1 || import.all || import.follow || import.dry_run {
            return Err(Ended::usage("standard input (-) is read alone, once, to its end"));
        }
        let pieces = Pieces::of(Box::new(std::io::stdin()));
        return read_alone(arguments, Course::of_input(format), pieces);
    }
    let environment = |name: &str| std::env::var_os(name);
    let mut places = find::places(&import.what, &environment)?;
    if import.all && !import.what.is_empty() {
        places.extend(find::places(&[], &environment)?);
    }
    let found = find::files(&places)?;
    let is_one_file = matches!(import.what.as_slice(), [what] if what.is_file()) && !import.all;
    if !is_one_file || import.dry_run {
        tell(&found, &places);
    }
    if import.dry_run {
        return Ok(true);
    }
    if found.is_empty() && !import.follow {
        return Err(Box::new(Ended::Absent("there is nothing to import".to_string())));
    }
    let sink = Sink::open(arguments)?;
    let stop = Stop::listen()?;
    let summary = Summary::new(&found, is_one_file);
    let courses: Vec<Course> = found.into_iter().map(|found| Course::of_file(found, format)).collect();
    let courses = read_all(courses, &sink, &summary, &stop, import.follow)?;
    let mut other = None;
    if import.follow && !stop.is_asked() {
        other = follow::run(arguments, &places, format, courses, &sink, &summary, &stop)?;
    }
    summary.close(other.unwrap_or(sink))
}

fn read_alone(arguments: &Arguments, mut course: Course, mut pieces: Pieces) -> Result<bool, Box<dyn Error>> {
    let sink = Sink::open(arguments)?;
    let stop = Stop::listen()?;
    let summary = Summary::new(&[], true);
    course.read(&mut pieces, &sink, &summary, &stop, Tail::Any).map_err(|failure| failure.to_string())?;
    summary.close(sink)
}

/// Reads all files, some at a time. What failed with one file is told, and keeps no other from being read.
fn read_all(
    courses: Vec<Course>,
    sink: &Sink,
    summary: &Summary,
    stop: &Stop,
    is_followed: bool,
) -> Result<Vec<Course>, Box<dyn Error>> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, WORKERS_MAX);
    let done = Mutex::new(Vec::new());
    let broken: Mutex<Option<String>> = Mutex::new(None);
    // What a session repeats of another one is of the session that is recorded first.
    let (copies, own): (Vec<_>, Vec<_>) = courses.into_iter().partition(Course::begins_with_copies);
    for queue in [own, copies].map(|courses| Mutex::new(VecDeque::from(courses))) {
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(mut course) = next(&queue).filter(|_| !stop.is_asked()) {
                        match course.advance(sink, summary, stop, !is_followed) {
                            Ok(()) => {}
                            Err(Failure::File(why)) => summary.failed(&course, &why),
                            Err(Failure::Sink(why)) => {
                                set(&broken, why);
                                stop.ask();
                            }
                        }
                        summary.file_is_done();
                        done.lock().expect("nothing panics while it holds the list").push(course);
                    }
                });
            }
        });
    }
    summary.pause();
    match broken.into_inner().expect("nothing panics while it holds the reason") {
        Some(why) => Err(why.into()),
        None => Ok(done.into_inner().expect("nothing panics while it holds the list")),
    }
}

fn next(queue: &Mutex<VecDeque<Course>>) -> Option<Course> {
    queue.lock().expect("nothing panics while it holds the queue").pop_front()
}

fn set(broken: &Mutex<Option<String>>, why: String) {
    broken.lock().expect("nothing panics while it holds the reason").get_or_insert(why);
}

/// Says what was found, by kind, or where nothing was. The import goes on when nobody reads it.
fn tell(found: &[Found], places: &[find::Place]) {
    if found.is_empty() {
        let looked: Vec<String> = places.iter().map(|place| place.path.display().to_string()).collect();
        drop(writeln!(std::io::stdout(), "found nothing in {}", looked.join(", ")));
        return;
    }
    drop(writeln!(std::io::stdout(), "{:<8} {:>8} {:>12}", "found", "files", "size"));
    let mut kinds: Vec<&str> = found.iter().map(Found::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind: Vec<&Found> = found.iter().filter(|found| found.kind() == kind).collect();
        let bytes = of_kind.iter().map(|found| found.bytes).sum();
        drop(writeln!(
            std::io::stdout(),
            "{kind:<8} {:>8} {:>12}",
            of_kind.len(),
            HumanBytes(bytes).to_string()
        ));
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let bar = bytes.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A file's own name. SWE-agent calls a task's trajectory alike in each run, and the folder after the run: there the name
/// has it before it, and is the same when the file is packed.
fn name_of(path: &Path) -> String {
    let text = |name: &OsStr| name.to_string_lossy().into_owned();
    let name = path.file_name().map(text).unwrap_or_default();
    let plain = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    if !plain.ends_with(".traj") {
        return name;
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().and_then(Path::file_name).map(text).unwrap_or_default();
    format!("{folder}/{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trajectory_has_its_folders_name_and_other_files_their_own() {
        for (path, name) in [
            ("/runs/one/task.traj", "one/task.traj"),
            ("/runs/two/task.traj.gz", "two/task.traj"),
            ("/runs/one/task.jsonl.zst", "task.jsonl.zst"),
            ("/task.traj", "/task.traj"),
            ("-", "-"),
        ] {
            assert_eq!(name_of(Path::new(path)), name);
        }
    }
}
