//! What Claude Code's telemetry calls every tool of an MCP server alike, and says by name elsewhere in the record.

use crate::fields::{Fields, quote};
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::FACT_BYTES_MAX;

/// The tool's name in logs, whichever tool of whichever server it is.
const ANY: &str = "mcp_tool";

/// Gives a call of an MCP server's tool the name that hooks and the model know it by, where its parameters tell it.
pub(super) fn name_tool(event: &mut Event<'_>) {
    if event.action_name.as_deref() != Some(ANY) {
        return;
    }
    let beside = event.extra.iter().find(|(name, _)| name == "tool_parameters").map(|(_, raw)| raw.as_ref());
    let Some((server, tool)) = beside.or(event.input.as_deref()).and_then(server_and_tool) else { return };
    event.action_name = Some(format!("mcp__{}__{}", plain(&server), plain(&tool)).into());
    event.extra.push(("tool_name".into(), quote(ANY).into()));
    if event.facts.text(TextFact::McpServer).is_none() && server.len() <= FACT_BYTES_MAX {
        event.facts.set_text(TextFact::McpServer, server);
    }
}

fn server_and_tool(parameters: &str) -> Option<(String, String)> {
    let parameters = Fields::object(parameters).ok()?;
    let text = |name| parameters.get_text(name).map(|text| text.into_owned()).filter(|text| !text.is_empty());
    text("mcp_server_name").zip(text("mcp_tool_name"))
}

/// As Claude Code writes names of servers and tools for the model.
fn plain(name: &str) -> String {
    let keeps = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars().map(|c| if keeps(c) { c } else { '_' }).collect()
}
