//! Which minimisation an event's sections fall under: keyed on the tool.
//!
//! Names of tools are those of coding agents and of database skills; what a tool result of a transcript was can
//! only be told by its shape, since the line does not name the tool.

use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::words::ActionType;
use tacho_redact::minimise::ContentKind;

/// The kinds of content in an event's sections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) input: Option<ContentKind>,
    pub(crate) output: Option<ContentKind>,
    pub(crate) error: Option<ContentKind>,
    /// Members of `extra` that hold content as well.
    pub(crate) extra: Option<(&'static [&'static str], ContentKind)>,
}

/// The action of a hook that can't be read.
pub(crate) const UNREADABLE_HOOK: &str = "unreadable_hook";

/// Members that programs put beside their result, with the content in it.
const BESIDE: &[&str] = &[
    "toolUseResult",
    "tool_output",
    "attachment",
    "rendered",
    "data",
    "tail",
    "message",
    "events",
    "hook_input",
    "hook_output",
    "stdout",
];

/// Tells the kinds by action type and tool name.
pub(crate) fn kinds(event: &Event<'_>) -> Kinds {
    let name = event.action_name.as_deref().unwrap_or_default();
    match event.action_type {
        Some(ActionType::Tool | ActionType::Skill | ActionType::External) => {}
        // Bookkeeping lines of transcripts carry file snippets and command output.
        Some(ActionType::Log) => return bookkeeping(name, event),
        // Gemini CLI's span around the calls of an answer repeats what they were given and what they gave back.
        Some(ActionType::Workflow) if name == "schedule_tool_calls" => return files(),
        _ => return Kinds::default(),
    }
    of_tool(name, event)
}

fn of_tool(name: &str, event: &Event<'_>) -> Kinds {
    use ContentKind::{CommandOutput, FileContents};
    match name {
        "Write" | "Edit" | "MultiEdit" | "NotebookEdit" | "write_file" | "replace" | "apply_patch" => Kinds {
            input: Some(FileContents),
            output: Some(FileContents),
            error: Some(CommandOutput),
            extra: Some((BESIDE, FileContents)),
        },
        "Read" | "NotebookRead" | "Grep" | "read_file" | "read_many_files" | "search_file_content" => Kinds {
            output: Some(FileContents),
            error: Some(CommandOutput),
            extra: Some((BESIDE, FileContents)),
            ..Kinds::default()
        },
        "Bash" | "BashOutput" | "PowerShell" | "run_shell_command" | "shell" | "exec_command" => {
            commands(CommandOutput)
        }
        "tool_result" => by_shape(event),
        _ if is_query(name) => Kinds { output: Some(ContentKind::QueryResults), ..commands(CommandOutput) },
        _ => Kinds::default(),
    }
}

fn commands(kind: ContentKind) -> Kinds {
    Kinds { input: None, output: Some(kind), error: Some(kind), extra: Some((BESIDE, kind)) }
}

/// Contents of files everywhere.
fn files() -> Kinds {
    Kinds { input: Some(ContentKind::FileContents), ..commands(ContentKind::FileContents) }
}

/// Whether a tool or skill queries a database: `postgres`, `mcp__db__sql_query`, `mysql` …
fn is_query(name: &str) -> bool {
    const WORDS: &[&str] =
        &["postgres", "mysql", "mariadb", "sqlite", "mongo", "sql", "database", "bigquery", "snowflake"];
    let has = |name: &str| WORDS.iter().any(|word| name.contains(word));
    if name.bytes().any(|b| b.is_ascii_uppercase()) { has(&name.to_ascii_lowercase()) } else { has(name) }
}

fn bookkeeping(name: &str, event: &Event<'_>) -> Kinds {
    use ContentKind::{CommandOutput, FileContents};
    match name {
        "attachment" => by_shape(event),
        // A coding agent's telemetry about its hooks repeats what they were given.
        "hook_call" => commands(FileContents),
        // Which tool it was about is a fact of it, where it could be read.
        UNREADABLE_HOOK => {
            let tool = event.facts.text(TextFact::Operation);
            // The error is what is wrong with it, in our own words.
            Kinds { error: None, ..tool.map_or_else(files, |tool| of_tool(tool, event)) }
        }
        "progress" | "api-request" | "api-request-blob" => commands(CommandOutput),
        _ => Kinds::default(),
    }
}

/// Content whose tool is not named: file contents where what stands beside it says so, else command output.
fn by_shape(event: &Event<'_>) -> Kinds {
    const FILES: &[&str] =
        &["\"filePath\"", "\"filename\"", "\"originalFile\"", "\"filenames\"", "\"snippet\""];
    let mut beside =
        event.extra.iter().filter(|(name, _)| matches!(name.as_ref(), "toolUseResult" | "attachment"));
    let is_file = beside.any(|(_, raw)| FILES.iter().any(|mark| raw.contains(mark)));
    commands(if is_file { ContentKind::FileContents } else { ContentKind::CommandOutput })
}
