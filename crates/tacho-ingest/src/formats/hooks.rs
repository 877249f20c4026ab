//! Whose hook it is: the agents took over one form from each other, with small differences that matter.

use super::Format;
use crate::fields::Fields;

/// Events that only Gemini CLI has.
const GEMINI: &[&str] = &[
    "BeforeTool",
    "AfterTool",
    "BeforeAgent",
    "AfterAgent",
    "BeforeModel",
    "BeforeToolSelection",
    "AfterModel",
    "PreCompress",
];

/// Tells the agent: by what `agent-audit-log` was installed for, the event's name, or where the transcript is.
pub(super) fn whose(fields: &Fields<'_>) -> Format {
    match fields.get_text("hook_source").as_deref() {
        Some("claude") => return Format::ClaudeHook,
        Some("codex") => return Format::CodexHook,
        Some("gemini") => return Format::GeminiHook,
        _ => {}
    }
    let hook = fields.get_text("hook_event_name").unwrap_or_default();
    let transcript = fields.get_text("transcript_path").unwrap_or_default();
    if GEMINI.contains(&&*hook) || transcript.contains("/.gemini/") {
        Format::GeminiHook
    } else if fields.get("thread-id").is_some() || transcript.contains("/.codex/") {
        Format::CodexHook
    } else {
        Format::ClaudeHook
    }
}
