//! What an agent's hooks leave out and its session file tells. Codex runs the same hook after a command that failed as
//! after one that did not, and none at all for a call that it refused or whose tool it does not know; Gemini CLI runs
//! only the hook before a refused call, and none where there is no such tool or the tool does not take the input. Both have
//! written it to their session file by then, and name that file to the hook.
//!
//! Invariants
//! - The file is only read, its end or its first line, and only if it is a regular file: an agent that names another
//!   one costs nothing but that.
//! - What comes out is not redacted yet.

use crate::payload::Members;
use crate::stamp::Source;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// So much of a file's end is read after a call, and after a turn, bytes.
const CALL_BYTES_MAX: u64 = 256 << 10;
const TURN_BYTES_MAX: u64 = 512 << 10;
/// The first line tells of which agent the file is; so much of it is read, bytes.
const HEAD_BYTES_MAX: u64 = 256 << 10;
/// Calls of one turn that are told.
const CALLS_MAX: usize = 64;
/// Of the text of an answer so much is told, bytes.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Members to add to a hook's own, as JSON.
pub type Told = Vec<(&'static str, String)>;

/// Looks up what the hook does not tell. A file that can't be read tells nothing.
pub fn told(source: Option<Source>, members: &Members) -> Told {
    let Some(path) = members.text("transcript_path") else { return Told::new() };
    let is_codex = source == Some(Source::Codex) || source.is_none() && path.contains("/.codex/");
    let is_gemini = source == Some(Source::Gemini) || source.is_none() && path.contains("/.gemini/");
    let end = |bytes_max| part(&path, Some(bytes_max));
    let text = |name: &str| members.text(name).unwrap_or_default();
    let told = match (text("hook_event_name").as_str(), is_codex, is_gemini) {
        ("PostToolUse", true, _) => end(CALL_BYTES_MAX).map(|end| codex_result(&end, &text("tool_use_id"))),
        ("SubagentStart", true, _) => part(&path, None).map(|head| codex_agent(&head)),
        ("Stop", true, _) => end(TURN_BYTES_MAX).map(|end| codex_unanswered(&end, &text("turn_id"))),
        ("AfterAgent", _, true) => end(TURN_BYTES_MAX).map(|end| gemini_unanswered(&end)),
        _ => return Told::new(),
    };
    told.unwrap_or_else(|error| {
        crate::debug::say(format_args!("{path}: {error}"));
        Told::new()
    })
}

/// The last lines of a file up to so many bytes, or its first line.
fn part(path: &str, end: Option<u64>) -> io::Result<String> {
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = std::fs::OpenOptions::new().read(true).custom_flags(no_wait).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    let start = end.map_or(0, |bytes| found.len().saturating_sub(bytes));
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end.unwrap_or(HEAD_BYTES_MAX)).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = match end {
        // It may begin in the middle of a line.
        Some(_) if start > 0 => text.split_once('\n').map_or("", |(_, rest)| rest),
        Some(_) => &text,
        None => text.split_once('\n').map_or("", |(first, _)| first),
    };
    Ok(text.to_owned())
}

fn quoted(text: &str) -> String {
    crate::payload::quote(text)
}

/// The exit code of a call. How long it took stands beside it, and is never more than microseconds, whatever ran.
fn codex_result(end: &str, call: &str) -> Told {
    let mark = format!("\"id\":{}", quoted(call));
    let is_its = |line: &&str| line.contains(&mark) && line.contains("\"item_completed\"");
    let item = end.lines().rev().find(is_its).and_then(payload).map(|payload| payload["item"].clone());
    let Some(item) = item.filter(|item| item["id"] == call) else { return Told::new() };
    item["exit_code"].as_i64().map(|code| ("exit_code", code.to_string())).into_iter().collect()
}

/// The name of a sub-agent's task, which the call that started it has as well.
fn codex_agent(head: &str) -> Told {
    let path = payload(head).and_then(|meta| meta["agent_path"].as_str().map(str::to_owned));
    path.map(|path| ("agent_path", quoted(&path))).into_iter().collect()
}

/// Calls of a turn that got an answer and never ran.
fn codex_unanswered(end: &str, turn: &str) -> Told {
    let (mut ran, mut calls, mut order) = (HashSet::new(), HashMap::new(), Vec::new());
    for line in end.lines().filter(|line| line.contains(turn)) {
        let Some(payload) = payload(line) else { continue };
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        match payload["type"].as_str() {
            Some("item_completed") => {
                ran.insert(payload["item"]["id"].as_str().unwrap_or_default().to_owned());
            }
            Some("function_call" | "custom_tool_call") => {
                let input = payload.get("arguments").or_else(|| payload.get("input")).cloned();
                calls.insert(text("call_id"), (text("namespace"), text("name"), input));
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                if let Some(answer) = payload["output"].as_str() {
                    order.push((text("call_id"), answer.to_owned()));
                }
            }
            _ => {}
        }
    }
    let never_ran = order.into_iter().filter(|(id, answer)| !ran.contains(id) && is_refusal(answer));
    let told = never_ran.take(CALLS_MAX).filter_map(|(id, answer)| {
        let (namespace, name, input) = calls.remove(&id)?;
        let command = name == "exec_command" || name == "shell";
        let name = if command { "Bash".to_owned() } else { namespace + &name };
        // Arguments are JSON in a text.
        let parsed = input.as_ref().and_then(|input| serde_json::from_str::<Value>(input.as_str()?).ok());
        let mut input = parsed.or(input).unwrap_or_default();
        if command && let Some(cmd) = input.get_mut("cmd").map(Value::take) {
            input = serde_json::json!({ "command": cmd });
        }
        Some(format!(
            "{{\"tool_use_id\":{},\"tool_name\":{},\"tool_input\":{input},\"error\":{}}}",
            quoted(&id),
            quoted(&name),
            quoted(cut(&answer))
        ))
    });
    list(told.collect())
}

/// What Codex answers for a call that it did not run.
fn is_refusal(answer: &str) -> bool {
    const STARTS: &[&str] =
        &["unsupported call", "failed to parse function arguments", "exec_command failed"];
    const WORDS: &[&str] = &["rejected", "denied", "not allowed", "aborted", "unsupported"];
    const SHORT_BYTES: usize = 1000;
    let short = answer.len() < SHORT_BYTES;
    STARTS.iter().any(|start| answer.starts_with(start))
        || short && WORDS.iter().any(|word| answer.contains(word))
}

/// Calls of the last turn that ended with an error; which of them have a hook of their own is not known here.
fn gemini_unanswered(end: &str) -> Told {
    #[derive(serde::Deserialize)]
    struct Message<'a> {
        #[serde(borrow, rename = "type")]
        kind: std::borrow::Cow<'a, str>,
        #[serde(borrow, default)]
        content: Option<&'a RawValue>,
        #[serde(borrow, default, rename = "toolCalls")]
        calls: Vec<Call<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Call<'a> {
        #[serde(borrow)]
        name: &'a RawValue,
        #[serde(borrow)]
        args: &'a RawValue,
        status: String,
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        timestamp: Option<&'a RawValue>,
        #[serde(default)]
        result: Value,
    }
    // A message is written again when its calls have ended: the last one counts.
    let (mut calls, mut ids): (Vec<String>, HashSet<&str>) = (Vec::new(), HashSet::new());
    for line in end.lines().rev() {
        let Ok(message) = serde_json::from_str::<Message<'_>>(line) else { continue };
        if message.kind == "user" {
            if message.content.is_some_and(is_answer) {
                continue;
            }
            break;
        }
        for call in message.calls.iter().filter(|call| matches!(call.status.as_str(), "error" | "cancelled"))
        {
            let answer = call.result.pointer("/0/functionResponse/response/error").and_then(Value::as_str);
            let member = |name, value: Option<&RawValue>| {
                value.map(|value| format!("\"{name}\":{value},")).unwrap_or_default()
            };
            let told = format!(
                "{{{}{}\"tool_name\":{},\"tool_input\":{},\"error\":{}}}",
                member("call_id", call.id),
                member("time", call.timestamp),
                call.name,
                call.args,
                quoted(cut(answer.unwrap_or(&call.status)))
            );
            let is_new = call.id.map_or(!calls.contains(&told), |id| ids.insert(id.get()));
            if is_new && calls.len() < CALLS_MAX {
                calls.push(told);
            }
        }
    }
    calls.reverse();
    list(calls)
}

/// Whether what stands there as said by the user is what calls answered.
fn is_answer(content: &RawValue) -> bool {
    let parts = serde_json::from_str::<Value>(content.get()).unwrap_or_default();
    parts.as_array().is_some_and(|parts| parts.iter().any(|part| part.get("functionResponse").is_some()))
}

fn list(calls: Vec<String>) -> Told {
    if calls.is_empty() { Told::new() } else { vec![("tool_calls", format!("[{}]", calls.join(",")))] }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(ANSWER_BYTES_MAX)]
}

fn payload(line: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line).ok()?.get_mut("payload").map(Value::take)
}

#[cfg(test)]
#[path = "session_file_tests.rs"]
mod tests;
