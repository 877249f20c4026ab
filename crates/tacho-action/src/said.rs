//! What an input says, by which two observations are compared. Pure.
//!
//! Contents of files are not kept, unless the operator wants them. Of such an input the rest is compared: a path tells
//! calls apart whose contents nobody has.

use crate::ids::key;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the mark of what was not kept begins.
const DROPPED: &str = "[dropped ";
/// Longer inputs are not compared.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// What an input says. Two that are equal say the same, as far as both were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    what: u64,
    /// The same without how much was left out, of an input that was not kept whole.
    rest: Option<u64>,
}

impl Said {
    /// A tool's input by what it says, not how it is written. Nothing where nothing of it was kept.
    pub(crate) fn of(input: &str) -> Option<Said> {
        let mut value = parse(input)?;
        // Gemini CLI's spans wrap the arguments in the request.
        if let Value::Object(members) = &mut value
            && members.contains_key("callId")
            && let Some(arguments) = members.remove("args")
        {
            value = arguments;
        }
        let what = number(&value);
        if !input.contains(DROPPED) {
            return Some(Said::whole(what));
        }
        let kept = leave(&mut value);
        let rest = matches!(value, Value::Object(_)) && kept;
        rest.then(|| Said { what, rest: Some(number(&value)) })
    }

    /// What is told by a number.
    pub(crate) fn whole(what: u64) -> Said {
        Said { what, rest: None }
    }

    pub(crate) fn is_whole(self) -> bool {
        self.rest.is_none()
    }

    /// Whether they are surely of two calls.
    pub(crate) fn differs(self, other: Said) -> bool {
        match (self.rest, other.rest) {
            (None, None) => self.what != other.what,
            (Some(one), Some(other)) => one != other,
            _ => false,
        }
    }
}

/// A tool's input as libraries for OpenTelemetry have it that write it in ways of their own; nothing where it was not kept whole.
/// OpenLLMetry puts what LangChain says of a run around the arguments; OpenInference leaves out the name of one that is alone.
pub(crate) fn bare(input: &str) -> Option<u64> {
    if input.contains(DROPPED) {
        return None;
    }
    let mut value = parse(input)?;
    if let Value::Object(members) = &mut value
        && members.contains_key("input_str")
        && let Some(arguments) = members.remove("inputs")
    {
        value = arguments;
    }
    let mut bare = &value;
    while let Value::Object(members) = bare
        && let (1, Some(alone)) = (members.len(), members.values().next())
    {
        bare = alone;
    }
    Some(number(bare))
}

/// What an input is, also where that is a text in JSON.
fn parse(input: &str) -> Option<Value> {
    if input.len() > INPUT_BYTES_MAX {
        return None;
    }
    let value: Value = serde_json::from_str(input).ok()?;
    match &value {
        Value::String(text) => Some(serde_json::from_str(text).unwrap_or(value)),
        _ => Some(value),
    }
}

/// A number for what a value says.
fn number(value: &Value) -> u64 {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    key(&[&bytes])
}

/// Leaves of what was not kept only that it was there. Whether anything else is there.
fn leave(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text.starts_with(DROPPED) => {
            *value = Value::Null;
            false
        }
        Value::Object(members) => members.values_mut().fold(false, |kept, value| leave(value) | kept),
        Value::Array(items) => items.iter_mut().fold(false, |kept, value| leave(value) | kept),
        _ => true,
    }
}

/// JSON with its members in order, whatever order this build keeps them in.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in members {
                out.extend_from_slice(name.as_bytes());
                out.push(0);
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_compared_by_what_they_say() {
        let same = [
            r#"{"a":1,"b":[true,null]}"#,
            "{\n \"b\": [true, null], \"a\": 1 }",
            r#""{\"b\":[true,null],\"a\":1}""#,
            r#"{"callId":"x","name":"t","args":{"a":1,"b":[true,null]}}"#,
        ];
        for input in same {
            assert_eq!(Said::of(input), Said::of(same[0]), "{input}");
        }
        assert_ne!(Said::of(r#"{"a":2,"b":[true,null]}"#), Said::of(same[0]));
        assert_eq!(Said::of(r#"{"a":"[dropped 9 characters]"}"#), None);
        assert_eq!(Said::of(r#""[dropped 9 characters]""#), None);
    }

    #[test]
    fn what_libraries_put_around_arguments_or_leave_out_says_nothing() {
        let around =
            r#"{"input_str":"{'symbol': 'ACME'}","inputs":{"symbol":"ACME"},"kwargs":{"tool_call_id":"c"}}"#;
        for same in [r#""ACME""#, r#"{"symbol":"ACME"}"#, r#""{\"symbol\":\"ACME\"}""#, around] {
            assert_eq!(bare(same), bare(r#"{"symbol":"ACME"}"#), "{same}");
        }
        assert_ne!(bare(r#"{"symbol":"OTHER"}"#), bare(around));
        assert_ne!(bare(r#"{"symbol":"ACME","qty":1}"#), bare(around));
        assert_eq!(bare(r#"{"text":"[dropped 9 characters]"}"#), None);
    }
}
