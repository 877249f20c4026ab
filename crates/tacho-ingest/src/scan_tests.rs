//! serde_json judges: what it takes is taken, with the same members, and what it refuses is refused.

use super::*;
use crate::members::Members;
use proptest::prelude::*;

/// The members of an object as serde_json reads them.
struct Judged<'a>(Vec<(String, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Judged<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Judged<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Judged<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Judged(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

/// That an object was read as serde_json reads it, and the objects in it where they were read at all.
fn same(text: &str, members: Members<'_, '_>) -> Result<(), TestCaseError> {
    let judged = serde_json::from_str::<Judged<'_>>(text)
        .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    let read: Vec<(String, &str)> =
        members.map(|(member, _)| (member.name.to_string(), member.raw)).collect();
    prop_assert_eq!(&read, &judged.0, "{}", text);
    for (member, inside) in members.filter(|(_, inside)| !inside.is_empty()) {
        same(member.raw, inside)?;
    }
    Ok(())
}

fn judge(text: &str) -> Result<(), TestCaseError> {
    match object(text) {
        Some(read) => same(text, Members(&read.members)),
        None => {
            let refused = serde_json::from_str::<Judged<'_>>(text).is_err();
            prop_assert!(refused, "serde_json takes {}", text);
            Ok(())
        }
    }
}

/// Parts that make valid texts often, and every kind of broken one.
fn part() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\":",
        "\"b\":{",
        "\"\\u0062\":",
        "\"\\ud800\":",
        "\"c\":[",
        "\"x\"",
        "\"long enough\"",
        "\"é\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"\\udc00\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\u{1}\"",
        "1",
        "-",
        "0",
        "01",
        "-0.5",
        "1.",
        "2e9",
        "1E+",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "\t",
        "\"",
        "\\",
        "\u{b}",
        "\u{feff}",
    ];
    prop::sample::select(parts.to_vec()).prop_map(str::to_string)
}

/// Valid values, three deep.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("-1.5e3".to_string()),
        Just("0".to_string()),
        Just("\"\\\"é\\\\\"".to_string()),
        "[a-z ]{0,20}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let name = prop::sample::select(vec!["a", "b", "\\u0061", "\\ud800", "", "a name"]);
        let space = prop::sample::select(vec!["", " ", "\n "]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((name, space, inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, space, value)| format!("{space}\"{name}\"{space}:{space}{value}{space}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_objects_are_read_as_serde_json_reads_them(value in value()) {
        judge(&value)?;
        judge(&format!(" {{\"v\":{value}}}\n"))?;
    }

    #[test]
    fn one_change_to_a_valid_object_is_judged_alike(value in value(), part in part(), at in any::<prop::sample::Index>()) {
        let mut text = format!("{{\"v\":{value},\"w\":1}}");
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text.insert_str(places[at.index(places.len())], &part);
        judge(&text)?;
    }

    #[test]
    fn any_pile_of_parts_is_judged_alike(parts in prop::collection::vec(part(), 0..12)) {
        judge(&format!("{{{}}}", parts.concat()))?;
        judge(&parts.concat())?;
    }
}

#[test]
fn what_is_deep_is_found_valid_or_not() {
    for depth in [60, 120, 127, 128, 129, 130, 1000] {
        let (open, close) = ("{\"a\":[".repeat(depth), "]}".repeat(depth));
        let deep = format!("{open}1{close}");
        let read = object(&deep).unwrap();
        assert_eq!((read.depth > DEPTH_MAX, read.members.len()), (2 * depth > DEPTH_MAX, 1));
        assert!(
            object(&format!("{open}1{}", &close[1..])).is_none()
                && object(&format!("{open}01{close}")).is_none()
        );
    }
}
