//! What the records of one group share: resource and library, rendered once.

use super::Malformed;
use super::attributes::{is_section, of_nameless_resource, of_resource};
use super::value::{Members, text_under};
use super::walk::Raw;
use super::wire::{Group as Beside, KeyValue, Resource, Scope};
use crate::fields::Refused;
use crate::lift::lift_under;
use prost::Message;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::EVENT_BYTES_MAX;

/// The resource and the library of a list of records.
#[derive(Debug, Default)]
pub(super) struct Group {
    resource: Members,
    scope: Members,
    /// Both together, for their size.
    all: Members,
    pub(super) scope_name: String,
    /// The program, when it has a name of its own.
    pub(super) service: Option<String>,
    /// Bytes that tell this group's records from those of another.
    pub(super) bytes: Vec<u8>,
}

impl Group {
    /// Reads what stands beside the lists of scopes and of records.
    pub(super) fn read(resource: Raw<'_>, scope: Raw<'_>) -> Result<Group, Malformed> {
        let (mut group, mut all) = (Group::default(), Members::default());
        let schema = |group: Raw<'_>| -> Result<String, Malformed> { Ok(small(group)?.schema_url) };
        let named = part::<Resource>(resource, "resource")?;
        let library = part::<Scope>(scope, "scope")?;
        group.bytes = named.encode_length_delimited_to_vec();
        group.bytes.extend(library.encode_length_delimited_to_vec());
        group.service = service(&named.attributes);
        group.resource.attributes(&named.attributes, is_section);
        group.resource.add_count("dropped_attributes_count", named.dropped_attributes_count);
        group.resource.add_text("schema_url", &schema(resource)?);
        group.scope.add_text("version", &library.version);
        group.scope.attributes(&library.attributes, is_section);
        group.scope.add_count("dropped_attributes_count", library.dropped_attributes_count);
        group.scope.add_text("schema_url", &schema(scope)?);
        all.attributes(&named.attributes, is_section);
        all.attributes(&library.attributes, is_section);
        (group.all, group.scope_name) = (all, library.name);
        Ok(group)
    }

    /// Whether a record and what it shares stay within an event's limits.
    pub(super) fn check(&self, own: &Members) -> Result<(), Refused> {
        own.check(&self.all)
    }

    /// Adds what is shared to a record that has lifted its own.
    pub(super) fn apply<'a>(&'a self, event: &mut Event<'a>) -> Result<(), Refused> {
        if !self.scope_name.is_empty() {
            event.facts.set_text(TextFact::Logger, self.scope_name.as_str());
        }
        lift_under("scope", self.scope.fields(), |_| None, event)?;
        let table = if self.is_gemini() { of_nameless_resource } else { of_resource };
        lift_under("resource", self.resource.fields(), table, event)
    }

    /// Whether the spans of this program repeat what its log records count.
    pub(super) fn counts_in_logs(&self) -> bool {
        self.scope_name.starts_with("com.anthropic.claude_code") || self.is_gemini() || self.is_codex()
    }

    pub(super) fn is_claude(&self) -> bool {
        self.scope_name.starts_with("com.anthropic.claude_code")
    }

    pub(super) fn is_codex(&self) -> bool {
        self.service.as_deref() == Some("codex")
    }

    pub(super) fn is_gemini(&self) -> bool {
        self.scope_name == "gemini-cli"
    }
}

/// The message under a name: resource and scope are both the first field.
fn part<M: Message + Default + serde::de::DeserializeOwned>(
    around: Raw<'_>,
    name: &'static str,
) -> Result<M, Malformed> {
    match around.child(1, name)? {
        Some(raw) if raw.len() > EVENT_BYTES_MAX => {
            Err(Malformed(format!("the {name} has {} bytes: expected at most {EVENT_BYTES_MAX}", raw.len())))
        }
        Some(raw) => raw.decode(),
        None => Ok(M::default()),
    }
}

fn small(around: Raw<'_>) -> Result<Beside, Malformed> {
    around.decode()
}

fn service(attributes: &[KeyValue]) -> Option<String> {
    program(text_under(attributes, &["service.name"])?).map(str::to_owned)
}

/// The program that a service's name tells of, unless the SDK made it up; Codex has one for each of its faces.
pub(crate) fn program(service: &str) -> Option<&str> {
    let is_made_up = service.is_empty() || service.starts_with("unknown_service");
    (!is_made_up).then_some(if service.starts_with("codex_") { "codex" } else { service })
}
