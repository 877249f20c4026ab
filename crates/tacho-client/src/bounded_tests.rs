use super::*;
use serde::ser::SerializeSeq;
use serde_json::json;
use std::cell::Cell;
use std::collections::BTreeMap;

fn one(size: Size, value: &impl Serialize) -> (Value, Budget) {
    let mut budget = Budget::new(size);
    let (_, made) = budget.member("content", value).unwrap();
    (made, budget)
}

/// Bytes of text and values, without the marks.
fn spelt(value: &Value) -> (usize, usize) {
    let sum = |parts: Vec<(usize, usize)>| parts.into_iter().fold((0, 1), |(a, b), (c, d)| (a + c, b + d));
    match value {
        Value::String(text) => (text.split("… [").next().unwrap_or(text).len(), 1),
        Value::Array(items) => sum(items.iter().map(spelt).collect()),
        Value::Object(members) => sum(members
            .iter()
            .map(|(name, item)| {
                (name.split("… [").next().unwrap_or(name).len() + spelt(item).0, spelt(item).1)
            })
            .collect()),
        _ => (0, 1),
    }
}

#[test]
fn what_is_small_stays_as_it_is() {
    #[derive(serde::Serialize)]
    enum Kind {
        Unit,
        One(u8),
        Two(u8, f32),
        Named { a: Option<bool> },
    }
    let all = vec![Kind::Unit, Kind::One(1), Kind::Two(2, 0.5), Kind::Named { a: None }];
    let raw = serde_json::value::RawValue::from_string(r#"{"b": [1, "x"]}"#.into()).unwrap();
    let given = (&all, "ä", 'c', u64::MAX, i64::MIN, f64::NAN, (), BTreeMap::from([(1, true)]), raw);
    assert_eq!(one(FULL, &given).0, serde_json::to_value(&given).unwrap());
    let keys = BTreeMap::from([((1, 2), 3)]);
    assert!(one(FULL, &keys).0.as_str().unwrap().contains("no JSON"));
}

#[test]
fn however_large_a_value_is_a_call_looks_at_no_more_than_so_much() {
    let mut nested = json!("word ".repeat(20));
    for _ in 0..6 {
        nested = json!(vec![nested; 9]);
    }
    let rows: Vec<Value> = (0..20_000).map(|id| json!({"id": id, "name": format!("row {id}")})).collect();
    let members: BTreeMap<String, u32> = (0..90_000).map(|n| (format!("m{n}"), n)).collect();
    let large = [
        json!("word ".repeat(600_000)),
        json!((0..600_000).collect::<Vec<_>>()),
        json!(members),
        json!({"k".repeat(2_000_000): 1}),
        json!((0..5000).map(|n| "z".repeat(n)).collect::<Vec<_>>()),
        json!(rows),
        nested,
    ];
    for size in [FULL, TIGHT] {
        for content in &large {
            let around = json!({"a": 1, "content": content, "z": {"n": [1]}});
            let (made, budget) = one(size, &around);
            let (bytes, values) = spelt(&made);
            assert!(bytes <= size.bytes + 2 * TEXT_LEAST * size.values, "{bytes}");
            assert!(values <= size.values + 100, "{values}");
            assert_eq!((&made["a"], &made["z"]), (&json!(1), &json!({"n": [1]})));
            assert!(budget.cut + budget.left_out > 0);
            assert!(budget.values > 0, "the next member finds room");
        }
    }
}

#[test]
fn what_is_behind_the_bound_is_not_looked_at() {
    struct Counted(Cell<usize>);
    impl Serialize for Counted {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut items = serializer.serialize_seq(Some(1_000_000))?;
            for n in 0..1_000_000 {
                self.0.set(self.0.get() + 1);
                items.serialize_element(&n)?;
            }
            items.end()
        }
    }
    let counted = Counted(Cell::new(0));
    let (made, budget) = one(FULL, &json!({"before": 1}));
    assert_eq!((made, budget.left_out), (json!({"before": 1}), 0));
    let (made, budget) = one(FULL, &vec![&counted]);
    assert!(counted.0.get() <= FULL.values + 1, "{}", counted.0.get());
    let kept = made[0].as_array().unwrap().len() - 1;
    assert_eq!(made[0][kept], format!("… [{} items left out]", 1_000_000 - kept));
    assert_eq!(budget.left_out, 1_000_000 - kept as u64);
}

#[test]
fn the_cut_leaves_no_half_of_a_word_and_depth_is_bounded() {
    let text = "x".repeat(65_520) + " password=hunter2 and " + &"z ".repeat(90_000);
    let (made, budget) = one(FULL, &text);
    let made = made.as_str().unwrap();
    assert!(
        made.starts_with(&("x".repeat(65_520) + " …")) && made.ends_with(" bytes cut]"),
        "{}",
        &made[65_515..]
    );
    assert_eq!(budget.cut, (text.len() - 65_521) as u64);
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    assert!(one(FULL, &deep).0.to_string().contains("[too deep]"));
}

#[test]
fn what_is_shown_ends_at_the_bound() {
    struct Endless;
    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("word ")?;
            }
        }
    }
    let text = shown(format_args!("{Endless:?}"));
    assert!(text.len() <= FULL.bytes / 2 + 16 && text.ends_with("word … [cut]"));
    assert_eq!(shown(format_args!("{:?}", "x")), "\"x\"");
}
