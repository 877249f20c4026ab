//! `--follow`: looks again and again what was written to the files, and which are new. Asking costs a `stat` each; no
//! system's notices are needed, and none is missed when a file is replaced, cut, or on a network disk.
//!
//! A line is read when it has its end, or when nothing was written for two looks. A server that went away is waited
//! for; what it did not answer for is sent again.

use super::course::{Course, Failure};
use super::find::{self, Place};
use super::sink::Sink;
use super::stop::Stop;
use super::summary::Summary;
use super::{Arguments, find::Found};
use crate::client::Client;
use std::collections::HashSet;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tacho_ingest::formats::Format;

/// So often files are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// So many looks until folders are searched for new files.
const LOOKS_A_SEARCH: u64 = 6;

/// Follows until Ctrl-C. What can't be read is told once. Gives the server that answered last, when it is another.
pub(super) fn run(
    arguments: &Arguments,
    places: &[Place],
    format: Option<Format>,
    mut courses: Vec<Course>,
    sink: &Sink,
    summary: &Summary,
    stop: &Stop,
) -> Result<Option<Sink>, Box<dyn Error>> {
    summary.say(&format!("following {} files; Ctrl-C stops", courses.len()));
    let mut known: HashSet<PathBuf> = courses.iter().map(|course| course.path.clone()).collect();
    let (mut failed, mut is_away, mut other) = (HashSet::new(), false, None);
    let mut looks = 0;
    while stop.wait(LOOK) {
        looks += 1;
        if looks % LOOKS_A_SEARCH == 0 {
            let found = find::files(places)?;
            for found in
                found.into_iter().filter(|found| !known.contains(&found.path)).collect::<Vec<Found>>()
            {
                known.insert(found.path.clone());
                let course = Course::of_file(found, format);
                summary.has_new_file(&course);
                courses.push(course);
            }
        }
        let into = other.as_ref().unwrap_or(sink);
        let mut broken = None;
        for course in &mut courses {
            match course.advance(into, summary, stop, false) {
                Ok(()) => drop(failed.remove(&course.path)),
                Err(Failure::File(why)) => {
                    // A file that was removed is followed on: it may come back under its name.
                    if failed.insert(course.path.clone()) && course.path.exists() {
                        summary.failed(course, &why);
                    }
                }
                Err(Failure::Sink(why)) => {
                    broken = Some(why);
                    break;
                }
            }
        }
        let Some(why) = broken else {
            is_away = false;
            continue;
        };
        if matches!(sink, Sink::Folder(_)) {
            return Err(why.into());
        }
        if !is_away {
            summary.say(&format!("{why}; waiting for the server"));
        }
        is_away = true;
        other = again(arguments)?.map(Sink::Server).or(other);
    }
    Ok(other)
}

/// The server that has the folder open now: after a restart it may listen elsewhere.
fn again(arguments: &Arguments) -> Result<Option<Client>, Box<dyn Error>> {
    crate::target::running(arguments.server.as_deref(), arguments.key.as_deref(), &arguments.data)
}
