//! Walks a request's lists without decoding them: a record is decoded when it is its turn, alone.
//!
//! Invariant: what is in memory beside the body is bounded by one record and by [`ITEMS_MAX`] places in each list,
//! however many empty messages a body is made of.

use super::Malformed;
use prost::Message;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::value::RawValue;
use std::fmt;

/// So many items may stand in one list.
pub(super) const ITEMS_MAX: usize = 1 << 16;

/// A message that is not decoded yet.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    Protobuf(&'a [u8]),
    Json(&'a str),
}

impl<'a> Raw<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Raw::Protobuf(bytes) => bytes.len(),
            Raw::Json(text) => text.len(),
        }
    }

    /// Reads the message, or of it what `M` names.
    pub(super) fn decode<M: Message + Default + DeserializeOwned>(self) -> Result<M, Malformed> {
        match self {
            Raw::Protobuf(bytes) => M::decode(bytes).map_err(Malformed::protobuf),
            Raw::Json("null") => Ok(M::default()),
            Raw::Json(text) => serde_json::from_str(text).map_err(Malformed::json),
        }
    }

    /// The message in one field; the last one where it stands twice in protobuf.
    pub(super) fn child(self, tag: u32, name: &'static str) -> Result<Option<Raw<'a>>, Malformed> {
        match self {
            Raw::Protobuf(bytes) => Ok(fields(bytes, tag)?.pop().map(Raw::Protobuf)),
            Raw::Json(text) => Ok(member(text, name)?.map(Raw::Json)),
        }
    }

    /// The messages in a list.
    pub(super) fn children(self, tag: u32, name: &'static str) -> Result<Vec<Raw<'a>>, Malformed> {
        match self {
            Raw::Protobuf(bytes) => Ok(fields(bytes, tag)?.into_iter().map(Raw::Protobuf).collect()),
            Raw::Json(text) => match member(text, name)? {
                None => Ok(Vec::new()),
                Some(list) => {
                    let items = serde_json::Deserializer::from_str(list).deserialize_seq(Items);
                    let items = items.map_err(Malformed::json)?;
                    Ok(items.into_iter().map(|item| Raw::Json(item.get())).collect())
                }
            },
        }
    }
}

/// Every value of a length-delimited field.
fn fields(mut bytes: &[u8], wanted: u32) -> Result<Vec<&[u8]>, Malformed> {
    let mut found = Vec::new();
    while bytes.has_remaining() {
        let (tag, wire_type) = decode_key(&mut bytes).map_err(Malformed::protobuf)?;
        if tag != wanted {
            skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).map_err(Malformed::protobuf)?;
            continue;
        }
        let len = match wire_type {
            WireType::LengthDelimited => decode_varint(&mut bytes).map_err(Malformed::protobuf)?,
            _ => return Err(Malformed(format!("field {tag} is no message"))),
        };
        let len = usize::try_from(len).ok().filter(|len| *len <= bytes.len());
        let len = len.ok_or_else(|| Malformed(format!("field {tag} is cut off")))?;
        if found.len() == ITEMS_MAX {
            return Err(too_many());
        }
        let (value, rest) = bytes.split_at(len);
        found.push(value);
        bytes = rest;
    }
    Ok(found)
}

fn too_many() -> Malformed {
    Malformed(format!("a list has more than {ITEMS_MAX} items: send smaller requests"))
}

/// One member of an object; the others are not kept.
fn member<'a>(text: &'a str, name: &'static str) -> Result<Option<&'a str>, Malformed> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = deserializer.deserialize_map(Member(name)).map_err(Malformed::json)?;
    deserializer.end().map_err(Malformed::json)?;
    Ok(found.map(RawValue::get).filter(|value| *value != "null"))
}

struct Member(&'static str);

impl<'de> Visitor<'de> for Member {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with \"{}\"", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_wanted) = map.next_key_seed(Name(self.0))? {
            if !is_wanted {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value::<&RawValue>()?).is_some() {
                return Err(A::Error::duplicate_field(self.0));
            }
        }
        Ok(found)
    }
}

/// Whether a member has this name.
struct Name(&'static str);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items: Vec<&RawValue> = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == ITEMS_MAX {
                return Err(A::Error::custom(too_many().0));
            }
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str, name: &'static str) -> Result<usize, String> {
        Raw::Json(text).children(1, name).map(|items| items.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn lists_are_found_among_other_members() {
        assert_eq!(json(r#"{"x":[1,{"a":[]}],"a":[{},{"b":1}],"y":null}"#, "a"), Ok(2));
        assert_eq!(json(r#"{"\u0061":[{}]}"#, "a"), Ok(1), "a name may be escaped");
        assert_eq!(json("{}", "a"), Ok(0));
        assert_eq!(json(r#"{"a":null}"#, "a"), Ok(0));
    }

    #[test]
    fn what_is_no_list_says_so() {
        assert!(json(r#"{"a":[],"a":[]}"#, "a").unwrap_err().contains("duplicate"));
        assert!(json(r#"{"a":{}}"#, "a").unwrap_err().contains("a list"));
        assert!(json("[]", "a").unwrap_err().contains("object"));
        assert!(json("{} {}", "a").unwrap_err().contains("trailing"));
        assert!(json(r#"{"a":[{}"#, "a").is_err());
    }

    #[test]
    fn a_list_of_nothings_is_bounded_in_both_encodings() {
        let list = |count: usize| format!("{{\"a\":[{}{{}}]}}", "{},".repeat(count - 1));
        assert_eq!(json(&list(ITEMS_MAX), "a"), Ok(ITEMS_MAX));
        assert!(json(&list(ITEMS_MAX + 1), "a").unwrap_err().contains("smaller requests"));
        let bytes = [0x0a, 0].repeat(ITEMS_MAX + 1);
        let count = |bytes| Raw::Protobuf(bytes).children(1, "a").map(|items| items.len());
        assert_eq!(count(&bytes[2..]).unwrap(), ITEMS_MAX);
        assert!(count(&bytes).unwrap_err().to_string().contains("smaller requests"));
    }

    #[test]
    fn broken_protobuf_is_an_error_at_every_cut() {
        // field 1: "ab", field 2: varint 300, field 1: "c", field 5: four bytes
        let whole = [0x0a, 2, b'a', b'b', 0x10, 0xac, 2, 0x0a, 1, b'c', 0x2d, 1, 2, 3, 4];
        assert_eq!(fields(&whole, 1).unwrap(), [&b"ab"[..], b"c"]);
        let whole_at = [0, 4, 7, 10, 15];
        for cut in 0..=whole.len() {
            assert_eq!(fields(&whole[..cut], 1).is_ok(), whole_at.contains(&cut), "{cut}");
        }
        assert!(fields(&[0x08, 1], 1).is_err(), "a number where a message belongs");
        assert!(fields(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 1).is_err());
    }
}
