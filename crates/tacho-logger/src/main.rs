//! `mcp-audit-logger`: the MCP server that an agent starts as its child and speaks to over standard input and output.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod columns;
mod file;
mod http;
mod lines;
mod postgres;
mod prepare;
mod rows;
mod settings;
mod victorialogs;
mod writable;

use clap::Parser;
use http::Http;
use lines::Lines;
use prepare::Preparer;
use rmcp::ServiceExt;
use settings::{Backend, Settings};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_event::id::Id;
use tacho_mcp::limits::ROWS_USUAL;
use tacho_mcp::{AuditServer, Caller, Filter, Log, ServerLog};

const ABOUT: &str = "\
The audit log as an MCP server over standard input and output: agents start it.

  claude mcp add audit -- mcp-audit-logger                    Claude Code
  codex mcp add audit -- mcp-audit-logger                     Codex
  gemini mcp add audit mcp-audit-logger                       Gemini CLI

Tools: log_action, log_decision, log_outcome; search_logs, get_entry, get_session, get_costs;
verify_entry, verify_range, export_evidence. What an agent writes is marked self_reported, and
nothing can be changed or deleted. A tachograph server offers the same at its path /mcp.";

const MORE: &str = "\
Environment:
  AUDIT_BACKEND       server (default), postgres, victorialogs or file
  AUDIT_LOG_URL       the server, default http://127.0.0.1:7420; of VictoriaLogs http://127.0.0.1:9428
  AUDIT_LOG_KEY       its API key
  AUDIT_LOG_CA_FILE   certificates to trust instead of the usual ones, PEM
  AUDIT_LOG_PIN       keys that checkpoints must be signed by, or a file of them: tachograph keys > FILE
  AUDIT_DATABASE_URL  for postgres: postgres://user:password@host:5432/database
  AUDIT_LOG_FILE      for file: default ~/.local/state/tachograph/mcp-audit.ndjson
  AUDIT_LOG_FILE_MB   for file: put aside at this size, default 100
  AGENT_ID            the agent of events that name none
  SESSION_ID          the session of events that name none, default Claude Code's own";

#[derive(Parser)]
#[command(name = "mcp-audit-logger", version, about = ABOUT, after_help = MORE)]
struct Cli {
    /// Say where events would go and whether it answers, or the file can be written, and end
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(run(cli.check));
            // A read of standard input cannot be taken back: the process ends without it.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcp-audit-logger: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(check: bool) -> Result<(), String> {
    let settings = Settings::read(&|name| std::env::var(name).ok())?;
    let log = open(&settings)?;
    if check {
        return look(log.as_ref(), &settings).await;
    }
    let server = AuditServer::new(log, settings.pins, settings.defaults, Arc::new(fresh));
    let (input, output) = rmcp::transport::stdio();
    let running = server.serve(Lines::new(input, output)).await.map_err(|error| error.to_string())?;
    running.waiting().await.map(drop).map_err(|error| error.to_string())
}

fn open(settings: &Settings) -> Result<Arc<dyn Log>, String> {
    Ok(match &settings.backend {
        Backend::Server => Arc::new(ServerLog::new(http(settings)?)),
        Backend::VictoriaLogs => Arc::new(victorialogs::VictoriaLogs::new(http(settings)?, preparer())),
        Backend::Postgres { url } => Arc::new(postgres::Postgres::new(url, preparer())?),
        Backend::File { path, bytes_max } => {
            Arc::new(file::FileLog::new(path.clone(), *bytes_max, preparer()))
        }
    })
}

fn http(settings: &Settings) -> Result<Http, String> {
    Http::new(settings.url.clone(), settings.key.clone(), settings.ca_file.as_deref())
}

fn preparer() -> Preparer {
    Preparer::new(|| tacho_event::time::format(now_us()))
}

/// For people who set it up: the first thing that can go wrong is that nothing answers.
async fn look(log: &dyn Log, settings: &Settings) -> Result<(), String> {
    let filter = Filter { limit: ROWS_USUAL, ..Filter::default() };
    let name = log.name();
    let place = match &settings.backend {
        Backend::File { path, .. } => {
            writable::check(path, &format!(".mcp-audit-logger-{}", fresh()))?;
            path.display().to_string()
        }
        Backend::Postgres { .. } => "AUDIT_DATABASE_URL".into(),
        Backend::Server | Backend::VictoriaLogs => settings.url.clone(),
    };
    let answers = match log.search(&Caller::default(), &filter).await {
        Ok(page) => format!("{name} at {place} answers: {} events on the first page", page.rows.len()),
        Err(fault) if fault.kind == tacho_mcp::Kind::Cannot => {
            // The one that cannot be searched is VictoriaLogs.
            let check = victorialogs::check(http(settings)?).await;
            check.map_err(|fault| format!("{name} at {place}: {fault}"))?;
            format!("{name} at {place} answers, and is only written to")
        }
        Err(fault) => return Err(format!("{name} at {place}: {fault}")),
    };
    let mut notes = String::new();
    if let Backend::Postgres { url } = &settings.backend {
        let database = postgres::Postgres::new(url, preparer())?;
        let known = database.check(&fresh(), &settings.defaults).await;
        let known = known.map_err(|fault| format!("{name} at {place}: {fault}"))?;
        known.iter().for_each(|note| notes.extend(["\n", note]));
    }
    let pinned = match settings.pins.keys.len() {
        0 => {
            "no keys are pinned: proofs are checked, whose signature they bear is not (AUDIT_LOG_PIN)".into()
        }
        n => format!("{n} keys are pinned"),
    };
    writeln!(std::io::stdout(), "{answers}{notes}\n{pinned}").map_err(|error| error.to_string())?;
    Ok(())
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A UUIDv7: the id of an event that the agent gave none.
fn fresh() -> String {
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("the system gives random bytes");
    Id::v7((now_us() / 1000).unsigned_abs(), random).text()
}
