//! Keeps an event within the bytes that the server takes for one, and says what is not in it. Pure.

use crate::bounded::Budget;
use serde_json::Value;
use tacho_event::limits::EVENT_BYTES_MAX;

/// What the client and the server add must fit beside.
pub(crate) const BYTES_MAX: usize = EVENT_BYTES_MAX - (64 << 10);
/// Lengths to which strings are cut, tried in turn until the event fits, bytes. Within what a call keeps, only control
/// characters need so many bytes.
const STRING_BYTES: [usize; 3] = [8 << 10, 1 << 10, 16];

/// The members as JSON, without the braces around them.
///
/// # Errors
/// When they are too large even with all strings cut.
pub(crate) fn members(mut members: Vec<(String, Value)>, budget: &Budget) -> Result<String, String> {
    if budget.left_out > 0 {
        members.push(("cut_values".to_owned(), budget.left_out.into()));
    }
    if budget.cut > 0 {
        members.push(("cut_bytes".to_owned(), budget.cut.into()));
    }
    let mut text = joined(&members);
    let before = text.len();
    for longest in STRING_BYTES {
        if text.len() <= BYTES_MAX {
            break;
        }
        members.retain(|(name, _)| name != "cut_bytes");
        members.iter_mut().for_each(|(_, value)| cut(value, longest));
        let after = joined(&members).len();
        members.push(("cut_bytes".to_owned(), (budget.cut + before.saturating_sub(after) as u64).into()));
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

fn cut(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) if text.len() > longest + 64 => {
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
    use crate::bounded::FULL;
    use serde_json::json;

    #[test]
    fn control_characters_are_longer_as_json_than_the_server_takes() {
        let mut budget = Budget::new(FULL);
        let texts = vec!["\0".repeat(60_000); 4000];
        let member = budget.member("a", &texts).unwrap();
        let text = members(vec![member], &budget).unwrap();
        assert!(text.len() <= BYTES_MAX);
        let found: Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
        assert!(found["cut_bytes"].as_u64().unwrap() > 1 << 20);
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let text = members(vec![("a".into(), json!({"b": [1, "x", null]}))], &Budget::new(FULL)).unwrap();
        assert_eq!(text, r#""a":{"b":[1,"x",null]}"#);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let numbers: Vec<u64> = (0..1 << 18).collect();
        assert!(members(vec![("a".into(), json!(numbers))], &Budget::new(FULL)).is_err());
    }
}
