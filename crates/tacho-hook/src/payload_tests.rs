use super::*;
use proptest::prelude::*;

fn line(text: &str) -> String {
    let mut members = Members::read(text);
    members.fit();
    String::from_utf8(members.line()).unwrap()
}

#[test]
fn an_object_stays_as_it_stands_on_one_line() {
    assert_eq!(
        line("\u{feff}{ \"a\" : 1.50,\n \"b\": {\"c\":\n[\"x\\n\"]} }\n"),
        r#"{"a":1.50,"b":{"c": ["x\n"]}}"#
    );
    assert_eq!(line("{}"), "{}");
    assert_eq!(line(r#"{"a":1,"a":2,"a":3}"#), r#"{"a":1,"a#2":2,"a#3":3}"#);
}

#[test]
fn what_is_broken_is_kept_as_far_as_it_goes() {
    for (text, want) in [
        ("", r#"{"hook_error":"standard input was empty"}"#),
        (
            "hello",
            r#"{"hook_error":"standard input is no JSON object","hook_input_bytes":5,"hook_input":"hello"}"#,
        ),
        (
            r#"{"session_id":"s","tool_response":{"stdout":"abc"#,
            r#"{"session_id":"s","hook_error":"standard input is broken or cut off","hook_input_bytes":30,"hook_input":"\"tool_response\":{\"stdout\":\"abc"}"#,
        ),
        (
            r#"{"a":1} {"b":2}"#,
            r#"{"a":1,"hook_error":"more follows the JSON object","hook_input_bytes":7,"hook_input":"{\"b\":2}"}"#,
        ),
        (
            r#"{"a":NaN,"b":1}"#,
            r#"{"hook_error":"standard input is broken or cut off","hook_input_bytes":14,"hook_input":"\"a\":NaN,\"b\":1}"}"#,
        ),
    ] {
        assert_eq!(line(text), want);
    }
}

#[test]
fn long_strings_are_cut_and_counted_and_the_shape_stays() {
    let text = format!(r#"{{"tool_response":{{"stdout":"{}","code":3}}}}"#, "x\\n".repeat(1 << 20));
    let mut members = Members::read(&text);
    members.fit();
    let value: serde_json::Value = serde_json::from_slice(&members.line()).unwrap();
    assert_eq!(value["tool_response"]["code"], 3);
    let kept = value["tool_response"]["stdout"].as_str().unwrap();
    assert!(kept.len() < 70_000 && kept.ends_with(" bytes cut]"), "{}", kept.len());
    assert!(value["hook_cut_bytes"].as_u64().unwrap() > 3_000_000);
}

#[test]
fn what_is_too_deep_or_too_wide_is_left_out_with_a_note() {
    let deep = format!(r#"{{"a":1,"b":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
    assert!(line(&deep).contains(r#""b":"[left out: 201 bytes, 0 fields, 100 levels]""#), "{}", line(&deep));
    let wide: Vec<String> = (0..5000).map(|n| format!("\"k{n}\":1")).collect();
    let wide = format!(r#"{{"a":{{"x":1}},"b":{{{}}}}}"#, wide.join(","));
    assert!(line(&wide).starts_with(r#"{"a":{"x":1},"b":"[left out: "#), "{}", &line(&wide)[..90]);
}

proptest! {
    #[test]
    fn whatever_comes_in_one_object_goes_out_within_the_limits(text in "\\PC{0,300}", json in any::<bool>()) {
        let text = if json { format!("{{\"a\":{}}}", quote(&text)) } else { text };
        let out = line(&text);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert!(value.is_object() && !out.contains('\n'));
    }

    #[test]
    fn a_cut_string_is_still_a_string(text in "[a\\\\\"\u{e9}\u{1f600}\n\u{1}]{0,60}", max in 1usize..40) {
        let mut json = format!("[{},1]", quote(&text));
        cut_strings(&mut json, max);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let kept = value[0].as_str().unwrap();
        let kept = kept.split("… [").next().unwrap();
        prop_assert!(text.starts_with(kept) || kept == text, "{kept:?}");
    }
}
