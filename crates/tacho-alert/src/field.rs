//! The columns that rules can ask for, and where each stands in an event.

use std::sync::LazyLock;
use tacho_event::fact::{IntFact, TextFact};
use tacho_pipe::Kind;

/// Where a column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Id,
    Timestamp,
    RecordedAt,
    Agent,
    Session,
    Conversation,
    ActionType,
    ActionName,
    Details,
    Outcome,
    Result,
    Error,
    DurationMs,
    CostUsd,
    Access,
    Sensitive,
    User,
    Ip,
    UserAgent,
    Index,
    Class,
    Level,
    Phase,
    Call,
    Parent,
    Known,
    Source,
    Revision,
    Extra,
    Decision,
    AgentVersion,
    SessionSeq,
    ProducerSeq,
    TimeClaimed,
    Retention,
    EventId,
    SessionUuid,
    Int(IntFact),
    Text(TextFact),
}

/// A column: its name, what it holds, where it is.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub name: &'static str,
    pub kind: Kind,
    pub field: Field,
}

const OWN: [(&str, Kind, Field); 37] = [
    ("id", Kind::Text, Field::Id),
    ("timestamp", Kind::Time, Field::Timestamp),
    ("agent_id", Kind::Text, Field::Agent),
    ("session_id", Kind::Text, Field::Session),
    ("conversation_id", Kind::Text, Field::Conversation),
    ("action_type", Kind::Text, Field::ActionType),
    ("action_name", Kind::Text, Field::ActionName),
    ("action_details", Kind::Json, Field::Details),
    ("outcome_status", Kind::Text, Field::Outcome),
    ("outcome_result", Kind::Json, Field::Result),
    ("outcome_error", Kind::Json, Field::Error),
    ("duration_ms", Kind::Duration { unit_us: 1000 }, Field::DurationMs),
    ("cost_usd", Kind::Number, Field::CostUsd),
    ("resources_accessed", Kind::Json, Field::Access),
    ("sensitive_data_accessed", Kind::Bool, Field::Sensitive),
    ("user_id", Kind::Text, Field::User),
    ("ip", Kind::Text, Field::Ip),
    ("user_agent", Kind::Text, Field::UserAgent),
    ("index", Kind::Number, Field::Index),
    ("recorded_at", Kind::Time, Field::RecordedAt),
    ("class", Kind::Text, Field::Class),
    ("level", Kind::Text, Field::Level),
    ("phase", Kind::Text, Field::Phase),
    ("call_id", Kind::Text, Field::Call),
    ("parent_id", Kind::Text, Field::Parent),
    ("known", Kind::Text, Field::Known),
    ("source", Kind::Text, Field::Source),
    ("revision", Kind::Number, Field::Revision),
    ("extra", Kind::Json, Field::Extra),
    ("decision", Kind::Json, Field::Decision),
    ("agent_version", Kind::Text, Field::AgentVersion),
    ("session_seq", Kind::Number, Field::SessionSeq),
    ("producer_seq", Kind::Number, Field::ProducerSeq),
    ("time_claimed", Kind::Bool, Field::TimeClaimed),
    ("retention", Kind::Text, Field::Retention),
    ("event_id", Kind::Text, Field::EventId),
    ("session_uuid", Kind::Text, Field::SessionUuid),
];

/// Every column of `agent_audit_log`, in a fixed order.
pub fn all() -> &'static [Named] {
    static ALL: LazyLock<Vec<Named>> = LazyLock::new(|| {
        let own = OWN.iter().map(|(name, kind, field)| Named { name, kind: *kind, field: *field });
        let ints = IntFact::ALL.iter().map(|fact| {
            let name = fact.name();
            let kind = if name.ends_with("_us") { Kind::Duration { unit_us: 1 } } else { Kind::Number };
            Named { name, kind, field: Field::Int(*fact) }
        });
        let texts = TextFact::ALL
            .iter()
            .filter(|fact| **fact != TextFact::ConversationId)
            .map(|fact| Named { name: fact.name(), kind: Kind::Text, field: Field::Text(*fact) });
        own.chain(ints).chain(texts).collect()
    });
    &ALL
}

/// Other names of columns.
pub(crate) const ALIASES: [(&str, &str); 11] = [
    ("action", "action_name"),
    ("type", "action_type"),
    ("agent", "agent_id"),
    ("session", "session_id"),
    ("user", "user_id"),
    ("source_ip", "ip"),
    ("action_class", "mapped_action"),
    ("details", "action_details"),
    ("result", "outcome_result"),
    ("error", "outcome_error"),
    ("call", "call_id"),
];

/// Finds a column by name or other name.
pub fn find(name: &str) -> Option<Named> {
    // The sender's own `status` is a fact of that name; an alias never hides a column.
    let direct = all().iter().find(|column| column.name == name);
    let alias = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, real)| *real);
    direct.or_else(|| alias().and_then(|real| all().iter().find(|column| column.name == real))).copied()
}
