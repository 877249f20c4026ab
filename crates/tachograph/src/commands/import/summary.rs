//! What an import tells: a bar while it runs, the first lines that were refused, a table at the end.

use super::course::Course;
use super::find::Found;
use super::progress;
use super::sink::{Answer, Sink};
use indicatif::{HumanBytes, ProgressBar};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::sync::Mutex;

/// So many refused lines and files are named; the others are counted.
const NAMED_MAX: u64 = 50;

pub(super) struct Summary {
    bar: ProgressBar,
    files: u64,
    /// Only one file is read: its lines need no name before them.
    is_one_file: bool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    kinds: BTreeMap<&'static str, Kind>,
    files_done: u64,
    named: u64,
    files_failed: u64,
}

#[derive(Default)]
struct Kind {
    files: u64,
    bytes: u64,
    accepted: u64,
    duplicates: u64,
    refused: u64,
}

impl Summary {
    pub(super) fn new(found: &[Found], is_one_file: bool) -> Summary {
        let bytes = found.iter().map(|found| found.bytes).sum();
        let mut counts = Counts::default();
        for found in found {
            counts.kinds.entry(found.kind()).or_default().files += 1;
        }
        Summary {
            bar: progress((!found.is_empty()).then_some(bytes)),
            files: found.len() as u64,
            is_one_file,
            counts: Mutex::new(counts),
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().expect("nothing panics while it holds the counts")
    }

    pub(super) fn has_read(&self, course: &Course, bytes: u64) {
        self.counts().kinds.entry(course.kind).or_default().bytes += bytes;
        self.bar.inc(bytes);
    }

    pub(super) fn file_is_done(&self) {
        self.counts().files_done += 1;
    }

    /// A file that came while the others were followed.
    pub(super) fn has_new_file(&self, course: &Course) {
        self.counts().kinds.entry(course.kind).or_default().files += 1;
    }

    pub(super) fn add(&self, course: &Course, answer: Answer) {
        let mut counts = self.counts();
        let kind = counts.kinds.entry(course.kind).or_default();
        kind.accepted += answer.accepted;
        kind.duplicates += answer.duplicates;
        kind.refused += answer.refused;
        let events: u64 = counts.kinds.values().map(|kind| kind.accepted + kind.duplicates).sum();
        let rate = events as f64 / self.bar.elapsed().as_secs_f64().max(0.001);
        let done = counts.files_done;
        self.bar.set_message(format!("{done}/{} files, {events} events, {rate:.0}/s", self.files));
        for (line, reason) in answer.reasons {
            self.name(&mut counts, course, Some(line), &reason);
        }
    }

    pub(super) fn refused(&self, course: &Course, line: u64, why: &str) {
        let mut counts = self.counts();
        counts.kinds.entry(course.kind).or_default().refused += 1;
        self.name(&mut counts, course, Some(line), &why);
    }

    /// A file that could not be read to its end.
    pub(super) fn failed(&self, course: &Course, why: &str) {
        let mut counts = self.counts();
        counts.files_failed += 1;
        self.name(&mut counts, course, None, &why);
    }

    fn name(&self, counts: &mut Counts, course: &Course, line: Option<u64>, why: &dyn Display) {
        counts.named += 1;
        if counts.named > NAMED_MAX {
            return;
        }
        let path = course.path.display();
        self.say(&match line {
            Some(line) if self.is_one_file => format!("line {line} refused: {why}"),
            Some(line) => format!("{path} line {line} refused: {why}"),
            None => format!("{path}: {why}"),
        });
    }

    /// A line for people beside the bar.
    pub(super) fn say(&self, line: &str) {
        // Nobody may be reading any more (`2>&1 | head`): the import goes on.
        drop(self.bar.suspend(|| writeln!(std::io::stderr(), "{line}")));
    }

    /// Takes the bar away.
    pub(super) fn pause(&self) {
        self.bar.finish_and_clear();
    }

    /// Ends the import and tells what became of it. Says whether all was recorded.
    pub(super) fn close(self, sink: Sink) -> Result<bool, Box<dyn Error>> {
        self.pause();
        let counts = self.counts.into_inner().expect("nothing panics while it holds the counts");
        let sum = |of: fn(&Kind) -> u64| counts.kinds.values().map(of).sum::<u64>();
        let accepted = sum(|kind| kind.accepted);
        let (duplicates, refused) = (sum(|kind| kind.duplicates), sum(|kind| kind.refused));
        if counts.named > NAMED_MAX {
            drop(writeln!(std::io::stderr(), "and {} more were refused", counts.named - NAMED_MAX));
        }
        let log = match sink.close(accepted)? {
            Some((size, sealed)) => format!("the log has {size} entries, {sealed} sealed"),
            None => "the server is away".to_string(),
        };
        if !self.is_one_file {
            drop(writeln!(
                std::io::stdout(),
                "{:<8} {:>8} {:>12} {:>12} {:>12} {:>9}",
                "read",
                "files",
                "size",
                "new",
                "duplicates",
                "refused"
            ));
            for (name, kind) in &counts.kinds {
                let Kind { files, bytes, accepted, duplicates, refused } = kind;
                let bytes = HumanBytes(*bytes).to_string();
                drop(writeln!(
                    std::io::stdout(),
                    "{name:<8} {files:>8} {bytes:>12} {accepted:>12} {duplicates:>12} {refused:>9}"
                ));
            }
        }
        drop(writeln!(
            std::io::stdout(),
            "accepted {accepted}, duplicates {duplicates}, refused {refused}; {log}"
        ));
        Ok(refused == 0 && counts.files_failed == 0)
    }
}
