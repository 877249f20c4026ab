//! A real `alertmanager.yml` as a routing of ours: what is called otherwise is renamed, what has no meaning here is
//! left out and said.
//!
//! Invariant: what is left out never makes an alert go to somebody else; where it would, it is an error.

mod route;

use crate::file::FileError;
use crate::yaml::{self, Key, Node, What};
use tacho_pipe::nearest;

/// A configuration that was read.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The routing in our form.
    pub text: String,
    /// What was left out, with its line.
    pub notes: Vec<FileError>,
}

/// Channels of Alertmanager that nothing here sends to.
const UNKNOWN_CHANNELS: [&str; 10] = [
    "discord_configs",
    "incidentio_configs",
    "mattermost_configs",
    "msteams_configs",
    "pushover_configs",
    "rocketchat_configs",
    "sns_configs",
    "victorops_configs",
    "webex_configs",
    "wechat_configs",
];
const TOP: [&str; 12] = [
    "global",
    "templates",
    "route",
    "receivers",
    "inhibit_rules",
    "time_intervals",
    "mute_time_intervals",
    "tracing",
    // Ours: they stay as they are.
    "people",
    "schedules",
    "escalations",
    "maintenance",
];
/// Reads a configuration; `channels` are the keys of a receiver that can be sent to, `templated` the settings of a channel
/// that shape its texts, which are our own.
///
/// # Errors
/// All that stands in the way, each with its line.
pub fn import(
    file: &str,
    text: &str,
    channels: &[&str],
    templated: &[&str],
) -> Result<Imported, Vec<FileError>> {
    let mut documents = yaml::documents(file, text).map_err(|error| vec![error])?;
    let root = match documents.len() {
        1 => documents.remove(0),
        n => return Err(vec![FileError::new(file, 1, format!("found {n} documents, expected one"))]),
    };
    let mut reader = Reader { file, channels, templated, errors: Vec::new(), notes: Vec::new() };
    let root = reader.root(root);
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    let mut out = String::new();
    yaml::write(&root, 0, &mut out);
    Ok(Imported { text: out, notes: reader.notes })
}

struct Reader<'a> {
    file: &'a str,
    channels: &'a [&'a str],
    templated: &'a [&'a str],
    errors: Vec<FileError>,
    notes: Vec<FileError>,
}

impl Reader<'_> {
    fn wrong(&mut self, line: usize, message: String) {
        self.errors.push(FileError::new(self.file, line, message));
    }

    fn note(&mut self, line: usize, message: String) {
        self.notes.push(FileError::new(self.file, line, message));
    }

    /// Whether a member is one of those that there are.
    fn is_known(&mut self, key: &Key, known: &[&str], of: &str) -> bool {
        let found = known.contains(&key.text.as_str());
        if !found {
            let near = nearest(&key.text, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            self.wrong(key.line, format!("unknown member \"{}\" of {of}{near}", key.text));
        }
        found
    }

    fn members(&mut self, node: Node, of: &str) -> Vec<(Key, Node)> {
        match node.what {
            What::Map(members) => members,
            _ => {
                self.wrong(node.line, format!("{of} is {}, expected a map", node.named()));
                Vec::new()
            }
        }
    }

    fn list(&mut self, node: Node, of: &str) -> Vec<Node> {
        match node.what {
            What::List(items) => items,
            What::Null => Vec::new(),
            _ => {
                self.wrong(node.line, format!("{of} is {}, expected a list", node.named()));
                Vec::new()
            }
        }
    }

    fn root(&mut self, root: Node) -> Node {
        let line = root.line;
        let (mut out, mut intervals): (Vec<(Key, Node)>, Vec<Node>) = (Vec::new(), Vec::new());
        for (key, node) in self.members(root, "the configuration") {
            if !self.is_known(&key, &TOP, "the configuration") {
                continue;
            }
            match key.text.as_str() {
                "templates" if node.items().is_empty() => {}
                "templates" => {
                    self.note(key.line, "templates are not read: messages have a form of their own".into())
                }
                "tracing" => self.note(key.line, "tracing is not for a routing".into()),
                "people" | "schedules" | "escalations" | "maintenance" => out.push((key, node)),
                "global" => {
                    let global = self.global(node);
                    out.push((key, global));
                }
                "route" => {
                    let route = self.route(node, 0);
                    out.push((key, route));
                }
                "receivers" => {
                    let each = self.list(node, "receivers");
                    let each = each.into_iter().map(|receiver| self.receiver(receiver)).collect();
                    out.push((key.clone(), list(key.line, each)));
                }
                "inhibit_rules" => {
                    let each = self.list(node, "inhibit_rules");
                    let each = each.into_iter().map(|rule| self.inhibition(rule)).collect();
                    out.push((key.clone(), list(key.line, each)));
                }
                _ => {
                    let each = self.list(node, "time_intervals");
                    intervals.extend(each.into_iter().map(|named| self.interval(named)));
                }
            }
        }
        for need in ["route", "receivers"] {
            if out.iter().all(|(key, _)| key.text != need) {
                self.wrong(line, format!("the configuration has no {need}"));
            }
        }
        if !intervals.is_empty() {
            out.push((Key { line, text: "time_intervals".into() }, list(line, intervals)));
        }
        Node { line, what: What::Map(out) }
    }

    fn global(&mut self, node: Node) -> Node {
        let line = node.line;
        let mut out = Vec::new();
        for (key, node) in self.members(node, "global") {
            match key.text.as_str() {
                "resolve_timeout" => {
                    self.note(
                        key.line,
                        "resolve_timeout is not needed: a rule says when its alert is over".into(),
                    );
                }
                "http_config" => {
                    self.note(
                        key.line,
                        "http_config is not read: see the guide of channels for what may be reached".into(),
                    );
                }
                _ => out.push((key, node)),
            }
        }
        Node { line, what: What::Map(out) }
    }

    fn receiver(&mut self, node: Node) -> Node {
        let (line, channels) = (node.line, self.channels);
        let mut out = Vec::new();
        for (key, mut node) in self.members(node, "a receiver") {
            let known =
                ["name", "schedule"].contains(&key.text.as_str()) || channels.contains(&key.text.as_str());
            if UNKNOWN_CHANNELS.contains(&key.text.as_str()) {
                let message =
                    format!("{}: there is no such channel here, this receiver is not told by it", key.text);
                self.note(key.line, message);
            } else if known || self.is_known(&key, channels, "a receiver") {
                if let What::List(entries) = &mut node.what {
                    entries.iter_mut().for_each(|entry| self.channel(&key.text, entry));
                }
                out.push((key, node));
            }
        }
        Node { line, what: What::Map(out) }
    }

    /// Settings that shape the texts of a channel are left out.
    fn channel(&mut self, kind: &str, entry: &mut Node) {
        let templated = self.templated;
        let What::Map(members) = &mut entry.what else { return };
        let is_ours = |key: &Key| !templated.contains(&key.text.as_str());
        let left: Vec<(usize, String)> = members
            .iter()
            .filter(|(key, _)| !is_ours(key))
            .map(|(key, _)| (key.line, format!("{} of {kind}: templates are not read", key.text)))
            .collect();
        members.retain(|(key, _)| is_ours(key));
        left.into_iter().for_each(|(line, message)| self.note(line, message));
    }
}

fn list(line: usize, items: Vec<Node>) -> Node {
    Node { line, what: What::List(items) }
}
