//! Keeps an event within the limits that the server has for one: bytes, levels, members. Pure.

use serde_json::Value;
use tacho_event::limits::{DEPTH_MAX, EVENT_BYTES_MAX, FIELDS_MAX};

/// What the client and the server add must fit beside.
pub(crate) const BYTES_MAX: usize = EVENT_BYTES_MAX - (64 << 10);
const FIELDS: usize = FIELDS_MAX - 64;
const DEPTH: usize = DEPTH_MAX - 4;
/// Lengths to which strings are cut, tried in turn until the event fits, bytes.
const STRING_BYTES: [usize; 4] = [64 << 10, 8 << 10, 1 << 10, 128];

/// The members as JSON, without the braces around them.
///
/// # Errors
/// When they are too large even with all strings cut.
pub(crate) fn members(mut members: Vec<(String, Value)>) -> Result<String, String> {
    let mut left = FIELDS;
    members.iter_mut().for_each(|(_, value)| narrow(value, 1, &mut left));
    let mut text = joined(&members);
    let before = text.len();
    for longest in STRING_BYTES {
        if text.len() <= BYTES_MAX {
            break;
        }
        members.retain(|(name, _)| name != "cut_bytes");
        members.iter_mut().for_each(|(_, value)| cut(value, longest));
        let after = joined(&members).len();
        members.push(("cut_bytes".to_owned(), before.saturating_sub(after).into()));
        text = joined(&members);
    }
    if text.len() > BYTES_MAX {
        return Err(format!("the event has {before} bytes, expected at most {BYTES_MAX}"));
    }
    Ok(text)
}

fn joined(members: &[(String, Value)]) -> String {
    let parts: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
    parts.join(",")
}

/// Leaves out what is too deep or one member too many, and says so.
fn narrow(value: &mut Value, depth: usize, left: &mut usize) {
    let is_nested = value.is_array() || value.is_object();
    if is_nested && depth >= DEPTH {
        *value = Value::from("[too deep]");
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| narrow(item, depth + 1, left)),
        Value::Object(members) => {
            let kept = members.len().min(*left);
            *left -= kept;
            let names: Vec<String> = members.keys().skip(kept).cloned().collect();
            if !names.is_empty() {
                names.iter().for_each(|name| drop(members.remove(name)));
                members.insert("members_left_out".into(), names.len().into());
            }
            members.values_mut().for_each(|member| narrow(member, depth + 1, left));
        }
        _ => {}
    }
}

fn cut(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) if text.len() > longest => {
            let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let cut = text.len() - end;
            text.truncate(end);
            text.push_str(&format!("… [{cut} bytes cut]"));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut(item, longest)),
        Value::Object(members) => members.values_mut().for_each(|member| cut(member, longest)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(value: Value) -> Value {
        let text = members(vec![("a".into(), value)]).unwrap();
        serde_json::from_str(&format!("{{{text}}}")).unwrap()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(one(json!({"b": [1, "x", null]})), json!({"a": {"b": [1, "x", null]}}));
    }

    #[test]
    fn long_strings_are_cut_and_the_event_says_so() {
        let found = one(json!({"long": "ä".repeat(2 << 20), "short": "kept"}));
        assert_eq!(found["a"]["short"], "kept");
        assert!(found["a"]["long"].as_str().unwrap().len() < (64 << 10) + 64);
        assert!(found["cut_bytes"].as_u64().unwrap() > 4_000_000);
    }

    #[test]
    fn depth_and_members_are_bounded() {
        let mut deep = json!(1);
        for _ in 0..200 {
            deep = json!([deep]);
        }
        assert!(one(deep).to_string().contains("[too deep]"));
        let wide: serde_json::Map<String, Value> = (0..9000).map(|n| (format!("m{n}"), json!(n))).collect();
        assert_eq!(one(Value::Object(wide))["a"]["members_left_out"], 9000 - FIELDS);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let numbers: Vec<u64> = (0..1 << 18).collect();
        assert!(members(vec![("a".into(), json!(numbers))]).is_err());
    }
}
