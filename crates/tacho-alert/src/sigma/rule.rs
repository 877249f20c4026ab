//! The documents of Sigma: rules, correlations, filters, and what they have in common.

use crate::sigma::detection;
use crate::sigma::item::{self, Wrong};
use crate::sigma::offer;
use crate::yaml::{Key, Node, What};
use tacho_pipe::{Expr, nearest};

/// Members that documents of Sigma may have.
const MEMBERS: [&str; 27] = [
    "action",
    "aliases",
    "author",
    "correlation",
    "date",
    "description",
    "detection",
    "falsepositives",
    "fields",
    "filter",
    "generate",
    "id",
    "level",
    "license",
    "logsource",
    "modified",
    "name",
    "references",
    "regression_tests_path",
    "related",
    "scope",
    "simulation",
    "status",
    "tags",
    "taxonomy",
    "timeframe",
    "title",
];
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
/// Sources that we have, and the condition that each stands for.
const CATEGORIES: [(&str, &[(&str, &str)]); 5] = [
    ("agent_activity", &[]),
    ("process_creation", &[("action_details.command|exists", "true")]),
    ("file_access", &[("mapped_action", "file_read")]),
    ("file_event", &[("mapped_action", "file_write")]),
    ("authentication", &[("action_type", "auth")]),
];

/// What all documents have.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) line: usize,
    pub(super) title: String,
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) level: Option<&'static str>,
    /// What people may want to know: it becomes annotations.
    pub(super) told: Vec<(&'static str, String)>,
    pub(super) notes: Vec<String>,
}

impl Head {
    /// Whether a reference in a correlation or filter means this document.
    pub(super) fn is(&self, reference: &str) -> bool {
        [&self.name, &self.id].into_iter().flatten().any(|own| own == reference)
    }

    pub(super) fn read(document: &Node) -> Result<Head, Wrong> {
        let mut head = Head { line: document.line, ..Head::default() };
        if !matches!(document.what, What::Map(_)) {
            return Err((document.line, format!("the document is {}, expected a map", document.named())));
        }
        for (key, value) in document.members() {
            head.member(key, value)?;
        }
        if head.title.is_empty() {
            return Err((document.line, "the rule has no title".into()));
        }
        Ok(head)
    }

    fn member(&mut self, key: &Key, value: &Node) -> Result<(), Wrong> {
        let list = || value.items().iter().filter_map(Node::text).collect::<Vec<_>>().join("\n");
        let text = || {
            value.text().ok_or((value.line, format!("{} is {}, expected a text", key.text, value.named())))
        };
        match key.text.as_str() {
            "title" => self.title = text()?,
            "name" => self.name = Some(text()?),
            "id" => self.id = Some(text()?),
            "level" => {
                let word = text()?;
                let level = LEVELS.into_iter().find(|level| *level == word);
                self.level = Some(level.ok_or_else(|| {
                    (value.line, format!("level is \"{word}\", expected {}", offered(&word, &LEVELS)))
                })?);
            }
            "description" => self.told.push(("description", list())),
            "author" => self.told.push(("sigma_author", list())),
            "license" => self.told.push(("sigma_license", list())),
            "references" => self.told.push(("references", list())),
            "falsepositives" => self.told.push(("false_positives", list())),
            "tags" => self.told.push(("tags", list())),
            "status" => {
                if ["deprecated", "unsupported"].contains(&text()?.as_str()) {
                    self.notes.push(format!("its author calls it {}", text()?));
                }
            }
            "action" | "timeframe" => {
                return Err((key.line, format!("\"{}\" is of older rules, which are not read", key.text)));
            }
            known if MEMBERS.contains(&known) => {}
            // Anybody may add members of their own, but a slip must not be taken for one.
            other => match nearest(other, MEMBERS) {
                Some(near) => {
                    return Err((key.line, format!("unknown member \"{other}\"; did you mean \"{near}\"?")));
                }
                None => self.notes.push(format!("line {}: the member \"{other}\" is not read", key.line)),
            },
        }
        Ok(())
    }
}

/// The known words, the nearest first when there is one.
fn offered(word: &str, known: &[&str]) -> String {
    format!("{}{}", known.join(", "), offer(word, known.iter().copied()))
}

/// A rule that looks at one event.
#[derive(Debug, Clone)]
pub(super) struct Single {
    pub(super) head: Head,
    pub(super) source: Source,
    pub(super) condition: Expr,
}

/// Where a rule looks: what Sigma calls a log source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    category: &'static str,
}

impl Source {
    fn read(document: &Node) -> Result<Source, Wrong> {
        let node =
            document.get("logsource").ok_or((document.line, "the rule has no logsource".to_string()))?;
        let mut category = "agent_activity";
        for (key, value) in node.members() {
            let text = value.text().unwrap_or_default();
            match key.text.as_str() {
                "definition" => {}
                "product"
                    if ["tachograph", "linux", "macos", "windows", "ai", "llm"].contains(&text.as_str()) => {}
                "product" => {
                    let message = format!(
                        "product is \"{text}\", expected tachograph; linux, macos or windows for the commands that agents run"
                    );
                    return Err((value.line, message));
                }
                "category" => {
                    let known: Vec<&str> = CATEGORIES.iter().map(|(name, _)| *name).collect();
                    let found = known.iter().find(|name| **name == text);
                    category = found.ok_or_else(|| {
                        (value.line, format!("category is \"{text}\", expected {}", offered(&text, &known)))
                    })?;
                }
                "service" => {
                    return Err((
                        key.line,
                        format!(
                            "service is \"{text}\": tachograph has no services, a rule asks for source or agent_id"
                        ),
                    ));
                }
                other => {
                    let near = offer(other, ["category", "product", "service", "definition"]);
                    return Err((key.line, format!("unknown member \"{other}\" of logsource{near}")));
                }
            }
        }
        Ok(Source { category })
    }

    fn conditions(&self, line: usize) -> Result<Vec<Expr>, Wrong> {
        let found = CATEGORIES.iter().find(|(name, _)| *name == self.category);
        let asked = found.map_or(&[][..], |(_, asked)| asked);
        let each = asked.iter().map(|(key, value)| {
            let what = if *value == "true" { What::Bool(true) } else { What::Text(value.to_string()) };
            item::condition(key, line, &Node { line, what })
        });
        each.collect()
    }
}

impl Single {
    pub(super) fn read(document: &Node) -> Result<Single, Wrong> {
        let head = Head::read(document)?;
        let source = Source::read(document)?;
        let detection =
            document.get("detection").ok_or((document.line, "the rule has no detection".to_string()))?;
        let mut terms = source.conditions(document.line)?;
        terms.push(detection::expression(detection)?);
        Ok(Single { head, source, condition: crate::sigma::build::all(terms) })
    }
}

/// What is left out of rules that others wrote.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) line: usize,
    pub(super) source: Source,
    /// The rules that it is for; all of its source when none is named.
    pub(super) rules: Vec<(usize, String)>,
    pub(super) condition: Expr,
}

impl Filter {
    pub(super) fn read(document: &Node) -> Result<Filter, Wrong> {
        Head::read(document)?;
        let source = Source::read(document)?;
        let node = document.get("filter").ok_or((document.line, "the filter is empty".to_string()))?;
        let rules = node.get("rules").ok_or((node.line, "the filter names no rules".to_string()))?;
        let names = rules.items().iter().filter_map(|item| item.text().map(|text| (item.line, text)));
        let names: Vec<(usize, String)> = names.filter(|(_, text)| text != "any").collect();
        Ok(Filter { line: document.line, source, rules: names, condition: detection::expression(node)? })
    }
}
