//! The command line: one variant a command, one file a family.

mod admin;
mod alerts;
mod capacity;
mod coverage;
mod dashboards;
mod doctor;
mod import;
mod incidents;
mod live;
mod local;
mod prove;
mod query;
mod read;
mod replay;
mod reports;
mod responses;
mod rules;
mod run;
mod subject;

use crate::streams::Stream;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Tamper-evident flight recorder for AI agents.
///
/// `tachograph demo` shows everything at once; `tachograph serve` starts empty.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// The data folder: one folder is one log.
    #[arg(long, default_value = "tachograph-data", global = true)]
    data: PathBuf,
    /// A running server (host:port); without it, the one that has the data folder open, or the folder itself.
    #[arg(long, global = true)]
    server: Option<String>,
    /// API key for the server.
    #[arg(long, env = "TACHOGRAPH_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a living fleet of agents against a real server, to look at and to ask.
    Demo {
        #[command(flatten)]
        serve: Serve,
        /// Stops by itself after so many live events.
        #[arg(long)]
        events: Option<u64>,
        /// The same seed gives the same fleet.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Starts the recorder: HTTP in, HTTP out.
    Serve(Serve),
    /// Records history: the session files of Claude Code, Codex and Gemini CLI, where they are, and any files of events.
    ///
    /// Without a name it reads the usual folders of all three. Events are marked as imported and keep their times; what
    /// is imported again is not recorded twice. A server that has the data folder open records it.
    #[command(
        after_help = "Examples:\n  tachograph import --dry-run            what is there\n  tachograph import                      all of it\n  tachograph import claude --follow      and what is written from now on\n  tachograph import runs/ export.jsonl   folders and files of any format (docs/guide/import.md)"
    )]
    Import(import::Import),
    /// Asks in SQL. Tables: events, agent_audit_log, sessions, agents, costs and others (docs/guide/sql.md).
    #[command(
        after_help = "Example: tachograph sql \"SELECT agent_id, count(*) FROM agent_audit_log GROUP BY 1\""
    )]
    Sql {
        #[arg(allow_hyphen_values = true, value_parser = asked)]
        query: String,
        #[command(flatten)]
        output: Output,
    },
    /// Asks in the pipe language (docs/guide/pipes.md).
    #[command(
        after_help = "Example: tachograph query \"agent_audit_log | outcome_status = 'failure' | count() by agent_id\" --last 7d"
    )]
    Query(query::Asks),
    /// Alert rules: list, check, test, explain, format, and try them on what is recorded.
    Rules {
        #[command(subcommand)]
        command: rules::Rules,
    },
    /// Alerts: what is open, who answered, silences, messages; tries the channels of a receiver.
    Alerts {
        #[command(subcommand)]
        command: alerts::Alerts,
    },
    /// Incidents: alerts that belong together, what changed before, timeline, post-mortem (docs/guide/incidents.md).
    Incidents {
        #[command(subcommand)]
        command: incidents::Incidents,
    },
    /// Automatic responses: web hooks, programs, stopped agents; what was run, who agrees (docs/guide/responses.md).
    Responses {
        #[command(subcommand)]
        command: responses::Responses,
    },
    /// Searches for words, "phrases" and field:value, newest first.
    #[command(
        after_help = "Example: tachograph search 'deploy -staging agent:ops/release-manager' --status failed"
    )]
    Search(read::Search),
    /// Says what should have been seen and was not: calls, sessions, numbers, declared actions (docs/guide/coverage.md).
    ///
    /// Ends with 1 when there is a finding.
    #[command(after_help = "Example: tachograph coverage --last 7d --agent claude-code")]
    Coverage(coverage::Asks),
    /// Shows what was spent: tokens, cache and cost, estimates apart.
    Costs {
        /// What to add up by; repeat for more than one.
        #[arg(long, value_enum, default_values_t = [read::By::Agent])]
        by: Vec<read::By>,
        /// The last so many days.
        #[arg(long, default_value_t = 30)]
        days: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Shows events as they are recorded.
    Tail {
        /// Only this agent.
        #[arg(long)]
        agent: Option<String>,
        /// Only this named stream (docs/guide/streams.md).
        #[arg(long, value_enum)]
        stream: Option<Stream>,
        #[command(flatten)]
        output: Output,
    },
    /// Shows one event, or a session as a person reads it.
    Show {
        /// Id of an event or a session, or the index of an entry.
        id: String,
        /// The same as --format json: as the server answers it.
        #[arg(long, conflicts_with = "format")]
        json: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Prints the C2SP tlog-proof of an event, by id or index.
    Prove { id: String },
    /// Checks the record: a data folder, a running server (--server), or a downloaded proof (--proof).
    ///
    /// A folder's files are all read and compared, also while a server has it open. With --server only the public log
    /// is checked: entries, tiles, checkpoint; not catalog, sections, journal and archive.
    Verify {
        /// A verifier key that was pinned outside this machine, or a file of them; repeat for more.
        #[arg(long = "pin", value_name = "KEY")]
        pins: Vec<String>,
        /// A downloaded proof.
        #[arg(long)]
        proof: Option<PathBuf>,
        /// The entry that the proof is about, when the proof does not carry it.
        #[arg(long, requires = "proof")]
        entry: Option<PathBuf>,
        /// An older checkpoint: history before it must only have been appended to.
        #[arg(long)]
        since: Option<PathBuf>,
        /// Prints all findings, not only the first 1,000.
        #[arg(long)]
        all: bool,
    },
    /// Reports of a day or a week: which there are, which were made, and making one.
    Reports {
        #[command(subcommand)]
        command: reports::ReportsCommand,
    },
    /// Dashboards: which there are, and as Grafana's JSON.
    Dashboards {
        #[command(subcommand)]
        command: dashboards::Dashboards,
    },
    /// Prints the verifier keys of the log: pin them outside this machine.
    Keys,
    /// Prints the entries of the log, one a line: the permanent bytes.
    Entries,
    /// API keys: create, list, revoke.
    Key {
        #[command(subcommand)]
        command: admin::KeyCommand,
    },
    /// The registry of agents.
    Agents {
        #[command(subcommand)]
        command: admin::AgentCommand,
    },
    #[command(flatten)]
    Kept(subject::Kept),
    /// Says how the log grows, what the disk and the recorder still take, and when the disk is full at that rate.
    Capacity {
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Says what is wrong and what to do.
    Doctor,
    /// Prints the OpenAPI document of the HTTP interface.
    Openapi,
}

#[derive(Args)]
struct Serve {
    /// Where to listen; anything but loopback needs keys. [default: 127.0.0.1:7420]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = crate::config::address)]
    listen: Option<SocketAddr>,
    /// The configuration file. [default: config.toml in the data folder]
    #[arg(long)]
    config: Option<PathBuf>,
    /// The server's own logs as JSON.
    #[arg(long)]
    log_json: bool,
}

#[derive(Args)]
struct Output {
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Ndjson,
}

/// A query as it is typed. It may begin with a comment or with "not"; what can only be a mistyped option is none.
fn asked(text: &str) -> Result<String, String> {
    if text.starts_with("--") && !text.contains(char::is_whitespace) {
        return Err("there is no such option: a query that begins so has words behind it".to_string());
    }
    Ok(text.to_string())
}

/// Runs a command. Says whether all was well; `false` is a finding.
pub(crate) fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    local::refuse_unasked(arguments)?;
    let data = arguments.data.as_path();
    match &arguments.command {
        Command::Demo { serve, events, seed } => run::demo(data, serve, *events, *seed),
        Command::Serve(serve) => run::serve(data, serve),
        Command::Import(import) => import::run(arguments, import),
        Command::Sql { query, output } => read::sql(arguments, query, output.format),
        Command::Query(asks) => query::run(arguments, asks),
        Command::Rules { command } => rules::run(arguments, command),
        Command::Alerts { command } => alerts::run(arguments, command),
        Command::Incidents { command } => incidents::run(arguments, command),
        Command::Responses { command } => responses::run(arguments, command),
        Command::Search(search) => read::search(arguments, search),
        Command::Costs { by, days, output } => read::costs(arguments, by, *days, output.format),
        Command::Coverage(asks) => coverage::run(arguments, asks),
        Command::Tail { agent, stream, output } => {
            live::tail(arguments, agent.as_deref(), *stream, output.format)
        }
        Command::Show { id, json, output } => {
            live::show(arguments, id, if *json { Format::Json } else { output.format })
        }
        Command::Prove { id } => prove::prove(arguments, id),
        Command::Verify { pins, proof, entry, since, all } => {
            let shown = if *all { crate::verify::SHOWN_ALL } else { crate::verify::SHOWN };
            prove::verify(arguments, pins, proof.as_deref(), entry.as_deref(), since.as_deref(), shown)
        }
        Command::Reports { command } => reports::run(arguments, command),
        Command::Dashboards { command } => dashboards::run(arguments, command),
        Command::Keys => prove::keys(data),
        Command::Entries => prove::entries(arguments),
        Command::Key { command } => admin::key(data, command),
        Command::Agents { command } => admin::agents(arguments, command),
        Command::Kept(command) => subject::run(arguments, command),
        Command::Capacity { json } => capacity::run(arguments, *json),
        Command::Doctor => doctor::run(arguments),
        Command::Openapi => {
            writeln!(std::io::stdout(), "{}", crate::http::openapi().to_pretty_json()?)?;
            Ok(true)
        }
    }
}

impl Arguments {
    fn target(&self) -> Result<crate::target::Target, Box<dyn Error>> {
        crate::target::Target::find(self.server.as_deref(), self.key.as_deref(), &self.data)
    }
}
