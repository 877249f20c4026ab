//! The commands for people, and `send`, which a hook starts for itself.

mod agents;

use clap::{Parser, Subcommand};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tacho_hook::deliver::run;
use tacho_hook::install::{self, Change, Edited, Scope, Target};
use tacho_hook::settings::{self, Settings};
use tacho_hook::spool::Spool;
use tacho_hook::stamp::Source;
use tacho_hook::status;

const ABOUT: &str = "\
Records what an agent does: the command for its hooks.

Without a command it reads one event as JSON on standard input, writes it durably to a spool and
ends with 0, whatever happens. A detached sender carries the spool to the server, in order and
without duplicates, also when the server was away, the session has ended or the machine went down.

  agent-audit-log install claude              put it into Claude Code's hooks, after showing the change
  agent-audit-log status                      what waits, what was delivered, what went wrong
  agent-audit-log event '{\"action_name\":\"deploy\",\"outcome_status\":\"success\"}'
  make test 2>&1 | jq -Rsc '{action_name:\"make test\",result:.}' | agent-audit-log";

const MORE: &str = "\
Environment:
  AUDIT_LOG_URL      the server, default http://127.0.0.1:7420
  AUDIT_LOG_KEY      its API key
  AUDIT_LOG_CA_FILE  certificates to trust instead of the usual ones, PEM
  AGENT_ID           the agent of events that name none
  SESSION_ID         the session of events that name none
  AUDIT_LOG_SPOOL    the folder for spools, default ~/.local/state/tachograph/hook
  AUDIT_LOG_SPOOL_MB what may wait on disk, MiB, default 64
  AUDIT_LOG_ENFORCE=1    ask the server before each call whether the agent is stopped, and refuse it then
  AUDIT_LOG_DEBUG=1  say on standard error what happens

The same can stand in ~/.config/tachograph/hook.toml: url, key, key_file, ca_file, agent, spool, spool_mb, enforce.
The environment comes first.";

#[derive(Parser)]
#[command(name = "agent-audit-log", version, arg_required_else_help = true, about = ABOUT, after_help = MORE)]
struct Cli {
    #[command(subcommand)]
    command: Asked,
}

#[derive(Subcommand)]
enum Asked {
    /// Record one event from a hook's standard input (also without any command); AGENT is claude, codex or gemini
    Hook { agent: Option<String> },
    /// Record one event given as JSON, or on standard input
    Event { json: Option<String> },
    /// Put the hook into an agent's settings: shows the change, keeps what is there
    Install {
        /// claude, codex or gemini
        #[arg(value_parser = source)]
        agent: Source,
        #[command(flatten)]
        place: Place,
        /// The server; kept in hook.toml
        #[arg(long)]
        url: Option<String>,
        /// A file that holds nothing but the API key; its path is kept in hook.toml
        #[arg(long)]
        key_file: Option<PathBuf>,
    },
    /// Take the hook out of an agent's settings
    Uninstall {
        /// claude, codex or gemini
        #[arg(value_parser = source)]
        agent: Source,
        #[command(flatten)]
        place: Place,
    },
    /// Deliver what waits, now, and say whether all of it was taken
    Flush {
        /// Give up after so many seconds
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
    /// Say what waits, what was delivered, what went wrong, and which agents have the hooks
    Status,
    /// Carry the spool to the server until nothing is left; hooks start it by themselves
    #[command(hide = true)]
    Send {
        #[arg(long)]
        detached: bool,
    },
}

#[derive(clap::Args, Clone, Copy)]
struct Place {
    /// The user's settings (default)
    #[arg(long, conflicts_with = "project")]
    user: bool,
    /// The settings of the project in the working folder
    #[arg(long)]
    project: bool,
    /// Show the change and make none
    #[arg(long)]
    dry_run: bool,
}

fn source(name: &str) -> Result<Source, String> {
    Source::by_name(name).ok_or_else(|| "expected claude, codex or gemini".to_owned())
}

pub(crate) fn run() -> ExitCode {
    match command(&Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("agent-audit-log: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(asked: &Asked) -> Result<bool, Box<dyn std::error::Error>> {
    let settings = Settings::read(&|name| std::env::var(name).ok())?;
    match asked {
        // Taken before, unless they ask for help, which clap has answered.
        Asked::Hook { .. } | Asked::Event { .. } => Ok(true),
        Asked::Flush { seconds } => flush(&settings, Duration::from_secs(*seconds)),
        Asked::Status => {
            let mut page = String::new();
            let good = status::page(&settings, &mut page)?;
            say(page.trim_end());
            Ok(agents::report() && good)
        }
        Asked::Install { agent, place, url, key_file } => {
            url.as_deref().map(settings::check_url).transpose().map_err(|error| format!("--url: {error}"))?;
            // The hooks would send without a key and say nothing: they never do.
            let key = key_file.as_deref().map(settings::read_key);
            key.transpose().map_err(|error| format!("--key-file: {error}; nothing was changed"))?;
            if url.is_some() || key_file.is_some() {
                settings_file(url.as_deref(), key_file.as_deref(), place.dry_run)?;
            }
            let target = Target::of(*agent);
            let command = target.command(place.scope(), &std::env::current_exe()?);
            let change = Change::plan(&place.path(&target)?, |text| install::add(text, &target, &command))?;
            apply(&change, place.dry_run)?;
            place.serve_worktrees(&target)?;
            say(target.note);
            let program = install::program_of(&command);
            program.and_then(|program| agents::told_of(&program)).iter().for_each(say);
            Ok(true)
        }
        Asked::Uninstall { agent, place } => {
            let target = Target::of(*agent);
            let command = target.command(place.scope(), &std::env::current_exe()?);
            let change = Change::plan_removal(&place.path(&target)?, &target, &command)?;
            apply(&change, place.dry_run)?;
            if change.is_some() && !change.path.exists() {
                // Only those go in which nothing else is.
                let folders = place.worktree_folders(&target)?;
                folders.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
            }
            Ok(true)
        }
        Asked::Send { detached: true } => {
            let linger = std::env::var("AUDIT_LOG_LINGER_S").ok().and_then(|seconds| seconds.parse().ok());
            let linger = linger.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            run::detached(&settings, linger)?;
            Ok(true)
        }
        Asked::Send { detached: false } => flush(&settings, Duration::MAX),
    }
}

fn flush(settings: &Settings, limit: Duration) -> Result<bool, Box<dyn std::error::Error>> {
    let spool = Spool::open(&settings.spool(), settings.spool_bytes_max)?;
    let done = run::flush(settings, &spool, limit)?;
    if !done {
        eprintln!("agent-audit-log: events still wait: see `agent-audit-log status`");
    }
    Ok(done)
}

impl Place {
    fn scope(self) -> Scope {
        if self.project { Scope::Project } else { Scope::User }
    }

    fn path(self, target: &Target) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let home = get("HOME").map(PathBuf::from).ok_or("no home: set HOME")?;
        Ok(target.path(self.scope(), &home, &std::env::current_dir()?, &get))
    }

    fn worktree_folders(self, target: &Target) -> io::Result<Vec<PathBuf>> {
        let work = std::env::current_dir()?;
        Ok(if self.project { target.worktree_folders(&work) } else { Vec::new() })
    }

    /// Makes the folders without which hooks of a project don't count in its linked worktrees.
    fn serve_worktrees(self, target: &Target) -> Result<(), Box<dyn std::error::Error>> {
        let folders = self.worktree_folders(target)?;
        for folder in folders.iter().filter(|folder| !folder.is_dir()) {
            let name = folder.display();
            if self.dry_run {
                say(format_args!("{name}: not made (--dry-run)"));
            } else {
                std::fs::create_dir_all(folder).map_err(|error| format!("{name}: {error}"))?;
                say(format_args!("{name}: made"));
            }
        }
        if !folders.is_empty() {
            say(
                "in a linked worktree Codex takes the hooks of the main checkout, where the worktree has such a folder",
            );
        }
        Ok(())
    }
}

/// Says a line to people; what is done is done also when nobody reads it.
fn say(line: impl Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Shows a change and makes it.
fn apply(change: &Change, dry_run: bool) -> Result<(), Box<dyn std::error::Error>> {
    change.notes.iter().for_each(say);
    if !change.is_some() {
        say(format_args!("{}: nothing to change", change.path.display()));
        return Ok(());
    }
    say(change.diff().trim_end());
    if dry_run {
        say(format_args!("{}: not changed (--dry-run)", change.path.display()));
    } else {
        change.make().map_err(|error| format!("{}: {error}", change.path.display()))?;
        say(format_args!("{}: changed", change.path.display()));
    }
    Ok(())
}

/// Keeps address and key for every hook of this user.
fn settings_file(
    url: Option<&str>,
    key_file: Option<&Path>,
    dry_run: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let home = get("HOME").map(PathBuf::from);
    let path = settings::config_path(&get, home.as_deref()).ok_or("no folder for hook.toml: set HOME")?;
    let mut file = settings::read_file(&path)?;
    file.url = url.map(str::to_owned).or(file.url);
    file.key_file = key_file.map(std::path::absolute).transpose()?.or(file.key_file);
    let text = toml::to_string(&file)?;
    apply(&Change::plan(&path, |_| Ok(Edited { text, ..Edited::default() }))?, dry_run)
}
