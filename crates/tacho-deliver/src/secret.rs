//! Secrets: held so that no error, log or debug output shows them, and read from where the settings say.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::{Map, Value};
use std::fmt::{Debug, Formatter};

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// A key of digits only is a number to YAML.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;
            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret(text.to_string()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Secret, E> {
                Ok(Secret(number.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Secret, E> {
                Ok(Secret(number.to_string()))
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
                Err(E::custom("a secret in digits needs quotes"))
            }
        }
        from.deserialize_any(Text)
    }
}

/// Where a secret is kept that does not stand in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept<'a> {
    /// `api_key_file: /run/secrets/key`.
    File(&'a str),
    /// `api_key_env: OPSGENIE_KEY`.
    Environment(&'a str),
}

/// Reads what is kept elsewhere.
pub(crate) type Lookup<'a> = &'a dyn Fn(Kept<'_>) -> Result<String, String>;

/// Replaces each `KEY_file` and `KEY_env` by `KEY` with the text that is kept there.
pub(crate) fn resolve(
    settings: &Map<String, Value>,
    lookup: Lookup<'_>,
) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    for (name, value) in settings {
        let kept = value.as_str().and_then(|place| {
            let file = name.strip_suffix("_file").map(|stem| (stem, Kept::File(place)));
            file.or_else(|| name.strip_suffix("_env").map(|stem| (stem, Kept::Environment(place))))
        });
        let (name, value) = match (kept, value) {
            (Some((stem, place)), _) => {
                let text = lookup(place).map_err(|why| format!("{name}: {why}"))?;
                (stem, Value::String(text.trim().to_string()))
            }
            (None, Value::Object(inner)) => (name.as_str(), Value::Object(resolve(inner, lookup)?)),
            (None, other) => (name.as_str(), other.clone()),
        };
        if out.insert(name.to_string(), value).is_some() {
            return Err(format!(
                "{name}: it is given twice, expected one of {name}, {name}_file, {name}_env"
            ));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_and_digits_are_text() {
        let read = |text: &str| serde_json::from_str::<Secret>(text);
        assert_eq!(format!("{:?}", read("\"hush\"").unwrap()), "(secret)");
        assert_eq!(read("1234").unwrap().expose(), "1234");
        let error = read("12345678901234567890123.5").unwrap_err().to_string();
        assert!(!error.contains("1234"), "{error}");
    }

    #[test]
    fn secrets_come_from_files_and_the_environment_at_any_depth() {
        let settings = serde_json::json!({"a_file": "/f", "in": {"b_env": "B"}, "c": 1});
        let lookup = |kept: Kept<'_>| match kept {
            Kept::File("/f") => Ok("one\n".to_string()),
            Kept::Environment("B") => Ok("two".to_string()),
            other => Err(format!("there is nothing at {other:?}")),
        };
        let found = resolve(settings.as_object().unwrap(), &lookup).unwrap();
        assert_eq!(Value::Object(found), serde_json::json!({"a": "one", "in": {"b": "two"}, "c": 1}));
        let twice = serde_json::json!({"a": "x", "a_file": "/f"});
        assert!(resolve(twice.as_object().unwrap(), &lookup).unwrap_err().contains("given twice"));
        let missing = serde_json::json!({"a_file": "/g"});
        assert!(resolve(missing.as_object().unwrap(), &lookup).unwrap_err().starts_with("a_file: "));
    }
}
