//! `agent-audit-log`: the program. A hook's run is told apart before anything else is looked at: it is what must be
//! fast, and what must end with 0.

mod cli;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tacho_hook::debug;
use tacho_hook::hook::{self, Told};
use tacho_hook::stamp::Source;

fn main() -> ExitCode {
    let mut args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    let program = args.next().unwrap_or_default();
    match hook_of(&args.collect::<Vec<String>>()) {
        Some(told) => {
            record(&Told { program, ..told });
            ExitCode::SUCCESS
        }
        None => cli::run(),
    }
}

/// What to record, when the arguments are those of a hook: none, `hook [AGENT]`, `event [JSON]`.
fn hook_of(args: &[String]) -> Option<Told> {
    let asks = |arg: &String| matches!(arg.as_str(), "--help" | "-h" | "help");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        // Somebody who types the name wants to know what it is.
        [] => (!std::io::stdin().is_terminal()).then(Told::default),
        // A word that is not known changes nothing for the agent: the event counts.
        ["hook", ..] if !args.iter().any(|arg| asks(&(*arg).to_owned())) => {
            Some(Told { source: args.get(1).and_then(|name| Source::by_name(name)), ..Told::default() })
        }
        ["event"] => Some(Told::default()),
        ["event", json] if !asks(&json.to_owned()) => {
            Some(Told { event: (json != "-").then(|| json.to_owned()), ..Told::default() })
        }
        // What runs as a hook ends with 0 whatever it was given.
        [flag, ..] if is_stray(&args) && !std::io::stdin().is_terminal() => {
            eprintln!(
                "agent-audit-log: unknown flag {flag:?} (see --help); the event is recorded without it"
            );
            Some(Told::default())
        }
        _ => None,
    }
}

/// Whether the arguments begin with a flag that is none, and ask for nothing else.
fn is_stray(args: &[&str]) -> bool {
    const FOR_PEOPLE: &[&str] =
        &["--help", "-h", "help", "--version", "-V", "install", "uninstall", "flush", "status", "send"];
    args.first().is_some_and(|first| first.starts_with('-'))
        && !args.iter().any(|arg| FOR_PEOPLE.contains(arg))
}

/// Tells the agent that it is stopped.
fn say(words: &str) {
    drop(writeln!(std::io::stdout(), "{words}"));
}

/// Records and swallows whatever goes wrong, a panic too: the agent must not see it.
fn record(told: &Told) {
    std::panic::set_hook(Box::new(|panic| debug::say(panic)));
    match std::panic::catch_unwind(|| hook::run(told, &say)) {
        Ok(Ok(appended)) => debug::say(format_args!("{appended:?}")),
        Ok(Err(error)) => debug::say(error),
        Err(_) => {}
    }
}
