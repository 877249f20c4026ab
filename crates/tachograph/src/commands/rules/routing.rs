//! `rules routing`: who is told, checked and tried without an alert.

use super::contents;
use crate::exit::Ended;
use clap::Subcommand;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use tacho_alert::FileError;
use tacho_alert::alertmanager::{Imported, import};
use tacho_alert::notify::{Config, Dispatcher, LabelSet, Receiver, defaults};
use tacho_deliver::{KINDS, TEMPLATED};

#[derive(Subcommand)]
pub(in crate::commands) enum Command {
    /// Says what of a routing, or of a real alertmanager.yml, can't be used and what is left out. Ends with 1 if it
    /// can't be used.
    Check { file: PathBuf },
    /// Writes a real alertmanager.yml as a routing of ours; what is left out is said, and what can't be used as it is
    /// ends with 1.
    #[command(
        after_help = "Example: tachograph rules routing import /etc/prometheus/alertmanager.yml > data/routing.yaml"
    )]
    Import { file: PathBuf },
    /// Shows the receivers of an alert with these labels, as `amtool config routes test` does.
    #[command(
        after_help = "Example: tachograph rules routing test --routing alertmanager.yml severity=critical tier=security\n\
        With --expect it is a test: other receivers end with 1."
    )]
    Test {
        /// Labels as NAME=VALUE.
        #[arg(required = true, value_parser = label)]
        labels: Vec<(String, String)>,
        /// The routing. Without it, the one that is built in.
        #[arg(long, value_name = "FILE")]
        routing: Option<PathBuf>,
        /// The receivers that there should be, in their order, such as `oncall,team`.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        expect: Option<Vec<String>>,
    },
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as severity=critical")?;
    Ok((name.to_string(), value.trim_matches('"').to_string()))
}

impl Command {
    pub(super) fn run(&self) -> Result<bool, Box<dyn Error>> {
        match self {
            Command::Check { file } => check(file),
            Command::Import { file } => {
                let (imported, config) = read(file)?.map_err(|wrong| Ended::usage(lines(&wrong)))?;
                let wrong: Vec<String> = config
                    .receivers
                    .iter()
                    .filter_map(|one| channels(one, &config).err())
                    .flatten()
                    .collect();
                for note in imported.notes.iter().map(ToString::to_string).chain(wrong.iter().cloned()) {
                    eprintln!("{note}");
                }
                write!(std::io::stdout().lock(), "{}", imported.text)?;
                // It is written all the same: what is wrong is mended more easily there.
                Ok(wrong.is_empty())
            }
            Command::Test { labels, routing, expect } => test(labels, routing.as_deref(), expect.as_deref()),
        }
    }
}

/// Everything that stands in the way, as lines.
fn lines(wrong: &[String]) -> String {
    wrong.join("\n")
}

type Read = Result<(Imported, Config), Vec<String>>;

/// Reads a routing; or says all that is wrong with it.
fn read(file: &Path) -> Result<Read, Box<dyn Error>> {
    let name = file.display().to_string();
    let keys: Vec<&str> = KINDS.iter().map(|kind| kind.key).collect();
    let imported = match import(&name, &contents(file)?, &keys, TEMPLATED) {
        Ok(imported) => imported,
        Err(errors) => return Ok(Err(errors.iter().map(FileError::to_string).collect())),
    };
    let config = Config::read(&name, &imported.text).map_err(|error| error.message);
    let checked = config.and_then(|config| {
        Dispatcher::new(&config)?;
        Ok(config)
    });
    Ok(checked.map(|config| (imported, config)).map_err(|why| vec![format!("{name}: {why}")]))
}

/// The routing of a file, or the one that is built in.
pub(super) fn config(file: Option<&Path>) -> Result<Config, Box<dyn Error>> {
    match file {
        None => Ok(defaults().map_err(Ended::usage)?),
        Some(file) => match read(file)? {
            Ok((_, config)) => Ok(config),
            Err(wrong) => Err(Ended::usage(lines(&wrong))),
        },
    }
}

/// How many channels a receiver has, or what is wrong with them. Secrets that lie elsewhere are not looked at: a check
/// needs none.
fn channels(receiver: &Receiver, config: &Config) -> Result<usize, Vec<String>> {
    let lookup = |_: tacho_deliver::Kept<'_>| Ok("https://example.invalid/".to_string());
    let read = tacho_deliver::read(receiver, &config.global, &lookup);
    read.map(|channels| channels.len()).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn check(file: &Path) -> Result<bool, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let (imported, config) = match read(file)? {
        Ok(read) => read,
        Err(wrong) => {
            writeln!(out, "{}\nit can't be used", lines(&wrong))?;
            return Ok(false);
        }
    };
    for note in &imported.notes {
        writeln!(out, "{note}")?;
    }
    let mut wrong = 0;
    for receiver in &config.receivers {
        match channels(receiver, &config) {
            Ok(0) => match &receiver.schedule {
                Some(schedule) => {
                    writeln!(out, "receiver \"{}\" is whoever is on call in {schedule}", receiver.name)?;
                }
                None => {
                    writeln!(
                        out,
                        "receiver \"{}\" has no channels: it is told on the dashboard only",
                        receiver.name
                    )?;
                }
            },
            Ok(_) => {}
            Err(errors) => {
                wrong += errors.len();
                for error in errors {
                    writeln!(out, "{error}")?;
                }
            }
        }
    }
    if !config.schedules.is_empty() || !config.escalations.is_empty() || !config.maintenance.is_empty() {
        writeln!(
            out,
            "{} people, {} schedules, {} escalations, {} maintenance windows",
            config.people.len(),
            config.schedules.len(),
            config.escalations.len(),
            config.maintenance.len()
        )?;
    }
    let can = if wrong == 0 { "can" } else { "can't" };
    writeln!(
        out,
        "{} receivers, {} inhibitions, {} time intervals, {} left out, {wrong} errors: it {can} be used",
        config.receivers.len(),
        config.inhibit_rules.len(),
        config.time_intervals.len(),
        imported.notes.len()
    )?;
    Ok(wrong == 0)
}

fn test(
    labels: &[(String, String)],
    file: Option<&Path>,
    expect: Option<&[String]>,
) -> Result<bool, Box<dyn Error>> {
    let dispatcher = Dispatcher::new(&config(file)?)?;
    let labels: LabelSet = labels.iter().cloned().collect();
    let found = dispatcher.receivers(&labels);
    writeln!(std::io::stdout().lock(), "{}", found.join(","))?;
    match expect {
        Some(expected) if expected != found => {
            eprintln!("expected {}", expected.join(","));
            Ok(false)
        }
        _ => Ok(true),
    }
}
