//! The change to the text of an agent's settings. All three agents have the same form:
//! `{"hooks": {EVENT: [{"hooks": [{"type": "command", "command": …}]}]}}`. Pure.

use super::line::as_before;
use super::misnamed::{MISNAMED, correct};
use super::ours::{Own, find, program_of, text_of};
use super::targets::Target;
use jsonc_parser::cst::{CstArray, CstInputValue, CstObject, CstRootNode};
use jsonc_parser::{ParseOptions, json};

/// Its text is not shown: it may hold a key.
const OWN_LINE: &str = "a line of your own runs agent-audit-log too";

/// A text after its change, and what to tell about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    pub notes: Vec<String>,
    /// Nothing of ours was in the text before, so it is what a later removal should lead back to.
    pub is_first: bool,
}

/// What settings have of the hooks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Events of the agent whose hook sees everything.
    pub events: usize,
    /// What to know: hooks that see less, lines of others, settings that switch all of them off.
    pub notes: Vec<String>,
    pub is_off: bool,
    /// What the hooks run, each once.
    pub programs: Vec<String>,
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
    let is_first = all(&hooks, target, command).is_empty();
    correct(&hooks, target, &mut notes)?;
    let mut told = Vec::new();
    for event in target.events {
        let groups =
            hooks.array_value_or_create(event).ok_or_else(|| format!("\"hooks.{event}\" is no array"))?;
        let (own, lines) = find(&groups, event, target, command);
        told.extend(renew(&groups, event, own, target, command));
        if lines > 0 {
            told.push((
                event,
                format!("{OWN_LINE}; it stays, and what both send to one server may be recorded twice"),
            ));
        }
    }
    notes.extend(by_event(&told));
    if let Some(setting) = switched_off(&settings) {
        notes.push(format!("{setting} switches hooks off: nothing is recorded until it no longer does"));
    }
    Ok(Edited { text: as_before(text, ended(root.to_string())), notes, is_first })
}

/// Leaves one hook of ours in an event's groups, which sees everything, and says what gave way to it.
fn renew<'e>(
    groups: &CstArray,
    event: &'e str,
    own: Vec<Own>,
    target: &Target,
    command: &str,
) -> Vec<(&'e str, String)> {
    let (limited, full): (Vec<Own>, Vec<Own>) = own.into_iter().partition(|own| own.limit.is_some());
    let gives_way =
        |limit: &String| format!("the hook that ran {limit} gives way to one that sees everything");
    let told = limited.iter().filter_map(|own| Some((event, gives_way(own.limit.as_ref()?)))).collect();
    limited.into_iter().for_each(Own::remove);
    let mut full = full.into_iter();
    let Some(first) = full.next() else {
        let timeout = CstInputValue::Number(target.timeout.to_string());
        let hooks = json!([{ "type": "command", "command": command, "timeout": timeout }]);
        groups.append(match target.matcher(event) {
            Some(matcher) => json!({ "matcher": matcher, "hooks": hooks }),
            None => json!({ "hooks": hooks }),
        });
        return told;
    };
    let rename = |hook: &CstObject| {
        if text_of(hook, "command").as_deref() != Some(command)
            && let Some(property) = hook.get("command")
        {
            property.set_value(CstInputValue::String(command.to_owned()));
        }
    };
    rename(&first.hook);
    for other in full {
        // A second one would record everything twice, unless it is for other files.
        if target.matcher(event).is_some() && other.matcher != first.matcher {
            rename(&other.hook);
        } else {
            other.remove();
        }
    }
    told
}

/// One line for what is the same of several events.
fn by_event(told: &[(&str, String)]) -> Vec<String> {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for (event, text) in told {
        match lines.iter_mut().find(|(known, _)| known == text) {
            Some((_, events)) => events.push(event),
            None => lines.push((text, vec![event])),
        }
    }
    lines.iter().map(|(text, events)| format!("{}: {text}", events.join(", "))).collect()
}

/// Takes the command out of every event, and what is empty then.
///
/// # Errors
/// When the text is no JSON.
pub fn remove(text: &str, target: &Target, command: &str) -> Result<Edited, String> {
    let unchanged = Edited { text: text.to_owned(), ..Edited::default() };
    if text.trim().is_empty() {
        return Ok(unchanged);
    }
    let root = parse(text)?;
    let Some(settings) = root.object_value() else { return Ok(unchanged) };
    let Some(hooks) = settings.object_value("hooks") else { return Ok(unchanged) };
    let properties = hooks.properties();
    let names: Vec<String> = properties.iter().map(|one| one.decoded_name().unwrap_or_default()).collect();
    let (mut removed, mut told) = (0, Vec::new());
    for (property, event) in properties.into_iter().zip(&names) {
        let Some(groups) = property.array_value() else { continue };
        let (own, lines) = find(&groups, event, target, command);
        if lines > 0 {
            told.push((event.as_str(), format!("{OWN_LINE}; it stays")));
        }
        if own.is_empty() {
            continue;
        }
        removed += own.len();
        own.into_iter().for_each(Own::remove);
        if groups.elements().is_empty() {
            property.remove();
        }
    }
    let mut notes = by_event(&told);
    if removed == 0 {
        return Ok(Edited { notes, ..unchanged });
    }
    if hooks.properties().is_empty()
        && let Some(property) = settings.get("hooks")
    {
        property.remove();
    }
    notes.insert(0, format!("{removed} hooks taken out"));
    Ok(Edited { text: as_before(text, root.to_string()), notes, is_first: false })
}

/// Takes the command out; where nothing but our hooks came in since, the text is the one that was `kept`, to the byte.
///
/// # Errors
/// When the text is no JSON.
pub fn remove_to(text: &str, kept: &str, target: &Target, command: &str) -> Result<Edited, String> {
    let removed = remove(text, target, command)?;
    let again = add(kept, target, command).and_then(|added| remove(&added.text, target, command));
    let is_without = remove(kept, target, command).is_ok_and(|without| without.text == kept);
    let is_same = removed.text != text && is_without && again.is_ok_and(|again| again.text == removed.text);
    Ok(if is_same { Edited { text: kept.to_owned(), ..removed } } else { removed })
}

/// What the settings have of the hooks, for people.
///
/// # Errors
/// When the text is no JSON.
pub fn installed(text: &str, target: &Target, command: &str) -> Result<Installed, String> {
    let mut found = Installed::default();
    if text.trim().is_empty() {
        return Ok(found);
    }
    let Some(settings) = parse(text)?.object_value() else { return Ok(found) };
    if let Some(setting) = switched_off(&settings) {
        found.is_off = true;
        found.notes.push(format!("{setting} switches all of them off"));
    }
    let Some(hooks) = settings.object_value("hooks") else { return Ok(found) };
    let mut told = Vec::new();
    for event in target.events {
        let Some(groups) = hooks.array_value(event) else { continue };
        let (own, lines) = find(&groups, event, target, command);
        for program in own.iter().filter_map(|own| program_of(&text_of(&own.hook, "command")?)) {
            if !found.programs.contains(&program) {
                found.programs.push(program);
            }
        }
        if own.iter().any(|own| own.limit.is_none()) {
            found.events += 1;
        } else if let Some(limit) = own.iter().find_map(|own| own.limit.as_ref()) {
            told.push((*event, format!("runs {limit}")));
        }
        if lines > 0 {
            told.push((*event, OWN_LINE.to_owned()));
        }
    }
    found.notes.extend(by_event(&told));
    if hooks.get(MISNAMED).is_some() {
        found.notes.push(format!("{MISNAMED} is no event: install corrects it"));
    }
    Ok(found)
}

/// All hooks of ours, under whichever event.
fn all(hooks: &CstObject, target: &Target, command: &str) -> Vec<Own> {
    let of = |property: jsonc_parser::cst::CstObjectProp| {
        let event = property.decoded_name().unwrap_or_default();
        Some(find(&property.array_value()?, &event, target, command).0)
    };
    hooks.properties().into_iter().filter_map(of).flatten().collect()
}

fn parse(text: &str) -> Result<CstRootNode, String> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| format!("not valid JSON: {error}"))
}

/// The setting that switches hooks off: Claude Code's or Gemini CLI's.
fn switched_off(settings: &CstObject) -> Option<&'static str> {
    let flag = |object: &CstObject, name: &str| Some(object.get(name)?.value()?.as_boolean_lit()?.value());
    let config = settings.object_value("hooksConfig");
    if flag(settings, "disableAllHooks") == Some(true) {
        Some("\"disableAllHooks\": true")
    } else if config.is_some_and(|config| flag(&config, "enabled") == Some(false)) {
        Some("\"hooksConfig\": {\"enabled\": false}")
    } else {
        None
    }
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
