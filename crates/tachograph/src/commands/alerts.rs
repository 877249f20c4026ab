//! `alerts`: what there is, what is done about it, and trying the channels of a receiver.

mod agree;
mod ask;
mod duty;
mod shown;

use super::Arguments;
use super::read::table;
use crate::clock::now_us;
use crate::deliver::{Guard, secret, send};
use crate::exit::Ended;
use clap::{Args, Subcommand};
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use tacho_alert::notify::{Config, Receiver};
use tacho_deliver::{Channel, Message, Notice, Verdict, read};
use tacho_pipe::nearest;

/// A routing file, bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

#[derive(Subcommand)]
pub(super) enum Alerts {
    /// Sends a marked test message to each channel of a receiver and says what came of it. Ends with 1 when one failed.
    ///
    /// It reads the routing file as it stands; no server has to run (docs/guide/channels.md).
    #[command(after_help = "Example: tachograph alerts send-test --routing routing.yaml --receiver oncall\n\
        `--episode` tells a whole made-up alert: it begins, is repeated, escalates and ends.")]
    SendTest(SendTest),
    #[command(flatten)]
    Ask(ask::Ask),
    #[command(flatten)]
    Duty(duty::Duty),
}

#[derive(Args)]
pub(super) struct SendTest {
    /// The routing, in Alertmanager's format.
    #[arg(long, value_name = "FILE")]
    routing: PathBuf,
    /// Whose channels.
    #[arg(long, value_name = "NAME")]
    receiver: String,
    /// Tells a whole made-up alert in place of one test message.
    #[arg(long)]
    episode: bool,
    /// Hosts, addresses or networks that are not public and may be called; `*` for all. Repeat for more.
    #[arg(long, value_name = "HOST", num_args = 0..=1, default_missing_value = "*")]
    allow_private: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, command: &Alerts) -> Result<bool, Box<dyn Error>> {
    match command {
        Alerts::SendTest(asked) => send_test(asked),
        Alerts::Ask(ask) => ask::run(arguments, ask),
        Alerts::Duty(duty) => duty::run(arguments, duty),
    }
}

fn send_test(asked: &SendTest) -> Result<bool, Box<dyn Error>> {
    let channels = asked.channels()?;
    let guard = Guard::new(&asked.allow_private);
    let mut shown = table(&["channel", "kind", "to", "told", "what came of it"]);
    let (mut all, mut good) = (0, 0);
    for channel in &channels {
        let mut kept: Option<String> = None;
        for message in asked.messages().iter().filter(|message| channel.wants(message)) {
            let verdict = send(channel, message, kept.as_deref(), &guard);
            all += 1;
            good += usize::from(matches!(verdict, Verdict::Delivered { .. }));
            let told = message.notice.as_str().to_string();
            shown.add_row([
                channel.place.clone(),
                channel.kind.to_string(),
                channel.to(),
                told,
                words(&verdict),
            ]);
            if let Verdict::Delivered { receipt } = verdict {
                kept = kept.or(receipt);
            }
        }
    }
    writeln!(std::io::stdout().lock(), "{shown}\n{good} of {all} delivered")?;
    Ok(good == all)
}

impl SendTest {
    fn channels(&self) -> Result<Vec<Channel>, Box<dyn Error>> {
        let place = self.routing.display().to_string();
        let fail = |error: std::io::Error| format!("cannot read {place}: {error}");
        if std::fs::metadata(&self.routing).map_err(fail)?.len() > FILE_BYTES_MAX {
            return Err(Ended::usage(format!("{place} has more than {FILE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(&self.routing).map_err(fail)?;
        let config = Config::read(&place, &text).map_err(Ended::usage)?;
        let channels = read(self.chosen(&config)?, &config.global, &secret).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Ended::usage(format!("{place}: {}", errors.join("\n  ")))
        })?;
        match channels.is_empty() {
            true => Err(Ended::usage(format!(
                "receiver \"{}\" has no channels: it is told on the dashboard only",
                self.receiver
            ))),
            false => Ok(channels),
        }
    }

    fn chosen<'a>(&self, config: &'a Config) -> Result<&'a Receiver, Box<dyn Error>> {
        let found = config.receivers.iter().find(|receiver| receiver.name == self.receiver);
        found.ok_or_else(|| {
            let names = config.names();
            let near = nearest(&self.receiver, names.iter().map(String::as_str));
            let near = near.map_or_else(
                || format!(", only {}", names.join(", ")),
                |near| format!("; did you mean \"{near}\"?"),
            );
            Ended::usage(format!("the routing has no receiver \"{}\"{near}", self.receiver))
        })
    }

    /// The test message; or the messages of an alert that goes through its whole life.
    fn messages(&self) -> Vec<Message> {
        let now = now_us();
        let test = Message::test(&self.receiver, now);
        if !self.episode {
            return vec![test];
        }
        let life =
            [Notice::Firing, Notice::Repeated, Notice::Escalated, Notice::Acknowledged, Notice::Resolved];
        let told = life.into_iter().enumerate().map(|(at, notice)| {
            let mut message = Message { notice, id: format!("{}-{at}", test.id), ..test.clone() };
            message.code = "TEST".into();
            if notice == Notice::Resolved {
                message.alerts.iter_mut().for_each(|told| told.ends_us = Some(now));
            }
            message
        });
        told.collect()
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Delivered { receipt: None } => "delivered".into(),
        Verdict::Delivered { receipt: Some(receipt) } => format!("delivered ({receipt})"),
        Verdict::Retry { after_us: None, why } => format!("would be tried again: {why}"),
        Verdict::Retry { after_us: Some(us), why } => {
            format!("would be tried again after {} s: {why}", us / 1_000_000)
        }
        Verdict::Refused { why } => format!("refused: {why}"),
        Verdict::Gone => "refused: it asks not to be called any more".into(),
    }
}
