//! The change to the text of an agent's settings. All three agents have the same form:
//! `{"hooks": {EVENT: [{"hooks": [{"type": "command", "command": …}]}]}}`. Pure.

use super::line::as_before;
use super::targets::Target;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use jsonc_parser::{ParseOptions, json};

/// What a command of ours has in it, wherever the program is; one that was given another name is known by itself.
const OURS: &str = "agent-audit-log";
/// An event that users write and no agent has.
const MISNAMED: &str = "PostToolCall";

/// A text after its change, and what to tell about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    pub notes: Vec<String>,
}

/// Puts the command into every event of the agent.
///
/// # Errors
/// When the text is no JSON, or what stands under `hooks` has another form.
pub fn add(text: &str, target: &Target, command: &str) -> Result<Edited, String> {
    let root = parse(text)?;
    let mut notes = Vec::new();
    let settings = root.object_value_or_create().ok_or("expected an object at the top")?;
    let hooks = settings.object_value_or_create("hooks").ok_or("\"hooks\" is no object")?;
    correct(&hooks, target, &mut notes)?;
    for event in target.events {
        let groups =
            hooks.array_value_or_create(event).ok_or_else(|| format!("\"hooks.{event}\" is no array"))?;
        let own = commands(&groups, command);
        match own.split_first() {
            None => {
                let timeout = CstInputValue::Number(target.timeout.to_string());
                let hooks = json!([{ "type": "command", "command": command, "timeout": timeout }]);
                groups.append(match target.matcher(event) {
                    Some(matcher) => json!({ "matcher": matcher, "hooks": hooks }),
                    None => json!({ "hooks": hooks }),
                });
            }
            Some((first, more)) => {
                if text_of(first, "command").as_deref() != Some(command)
                    && let Some(property) = first.get("command")
                {
                    property.set_value(CstInputValue::String(command.to_owned()));
                }
                // A second one would record everything twice.
                more.iter().cloned().for_each(CstObject::remove);
            }
        }
    }
    if switched_off(&settings) {
        notes.push("the settings switch hooks off: nothing is recorded until they no longer do".to_owned());
    }
    Ok(Edited { text: as_before(text, ended(root.to_string())), notes })
}

/// Takes the command out of every event, and what is empty then.
///
/// # Errors
/// When the text is no JSON.
pub fn remove(text: &str, command: &str) -> Result<Edited, String> {
    let unchanged = Edited { text: text.to_owned(), notes: Vec::new() };
    if text.trim().is_empty() {
        return Ok(unchanged);
    }
    let root = parse(text)?;
    let Some(settings) = root.object_value() else { return Ok(unchanged) };
    let Some(hooks) = settings.object_value("hooks") else { return Ok(unchanged) };
    let mut removed = 0;
    for event in hooks.properties() {
        let Some(groups) = event.array_value() else { continue };
        let own = commands(&groups, command);
        if own.is_empty() {
            continue;
        }
        removed += own.len();
        own.into_iter().for_each(CstObject::remove);
        for group in groups.elements() {
            let empty =
                |group: &CstObject| group.array_value("hooks").is_some_and(|all| all.elements().is_empty());
            if group.as_object().is_some_and(|group| empty(&group)) {
                group.remove();
            }
        }
        if groups.elements().is_empty() {
            event.remove();
        }
    }
    if removed == 0 {
        return Ok(unchanged);
    }
    if hooks.properties().is_empty()
        && let Some(property) = settings.get("hooks")
    {
        property.remove();
    }
    Ok(Edited { text: as_before(text, root.to_string()), notes: vec![format!("{removed} hooks taken out")] })
}

/// The events of the agent that have the command, and whether a misnamed one is there.
///
/// # Errors
/// When the text is no JSON.
pub fn installed(text: &str, target: &Target, command: &str) -> Result<(usize, bool), String> {
    if text.trim().is_empty() {
        return Ok((0, false));
    }
    let hooks = parse(text)?.object_value().and_then(|settings| settings.object_value("hooks"));
    let Some(hooks) = hooks else { return Ok((0, false)) };
    let has =
        |event: &&&str| hooks.array_value(event).is_some_and(|groups| !commands(&groups, command).is_empty());
    Ok((target.events.iter().filter(has).count(), hooks.get(MISNAMED).is_some()))
}

fn parse(text: &str) -> Result<CstRootNode, String> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| format!("not valid JSON: {error}"))
}

/// Hooks of ours in an event's groups.
fn commands(groups: &CstArray, command: &str) -> Vec<CstObject> {
    let is_ours = |text: String| text.contains(OURS) || text == command;
    let inner = |group: CstNode| group.as_object()?.array_value("hooks");
    let all = groups.elements().into_iter().filter_map(inner).flat_map(|hooks| hooks.elements());
    all.filter_map(|hook| hook.as_object())
        .filter(|hook| text_of(hook, "command").is_some_and(is_ours))
        .collect()
}

fn text_of(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}

/// Moves what stands under a name that no agent has to the event that was meant, in the form that agents read.
fn correct(hooks: &CstObject, target: &Target, notes: &mut Vec<String>) -> Result<(), String> {
    let Some(property) = hooks.get(MISNAMED) else { return Ok(()) };
    let meant = target.after_call();
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
    notes.push(format!("\"{MISNAMED}\" is no event of this agent and never fired: it is \"{meant}\" now"));
    Ok(())
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

/// Claude Code's `disableAllHooks`, Gemini CLI's `hooksConfig.enabled`.
fn switched_off(settings: &CstObject) -> bool {
    let flag = |object: &CstObject, name: &str| Some(object.get(name)?.value()?.as_boolean_lit()?.value());
    flag(settings, "disableAllHooks") == Some(true)
        || settings.object_value("hooksConfig").is_some_and(|config| flag(&config, "enabled") == Some(false))
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
