//! A demonstration fleet: thirteen agents at work, sent to a running server over HTTP.
//!
//! First the last three days as history, so that every page shows something at once, then live events at
//! about eight a second in which seven stories come and go: a feature, a runaway loop, a leaked secret, a
//! failed deployment, failed logins, a slow query and a slipping trade. Everything is invented and follows
//! from the seed.

mod act;
mod cast;
mod clock;
mod desk;
mod fleet;
mod incidents;
mod poster;
mod rng;
mod scene;
mod stories;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use fleet::Fleet;
pub(crate) use scene::Sent;

use act::Tone;
use clock::now_us;
use poster::{Poster, sleep};
use std::error::Error;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Days of history.
const HISTORY_DAYS: i64 = 3;
/// Events of one request at most.
const BATCH: usize = 500;
/// Live events that are due within this time go in one request.
const TICK: Duration = Duration::from_millis(100);

/// A fleet that is further behind than this, after the machine slept, begins anew instead of catching up.
const BEHIND_MAX_US: i64 = clock::MINUTE_US;

/// What was sent and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Events that the server answered for.
    pub sent: u64,
    pub accepted: u64,
    pub duplicates: u64,
    pub rejected: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { sent, accepted, duplicates, rejected } = self;
        write!(f, "{sent} events sent: {accepted} accepted, {duplicates} duplicates, {rejected} rejected")
    }
}

/// How a fleet is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub seed: u64,
    /// Days of history to send first; 0 is none.
    pub history_days: i64,
    /// Ends after so many live events; `None` goes on until it is stopped.
    pub live: Option<u64>,
    /// Says nothing on the terminal.
    pub quiet: bool,
}

/// Sends three days of history, then live events until `stop` is set or `events` of them were sent.
///
/// # Errors
/// When the server refuses, or stays busy or away for a minute.
pub(crate) fn run(
    address: SocketAddr,
    key: Option<&str>,
    seed: u64,
    events: Option<u64>,
    stop: &AtomicBool,
) -> Result<Summary, Box<dyn Error>> {
    let plan = Plan { seed, history_days: HISTORY_DAYS, live: events, quiet: false };
    run_plan(address, key, &plan, stop)
}

/// The same as a plan says.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_plan(
    address: SocketAddr,
    key: Option<&str>,
    plan: &Plan,
    stop: &AtomicBool,
) -> Result<Summary, Box<dyn Error>> {
    let screen = (!plan.quiet && std::io::stdout().is_terminal()).then(Screen::new);
    let poster = Poster::new(address, key)?;
    let mut sending = Sending { poster, stop, screen, summary: Summary::default() };
    sending.history(plan)?;
    sending.live(plan)?;
    Ok(sending.summary)
}

/// One run.
struct Sending<'s> {
    poster: Poster,
    stop: &'s AtomicBool,
    screen: Option<Screen>,
    summary: Summary,
}

impl Sending<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn history(&mut self, plan: &Plan) -> Result<(), Box<dyn Error>> {
        let mut fleet = Fleet::history(plan.seed, now_us(), plan.history_days);
        while !self.is_stopped() {
            let batch: Vec<Sent> = fleet.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            self.send(&batch)?;
        }
        if let Some(screen) = &self.screen
            && self.summary.sent > 0
        {
            let text =
                format!("{} events of the last {} days are sent", self.summary.sent, plan.history_days);
            screen.line(now_us(), "demo", Tone::Plain, &text);
        }
        Ok(())
    }

    fn live(&mut self, plan: &Plan) -> Result<(), Box<dyn Error>> {
        // History took a moment to send: the living begin now.
        let mut fleet = Fleet::new(plan.seed, now_us()).peekable();
        let mut left = plan.live.unwrap_or(u64::MAX);
        while !self.is_stopped() && left > 0 {
            let now_us = now_us();
            if fleet.peek().is_some_and(|event| event.at_us < now_us - BEHIND_MAX_US) {
                fleet = Fleet::new(plan.seed, now_us).peekable();
            }
            let most = usize::try_from(left).unwrap_or(BATCH).min(BATCH);
            let mut batch = Vec::new();
            while batch.len() < most
                && let Some(event) = fleet.next_if(|event| event.at_us <= now_us)
            {
                batch.push(event);
            }
            if !batch.is_empty() {
                self.send(&batch)?;
                left -= batch.len() as u64;
            }
            if left > 0 {
                sleep(TICK, self.stop);
            }
        }
        Ok(())
    }

    /// Sends one batch and says what is notable in it.
    fn send(&mut self, batch: &[Sent]) -> Result<(), Box<dyn Error>> {
        let body: String = batch.iter().flat_map(|event| [event.body.as_str(), "\n"]).collect();
        let Some(counts) = self.poster.send(&body, self.stop)? else { return Ok(()) };
        self.summary.sent += batch.len() as u64;
        self.summary.accepted += counts.accepted;
        self.summary.duplicates += counts.duplicates;
        self.summary.rejected += counts.rejected;
        if let (Some(screen), Some(reason)) = (&self.screen, &counts.reason) {
            screen.line(
                now_us(),
                "demo",
                Tone::Bad,
                &format!("{} events refused: {reason}", counts.rejected),
            );
        }
        // Of history only the last is news.
        let recent_us = now_us() - clock::MINUTE_US;
        for event in batch.iter().filter(|event| event.at_us > recent_us) {
            if let (Some(screen), Some(note)) = (&self.screen, &event.note) {
                screen.line(event.at_us, &event.agent, event.tone, note);
            }
        }
        Ok(())
    }
}

/// The terminal that somebody watches.
struct Screen {
    colours: bool,
}

impl Screen {
    fn new() -> Screen {
        Screen { colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn line(&self, at_us: i64, agent: &str, tone: Tone, note: &str) {
        // A terminal that went away is no reason to stop the fleet.
        let _ = writeln!(std::io::stdout(), "{}", self.text(at_us, agent, tone, note));
    }

    fn text(&self, at_us: i64, agent: &str, tone: Tone, note: &str) -> String {
        let time = clock::time_of_day(at_us);
        let colour = match tone {
            Tone::Plain => "",
            Tone::Good => "\x1b[32m",
            Tone::Odd => "\x1b[33m",
            Tone::Bad => "\x1b[31m",
        };
        if self.colours {
            format!("\x1b[2m{time}\x1b[0m  \x1b[36m{agent:<21}\x1b[0m  {colour}{note}\x1b[0m")
        } else {
            format!("{time}  {agent:<21}  {note}")
        }
    }
}
