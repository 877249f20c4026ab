//! Sigma to rules of ours: one rule for each of its rules and correlations.
//!
//! Invariant: what is written reads back, and asks for what the Sigma rule asks for; what can't be said is an error
//! with its line, and the other documents are not lost.

use crate::FileError;
use crate::sigma::build::{all, name};
use crate::sigma::correlation::Correlation;
use crate::sigma::item::Wrong;
use crate::sigma::rule::{Filter, Head, Single};
use crate::yaml::{self, Node, quoted};
use std::collections::BTreeSet;
use std::fmt::Write;
use tacho_pipe::{Node as Of, Query, Source, Stage};

/// Documents of one import.
const DOCUMENTS_MAX: usize = 10_000;
const ID_CHARS: usize = 100;

/// What came of an import.
#[derive(Debug, Clone, Default)]
pub struct Import {
    pub rules: Vec<Imported>,
    /// What can't be said, and why.
    pub refused: Vec<FileError>,
}

/// A rule as it is written in our form.
#[derive(Debug, Clone)]
pub struct Imported {
    pub id: String,
    /// One document of YAML.
    pub text: String,
    pub notes: Vec<String>,
}

enum Document {
    Single(Single),
    Correlation(Correlation),
    Filter(Filter),
}

impl Document {
    fn read(node: &Node) -> Result<Document, Wrong> {
        if node.get("correlation").is_some() {
            Correlation::read(node).map(Document::Correlation)
        } else if node.get("filter").is_some() {
            Filter::read(node).map(Document::Filter)
        } else {
            Single::read(node).map(Document::Single)
        }
    }
}

/// Reads Sigma files, as names and texts: correlations and filters may name rules of other files.
pub fn import(files: &[(String, String)]) -> Import {
    let mut out = Import::default();
    let mut documents: Vec<(&str, Document)> = Vec::new();
    for (file, text) in files {
        let nodes = match yaml::documents(file, text) {
            Ok(nodes) => nodes,
            Err(error) => {
                out.refused.push(error);
                continue;
            }
        };
        for node in &nodes {
            if documents.len() >= DOCUMENTS_MAX {
                out.refused.push(FileError::new(
                    file,
                    node.line,
                    format!("more than {DOCUMENTS_MAX} documents"),
                ));
                break;
            }
            match Document::read(node) {
                Ok(document) => documents.push((file, document)),
                Err((line, message)) => out.refused.push(FileError::new(file, line, message)),
            }
        }
    }
    filter(&mut documents, &mut out.refused);
    Writer { documents: &documents, ids: BTreeSet::new() }.write(&mut out);
    out
}

/// Takes what filters leave out from the rules that they name.
fn filter(documents: &mut Vec<(&str, Document)>, refused: &mut Vec<FileError>) {
    let filters: Vec<(String, Filter)> = documents
        .iter()
        .filter_map(|(file, document)| match document {
            Document::Filter(filter) => Some((file.to_string(), filter.clone())),
            _ => None,
        })
        .collect();
    documents.retain(|(_, document)| !matches!(document, Document::Filter(_)));
    for (file, filter) in filters {
        let mut met: Vec<&str> = Vec::new();
        for (_, document) in documents.iter_mut() {
            let Document::Single(rule) = document else { continue };
            let named = filter.rules.iter().find(|(_, reference)| rule.head.is(reference));
            let meant = if filter.rules.is_empty() { rule.source == filter.source } else { named.is_some() };
            if meant {
                met.extend(named.map(|(_, reference)| reference.as_str()));
                rule.condition = all(vec![rule.condition.clone(), filter.condition.clone()]);
            }
        }
        for (line, reference) in &filter.rules {
            if !met.contains(&reference.as_str()) {
                refused.push(FileError::new(
                    &file,
                    *line,
                    format!("there is no rule \"{reference}\" to filter"),
                ));
            }
        }
        if filter.rules.is_empty() && documents.is_empty() {
            refused.push(FileError::new(&file, filter.line, "there is no rule to filter".into()));
        }
    }
}

struct Writer<'a> {
    documents: &'a [(&'a str, Document)],
    ids: BTreeSet<String>,
}

impl Writer<'_> {
    fn write(&mut self, out: &mut Import) {
        for (file, document) in self.documents {
            let (line, written) = match document {
                Document::Single(rule) if self.is_part(rule) => continue,
                Document::Single(rule) => (rule.head.line, Ok(self.single(rule))),
                Document::Correlation(rule) => (rule.head.line, self.correlation(rule)),
                Document::Filter(_) => continue,
            };
            let checked = written.and_then(|imported| match crate::read(&imported.id, &imported.text) {
                Ok(_) => Ok(imported),
                Err(error) => {
                    // What follows shows the place in the query, which nobody wrote.
                    let why = error.message.lines().next().unwrap_or_default();
                    Err((line, format!("as a rule of tachograph: {why}")))
                }
            });
            match checked {
                Ok(imported) => out.rules.push(imported),
                Err((line, message)) => out.refused.push(FileError::new(file, line, message)),
            }
        }
    }

    /// Whether a rule is only a part of correlations, and none of them wants it by itself.
    fn is_part(&self, rule: &Single) -> bool {
        let naming = self.documents.iter().filter_map(|(_, document)| match document {
            Document::Correlation(correlation)
                if correlation.rules.iter().any(|(_, reference)| rule.head.is(reference)) =>
            {
                Some(correlation)
            }
            _ => None,
        });
        let mut naming = naming.peekable();
        naming.peek().is_some() && naming.all(|correlation| !correlation.generate)
    }

    fn single(&mut self, rule: &Single) -> Imported {
        let stages = match &rule.condition.node {
            // A stage each reads better than one long line.
            Of::And(terms) => terms.iter().cloned().map(Stage::Filter).collect(),
            _ => vec![Stage::Filter(rule.condition.clone())],
        };
        self.document(&rule.head, stages, "every: stream\n")
    }

    fn correlation(&mut self, rule: &Correlation) -> Result<Imported, Wrong> {
        let mut singles = Vec::new();
        for (line, reference) in &rule.rules {
            let found = self.documents.iter().find_map(|(_, document)| match document {
                Document::Single(single) if single.head.is(reference) => Some(Ok(single)),
                Document::Correlation(other) if other.head.is(reference) => Some(Err(())),
                _ => None,
            });
            match found {
                Some(Ok(single)) => singles.push(single),
                Some(Err(())) => {
                    return Err((
                        *line,
                        format!("\"{reference}\" is a correlation itself: those can't be chained"),
                    ));
                }
                None => {
                    return Err((
                        *line,
                        format!("there is no rule \"{reference}\" that can be used: give its file as well"),
                    ));
                }
            }
        }
        let stages = rule.stages(&singles)?;
        let mut when = format!("window: {}\n", rule.timespan);
        if stages.each_event {
            when.push_str("every: stream\n");
        }
        let mut imported = self.document(&rule.head, stages.stages, &when);
        if !stages.each_event {
            imported.notes.push(
                "too little of something is seen only while something is: a group without events is none"
                    .into(),
            );
        }
        Ok(imported)
    }

    fn document(&mut self, head: &Head, stages: Vec<Stage>, when: &str) -> Imported {
        let query =
            Query { source: Source::Table { name: name("agent_audit_log"), window_us: None }, stages };
        let severity = match head.level {
            Some("critical") => "critical",
            Some("informational" | "low") => "info",
            _ => "warning",
        };
        let id = self.id(head);
        let mut text = String::new();
        let lines = query.to_string().replace('\n', "\n  ");
        // Writing to a text can't fail.
        let _ = write!(
            text,
            "apiVersion: tachograph/v1\nkind: AlertRule\nid: {id}\ntitle: {}\nseverity: {severity}\nquery: |\n  {lines}\n{when}labels: {{tier: security}}\n",
            quoted(&head.title)
        );
        let own = [("sigma_id", head.id.clone()), ("sigma_level", head.level.map(str::to_string))];
        let own = own.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
        let told: Vec<(&str, String)> =
            own.chain(head.told.iter().cloned()).filter(|(_, text)| !text.is_empty()).collect();
        if !told.is_empty() {
            text.push_str("annotations:\n");
            for (key, value) in told {
                let _ = writeln!(text, "  {key}: {}", quoted(value.trim()));
            }
        }
        if severity == "critical" {
            text.push_str("ack: {required: true}\n");
        }
        Imported { id, text, notes: head.notes.clone() }
    }

    /// A name for our rule: that of the Sigma rule, else its title in small letters.
    fn id(&mut self, head: &Head) -> String {
        let from = head.name.as_ref().unwrap_or(&head.title);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let mut id = String::new();
        for c in from.chars().map(plain) {
            if (c != '_' || !id.ends_with('_')) && id.len() < ID_CHARS {
                id.push(c);
            }
        }
        let id = id.trim_matches('_');
        let id = if id.is_empty() { "sigma" } else { id };
        let numbered = (2..).map(|n| format!("{id}_{n}"));
        let free = std::iter::once(id.to_string()).chain(numbered).find(|id| !self.ids.contains(id));
        let free = free.unwrap_or_default();
        self.ids.insert(free.clone());
        free
    }
}
