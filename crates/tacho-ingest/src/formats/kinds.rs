//! The list of formats: a new one is a file beside this one and a line here.

use super::{
    action_log, ai_decision, audit_entry, audit_trail, claude_hook, claude_transcript, codex_hook,
    codex_rollout, communication_log, gemini_chat, gemini_hook, log, native, openai_agents, openhands,
    openinference, python_logging, swe_agent, tau_bench, trade, who_and_when,
};
use crate::fields::{Fields, Refused};
use tacho_event::event::Event;
use tacho_event::words::ActionType;

macro_rules! formats {
    ($($variant:ident $name:literal $module:ident $summary:literal),+ $(,)?) => {
        /// A format that senders use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Format { $(#[doc = $summary] $variant),+ }

        impl Format {
            pub const ALL: &'static [Format] = &[$(Format::$variant),+];

            /// The name by which a source or a caller asks for it.
            pub fn name(self) -> &'static str {
                match self { $(Format::$variant => $name),+ }
            }

            /// One line for people.
            pub fn summary(self) -> &'static str {
                match self { $(Format::$variant => $summary),+ }
            }

            /// The format of that name.
            pub fn by_name(name: &str) -> Option<Format> {
                match name { $($name => Some(Format::$variant),)+ _ => None }
            }

            /// Decodes one object.
            pub(super) fn decode<'a>(
                self,
                fields: Fields<'a>,
                each: &mut dyn FnMut(Event<'a>),
            ) -> Result<(), Refused> {
                match self { $(Format::$variant => $module::decode(fields, each)),+ }
            }
        }
    };
}

formats! {
    Native "native" native "agents' own loggers: agent, action, outcome, resources, security, nested or flat",
    ActionLog "action-log" action_log "an action with communication, performance, compliance and metadata",
    CommunicationLog "communication-log" communication_log "a message between agents and its answer",
    AuditEntry "audit-entry" audit_entry "a decision with impact, compliance and verification",
    AiDecision "ai-decision" ai_decision "a model's prediction with inputs, confidence and explanation",
    Trade "trade" trade "the execution of an order",
    AuditTrail "audit-trail" audit_trail "what an application's users did to its entities",
    PythonLogging "python-logging" python_logging "Python's logging as JSON or text",
    ClaudeHook "claude-hook" claude_hook "hooks of Claude Code and its kin, as they stand",
    CodexHook "codex-hook" codex_hook "hooks of Codex, and what its notify command is given",
    GeminiHook "gemini-hook" gemini_hook "hooks of Gemini CLI",
    ClaudeTranscript "claude-transcript" claude_transcript "Claude Code's session files",
    OpenaiAgents "openai-agents" openai_agents "the OpenAI Agents SDK's own traces",
    CodexRollout "codex-rollout" codex_rollout "Codex's session files",
    GeminiChat "gemini-chat" gemini_chat "Gemini CLI's session files",
    SweAgent "swe-agent" swe_agent "trajectories of SWE-agent",
    Openhands "openhands" openhands "runs of OpenHands",
    Openinference "openinference" openinference "exported spans with OpenInference's attributes",
    TauBench "tau-bench" tau_bench "conversations of tau-bench",
    WhoAndWhen "who-and-when" who_and_when "failed runs of several agents with their verdict",
    Log "log" log "any other JSON object",
}

impl Format {
    /// Tells the format by a few member names. The order decides where an object bears the marks of two.
    pub fn recognise(fields: &Fields<'_>) -> Format {
        let marks = Marks::of(fields);
        let is_object = |name: &str| fields.get(name).is_some_and(|value| value.starts_with('{'));
        let action = marks.has(Marks::ACTION) && is_object("action");
        if marks.has(Marks::HOOK) || marks.has(Marks::TOOL) && marks.has(Marks::TOOL_VALUE) && !action {
            super::hooks::whose(fields)
        } else if marks.has(Marks::AUDIT_ENTRY) || marks.has(Marks::EVENT_TYPE) && marks.has(Marks::JUDGED) {
            Format::AuditEntry
        } else if marks.has(Marks::COMMUNICATION) || marks.has(Marks::SENDER) && marks.has(Marks::RECEIVER) {
            Format::CommunicationLog
        } else if marks.has(Marks::ENTITY) && marks.has(Marks::ACTION) && !action {
            Format::AuditTrail
        } else if marks.has(Marks::LEVELNAME) {
            Format::PythonLogging
        } else if marks.has(Marks::HISTORY)
            && let Some(format) = recognise_history(fields)
        {
            format
        } else if marks.has(Marks::TYPE) && marks.has(Marks::TRANSCRIPT) && !action
            || marks.has(Marks::TRANSCRIPT) && has_usage(fields)
        {
            Format::ClaudeTranscript
        } else if marks.has(Marks::TRACES) && openai_agents::is_one(fields) {
            Format::OpenaiAgents
        } else if marks.has(Marks::MODEL_ID) && marks.has(Marks::PREDICTED) {
            Format::AiDecision
        } else if marks.has(Marks::ORDER) && marks.has(Marks::PRICED) {
            Format::Trade
        } else if action {
            recognise_action(fields, &marks)
        } else if marks.has(Marks::ACTION | Marks::FLAT) || is_object("agent") {
            Format::Native
        } else {
            Format::Log
        }
    }

    /// Who acted, when neither event nor credential says so.
    pub fn default_agent(self) -> Option<&'static str> {
        match self {
            Format::ClaudeHook | Format::ClaudeTranscript => Some("claude-code"),
            Format::CodexHook | Format::CodexRollout => Some("codex"),
            Format::GeminiHook | Format::GeminiChat => Some("gemini-cli"),
            Format::SweAgent => Some("swe-agent"),
            Format::Openhands => Some("openhands"),
            Format::TauBench => Some("tau-bench"),
            _ => None,
        }
    }

    /// Whether it is what a program wrote of its own sessions: a line without an id is known by what is in it,
    /// whatever its file is called; a run of SWE-agent that nothing in it tells apart by that, too.
    pub(crate) fn is_transcript(self) -> bool {
        matches!(
            self,
            Format::ClaudeTranscript
                | Format::CodexRollout
                | Format::GeminiChat
                | Format::SweAgent
                | Format::Openhands
                | Format::Openinference
                | Format::TauBench
                | Format::WhoAndWhen
        )
    }

    /// Whether an event's id is made of what it tells, or is its program's own: no two agents have the same.
    pub(crate) fn makes_ids(self) -> bool {
        self.is_transcript() || self == Format::OpenaiAgents
    }

    /// Whether a file's first lines say what the others leave out.
    pub(crate) fn has_threads(self) -> bool {
        matches!(self, Format::CodexRollout | Format::GeminiChat)
    }
}

/// The session files of agents, and runs as data sets have them.
fn recognise_history(fields: &Fields<'_>) -> Option<Format> {
    type Rule = (Format, fn(&Fields<'_>) -> bool);
    const RULES: [Rule; 7] = [
        (Format::CodexRollout, codex_rollout::is_one),
        (Format::GeminiChat, gemini_chat::is_one),
        (Format::SweAgent, swe_agent::is_one),
        (Format::WhoAndWhen, who_and_when::is_one),
        (Format::Openhands, openhands::is_one),
        (Format::TauBench, tau_bench::is_one),
        (Format::Openinference, openinference::is_one),
    ];
    RULES.iter().find(|(_, is_one)| is_one(fields)).map(|(format, _)| *format)
}

/// A line of a Claude Code transcript whose type was left out.
fn has_usage(fields: &Fields<'_>) -> bool {
    let message = fields.get("message").map(Fields::object);
    matches!(message, Some(Ok(message)) if message.get("usage").is_some() && message.get("role").is_some())
}

fn recognise_action(fields: &Fields<'_>, marks: &Marks) -> Format {
    if fields.get("agent").is_some() {
        return Format::Native;
    }
    let Some(Ok(action)) = fields.get("action").map(Fields::object) else { return Format::Native };
    let has = |names: &[&str]| action.names().any(|name| names.contains(&name));
    let is_logged = has(&["category", "input_data", "output_data"]);
    let is_named = has(&["name", "tool", "skill", "external", "decision"]);
    // An action log writes the action's name where agents' own loggers write one of our types.
    let is_native = match action.get_text("type") {
        Some(kind) => ActionType::parse(&kind).is_some() && (is_named || !is_logged),
        None => is_named && !is_logged,
    };
    if !is_native && (marks.has(Marks::AGENT_ID) || is_logged) { Format::ActionLog } else { Format::Native }
}

/// Which telling names an object has: one pass over its members.
struct Marks(u32);

impl Marks {
    const HOOK: u32 = 1;
    const TOOL: u32 = 1 << 1;
    const TOOL_VALUE: u32 = 1 << 2;
    const AUDIT_ENTRY: u32 = 1 << 3;
    const EVENT_TYPE: u32 = 1 << 4;
    const JUDGED: u32 = 1 << 5;
    const COMMUNICATION: u32 = 1 << 6;
    const SENDER: u32 = 1 << 7;
    const RECEIVER: u32 = 1 << 8;
    const ENTITY: u32 = 1 << 9;
    const LEVELNAME: u32 = 1 << 10;
    const TYPE: u32 = 1 << 11;
    const TRANSCRIPT: u32 = 1 << 12;
    const MODEL_ID: u32 = 1 << 13;
    const PREDICTED: u32 = 1 << 14;
    const ORDER: u32 = 1 << 15;
    const PRICED: u32 = 1 << 16;
    const ACTION: u32 = 1 << 17;
    const AGENT_ID: u32 = 1 << 18;
    const FLAT: u32 = 1 << 19;
    const TRACES: u32 = 1 << 20;
    const HISTORY: u32 = 1 << 21;

    fn of(fields: &Fields<'_>) -> Marks {
        Marks(fields.names().map(Marks::mark).fold(0, |all, mark| all | mark))
    }

    /// Whether any of the marks is there.
    fn has(&self, marks: u32) -> bool {
        self.0 & marks != 0
    }

    fn mark(name: &str) -> u32 {
        match name {
            "hook_event_name" | "thread-id" => Marks::HOOK,
            "tool_name" => Marks::TOOL,
            "tool_input" | "tool_response" | "parameters" | "result" => Marks::TOOL_VALUE,
            "audit_entry" => Marks::AUDIT_ENTRY,
            "event_type" => Marks::EVENT_TYPE,
            "decision" | "impact" | "verification" => Marks::JUDGED,
            "communication_id" => Marks::COMMUNICATION,
            "sender" => Marks::SENDER,
            "receiver" => Marks::RECEIVER,
            "entityType" | "entity_type" => Marks::ENTITY,
            "levelname" => Marks::LEVELNAME,
            "type" => Marks::TYPE,
            "sessionId" | "leafUuid" | "uuid" | "snapshot" => Marks::TRANSCRIPT,
            "model_id" => Marks::MODEL_ID,
            "prediction" | "input_data" => Marks::PREDICTED,
            "order_id" | "orderId" => Marks::ORDER,
            "execution_price" | "price" | "gas_used" | "gas" => Marks::PRICED,
            "object" => Marks::TRACES,
            "data" => Marks::TRACES | Marks::HISTORY,
            "payload" | "projectHash" | "$set" | "$rewindTo" | "content" | "trajectory" | "history"
            | "traj" | "messages_display" | "context" | "context.span_id" | "extras" | "args" => {
                Marks::HISTORY
            }
            "action" => Marks::ACTION,
            "agent_id" => Marks::AGENT_ID | Marks::FLAT,
            "action_type" | "action_name" | "outcome_status" => Marks::FLAT,
            _ => 0,
        }
    }
}
