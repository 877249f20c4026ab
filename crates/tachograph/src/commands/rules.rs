//! `rules`: what somebody who writes alert rules needs, from reading to trying them on what is recorded.

mod routing;
mod sigma;

use super::{Arguments, read, replay};
use crate::clock::now_us;
use crate::exit::Ended;
use crate::pipe::Whose;
use clap::{Args, Subcommand};
use std::error::Error;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tacho_alert::notify::Config;
use tacho_alert::{Every, FILE_BYTES_MAX, FileError, Rule, builtin, explain, format, lint, trial};
use tacho_pipe::{format_us, nearest};

#[derive(Subcommand)]
pub(super) enum Rules {
    /// Lists the rules of a file, or those that are built in.
    List(Chosen),
    /// Checks a file: errors with line and nearest name, then advice. A file with errors ends with 1.
    #[command(
        after_help = "Example: tachograph rules lint alerts.yaml --strict   # in CI: advice counts too"
    )]
    Lint {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        routing: Routing,
        /// Advice ends with 1 too.
        #[arg(long)]
        strict: bool,
    },
    /// Runs the tests that rules carry, in virtual time. A failed test ends with 1.
    #[command(after_help = "A rule's tests stand under `tests:` (docs/guide/alerts.md):\n\
        \n  tests:\
        \n    - name: eleven fire\
        \n      events: [{at: 10s, repeat: 11, spacing: 1s, agent_id: a1, outcome_status: failure}]\
        \n      expect:\
        \n        - {at: 5m, group: {agent_id: a1}, state: firing, receivers: [team], not_told: [oncall]}\
        \n        - {at: 1h, group: {agent_id: a1}, state: inactive, told_at: {team: [2m, 21m]}}\
        \n\nOf a group at a time: `receivers` who was told by then ([] for nobody), `not_told`, `told_at` at which times,\
        \n`escalated` whom the escalation reached, `muted` (inhibited, silenced, maintenance, time_interval, none) and\
        \n`muted_by`. `with: [RULE]` runs other rules beside, `silences` and `answers` say what people do.")]
    Test {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        routing: Routing,
    },
    /// Says what each rule means: when it is looked at, its plan, its aggregates, its SQL.
    Explain(Chosen),
    /// Prints a file with its queries in their one spelling; the rest stays as it is.
    Format {
        file: PathBuf,
        /// Writes the file instead of printing it.
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Only says whether it is formatted: 1 when it is not.
        #[arg(long)]
        check: bool,
    },
    /// Runs rules over what is recorded and says how often a week each would have fired.
    #[command(
        after_help = "Nothing is raised and nobody is told. What was imported was recorded at the time of its import: \
        `--time event` puts it back where it happened.\n\
        Example: tachograph rules replay alerts.yaml --rule agent-failure-burst --days 30"
    )]
    Replay {
        #[command(flatten)]
        chosen: Chosen,
        /// Only the last so many days; everything when not given.
        #[arg(long)]
        days: Option<u32>,
        /// Whose clock time runs by: `server`, as events were recorded, or `event`, as their senders say.
        #[arg(long, value_enum, default_value_t = Whose::Server)]
        time: Whose,
        /// Firings to show of each rule, newest first.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=20))]
        examples: u8,
    },
    /// Rules of another format become ours, on standard output. What can't be said ends with 1; the rest is written.
    #[command(
        after_help = "Files that correlations and filters name go into one import; of a folder, all *.yml below it.\n\
        Example: tachograph rules import --from sigma rules/ > sigma.yaml && tachograph rules lint sigma.yaml"
    )]
    Import(sigma::Import),
    /// Ours become rules of another format, on standard output; what it can't say is listed with the reason.
    #[command(after_help = "Example: tachograph rules export --to sigma alerts.yaml > sigma.yml")]
    Export(sigma::Export),
    /// Who is told: checks a routing, reads a real alertmanager.yml, tries labels.
    Routing {
        #[command(subcommand)]
        command: routing::Command,
    },
}

/// Which rules.
#[derive(Args)]
pub(super) struct Chosen {
    /// The rule file; `-` reads standard input. Without it, the built-in rules as the data folder's configuration has them.
    file: Option<PathBuf>,
    /// Only the rule of this name.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
}

/// Who is told.
#[derive(Args)]
pub(super) struct Routing {
    /// The routing, in Alertmanager's format. Without it, the one that is built in.
    #[arg(long, value_name = "FILE")]
    routing: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, command: &Rules) -> Result<bool, Box<dyn Error>> {
    let data = arguments.data.as_path();
    match command {
        Rules::List(chosen) => list(&chosen.rules(data)?),
        Rules::Lint { chosen, routing, strict } => match chosen.read(data) {
            Ok(rules) => advise(&chosen.only(rules)?, &routing.config()?, *strict),
            Err(Unread::Rules(error)) => {
                drop(writeln!(std::io::stdout(), "{error}"));
                Ok(false)
            }
            Err(Unread::File(error)) => Err(error),
        },
        Rules::Test { chosen, routing } => {
            let all = chosen.all(data)?;
            test(&chosen.only(all.clone())?, &all, &routing.config()?)
        }
        Rules::Explain(chosen) => {
            let is_ours = chosen.file.is_none();
            let explained = |rule: &Rule| explain(rule, now_us()) + &origin(rule, is_ours, data);
            let texts: Vec<String> = chosen.rules(data)?.iter().map(explained).collect();
            write!(std::io::stdout().lock(), "{}", texts.join("\n"))?;
            Ok(true)
        }
        Rules::Format { file, write, check } => reformat(file, *write, *check),
        Rules::Replay { chosen, days, time, examples } => {
            replay::run(arguments, &chosen.rules(data)?, *days, *time, usize::from(*examples))
        }
        Rules::Import(import) => import.run(),
        Rules::Export(export) => export.run(data),
        Rules::Routing { command } => command.run(),
    }
}

/// Where a figure of a built-in rule is from that is not in its text.
fn origin(rule: &Rule, is_built_in: bool, data: &Path) -> String {
    let usual = data.join("config.toml");
    let from = if usual.exists() { "as in" } else { "the default, without" };
    let but = "a server with --config goes by that file";
    let told = format!("\nits minutes are [actions] hung_minutes, {from} {}; {but}\n", usual.display());
    Some(told).filter(|_| is_built_in && rule.id == builtin::HUNG_CALL).unwrap_or_default()
}

/// Why there are no rules.
enum Unread {
    File(Box<dyn Error>),
    Rules(FileError),
}

impl Chosen {
    /// The rules that were asked for.
    fn rules(&self, data: &Path) -> Result<Vec<Rule>, Box<dyn Error>> {
        self.only(self.all(data)?)
    }

    /// All rules of the file.
    fn all(&self, data: &Path) -> Result<Vec<Rule>, Box<dyn Error>> {
        self.read(data).map_err(|unread| match unread {
            Unread::File(error) => error,
            Unread::Rules(error) => Ended::usage(error),
        })
    }

    /// Built-in rules are as the data folder's configuration has them.
    fn read(&self, data: &Path) -> Result<Vec<Rule>, Unread> {
        let Some(file) = &self.file else {
            let config = crate::config::Config::read(None, data).map_err(Unread::File)?;
            return builtin::rules_where(config.actions.hung_minutes).map_err(Unread::Rules);
        };
        let text = contents(file).map_err(Unread::File)?;
        tacho_alert::read(&file.display().to_string(), &text).map_err(Unread::Rules)
    }

    fn only(&self, mut rules: Vec<Rule>) -> Result<Vec<Rule>, Box<dyn Error>> {
        let Some(name) = &self.rule else { return Ok(rules) };
        if !rules.iter().any(|rule| rule.id == *name) {
            let near = nearest(name, rules.iter().map(|rule| rule.id.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            return Err(Box::new(Ended::Absent(format!("there is no rule \"{name}\"{near}"))));
        }
        rules.retain(|rule| rule.id == *name);
        Ok(rules)
    }
}

impl Routing {
    fn config(&self) -> Result<Config, Box<dyn Error>> {
        routing::config(self.routing.as_deref())
    }
}

/// The text of a file, of which no more is read than rules may have.
fn contents(file: &Path) -> Result<String, Box<dyn Error>> {
    let fail = |error: std::io::Error| format!("cannot read {}: {error}", file.display());
    let mut text = Vec::new();
    let from: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).map_err(fail)?),
    };
    // One byte more than there may be, so that the reader of rules sees that it is too much.
    from.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut text).map_err(fail)?;
    String::from_utf8(text).map_err(|_| Ended::usage(format!("{} is not UTF-8 text", file.display())))
}

fn list(rules: &[Rule]) -> Result<bool, Box<dyn Error>> {
    let mut table = read::table(&["rule", "severity", "looked at", "window", "tells", "what"]);
    for rule in rules {
        let every = match rule.every {
            Every::Stream => "each event".to_string(),
            Every::Us(us) => format!("each {}", format_us(us)),
        };
        let tells = rule.labels.get("tier").into_iter().chain(&rule.actions);
        let tells: Vec<&str> = tells.map(String::as_str).collect();
        table.add_row([
            rule.id.clone(),
            rule.severity.as_str().to_string(),
            every,
            format_us(rule.window_us),
            tells.join(", "),
            rule.title.clone(),
        ]);
    }
    writeln!(std::io::stdout().lock(), "{table}\n{} rules", rules.len())?;
    Ok(true)
}

fn advise(rules: &[Rule], routing: &Config, strict: bool) -> Result<bool, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let known = routing.names();
    let mut count = 0;
    for rule in rules {
        let unknown = rule.actions.iter().filter(|name| !known.contains(name)).map(|name| {
            let near = nearest(name, known.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            format!("action: the routing has no receiver \"{name}\"{near}")
        });
        for advice in unknown.chain(routing.lacks_policy(rule)).chain(lint(rule)) {
            count += 1;
            writeln!(out, "{}: {advice}", rule.id)?;
        }
    }
    writeln!(out, "{} rules can be used, {count} pieces of advice", rules.len())?;
    Ok(count == 0 || !strict)
}

fn test(rules: &[Rule], beside: &[Rule], routing: &Config) -> Result<bool, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let (mut count, mut failed) = (0, 0);
    for rule in rules {
        if rule.tests.is_empty() {
            writeln!(out, "{}: has no tests", rule.id)?;
        }
        for outcome in trial::test(rule, beside, routing) {
            count += 1;
            failed += usize::from(!outcome.failures.is_empty());
            for failure in outcome.failures {
                writeln!(out, "{}: test \"{}\" failed: {failure}", outcome.rule, outcome.test)?;
            }
        }
    }
    writeln!(out, "{} rules, {count} tests, {failed} failed", rules.len())?;
    Ok(failed == 0)
}

fn reformat(file: &Path, write: bool, check: bool) -> Result<bool, Box<dyn Error>> {
    let text = contents(file)?;
    let formatted = format(&file.display().to_string(), &text).map_err(Ended::usage)?;
    if check {
        if formatted != text {
            let advice = "is not formatted: tachograph rules format --write does it";
            drop(writeln!(std::io::stdout(), "{} {advice}", file.display()));
        }
        return Ok(formatted == text);
    }
    if !write || file.to_str() == Some("-") {
        write!(std::io::stdout().lock(), "{formatted}")?;
    } else if formatted != text {
        // Whole or not at all: a rule file that is cut off would raise nothing.
        let temporary = file.with_extension("formatted");
        std::fs::write(&temporary, &formatted)?;
        std::fs::set_permissions(&temporary, std::fs::metadata(file)?.permissions())?;
        std::fs::rename(&temporary, file)?;
    }
    Ok(true)
}
