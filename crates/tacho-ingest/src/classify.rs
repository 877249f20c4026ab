//! Classes: which action an event counts as, how much that matters and how long it is kept.
//!
//! An action is named by the event itself, or by rules for its tool, its command line or its type. What a sender
//! claims may be raised, never lowered.
//!
//! Agents' lifecycle has its own rule: a change of status is at least a warning, and a change of status or schedule
//! is critical.

mod defaults;

use crate::acting::{Rule, Rules};
use crate::fields::{Fields, unquote};
use aho_corasick::AhoCorasick;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::time::DAY_US;
use tacho_event::words::{ActionType, Class, Level};

/// The table of classes and the rules that map events to actions. Configuration; the default is complete.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Classes {
    /// Alerts at once. Default: level CRITICAL, kept 7 years.
    #[serde(deserialize_with = "defaults::critical")]
    pub critical: ClassRule,
    /// Logged in full. Default: level HIGH, kept 3 years.
    #[serde(deserialize_with = "defaults::high_priority")]
    pub high_priority: ClassRule,
    /// Roll-ups answer after the hot period. Default: level INFO, kept 1 year.
    #[serde(deserialize_with = "defaults::standard")]
    pub standard: ClassRule,
    /// Action by name of the tool.
    pub tools: BTreeMap<String, String>,
    /// Action by program and the words behind it (`kubectl set image`), for tools that run commands. Options
    /// between them do not matter. The most important one counts.
    pub commands: BTreeMap<String, String>,
    /// Commands that only read or try out, though a rule of `commands` fits them: `kubectl rollout status`,
    /// `git push --dry-run`. An option is meant whole here.
    pub reading: Vec<String>,
    /// Action by action type, for events that nothing else names.
    pub types: BTreeMap<String, String>,
}

/// One class. What a configuration leaves out of it is as in the default table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRule {
    /// The actions in this class.
    pub actions: Vec<String>,
    /// The level that its events have at least: CRITICAL, HIGH, ERROR, WARNING, INFO or DEBUG.
    pub level: String,
    /// How long its events are kept, days.
    pub retention_days: u32,
}

impl Classes {
    /// The rule of a class.
    pub fn rule(&self, class: Class) -> &ClassRule {
        match class {
            Class::Critical => &self.critical,
            Class::HighPriority => &self.high_priority,
            Class::Standard => &self.standard,
        }
    }
}

/// Tools whose input is a command line.
const SHELLS: &[&str] = &["Bash", "PowerShell", "shell", "run_shell_command", "exec_command"];

/// Why a table of classes was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassesError {
    #[error("level \"{0}\" is unknown: expected CRITICAL, HIGH, ERROR, WARNING, INFO or DEBUG")]
    Level(String),
    #[error("action type \"{0}\" is unknown")]
    Type(String),
    #[error("the action \"{0}\" stands in two classes")]
    Twice(String),
    #[error("\"{rule}\" is mapped to the action \"{action}\", which stands in no class")]
    Action { rule: String, action: String },
    #[error("the command rules are too many: {0}")]
    Commands(String),
}

/// The table, compiled. Cheap to share, never changes.
pub struct Classifier {
    /// Actions in alphabetical order, with their class.
    actions: Vec<(String, Class)>,
    by_name: HashMap<String, usize>,
    tools: HashMap<String, usize>,
    /// The programs of the command rules: most command lines name none of them.
    programs: AhoCorasick,
    commands: Rules,
    command_actions: Vec<usize>,
    types: Vec<(ActionType, usize)>,
    levels: [Level; Class::ALL.len()],
    /// How long each class is kept, days.
    days: [u32; Class::ALL.len()],
}

impl Classifier {
    /// Compiles a table.
    ///
    /// # Errors
    /// [`ClassesError`] names the rule that can't be meant.
    pub fn new(classes: &Classes) -> Result<Classifier, ClassesError> {
        let mut actions: Vec<(String, Class)> = Vec::new();
        for class in Class::ALL {
            actions.extend(classes.rule(*class).actions.iter().map(|action| (action.clone(), *class)));
        }
        actions.sort();
        if let Some(pair) = actions.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ClassesError::Twice(pair[0].0.clone()));
        }
        let by_name: HashMap<String, usize> =
            actions.iter().enumerate().map(|(at, (action, _))| (action.clone(), at)).collect();
        let find = |rule: &String, action: &String| {
            let unknown = || ClassesError::Action { rule: rule.clone(), action: action.clone() };
            by_name.get(action).copied().ok_or_else(unknown)
        };
        let mut types = Vec::new();
        for (rule, action) in &classes.types {
            let kind = ActionType::parse(rule).ok_or_else(|| ClassesError::Type(rule.clone()))?;
            types.push((kind, find(rule, action)?));
        }
        let tools = classes.tools.iter().map(|(tool, action)| Ok((tool.clone(), find(tool, action)?)));
        let acting: Vec<Rule> = classes.commands.keys().map(|rule| Rule::new(rule)).collect();
        let programs =
            AhoCorasick::builder().ascii_case_insensitive(true).build(acting.iter().map(Rule::program));
        let level = |class: Class| {
            let word = &classes.rule(class).level;
            Level::parse(word).ok_or_else(|| ClassesError::Level(word.clone()))
        };
        Ok(Classifier {
            tools: tools.collect::<Result<_, ClassesError>>()?,
            programs: programs.map_err(|error| ClassesError::Commands(error.to_string()))?,
            commands: Rules::new(acting, classes.reading.iter().map(|rule| Rule::new(rule)).collect()),
            command_actions: classes
                .commands
                .iter()
                .map(|(rule, a)| find(rule, a))
                .collect::<Result<_, _>>()?,
            types,
            levels: [level(Class::Critical)?, level(Class::HighPriority)?, level(Class::Standard)?],
            days: [Class::Critical, Class::HighPriority, Class::Standard]
                .map(|class| classes.rule(class).retention_days),
            actions,
            by_name,
        })
    }

    /// Sets the fact `mapped_action` and raises class and level.
    pub fn apply<'a>(&'a self, event: &mut Event<'a>) {
        if let Some(at) = self.action(event) {
            let (action, class) = &self.actions[at];
            event.facts.set_text(TextFact::MappedAction, action.as_str());
            raise(&mut event.class, *class);
        }
        if event.action_type == Some(ActionType::Lifecycle) {
            watch_lifecycle(event);
        }
        // A class that nobody named is the default and says nothing about the level.
        if let Some(class) = event.class {
            raise(&mut event.level, self.levels[usize::from(class.code()) - 1]);
        }
    }

    /// The class that says how long the event is kept: its own, or when the sender asks for longer than that, the
    /// shortest that is long enough, else the longest.
    pub fn retention(&self, event: &Event<'_>) -> Class {
        let days = |class: Class| self.days[usize::from(class.code()) - 1];
        let own = event.class.unwrap_or(Class::Standard);
        let asked_us = event.facts.int(IntFact::RetentionUs).unwrap_or(0);
        let holds = |class: Class| i64::from(days(class)).saturating_mul(DAY_US) >= asked_us;
        if holds(own) {
            return own;
        }
        let longer = || Class::ALL.iter().copied().filter(|class| days(*class) > days(own));
        let enough = longer().filter(|class| holds(*class)).min_by_key(|class| days(*class));
        enough.or_else(|| longer().max_by_key(|class| days(*class))).unwrap_or(own)
    }

    fn action(&self, event: &Event<'_>) -> Option<usize> {
        let name = event.action_name.as_deref().unwrap_or_default();
        if let Some(at) = self.by_name.get(name) {
            return Some(*at);
        }
        if SHELLS.contains(&name) {
            return event.input.as_deref().and_then(|input| self.command(input));
        }
        if let Some(at) = self.tools.get(name) {
            return Some(*at);
        }
        let kind = event.action_type?;
        self.types.iter().find(|(rule, _)| *rule == kind).map(|(_, at)| *at)
    }

    /// The most important action of a command line, given as the tool's input.
    fn command(&self, input: &str) -> Option<usize> {
        if !self.programs.is_match(input) && !input.contains("\\u") {
            return None;
        }
        let mut found: Option<usize> = None;
        let mut visit = |rule: usize| {
            let at = self.command_actions[rule];
            if found.is_none_or(|earlier| self.actions[at].1 < self.actions[earlier].1) {
                found = Some(at);
            }
        };
        for raw in command_texts(input) {
            if let Some(text) = unquote(raw) {
                self.commands.each_fit(&text, &mut visit);
            } else if let Ok(words) = serde_json::from_str::<Vec<String>>(raw) {
                self.commands.each_fit_of_words(words, &mut visit);
            }
        }
        found
    }
}

/// The members of a tool's input that hold the command: those of the usual names, else all of them.
fn command_texts(input: &str) -> Vec<&str> {
    const NAMES: [&str; 4] = ["command", "cmd", "script", "commands"];
    // The input is kept verbatim, so a member may stand twice: any of them may be the one that runs.
    let Ok(fields) = Fields::verbatim(input) else { return vec![input] };
    let all: Vec<_> = fields.into_iter().collect();
    let is_command = |name: &str| NAMES.contains(&name);
    let has_named = all.iter().any(|(name, _)| is_command(name));
    all.into_iter().filter(|(name, _)| !has_named || is_command(name)).map(|(_, raw)| raw).collect()
}

/// The words are listed from the most important on.
fn raise<T: Ord + Copy>(claimed: &mut Option<T>, at_least: T) {
    *claimed = Some(claimed.map_or(at_least, |claimed| claimed.min(at_least)));
}

/// An update of an agent: what its `changes` name, or what the sender says about them.
fn watch_lifecycle(event: &mut Event<'_>) {
    let Some(Ok(changes)) = event.input.as_deref().filter(|input| input.starts_with('{')).map(Fields::object)
    else {
        return;
    };
    let is_update = event.action_name.as_deref().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("update") || name.contains("change")
    });
    let status = changes.names().any(|name| name == "status");
    let schedule = changes.names().any(|name| name.contains("schedule"));
    if is_update && status {
        raise(&mut event.level, Level::Warning);
    }
    if is_update && (status || schedule) {
        raise(&mut event.class, Class::Critical);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_compiles_and_bad_tables_say_why() {
        assert!(Classifier::new(&Classes::default()).is_ok());
        let error = |json: &str| {
            let classes: Classes = serde_json::from_str(json).unwrap();
            Classifier::new(&classes).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(error(r#"{"tools":{"Read":"reading"}}"#).contains("stands in no class"));
        assert!(error(r#"{"types":{"tools":"file_read"}}"#).contains("action type"));
        let loud = r#"{"standard":{"actions":["file_read"],"level":"LOUD","retention_days":1}}"#;
        assert!(error(loud).contains("stands in no class"), "the tools map to more than that");
        let loud =
            r#"{"standard":{"actions":["x"],"level":"LOUD","retention_days":1},"tools":{},"types":{}}"#;
        assert!(error(loud).contains("LOUD"));
        let twice = r#"{"critical":{"actions":["file_read"],"level":"CRITICAL","retention_days":1},
            "tools":{},"types":{},"commands":{}}"#;
        assert!(error(twice).contains("two classes"));
        assert!(serde_json::from_str::<Classes>(r#"{"critcal":{}}"#).is_err());
        assert!(serde_json::from_str::<Classes>(r#"{"critical":{"retentiondays":1}}"#).is_err());
    }

    #[test]
    fn what_a_class_leaves_out_is_as_in_the_default_table() {
        let told: Classes = serde_json::from_str(r#"{"standard":{"retention_days":90}}"#).unwrap();
        let mut expected = Classes::default();
        expected.standard.retention_days = 90;
        assert_eq!(told, expected);
    }

    #[test]
    fn the_table_says_how_long_each_class_is_kept() {
        let classes = Classes::default();
        let days = Class::ALL.iter().map(|class| classes.rule(*class).retention_days).collect::<Vec<_>>();
        assert_eq!(days, [2555, 1095, 365]);
    }
}
