//! Who tells of a call, and whether that is anybody but the agent itself.

use serde::{Deserialize, Serialize};
use tacho_event::words::Known;

/// Who tells of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Observer {
    Hook = 0,
    Log = 1,
    Span = 2,
    Transcript = 3,
    Mcp = 4,
    /// An event that its sender wrote itself.
    Event = 5,
}

impl Observer {
    pub const ALL: [Observer; 6] =
        [Observer::Hook, Observer::Log, Observer::Span, Observer::Transcript, Observer::Mcp, Observer::Event];

    pub fn as_str(self) -> &'static str {
        match self {
            Observer::Hook => "hook",
            Observer::Log => "log",
            Observer::Span => "span",
            Observer::Transcript => "transcript",
            Observer::Mcp => "mcp",
            Observer::Event => "event",
        }
    }

    /// Told by what every event has: its source, how it is known, the names of hook and span.
    pub fn of(source: &str, known: &str, hook: Option<&str>, is_span: bool) -> Observer {
        match source {
            // Whatever it calls itself: what comes by this way, or under a key that is no witness's, an agent reports.
            "mcp" => Observer::Mcp,
            // What `mcp-audit-logger` wrote into a file: the same reports by another way.
            "import" if known == Known::SelfReported.as_str() => Observer::Mcp,
            _ if known == Known::SelfReported.as_str() => Observer::Event,
            _ if hook.is_some() && source != "otlp" => Observer::Hook,
            "otlp" if is_span => Observer::Span,
            "otlp" => Observer::Log,
            _ if known == Known::Imported.as_str() => Observer::Transcript,
            _ => Observer::Event,
        }
    }

    pub(crate) fn is_witness(self) -> bool {
        !matches!(self, Observer::Mcp | Observer::Event)
    }

    /// Whether what a sub-agent does may be told in a session of its own: by files and by telemetry.
    pub(crate) fn may_tell_of_a_part(self) -> bool {
        matches!(self, Observer::Transcript | Observer::Log | Observer::Span)
    }

    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }
}
