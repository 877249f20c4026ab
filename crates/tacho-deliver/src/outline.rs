//! A message as every channel tells it, before its own markup: one headline, what it is about, and its alerts.

use crate::LabelSet;
use crate::message::{Message, Notice, Told};
use jiff::Timestamp;

/// Before what has to hold for an alert to fire. No label has a name with a space.
const CONDITION: &str = "fires when";
/// What a cut text ends with.
const CUT: &str = " … (cut)";

/// A text of at most so many characters, which says so when it was longer.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_string();
    }
    let keep = chars_max.saturating_sub(CUT.chars().count());
    let kept: String = text.chars().take(keep).collect();
    format!("{}{CUT}", kept.trim_end()).chars().take(chars_max).collect()
}

/// A moment as people read it, and as RFC 3339 has it.
pub(crate) fn moment(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).map_or_else(|_| at_us.to_string(), |at| at.to_string())
}

/// A moment to the second.
pub(crate) fn second(at_us: i64) -> String {
    moment(at_us - at_us.rem_euclid(1_000_000))
}

/// How long something lasted.
pub(crate) fn span(us: i64) -> String {
    tacho_pipe::format_us((us / 1_000_000).max(0) * 1_000_000)
}

pub(crate) struct Outline {
    /// `CRITICAL: agent failing repeatedly`.
    pub(crate) headline: String,
    /// Sentences below it.
    pub(crate) text: String,
    pub(crate) items: Vec<Item>,
    /// Alerts that no item tells of.
    pub(crate) more: u64,
    /// How to reply by its code, where there is one.
    pub(crate) code: Option<String>,
}

/// One alert.
pub(crate) struct Item {
    pub(crate) title: String,
    /// What has to hold for it to fire (under `fires when`, first), its values, its labels, and what each says.
    pub(crate) facts: Vec<(String, String)>,
    /// How many of them are values.
    values: usize,
    pub(crate) when: String,
    pub(crate) url: Option<String>,
}

impl Outline {
    pub(crate) fn of(message: &Message) -> Outline {
        Outline {
            headline: match message.incident() {
                // Its title says so, and how bad it is; a digest it is only for pagers, which are not to be called.
                Some(_) => one_line(&message.title),
                None => format!("{}: {}", word(message), one_line(&message.title)),
            },
            text: message.text.trim().to_string(),
            // People who are told of an incident were told of its alerts.
            items: message.alerts.iter().filter(|_| message.incident().is_none()).map(Item::of).collect(),
            more: if message.incident().is_some() { 0 } else { message.truncated },
            code: message.reply_code().map(str::to_string),
        }
    }

    /// What the only alert of a message fired on, in one line: its values, its condition, and when.
    pub(crate) fn brief(&self) -> Option<String> {
        let [only] = self.items.as_slice() else { return None };
        let (_, condition) = only.facts.first().filter(|(name, _)| name == CONDITION)?;
        let values = only.facts.iter().skip(1).take(only.values);
        let mut parts: Vec<String> = values.map(|(name, value)| format!("{name} {value}")).collect();
        parts.extend([format!("{CONDITION} {condition}"), only.when.clone()]);
        Some(parts.join(", "))
    }

    /// As plain text with at most so many characters; whole items, and the number of those left out.
    pub(crate) fn plain(&self, chars_max: usize) -> String {
        let head = if self.text.is_empty() {
            self.headline.clone()
        } else {
            format!("{}\n\n{}", self.headline, self.text)
        };
        let blocks: Vec<String> = self.items.iter().map(Item::plain).collect();
        fit(&head, &blocks, self.more, chars_max, |text| text.chars().count())
    }
}

/// A head and as many whole blocks as fit, by whichever `size` counts; what is left out is counted in the last line.
pub(crate) fn fit(
    head: &str,
    blocks: &[String],
    more: u64,
    max: usize,
    size: impl Fn(&str) -> usize,
) -> String {
    const BETWEEN: &str = "\n\n";
    // The last line, with a number of any length.
    const RESERVE: usize = 40;
    let mut out = if size(head) > max { cut(head, max.saturating_sub(RESERVE)) } else { head.to_string() };
    let mut left = blocks.len();
    for block in blocks {
        let last = left == 1 && more == 0;
        let needed = size(&out) + size(BETWEEN) + size(block) + if last { 0 } else { RESERVE };
        if needed > max {
            break;
        }
        out.push_str(BETWEEN);
        out.push_str(block);
        left -= 1;
    }
    let more = more + left as u64;
    let last = format!("{BETWEEN}and {more} more");
    if more > 0 && size(&out) + size(&last) <= max {
        out.push_str(&last);
    }
    out
}

/// What kind of message it is, in one word for the eye.
pub(crate) fn word(message: &Message) -> &'static str {
    match (message.notice, message.severity) {
        (Notice::Resolved, _) => "RESOLVED",
        (Notice::Acknowledged, _) => "ACKNOWLEDGED",
        (Notice::Digest, _) => "DIGEST",
        (Notice::Test, _) => "TEST",
        (Notice::Escalated, _) => "ESCALATED",
        (_, tacho_alert::Severity::Critical) => "CRITICAL",
        (_, tacho_alert::Severity::Warning) => "WARNING",
        (_, tacho_alert::Severity::Info) => "INFO",
    }
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Item {
    fn of(told: &Told) -> Item {
        let name = told.labels.get("alertname").map_or("alert", String::as_str);
        let title = told.annotations.get("summary").map_or(name, String::as_str);
        let shown = |labels: &LabelSet| -> Vec<(String, String)> {
            labels.iter().map(|(name, value)| (one_line(name), cut(&one_line(value), 300))).collect()
        };
        let condition = told.condition.as_deref().map(|text| cut(&one_line(text), 300));
        let mut facts: Vec<_> = condition.map(|text| (CONDITION.to_string(), text)).into_iter().collect();
        facts.extend(shown(&told.values));
        let values = told.values.len();
        facts.extend(shown(&told.labels));
        let runbook = told.annotations.get("runbook").map(|at| ("runbook".to_string(), one_line(at)));
        facts.extend(runbook);
        let when = match told.ends_us {
            None => format!("since {}", second(told.starts_us)),
            Some(ends_us) => {
                format!(
                    "from {} to {}, {}",
                    second(told.starts_us),
                    second(ends_us),
                    span(ends_us - told.starts_us)
                )
            }
        };
        Item { title: cut(&one_line(title), 500), facts, values, when, url: told.url.clone() }
    }

    fn plain(&self) -> String {
        let (condition, facts): (Vec<_>, Vec<_>) = self.facts.iter().partition(|(name, _)| name == CONDITION);
        let facts: Vec<String> = facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut lines = vec![format!("- {}", self.title), format!("  {}", self.when)];
        lines.extend(condition.iter().map(|(name, value)| format!("  {name} {value}")));
        if !facts.is_empty() {
            lines.push(format!("  {}", facts.join(", ")));
        }
        lines.extend(self.url.iter().map(|url| format!("  {url}")));
        lines.join("\n")
    }
}
