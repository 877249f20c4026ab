//! A place in a file of history, and what the lines before it say of those behind it.
//!
//! A line does not tell everything: only the first of a session file names the session, a message of several lines
//! repeats what it cost on each, and many a line has neither id nor time. So what is read of a file carries a place
//! along, from line to line and from one part of the file to the next; whoever sends a file in parts hands the place
//! on as it was given.
//!
//! Invariants
//! - A place follows from the lines up to it alone, however the file was cut into parts. So a second import is all
//!   duplicates, and so is the beginning of a file that has grown.
//! - Its size has a limit: [`USAGES_MAX`] and the limits of ids.

mod thread;

use crate::accept::Sender;
use crate::body::lines;
use crate::formats::{Format, Reports, charge, decode_within, digest};
use crate::ingest::{Options, mapped};
use serde::{Deserialize, Serialize};
use tacho_event::event::Event;
use tacho_event::fact::IntFact;
use tacho_event::id::{Id, IdKey};
use tacho_event::limits::ID_BYTES_MAX;
use tacho_event::time::Micros;
use thread::Thread;

/// So many messages are remembered whose usage may be repeated: those of agents that write into one file at a time.
const USAGES_MAX: usize = 8;

/// Where in a file a body begins. The default is its start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// Lines before it.
    pub lines: u64,
    /// The last line with an id of its own, and how many without one came behind it.
    anchor: Option<String>,
    since: u64,
    time_us: Option<Micros>,
    thread: Thread,
    /// The running total of tokens that a count of Codex reported last.
    total: Option<i64>,
    /// Left out where there are none: a client of an earlier version does not know it.
    #[serde(skip_serializing_if = "Reports::is_empty")]
    reports: Reports,
    usages: Vec<Usage>,
}

/// The tokens of one message as far as they were counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Usage {
    message: String,
    tokens: [i64; TOKENS.len()],
}

/// What grows while a message is written.
const TOKENS: [IntFact; 5] = [
    IntFact::TokensInput,
    IntFact::TokensOutput,
    IntFact::TokensCacheRead,
    IntFact::TokensCacheWrite,
    IntFact::TokensReasoning,
];

impl Place {
    /// Passes a line that was not recorded.
    pub(crate) fn pass(&mut self) {
        self.since += 1;
    }

    /// Gives the events of a line what the lines before it say, and each an id.
    pub(crate) fn settle<'a>(
        &mut self,
        format: Format,
        text: &str,
        key: &IdKey,
        sender: &Sender<'_>,
        options: &Options<'_>,
        events: &mut Vec<Event<'a>>,
    ) {
        if format.has_threads() {
            if format == Format::CodexRollout {
                self.thread.begin(options.file, events);
            }
            for event in events.iter_mut() {
                self.report(event);
                self.thread.carry(event);
            }
        }
        if format == Format::ClaudeTranscript {
            events.retain_mut(|event| self.count_once(event));
        }
        if format == Format::SweAgent {
            self.tell_apart(options.file, events);
        }
        self.name(format, text, key, sender, options, events);
        if options.replay {
            self.begin(events);
        }
    }

    /// A run in which nothing tells it from others of its task is known by its file, and by what stands before it there.
    fn tell_apart(&self, file: &str, events: &mut [Event<'_>]) {
        let Some(first) = events.first().filter(|first| first.session.is_none()) else { return };
        let anchor = self.anchor.as_deref().unwrap_or_default();
        let run = digest("swe-", &[file, anchor, first.id.as_deref().unwrap_or_default()]);
        for event in events {
            for id in [&mut event.id, &mut event.call].into_iter().flatten() {
                *id = digest("swe-", &[&run, id]).into();
            }
            event.session = Some(run.clone().into());
        }
    }

    /// A report of tokens counts when no other told of the same answer.
    fn report(&mut self, event: &mut Event<'_>) {
        if self.reports.is_new(event, &mut self.total) {
            charge(event);
        }
    }

    /// Whether a line tells more of its message's tokens than those before it: then it is a later state of that event.
    fn count_once(&mut self, event: &mut Event<'_>) -> bool {
        let Some(id) = event.id.as_deref().filter(|_| is_request(event)) else { return true };
        let tokens = TOKENS.map(|fact| event.facts.int(fact).unwrap_or(0));
        let Some(at) = self.usages.iter().position(|usage| usage.message == id) else {
            if id.len() <= ID_BYTES_MAX {
                self.usages.truncate(USAGES_MAX - 1);
                self.usages.insert(0, Usage { message: id.to_string(), tokens });
            }
            return true;
        };
        let usage = &mut self.usages[at];
        if tokens.iter().zip(&usage.tokens).all(|(now, before)| now <= before) {
            return false;
        }
        for (fact, (now, before)) in TOKENS.iter().zip(tokens.into_iter().zip(&mut usage.tokens)) {
            *before = now.max(*before);
            if *before > 0 {
                event.facts.set_int(*fact, *before);
            }
        }
        true
    }

    /// Gives events without an id one that a second import gives them as well: by the text of their line, and where
    /// it stands behind the last line with an id. That holds when the file is moved, for what has a session of its
    /// own also under another name.
    fn name(
        &mut self,
        format: Format,
        text: &str,
        key: &IdKey,
        sender: &Sender<'_>,
        options: &Options<'_>,
        events: &mut [Event<'_>],
    ) {
        let own = events.first().and_then(|event| event.id.as_deref());
        if let Some(own) = own.filter(|own| own.len() <= ID_BYTES_MAX) {
            own.clone_into(self.anchor.get_or_insert_default());
            self.since = 0;
        }
        if events.iter().all(|event| event.id.is_some()) {
            self.since += u64::from(own.is_none());
            return;
        }
        if !format.is_transcript() && !options.replay {
            return;
        }
        let anchor = self.anchor.as_deref().unwrap_or_default();
        let since = self.since.to_string();
        let base = if format.is_transcript() {
            match (anchor, self.since) {
                ("", 0) => digest("line-", &[text]),
                _ => digest("line-", &[anchor, &since, text]),
            }
        } else {
            let scope: [&[u8]; 5] =
                [b"replayed", writer(sender), options.file.as_bytes(), anchor.as_bytes(), since.as_bytes()];
            Id::keyed(key, &scope, text).text()
        };
        for (number, event) in events.iter_mut().enumerate().filter(|(_, event)| event.id.is_none()) {
            event.id = Some(match number {
                0 => base.clone().into(),
                _ => format!("{base}/{number}").into(),
            });
        }
        self.since += 1;
    }

    /// Begins a line: until one of its events has a time, the first that has one in it holds. A run of an agent is told before
    /// its steps, and those of the line before may be of another year.
    fn begin(&mut self, events: &[Event<'_>]) {
        self.time_us = events.iter().find_map(|event| event.claimed_us).or(self.time_us);
    }

    /// The time of an event without one of its own: that of the event before it, at the start of a file or of a line that of
    /// the first one behind it that has one.
    pub(crate) fn time(
        &mut self,
        event: &Event<'_>,
        has_looked: &mut bool,
        body: &[u8],
        options: &Options<'_>,
    ) -> Option<Micros> {
        if event.claimed_us.is_some() {
            self.time_us = event.claimed_us;
        } else if self.time_us.is_none() && !*has_looked {
            *has_looked = true;
            self.time_us = first_time(body, options);
        }
        self.time_us
    }
}

fn is_request(event: &Event<'_>) -> bool {
    event.action_name.as_deref() == Some("model_request")
}

/// Who writes, as far as ids depend on it: history is the owner's, by whichever way it comes.
pub(crate) fn writer<'s>(sender: &'s Sender<'_>) -> &'s [u8] {
    match sender.known {
        tacho_event::words::Known::Imported => b"imported",
        _ => &sender.writer,
    }
}

fn first_time(body: &[u8], options: &Options<'_>) -> Option<Micros> {
    lines(body, options.format).find_map(|line| {
        let text = mapped(line.text.ok()?, options).ok()?;
        let mut first = None;
        let read = decode_within(&text, options.format, options.limits(), None, &mut |event| {
            first = first.or(event.claimed_us)
        });
        read.ok().and(first)
    })
}
