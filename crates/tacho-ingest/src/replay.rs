//! What events of a body get from their place in it: an id by how often their line came before, and, where history
//! is replayed, a time by their neighbours.
//!
//! Invariant: both follow from the body alone, so a second import of it is all duplicates.

use crate::accept::Sender;
use crate::body::lines;
use crate::formats::claude_transcript::{line_of, repeated};
use crate::formats::decode;
use crate::ingest::{Options, mapped};
use std::collections::HashMap;
use tacho_event::event::Event;
use tacho_event::id::{Id, IdKey};
use tacho_event::time::Micros;

/// What came before in a body.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// How often each line came, by its keyed digest.
    lines: HashMap<u64, u64>,
    last_us: Option<Micros>,
    has_looked: bool,
}

impl Past {
    /// Gives events from history that have no id one that a second import of the same file gives them as well:
    /// by the text of their line, and how often that came before. Lines are counted within a body; where a body
    /// is part of a file, its place in it tells equal lines of two parts from one another.
    pub(crate) fn name(
        &mut self,
        text: &str,
        key: &IdKey,
        sender: &Sender<'_>,
        options: &Options<'_>,
        events: &mut [Event<'_>],
    ) {
        if events.iter().all(|event| event.id.is_some()) {
            return;
        }
        let times = self.count(key, text);
        for (number, event) in events.iter_mut().enumerate().filter(|(_, event)| event.id.is_none()) {
            let place = [options.lines_before, times, number as u64].map(u64::to_be_bytes);
            let file = options.file.as_bytes();
            let scope: [&[u8]; 6] = [b"replayed", &sender.writer, file, &place[0], &place[1], &place[2]];
            event.id = Some(Id::keyed(key, &scope, text).text().into());
        }
    }

    /// Tells equal lines of a transcript apart that are named by what is in them. The first of a file keeps that
    /// name, whatever the file is called.
    pub(crate) fn name_repeated(&mut self, key: &IdKey, options: &Options<'_>, events: &mut [Event<'_>]) {
        let mut times = 0;
        for event in events {
            let Some((digest, number)) = event.id.as_deref().and_then(line_of) else { continue };
            if number.is_empty() {
                times = self.count(key, digest);
            }
            if options.lines_before + times > 0 {
                event.id = Some(repeated(digest, number, options.lines_before, times).into());
            }
        }
    }

    /// How often this came before.
    fn count(&mut self, key: &IdKey, text: &str) -> u64 {
        let times = self.lines.entry(key.fingerprint(&[text.as_bytes()])).or_default();
        *times += 1;
        *times - 1
    }

    /// The time of an event without one of its own: that of the event before it, at the start of a body that of
    /// the first one behind it that has one.
    pub(crate) fn time(&mut self, event: &Event<'_>, body: &[u8], options: &Options<'_>) -> Option<Micros> {
        if event.claimed_us.is_some() {
            self.last_us = event.claimed_us;
        } else if self.last_us.is_none() && !self.has_looked {
            self.has_looked = true;
            self.last_us = first_time(body, options);
        }
        self.last_us
    }
}

fn first_time(body: &[u8], options: &Options<'_>) -> Option<Micros> {
    lines(body, options.format).find_map(|line| {
        let text = mapped(line.text.ok()?, options).ok()?;
        let mut first = None;
        let read = decode(&text, options.format, &mut |event| first = first.or(event.claimed_us));
        read.ok().and(first)
    })
}
