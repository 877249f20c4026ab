//! Matchers: `severity="critical"`, `team!=a`, `agent_id=~"ops/.*"`, as Alertmanager writes them.

use crate::notify::LabelSet;
use regex::Regex;

#[derive(Debug, Clone)]
enum How {
    Equal,
    Not,
    Like(Regex),
    Unlike(Regex),
}

/// A condition on one label; a label that is not there counts as empty. As text in files.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Matcher {
    name: String,
    value: String,
    how: How,
}

impl From<Matcher> for String {
    fn from(matcher: Matcher) -> String {
        matcher.to_string()
    }
}

impl TryFrom<String> for Matcher {
    type Error = String;

    fn try_from(text: String) -> Result<Matcher, String> {
        Matcher::parse(&text)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        self.to_string() == other.to_string()
    }
}

const PATTERN_BYTES_MAX: usize = 1 << 20;

impl Matcher {
    /// Reads one matcher.
    ///
    /// # Errors
    /// When it has no operator, or its pattern is broken.
    pub fn parse(text: &str) -> Result<Matcher, String> {
        let text = text.trim();
        let fail =
            || format!("\"{text}\" is no matcher, expected such as severity=\"critical\" or team=~\"a|b\"");
        let at = text.find(['=', '!']).filter(|at| *at > 0).ok_or_else(fail)?;
        let operator = ["=~", "!~", "!=", "="].into_iter().find(|operator| text[at..].starts_with(operator));
        let operator = operator.ok_or_else(fail)?;
        let name = text[..at].trim().trim_matches('"').to_string();
        let value = unquoted(text[at + operator.len()..].trim()).ok_or_else(fail)?;
        let plain = |c: char| c.is_alphanumeric() || "_.-:".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(fail());
        }
        let regex = || {
            let built =
                regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(PATTERN_BYTES_MAX).build();
            built.map_err(|error| format!("\"{value}\" is no regular expression: {error}"))
        };
        let how = match operator {
            "=~" => How::Like(regex()?),
            "!~" => How::Unlike(regex()?),
            "!=" => How::Not,
            _ => How::Equal,
        };
        Ok(Matcher { name, value, how })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn value(&self) -> &str {
        &self.value
    }

    pub fn is_regex(&self) -> bool {
        matches!(self.how, How::Like(_) | How::Unlike(_))
    }

    /// Whether it asks for what it names, and not for everything else.
    pub fn is_equal(&self) -> bool {
        matches!(self.how, How::Equal | How::Like(_))
    }

    pub fn matches(&self, labels: &LabelSet) -> bool {
        let found = labels.get(&self.name).map_or("", String::as_str);
        match &self.how {
            How::Equal => found == self.value,
            How::Not => found != self.value,
            How::Like(regex) => regex.is_match(found),
            How::Unlike(regex) => !regex.is_match(found),
        }
    }
}

fn unquoted(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.contains(['"', '{', '}', ','])).then(|| text.to_string());
    };
    let mut out = String::new();
    let mut chars = inner.strip_suffix('"')?.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                other @ ('"' | '\\') => out.push(other),
                // As Alertmanager: an unknown escape is part of a pattern.
                other => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
    Some(out)
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let operator = match self.how {
            How::Equal => "=",
            How::Not => "!=",
            How::Like(_) => "=~",
            How::Unlike(_) => "!~",
        };
        // As `unquoted` reads it: Rust's own escapes are more than Alertmanager's.
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "{}{operator}\"{value}\"", self.name)
    }
}

/// Reads `{a="b", c!="d"}`, or the same without braces.
///
/// # Errors
/// At the first matcher that can't be read.
pub fn parse_matchers(text: &str) -> Result<Vec<Matcher>, String> {
    let text = text.trim();
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let (mut parts, mut quoted, mut escaped, mut start) = (Vec::new(), false, false, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&inner[start..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).map(Matcher::parse).collect()
}
