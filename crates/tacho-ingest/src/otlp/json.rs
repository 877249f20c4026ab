//! What OTLP's JSON writes in a way of its own: ids in hexadecimal, 64-bit integers as texts, doubles that are no
//! numbers as texts, values under the name of their type; and `null`, which stands for the default everywhere. Beside it
//! what libraries of protobuf write: ids in Base64, enumerations by their names.

use super::wire::{AnyValue, ArrayValue, KeyValueList, Value};
use crate::fields::unquote;
use base64::Engine as _;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of messages. An item that is `null` is none.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().flatten().collect())
}

/// What stands before a text that is no hexadecimal: with it the text is too long to pass for an id.
pub(super) const NO_HEX: [u8; 17] = [0; 17];

/// Bytes in hexadecimal, either case, or ids of 8 or 16 bytes in Base64: their padding tells. Any other text is no id, and is kept behind [`NO_HEX`]: what it spoils is told by
/// whoever needs the id.
pub(super) fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let text = text.unwrap_or_default();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    let padded = || {
        let fits = matches!(text.len(), 12 | 24) && text.ends_with('=');
        fits.then(|| base64::engine::general_purpose::STANDARD.decode(&text).ok()).flatten()
    };
    let read = bytes.collect::<Option<_>>().or_else(padded);
    Ok(read.unwrap_or_else(|| [&NO_HEX, text.as_bytes()].concat()))
}

/// How the names of each enumeration begin, and how they go on in the order of their numbers.
const NAMES: [(&str, &[&str]); 4] = [
    ("SPAN_KIND_", &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]),
    ("STATUS_CODE_", &["UNSET", "OK", "ERROR"]),
    ("AGGREGATION_TEMPORALITY_", &["UNSPECIFIED", "DELTA", "CUMULATIVE"]),
    (
        "SEVERITY_NUMBER_",
        &[
            "UNSPECIFIED",
            "TRACE",
            "TRACE2",
            "TRACE3",
            "TRACE4",
            "DEBUG",
            "DEBUG2",
            "DEBUG3",
            "DEBUG4",
            "INFO",
            "INFO2",
            "INFO3",
            "INFO4",
            "WARN",
            "WARN2",
            "WARN3",
            "WARN4",
            "ERROR",
            "ERROR2",
            "ERROR3",
            "ERROR4",
            "FATAL",
            "FATAL2",
            "FATAL3",
            "FATAL4",
        ],
    ),
];

/// A number of an enumeration, or its name.
pub(super) fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    let Some(raw) = raw else { return Ok(0) };
    let text = unquote(raw.get());
    let number = text.as_deref().and_then(|text| {
        let (begin, names) = NAMES.iter().find(|(begin, _)| text.starts_with(begin))?;
        names.iter().position(|name| text.strip_prefix(begin) == Some(name))
    });
    match number {
        Some(number) => Ok(number as i32),
        None => any_int(raw.as_ref()).map_err(de::Error::custom),
    }
}

/// An integer as a number or as text.
pub(super) fn any_int<'de, D: Deserializer<'de>, T: TryFrom<i128> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(deserializer.deserialize_any(Int(PhantomData))?.unwrap_or_default())
}

pub(super) fn maybe_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Int(PhantomData))
}

pub(super) fn ints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "any_int")] u64);
    let items: Option<Vec<One>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().map(|item| item.0).collect())
}

pub(super) fn double<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(maybe_double(deserializer)?.unwrap_or_default())
}

/// The nearest double to what is written, as protobuf has it: the JSON reader itself may miss it by the last bit, and
/// the same point would be two.
pub(super) fn maybe_double<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    let Some(raw) = raw else { return Ok(None) };
    let text = unquote(raw.get());
    match text.as_deref() {
        Some("NaN") => return Ok(Some(f64::NAN)),
        Some("Infinity") => return Ok(Some(f64::INFINITY)),
        Some("-Infinity") => return Ok(Some(f64::NEG_INFINITY)),
        _ => {}
    }
    let written = text.as_deref().unwrap_or(raw.get());
    let number = written.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or_else(|| {
        let found = written.chars().take(40).collect::<String>().escape_debug().to_string();
        de::Error::custom(format!(
            "\"{found}\" is no double: expected a number, or \"NaN\", \"Infinity\", \"-Infinity\""
        ))
    })
}

pub(super) fn doubles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "double")] f64);
    let items: Option<Vec<One>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().map(|item| item.0).collect())
}

struct Int<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for Int<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer that fits, as a number or as text")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<T>, E> {
        let fits = T::try_from(i128::from(number)).map(Some);
        fits.map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<T>, E> {
        let fits = T::try_from(i128::from(number)).map(Some);
        fits.map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Option<T>, E> {
        let whole = (number.fract() == 0.0).then_some(number as i128);
        let fits = whole.and_then(|whole| T::try_from(whole).ok());
        fits.map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        let fits = text.parse().ok().and_then(|number: i128| T::try_from(number).ok());
        fits.map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AnyValue, D::Error> {
        deserializer.deserialize_map(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one value under the name of its type, such as stringValue")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut value = None;
        while let Some(kind) = map.next_key::<String>()? {
            let found = match kind.as_str() {
                "stringValue" => map.next_value::<Option<String>>()?.map(Value::String),
                "boolValue" => map.next_value::<Option<bool>>()?.map(Value::Bool),
                "intValue" => map.next_value::<MaybeInt>()?.0.map(Value::Int),
                "doubleValue" => map.next_value::<MaybeDouble>()?.0.map(Value::Double),
                "arrayValue" => map.next_value::<Option<ArrayValue>>()?.map(Value::Array),
                "kvlistValue" => map.next_value::<Option<KeyValueList>>()?.map(Value::KvList),
                "bytesValue" => map.next_value::<Option<Base64>>()?.map(|bytes| Value::Bytes(bytes.0)),
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                    None
                }
            };
            value = found.or(value);
        }
        Ok(AnyValue { value })
    }
}

#[derive(Deserialize)]
struct MaybeInt(#[serde(deserialize_with = "maybe_int")] Option<i64>);

#[derive(Deserialize)]
struct MaybeDouble(#[serde(deserialize_with = "maybe_double")] Option<f64>);

struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Base64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = base64::engine::general_purpose::STANDARD.decode(&text);
        read.map(Base64).map_err(|error| de::Error::custom(format!("bytesValue is no Base64: {error}")))
    }
}
