//! A YAML tree in which every node knows its line: for formats that are looked at member by member.

use crate::FileError;
use crate::file::FILE_BYTES_MAX;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess};
use serde_saphyr::Spanned;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// From one.
    pub(crate) line: usize,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(Key, Node)>),
}

/// The name of a member and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Node {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    /// The members of a map; none of anything else.
    pub(crate) fn members(&self) -> &[(Key, Node)] {
        match &self.what {
            What::Map(members) => members,
            _ => &[],
        }
    }

    /// A list's items, or the one thing that stands for a list of one.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.what {
            What::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// A text, or what YAML read as something else and was meant as one.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.what {
            What::Text(text) => Some(text.clone()),
            What::Number(number) => Some(number.to_string()),
            What::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    pub(crate) fn named(&self) -> &'static str {
        match self.what {
            What::Null => "nothing",
            What::Bool(_) => "true or false",
            What::Number(_) => "a number",
            What::Text(_) => "a text",
            What::List(_) => "a list",
            What::Map(_) => "a map",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<What>::deserialize(from)?;
        Ok(Node { line: (spanned.referenced.line() as usize).max(1), what: spanned.value })
    }
}

impl<'de> Deserialize<'de> for What {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<What, D::Error> {
        from.deserialize_any(Any)
    }
}

/// A key of many digits is no number to count with: it would lose its last ones.
fn integer(number: impl ToString, size: u64) -> What {
    match number.to_string() {
        text if size >= 1 << 53 => What::Text(text),
        text => text.parse().map_or(What::Text(text.clone()), What::Number),
    }
}

struct Any;

impl<'de> de::Visitor<'de> for Any {
    type Value = What;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<What, E> {
        Ok(What::Null)
    }

    fn visit_none<E>(self) -> Result<What, E> {
        Ok(What::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<What, D::Error> {
        from.deserialize_any(Any)
    }

    fn visit_bool<E>(self, value: bool) -> Result<What, E> {
        Ok(What::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<What, E> {
        Ok(integer(number, number.unsigned_abs()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<What, E> {
        Ok(integer(number, number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<What, E> {
        Ok(What::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<What, E> {
        Ok(What::Text(text.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<What, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(What::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<What, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = members.next_key::<Spanned<String>>()? {
            let key = Key { line: (key.referenced.line() as usize).max(1), text: key.value };
            map.push((key, members.next_value()?));
        }
        Ok(What::Map(map))
    }
}

/// The documents of a file; empty ones are left out.
pub(crate) fn documents(file: &str, text: &str) -> Result<Vec<Node>, FileError> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, expected at most {FILE_BYTES_MAX}", text.len());
        return Err(FileError::new(file, 1, message));
    }
    let documents: Vec<Node> = serde_saphyr::from_multiple(text).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line() as usize);
        let message = error.without_snippet().to_string();
        FileError::new(file, line, message.lines().next().unwrap_or_default().to_string())
    })?;
    Ok(documents.into_iter().filter(|document| document.what != What::Null).collect())
}

/// A text as YAML writes it wherever it stands: JSON's spelling, which YAML has too.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if word { text.to_string() } else { serde_json::Value::from(text).to_string() }
}

/// Writes a tree in block form, indented by so many places.
pub(crate) fn write(node: &Node, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match &node.what {
        What::Map(members) if !members.is_empty() => {
            for (key, value) in members {
                out.push_str(&format!("{pad}{}:", quoted(&key.text)));
                below(value, indent + 2, out);
            }
        }
        What::List(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("{pad}-"));
                below(item, indent + 2, out);
            }
        }
        _ => out.push_str(&format!("{pad}{}\n", scalar(node))),
    }
}

/// What stands behind a colon or a dash: on the same line, or below.
fn below(node: &Node, indent: usize, out: &mut String) {
    let is_empty = match &node.what {
        What::Map(members) => members.is_empty(),
        What::List(items) => items.is_empty(),
        _ => true,
    };
    if is_empty {
        out.push_str(&format!(" {}\n", scalar(node)));
    } else {
        out.push('\n');
        write(node, indent, out);
    }
}

fn scalar(node: &Node) -> String {
    match &node.what {
        What::Null => "null".into(),
        What::Bool(value) => value.to_string(),
        What::Number(number) => number.to_string(),
        What::Text(text) => quoted(text),
        What::List(_) => "[]".into(),
        What::Map(_) => "{}".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines_and_kinds() {
        let documents = documents("f", "a: 1\nb:\n  - x\n  - '5'\n  - null\n---\n---\nc|d: true\n").unwrap();
        assert_eq!(documents.len(), 2);
        let list = documents[0].get("b").unwrap();
        assert_eq!(list.items().iter().map(|item| item.line).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(list.items()[1].what, What::Text("5".into()));
        assert_eq!(list.items()[2].what, What::Null);
        assert_eq!(documents[0].get("a").unwrap().what, What::Number(1.0));
        let (key, value) = &documents[1].members()[0];
        assert_eq!((key.line, key.text.as_str(), &value.what), (8, "c|d", &What::Bool(true)));
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = "a: {b: [1, {c: ' d', e: []}], f: {}}\ng: [[x, y], null, true]\n";
        let bare = |nodes: &[Node]| {
            let mut out = String::new();
            nodes.iter().for_each(|node| write(node, 0, &mut out));
            out
        };
        let written = bare(&documents("f", text).unwrap());
        assert_eq!(bare(&documents("f", &written).unwrap()), written, "{written}");
        assert!(written.contains("c: \" d\"") && written.contains("e: []"), "{written}");
    }

    #[test]
    fn what_is_quoted_reads_back_as_the_same_text() {
        for text in [
            "a",
            "5",
            "true",
            "No",
            "",
            " x",
            "x ",
            "a: b",
            "#",
            "a\nb\t\"c\"\\",
            "\u{85}\u{2028}é",
            "~",
            "- a",
            "2024-01-01",
        ] {
            let read = documents("f", &format!("k: {}\n", quoted(text))).unwrap();
            assert_eq!(read[0].get("k").unwrap().what, What::Text(text.into()), "{}", quoted(text));
        }
    }
}
