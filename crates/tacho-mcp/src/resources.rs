//! Resources: sessions, entries, agents, and the newest checkpoint, each by its URI.

use crate::handler::AuditServer;
use crate::log::{Caller, Fault, Kind, bounded};
use rmcp::ErrorData;
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::Value;

const SCHEME: &str = "tachograph://";
const CHECKPOINT: &str = "tachograph://checkpoints/latest";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// What is there without knowing an id.
pub(crate) fn fixed() -> Vec<Resource> {
    vec![
        Resource::new(CHECKPOINT, "latest-checkpoint")
            .with_title("Newest checkpoint")
            .with_description(
                "The signed head of the log: keep one, and history before it can't be rewritten unseen.",
            )
            .with_mime_type(TEXT),
    ]
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |path: &str, name: &str, title: &str, what: &str| {
        ResourceTemplate::new(format!("{SCHEME}{path}"), name)
            .with_title(title)
            .with_description(what)
            .with_mime_type(JSON)
    };
    vec![
        template("sessions/{id}", "session", "A session", "The timeline of a session, with totals."),
        template("entries/{seq}", "entry", "An entry", "One event by its index on the log or its id."),
        template("agents/{id}", "agent", "An agent", "What is known of an agent, and its numbers."),
    ]
}

impl AuditServer {
    /// Reads a resource.
    pub(crate) async fn read(&self, uri: &str, caller: &Caller) -> Result<ResourceContents, ErrorData> {
        let absent = |why: &str| ErrorData::resource_not_found(why.to_string(), Some(uri_of(uri)));
        let text = |fault: Fault| match fault.kind {
            Kind::Absent => absent(&fault.why),
            Kind::Refused => ErrorData::invalid_params(fault.why, Some(uri_of(uri))),
            Kind::Cannot | Kind::Failed => ErrorData::internal_error(fault.why, Some(uri_of(uri))),
        };
        let Some(path) = uri.strip_prefix(SCHEME) else {
            return Err(absent("unknown resource: URIs begin with tachograph://"));
        };
        let (kind, id) = path.split_once('/').unwrap_or((path, ""));
        let id = unescaped(id).filter(|id| bounded("the id", id).is_ok());
        let Some(id) = id else { return Err(absent("the URI names no id of 1 to 512 bytes")) };
        let value: Value = match (kind, id.as_str()) {
            ("checkpoints", "latest") => {
                let head = self.head(caller).await.map_err(text)?;
                return Ok(ResourceContents::text(head.note, uri).with_mime_type(TEXT));
            }
            ("sessions", id) => self.log().session(caller, id).await.map_err(text)?,
            ("entries", id) => self.log().entry(caller, id).await.map_err(text)?,
            ("agents", id) => self.log().agent(caller, id).await.map_err(text)?,
            _ => return Err(absent("there are sessions, entries, agents and checkpoints/latest")),
        };
        Ok(ResourceContents::text(value.to_string(), uri).with_mime_type(JSON))
    }
}

fn uri_of(uri: &str) -> Value {
    serde_json::json!({"uri": format!("{uri:.600}")})
}

/// An id as it stands in a URI.
fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        out.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_uri_is_read_or_refused() {
        assert_eq!(unescaped("a%2Fb%C3%A9").as_deref(), Some("a/bé"));
        for wrong in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }
}
