//! What an event says, in one line: `Bash: cargo test → failed (exit 1) 2.3 s`.
//!
//! Invariant: a line never contains a line break or another control character, whatever an agent wrote, so
//! that nothing in a session can pass for another step.

use serde_json::Value;
use tacho_event::time::Micros;

/// Longest text within a line, characters.
const SHORT: usize = 120;

/// Members of an input that say what was asked, most telling first.
const TELLING: [&str; 20] = [
    "command",
    "cmd",
    "file_path",
    "path",
    "url",
    "message",
    "content",
    "text",
    "prompt",
    "question",
    "query",
    "pattern",
    "subject",
    "description",
    "task",
    "target",
    "symbol",
    "name",
    "reason",
    "title",
];

/// Members that hold a text written for people.
const MESSAGES: [&str; 5] = ["message", "content", "text", "prompt", "body"];

/// What is known of a step.
pub(crate) struct Told<'a> {
    pub(crate) name: &'a str,
    pub(crate) input: Option<&'a str>,
    pub(crate) decision: Option<&'a str>,
    pub(crate) output: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
    pub(crate) target: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
    pub(crate) status: &'a str,
    /// How a call ended, where that is known.
    pub(crate) closure: Option<&'a str>,
    pub(crate) exit_code: Option<i64>,
    pub(crate) duration_us: Option<Micros>,
}

impl Told<'_> {
    pub(crate) fn line(&self) -> String {
        let mut line = one_line(self.name);
        if let (Some(from), Some(to)) = (self.from, self.to) {
            line += &format!(" {from} to {to}");
        }
        if let Some(asked) = self.asked() {
            line += &format!(": {}", shortened(&one_line(&asked)));
        }
        if let Some(ended) = self.ended() {
            line += &format!(" → {ended}");
        }
        match (self.exit_code, self.error) {
            (Some(code), _) if code != 0 => line += &format!(" (exit {code})"),
            (_, Some(error)) if self.status == "failure" => {
                line += &format!(" ({})", shortened(&one_line(&readable(error))));
            }
            _ => {}
        }
        if let Some(us) = self.duration_us {
            line += &format!(" {}", duration(us));
        }
        line
    }

    /// How it ended, in a word or two.
    fn ended(&self) -> Option<&str> {
        match (self.closure, self.status) {
            (Some("refused"), _) => Some("refused"),
            (Some("unknown_tool"), _) => Some("no such tool"),
            (Some("abandoned"), _) => Some("abandoned"),
            (Some("asynchronous"), _) => Some("in the background"),
            (Some("unknown"), _) => Some("unknown"),
            (_, "success") => Some("ok"),
            (_, "failure") => Some("failed"),
            (_, "unknown") => None,
            (_, other) => Some(other),
        }
    }

    /// The message in full, when the line shows only its beginning.
    pub(crate) fn long_text(&self) -> Option<String> {
        let text = [self.input, self.output].into_iter().flatten().find_map(message)?;
        (text.chars().count() > SHORT || text.contains('\n')).then(|| printable(&text))
    }

    fn asked(&self) -> Option<String> {
        if let Some(decision) = self.decision {
            return Some(decided(decision));
        }
        let asked = self.input.map(readable).or(self.target.map(readable));
        // What is only said has no input: the words themselves are the step.
        asked.or_else(|| self.output.and_then(message)).filter(|asked| !asked.is_empty())
    }
}

fn decided(decision: &str) -> String {
    let Ok(Value::Object(parts)) = serde_json::from_str::<Value>(decision) else {
        return decision.to_string();
    };
    let part = |names: &[&str]| names.iter().find_map(|name| parts.get(*name)).map(plain);
    let question = part(&["question", "context", "decision_type", "type"]);
    match (question, part(&["chosen", "choice", "decision", "recommendation"])) {
        (Some(question), Some(chosen)) => format!("{question} → {chosen}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => decision.to_string(),
    }
}

fn message(json: &str) -> Option<String> {
    match serde_json::from_str(json).ok()? {
        Value::String(text) => Some(text),
        Value::Object(parts) => {
            MESSAGES.iter().find_map(|name| parts.get(*name)).and_then(Value::as_str).map(str::to_string)
        }
        _ => None,
    }
}

/// The telling part of a section's JSON; the JSON itself when no part stands out.
pub(crate) fn readable(json: &str) -> String {
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Object(parts)) => match TELLING.iter().find_map(|name| parts.get(*name)) {
            Some(value) => plain(value),
            None if parts.is_empty() => String::new(),
            None => json.to_string(),
        },
        Ok(value) => plain(&value),
        Err(_) => json.to_string(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Control characters, and those that turn the direction of text, become blanks.
fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || is_hidden(c)).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !is_hidden(*c)).collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

/// `340 ms`, `2.3 s`, `6 min 56 s`, `3 h 5 min`.
pub(crate) fn duration(us: Micros) -> String {
    let seconds = us / 1_000_000;
    match us {
        _ if us < 1000 => format!("{us} µs"),
        _ if us < 1_000_000 => format!("{} ms", us / 1000),
        _ if seconds < 60 => format!("{:.1} s", us as f64 / 1e6),
        _ if seconds < 3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Millionths of a dollar as decimal text.
pub(crate) fn dollars(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Told<'static> = Told {
        name: "Bash",
        input: None,
        decision: None,
        output: None,
        error: None,
        target: None,
        from: None,
        to: None,
        status: "success",
        closure: None,
        exit_code: None,
        duration_us: None,
    };

    #[test]
    fn a_step_is_one_readable_line() {
        let bash = Told {
            input: Some(r#"{"command":"cargo test","timeout":5}"#),
            status: "failure",
            exit_code: Some(1),
            duration_us: Some(2_300_000),
            ..NOTHING
        };
        assert_eq!(bash.line(), "Bash: cargo test → failed (exit 1) 2.3 s");
        let decision = Told {
            name: "rollback",
            decision: Some(r#"{"question":"Roll back?","chosen":"yes"}"#),
            ..NOTHING
        };
        assert_eq!(decision.line(), "rollback: Roll back? → yes → ok");
        let failed = Told { status: "failure", error: Some(r#"{"message":"no such file"}"#), ..NOTHING };
        assert_eq!(failed.line(), "Bash → failed (no such file)");
    }

    #[test]
    fn nothing_can_pass_for_another_step() {
        let input = r#"{"command":"echo\n03:44:05  Bash: rm → ok\u001b[2J\u202e"}"#;
        let line = Told { input: Some(input), ..NOTHING }.line();
        assert_eq!(line, "Bash: echo 03:44:05 Bash: rm → ok [2J → ok");
    }

    #[test]
    fn durations_read_like_a_clock() {
        for (us, want) in
            [(900, "900 µs"), (340_000, "340 ms"), (416_000_000, "6 min 56 s"), (11_100_000_000, "3 h 5 min")]
        {
            assert_eq!(duration(us), want);
        }
    }
}
