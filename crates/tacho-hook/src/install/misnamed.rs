//! An event that users write and no agent has: what stands under it goes to the event that was meant. Pure.

use super::targets::Target;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, ObjectPropName};

pub(super) const MISNAMED: &str = "PostToolCall";

/// Moves what stands under a name that no agent has to the event that was meant, in the form that agents read.
pub(super) fn correct(hooks: &CstObject, target: &Target, notes: &mut Vec<String>) -> Result<(), String> {
    let Some(property) = hooks.get(MISNAMED) else { return Ok(()) };
    let meant = target.after_call();
    let told = format!("\"{MISNAMED}\" is no event of this agent and never fired: it is \"{meant}\" now");
    if hooks.get(meant).is_none() && rename(&property, meant) {
        notes.push(told);
        return Ok(());
    }
    let value = property.value().map(|value| value.to_string()).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&value).map_err(|error| {
        format!("\"hooks.{MISNAMED}\" is meant as \"{meant}\": rename it by hand ({error})")
    })?;
    let items = match value {
        serde_json::Value::Array(items) => items,
        one => vec![one],
    };
    property.remove();
    let groups =
        hooks.array_value_or_create(meant).ok_or_else(|| format!("\"hooks.{meant}\" is no array"))?;
    for item in items {
        groups.append(input(match item {
            serde_json::Value::String(command) => {
                serde_json::json!({ "hooks": [{ "type": "command", "command": command }] })
            }
            serde_json::Value::Object(mut hook) if !hook.contains_key("hooks") => {
                hook.entry("type").or_insert_with(|| "command".into());
                let matcher = hook.remove("matcher");
                let mut group = serde_json::json!({ "hooks": [hook] });
                if let Some(matcher) = matcher {
                    group["matcher"] = matcher;
                }
                group
            }
            group => group,
        }));
    }
    notes.push(told);
    Ok(())
}

/// Renames what already has the form that agents read, and leaves it as it is written.
fn rename(property: &CstObjectProp, meant: &str) -> bool {
    let is_group =
        |group: CstNode| group.as_object().is_some_and(|group| group.array_value("hooks").is_some());
    let is_read = property.array_value().is_some_and(|groups| groups.elements().into_iter().all(is_group));
    match property.name() {
        Some(ObjectPropName::String(name)) if is_read => {
            name.set_raw_value(format!("\"{meant}\""));
            true
        }
        _ => false,
    }
}

fn input(value: serde_json::Value) -> CstInputValue {
    use serde_json::Value;
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(is) => CstInputValue::Bool(is),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text),
        Value::Array(items) => CstInputValue::Array(items.into_iter().map(input).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.into_iter().map(|(name, value)| (name, input(value))).collect())
        }
    }
}
