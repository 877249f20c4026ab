//! One member of a JSON text, without reading the rest into memory.

use crate::value::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use tacho_pipe::plan::Want;

/// Finds a member by its path; absent when the text is no JSON, or the member is not of the wanted kind.
pub(crate) fn member<'a>(text: &'a str, path: &[String], want: Want) -> Value<'a> {
    // Most texts do not have the member at all. A name with escapes in it is not looked for.
    if path.first().is_none_or(|first| !text.contains(first.as_str())) {
        return Value::Null;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    Seek { path }.deserialize(&mut reader).ok().flatten().map_or(Value::Null, |raw| wanted(raw.get(), want))
}

fn wanted(raw: &str, want: Want) -> Value<'_> {
    let text = raw.starts_with('"').then(|| serde_json::from_str::<Cow<'_, str>>(raw).ok()).flatten();
    match want {
        Want::Number => Value::number(raw.parse().ok()),
        Want::Bool => raw.parse().map_or(Value::Null, Value::Bool),
        Want::Text => match text {
            Some(text) => Value::Text(text.into_owned().into()),
            None if raw == "null" => Value::Null,
            None => Value::Text(Cow::Borrowed(raw)),
        },
    }
}

struct Seek<'p> {
    path: &'p [String],
}

type Found<'a> = Option<&'a serde_json::value::RawValue>;

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            return serde::Deserialize::deserialize(reader).map(Some);
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if found.is_none() && key == self.path[0] {
                found = map.next_value_seed(Seek { path: &self.path[1..] })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, path: &[&str], want: Want) -> Value<'static> {
        let path: Vec<String> = path.iter().map(|part| part.to_string()).collect();
        member(text, &path, want).owned()
    }

    #[test]
    fn members_are_found_at_any_depth_and_are_of_the_wanted_kind() {
        let text = r#"{"x":[1,{"a":0}],"tool":{"name":"B\"ash","n":2.5,"ok":true,"no":null},"tool2":1}"#;
        assert_eq!(find(text, &["tool", "name"], Want::Text).as_text(), Some("B\"ash"));
        assert_eq!(find(text, &["tool", "n"], Want::Number), Value::Number(2.5));
        assert_eq!(find(text, &["tool", "ok"], Want::Bool), Value::Bool(true));
        assert_eq!(find(text, &["tool", "n"], Want::Text).as_text(), Some("2.5"));
        for (path, want) in [
            (&["tool", "no"][..], Want::Text),
            (&["tool", "name"], Want::Number),
            (&["tool2", "name"], Want::Text),
            (&["x", "a"], Want::Number),
            (&["nothing"], Want::Text),
        ] {
            assert_eq!(find(text, path, want), Value::Null, "{path:?}");
        }
        for broken in ["", "{", "[]", "tool", r#"{"tool":{"name""#] {
            assert_eq!(find(broken, &["tool", "name"], Want::Text), Value::Null, "{broken}");
        }
    }
}
