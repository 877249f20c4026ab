//! The routes, inhibitions and time intervals of a configuration.

use crate::alertmanager::{Reader, list};
use crate::notify::parse_matchers;
use crate::yaml::{Key, Node, What};

const ROUTE: [&str; 13] = [
    "receiver",
    "group_by",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "matchers",
    "match",
    "match_re",
    "continue",
    "mute_time_intervals",
    "active_time_intervals",
    // Ours.
    "escalation",
    "routes",
];
const INHIBIT: [&str; 8] = [
    "name",
    "source_matchers",
    "target_matchers",
    "source_match",
    "source_match_re",
    "target_match",
    "target_match_re",
    "equal",
];
const INTERVAL: [&str; 6] = ["times", "weekdays", "days_of_month", "months", "years", "location"];
/// Routes within one another, as the routing has it.
const DEPTH_MAX: usize = 32;

impl Reader<'_> {
    pub(super) fn route(&mut self, node: Node, depth: usize) -> Node {
        let line = node.line;
        if depth > DEPTH_MAX {
            self.wrong(line, format!("routes nest more than {DEPTH_MAX} deep"));
            return list(line, Vec::new());
        }
        let mut out = Vec::new();
        for (key, mut node) in self.members(node, "a route") {
            if !self.is_known(&key, &ROUTE, "a route") {
                continue;
            }
            match key.text.as_str() {
                "routes" => {
                    let line = node.line;
                    let each = self.list(node, "routes");
                    node = list(line, each.into_iter().map(|inner| self.route(inner, depth + 1)).collect());
                }
                "group_wait" | "group_interval" | "repeat_interval" => self.duration(&key, &node),
                "matchers" => {
                    node = list(node.line, node.items().to_vec());
                    self.matchers(&node);
                }
                _ => {}
            }
            out.push((key, node));
        }
        Node { line, what: What::Map(out) }
    }

    fn duration(&mut self, key: &Key, node: &Node) {
        let text = node.text().unwrap_or_default();
        if tacho_pipe::parse_us(&text).is_none() {
            self.wrong(
                node.line,
                format!("{} is \"{text}\", expected a duration such as 30s, 5m, 4h", key.text),
            );
        }
    }

    fn matchers(&mut self, list: &Node) {
        for item in list.items() {
            if let Err(why) = parse_matchers(&item.text().unwrap_or_default()) {
                self.wrong(item.line, why);
            }
        }
    }

    /// Old forms, `source_match` and `source_match_re`, become matchers.
    pub(super) fn inhibition(&mut self, node: Node) -> Node {
        let line = node.line;
        let (mut out, mut sides): (Vec<(Key, Node)>, [Vec<Node>; 2]) = (Vec::new(), Default::default());
        for (key, node) in self.members(node, "an inhibition") {
            if !self.is_known(&key, &INHIBIT, "an inhibition") || key.text == "name" {
                continue;
            }
            if key.text == "equal" {
                out.push((key, node));
                continue;
            }
            let side = &mut sides[usize::from(key.text.starts_with("target"))];
            if key.text.ends_with("matchers") {
                side.extend(node.items().iter().cloned());
            } else {
                let operator = if key.text.ends_with("_re") { "=~" } else { "=" };
                side.extend(node.members().iter().map(|(label, value)| {
                    let value = value.text().unwrap_or_default().replace('\\', "\\\\").replace('"', "\\\"");
                    Node {
                        line: label.line,
                        what: What::Text(format!("{}{operator}\"{value}\"", label.text)),
                    }
                }));
            }
        }
        for (side, name) in sides.into_iter().zip(["source_matchers", "target_matchers"]) {
            let side = list(line, side);
            self.matchers(&side);
            out.push((Key { line, text: name.into() }, side));
        }
        Node { line, what: What::Map(out) }
    }

    pub(super) fn interval(&mut self, node: Node) -> Node {
        for (key, inner) in node.members() {
            if self.is_known(key, &["name", "time_intervals"], "a time interval")
                && key.text == "time_intervals"
            {
                for (key, _) in inner.items().iter().flat_map(Node::members) {
                    self.is_known(key, &INTERVAL, "a time interval");
                }
            }
        }
        node
    }
}
