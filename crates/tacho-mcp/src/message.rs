//! One message of the protocol as it came, before the SDK reads it. JSON allows more than the SDK takes, and what it does not
//! take it drops without a word, or answers without the id: whoever asked would wait for ever.
//!
//! *Invariants*
//! - Half of a surrogate pair, which JSON permits and UTF-8 does not, reads as U+FFFD, as it does everywhere on the log.
//!   Programs that cut texts to a length write it. Nothing else of a message is changed, and its size is not.
//! - What can't be taken is answered, with the request's id where there is one.

use rmcp::model::{ClientJsonRpcMessage, ErrorData, RequestId, ServerJsonRpcMessage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::borrow::Cow;

/// Why a message can't be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    id: Option<RequestId>,
    error: ErrorData,
}

impl Refused {
    /// Something that is no message at all, so that nobody knows its id.
    pub fn unread(why: String) -> Refused {
        Refused { id: None, error: ErrorData::parse_error(why, None) }
    }

    /// What whoever sent it is answered.
    pub fn answer(self) -> ServerJsonRpcMessage {
        ServerJsonRpcMessage::error(self.error, self.id)
    }
}

/// The message as the SDK takes it.
///
/// # Errors
/// It is no JSON; it holds what can't be recorded; it is a request that is none of the protocol.
pub fn readable(message: &[u8]) -> Result<Cow<'_, [u8]>, Refused> {
    if let Err(error) = std::str::from_utf8(message) {
        return Err(Refused::unread(format!("the message is no UTF-8: {error}")));
    }
    let message = paired(message);
    let Err(error) = serde_json::from_slice::<ClientJsonRpcMessage>(&message) else { return Ok(message) };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(&message) {
        return Err(Refused::unread(format!("the message is no JSON: {error}")));
    }
    let id = id(&message);
    let why = match serde_json::from_slice::<Value>(&message) {
        Err(error) => format!(
            "the message can't be taken: {error}; expected numbers of 64 bits, and at most 127 lists and objects within \
             each other"
        ),
        Ok(_) if id.is_some() => format!("the message is no request of JSON-RPC 2.0: {error}"),
        // The SDK passes over notifications that it does not know, and answers the rest.
        Ok(_) => return Ok(message),
    };
    Err(Refused { id, error: ErrorData::invalid_request(why, None) })
}

/// The id of a request, found without reading the rest of it.
fn id(message: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Head {
        id: Value,
        #[serde(rename = "method")]
        _method: String,
    }
    let head: Head = serde_json::from_slice(message).ok()?;
    serde_json::from_value(head.id).ok()
}

/// The escape of U+FFFD behind its backslash: as long as that of a surrogate.
const REPLACEMENT: &[u8; 5] = b"ufffd";

/// The text with an escape of U+FFFD in place of every escape of half a surrogate pair.
fn paired(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(text);
    let mut at = 0;
    // In JSON a backslash stands in strings alone.
    while let Some(found) = text[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        at += match (escaped(text, at), escaped(text, at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.to_mut()[at + 1..at + 6].copy_from_slice(REPLACEMENT);
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        at = at.min(text.len());
    }
    out
}

/// The unit of UTF-16 that is escaped here, when one is.
fn escaped(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(id: &str, result: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"log_action","arguments":{{"action_name":"a","result":{result}}}}}}}"#
        )
    }

    fn result(message: &str) -> Value {
        let read = readable(message.as_bytes()).unwrap();
        assert_eq!(read.len(), message.len());
        let value: Value = serde_json::from_slice(&read).unwrap();
        value["params"]["arguments"]["result"].clone()
    }

    fn refused(message: &str) -> Value {
        serde_json::to_value(readable(message.as_bytes()).unwrap_err().answer()).unwrap()
    }

    #[test]
    fn half_a_surrogate_pair_reads_as_the_replacement_character() {
        for (said, read) in [
            (r#""build ok \ud83c""#, "build ok \u{fffd}"),
            (r#""\uDf89 b""#, "\u{fffd} b"),
            (r#""\ud83c\ud83c\udf89""#, "\u{fffd}🎉"),
            (r#""\ud83c\n""#, "\u{fffd}\n"),
            (r#""\ud83cdf89""#, "\u{fffd}df89"),
            (r#""\ud83c\udf89""#, "🎉"),
            (r#""\\ud83c \\\\ud83c""#, r"\ud83c \\ud83c"),
            (r#""\\\ud83c""#, "\\\u{fffd}"),
            (r#""\u0041é🎉\"""#, "Aé🎉\""),
        ] {
            assert_eq!(result(&call("7", said)), read, "{said}");
        }
        let name = call("7", r#"{"a\udc00":1}"#);
        assert_eq!(result(&name), json!({"a\u{fffd}": 1}));
    }

    #[test]
    fn what_can_not_be_taken_is_answered_with_the_id_of_its_request() {
        let deep = |lists: usize| format!("{}{}", "[".repeat(lists), "]".repeat(lists));
        assert!(readable(call("7", &deep(100)).as_bytes()).is_ok());
        for (id, what, why) in [
            ("7", deep(200).as_str(), "127 lists"),
            (r#""a\ud83c""#, deep(100_000).as_str(), "recursion limit"),
            ("7", "1e999", "number out of range"),
        ] {
            let answer = refused(&call(id, what));
            let id = if id == "7" { json!(7) } else { json!("a\u{fffd}") };
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &id), "{answer}");
            assert!(answer["error"]["message"].as_str().unwrap().contains(why), "{answer}");
        }
        for (message, id) in [
            (r#"{"jsonrpc":"2.0","id":13,"method":"tools/call","params":5}"#, json!(13)),
            (r#"{"jsonrpc":"1.0","id":"b","method":"ping"}"#, json!("b")),
            (r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#, Value::Null),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{"a":1e999}}"#, Value::Null),
        ] {
            let answer = refused(message);
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &id), "{answer}");
        }
    }

    #[test]
    fn what_is_no_json_is_a_parse_error() {
        for message in
            ["rubbish", "{\"a\":", "\"\\", "\"\\u", "\"\\ud8", "\"\\ud83c\\u", "\\ud83c", "\u{feff}{}"]
        {
            assert_eq!(refused(message)["error"]["code"], -32700, "{message}");
        }
        assert!(readable(b"\"\xff\"").unwrap_err().error.message.contains("no UTF-8"));
    }

    #[test]
    fn what_the_sdk_has_an_answer_for_is_left_to_it() {
        for message in
            ["[]", "{}", "5", r#"{"jsonrpc":"2.0","id":7}"#, r#"{"jsonrpc":"2.0","method":"$/other"}"#]
        {
            assert_eq!(readable(message.as_bytes()).unwrap().as_ref(), message.as_bytes());
        }
    }
}
