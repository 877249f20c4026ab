//! What alerts can have in common: an agent, a session, a workflow, a call, an address.
//!
//! Limit: a kind of which the events of one alert name more than [`SAID_MAX`] values says nothing: an alert over the whole
//! fleet would tie everything together.

use crate::notify::LabelSet;
use std::collections::BTreeSet;

/// Values of one kind that the events of an alert may name.
const SAID_MAX: usize = 3;
/// A longer value is no name, bytes.
const VALUE_MAX: usize = 256;
/// Values that everybody has, or nobody.
const NOTHING: [&str; 9] =
    ["", "unknown", "system", "default", "null", "tachograph", "127.0.0.1", "::1", "0.0.0.0"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Agent,
    Session,
    Workflow,
    /// A call, or the one that it is part of.
    Call,
    Address,
    /// What a rule finds, where its findings of one kind belong together.
    Finding,
    /// A rule that found much within a minute.
    Burst,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Agent => "agent",
            Kind::Session => "session",
            Kind::Workflow => "workflow",
            Kind::Call => "call",
            Kind::Address => "address",
            Kind::Finding => "finding",
            Kind::Burst => "burst",
        }
    }

    fn of_label(name: &str) -> Option<Kind> {
        Some(match name {
            "agent_id" => Kind::Agent,
            "session_id" => Kind::Session,
            "workflow_id" => Kind::Workflow,
            "call_id" | "parent_id" => Kind::Call,
            "ip" | "source_ip" => Kind::Address,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    pub kind: Kind,
    pub value: String,
}

impl Entity {
    fn of(kind: Kind, value: &str) -> Option<Entity> {
        let says = value.len() <= VALUE_MAX && !NOTHING.contains(&value);
        says.then(|| Entity { kind, value: value.to_string() })
    }
}

/// What an event of an alert's evidence is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Witness {
    pub index: u64,
    pub agent: Option<String>,
    pub session: Option<String>,
    pub workflow: Option<String>,
    pub call: Option<String>,
    pub parent: Option<String>,
    pub address: Option<String>,
}

/// What an alert is about: its labels, and what its events say where they agree.
pub(super) fn of(labels: &LabelSet, events: &[&Witness]) -> BTreeSet<Entity> {
    let mut all = BTreeSet::new();
    for witness in events {
        let said = [
            (Kind::Agent, &witness.agent),
            (Kind::Session, &witness.session),
            (Kind::Workflow, &witness.workflow),
            (Kind::Call, &witness.call),
            (Kind::Call, &witness.parent),
            (Kind::Address, &witness.address),
        ];
        all.extend(said.into_iter().filter_map(|(kind, value)| Entity::of(kind, value.as_deref()?)));
    }
    for kind in [Kind::Agent, Kind::Session, Kind::Workflow, Kind::Call, Kind::Address] {
        if all.iter().filter(|entity: &&Entity| entity.kind == kind).count() > SAID_MAX {
            all.retain(|entity| entity.kind != kind);
        }
    }
    all.extend(labels.iter().filter_map(|(name, value)| Entity::of(Kind::of_label(name)?, value)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(agent: &str, session: &str) -> Witness {
        Witness { agent: Some(agent.into()), session: Some(session.into()), ..Witness::default() }
    }

    #[test]
    fn labels_count_and_events_where_they_agree() {
        let labels = LabelSet::from([("agent_id".into(), "a".into()), ("tier".into(), "security".into())]);
        let events: Vec<Witness> = (0..5).map(|n| event("a", &format!("s{n}"))).collect();
        let found: Vec<String> =
            of(&labels, &events.iter().collect::<Vec<_>>()).into_iter().map(|entity| entity.value).collect();
        assert_eq!(found, ["a"], "five sessions say nothing");
        let found = of(&LabelSet::new(), &[&events[0], &events[1]]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn what_everybody_has_is_nothing() {
        let labels =
            LabelSet::from([("agent_id".into(), "tachograph".into()), ("source_ip".into(), "::1".into())]);
        assert!(
            of(&labels, &[&Witness { address: Some("127.0.0.1".into()), ..Witness::default() }]).is_empty()
        );
    }
}
