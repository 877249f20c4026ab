//! Tests of the redactor as a whole.

use super::*;

fn redactor() -> Redactor {
    Redactor::new(&Policy::default()).unwrap()
}

#[track_caller]
fn json(input: &str, expected: &str) {
    let redactor = redactor();
    let mut found = Findings::default();
    let output = redactor.json(input, &mut found);
    assert_eq!(output, expected);
    assert_eq!(found.is_empty(), input == expected);
    assert_eq!(redactor.json(&output, &mut Findings::default()), expected, "not idempotent");
}

#[track_caller]
fn text(input: &str, expected: &str) {
    let redactor = redactor();
    let output = redactor.text(input, &mut Findings::default()).into_owned();
    assert_eq!(output, expected);
    assert_eq!(redactor.text(&output, &mut Findings::default()), expected, "not idempotent");
}

#[test]
fn sensitive_keys_lose_their_value() {
    json(r#"{"user":"bob","password":"x"}"#, r#"{"user":"bob","password":"[REDACTED]"}"#);
    json(r#"{ "API-KEY" : "a b" , "n": 1 }"#, r#"{ "API-KEY" : "[REDACTED]" , "n": 1 }"#);
    json(r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"[REDACTED]"}"#);
    json(r#"{"pin":4821,"password":7,"otp":12}"#, r#"{"pin":"[REDACTED]","password":"[REDACTED]","otp":12}"#);
    json(
        r#"{"credentials":{"user":"a","deep":["b",1]},"next":"c"}"#,
        r#"{"credentials":{"user":"[REDACTED]","deep":["[REDACTED]",1]},"next":"c"}"#,
    );
}

#[test]
fn numbers_under_secret_keys_go_and_words_for_nothing_stay() {
    json(
        r#"{"password":918273645546372,"api_key":99887766,"token":-1.5e9}"#,
        r#"{"password":"[REDACTED]","api_key":"[REDACTED]","token":"[REDACTED]"}"#,
    );
    let same = r#"{"password":0,"api_key":true,"token":null,"input_tokens":99887766}"#;
    json(same, same);
}

#[test]
fn a_quoted_value_goes_to_its_closing_quote() {
    text("set password: \"my pass phrase\" now", "set password: \"[REDACTED]\" now");
    text("DB_PASSWORD='correct horse battery staple' run", "DB_[REDACTED] run");
    text("secret=\"a b\" c", "[REDACTED] c");
    text("password=\" spaced out\" c", "[REDACTED] c");
    json(r#"{"cmd":"DB_PASSWORD=\"correct horse\" run"}"#, r#"{"cmd":"DB_[REDACTED] run"}"#);
    text("password='open\nnext line' x", "[REDACTED]\nnext line' x");
}

#[test]
fn percent_encoded_assignments_lose_their_value() {
    text("GET /?u=a%26token%3DS3cret%26n%3D1", "GET /?u=a%26token%3D[REDACTED]%26n%3D1");
    text("api_key%3as3cret99", "api_key%3a[REDACTED]");
    text("/r?next=%2Fcb%3Faccess_token%253Dabc123def", "/r?next=%2Fcb%3Faccess_token%253D[REDACTED]");
}

#[test]
fn a_credential_of_any_checksum_and_length_is_no_name() {
    let wrong = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    text(&format!("use {wrong} here"), "use [REDACTED] here");
    let redactor = redactor();
    for name in [
        &wrong[..],
        "bot-ghp_a1B2c3D4e5F6g7H8i9J0",
        "agent_ghp_aaaaaaaaaaaaaaaaaaaaaaaa",
        "sk-a1B2c3D4e5F6g7H8i9J0",
        "npm_a1B2c3D4e5F6g7H8i9J0k",
        "AKIAABCDEFGHIJKLMNOPQRST",
    ] {
        assert!(redactor.detects_in_name(name), "{name}");
    }
    for name in
        ["ghp_short", "xapp-the-agent-of-the-release-team", "npm_package_config_registry_url", "agent-7"]
    {
        assert!(!redactor.detects_in_name(name), "{name}");
    }
}

#[test]
fn pairs_and_options_name_the_secret_that_follows() {
    json(r#"[{"name":"DB_PASSWORD","value":"x"}]"#, r#"[{"name":"DB_PASSWORD","value":"[REDACTED]"}]"#);
    json(r#"["login","--token","x","now"]"#, r#"["login","--token","[REDACTED]","now"]"#);
}

#[test]
fn look_alikes_and_schemas_stay() {
    for same in [
        r#"{"input_tokens":12,"max_tokens":4096,"tokenizer":"bpe","password_policy":"strong"}"#,
        r#"{"properties":{"password":{"type":"string","description":"the login"}}}"#,
        r#"{"pwd":"/home/bob","token":"","secret":null,"password":"${DB_PASSWORD}"}"#,
        r#"{"ts":1763697264123456,"id":"550e8400-e29b-41d4-a716-446655440000"}"#,
    ] {
        json(same, same);
    }
}

#[test]
fn escapes_hide_nothing() {
    json(r#"{"cmd":"pass\u0077ord=hunter2 -v"}"#, r#"{"cmd":"[REDACTED] -v"}"#);
    json(r#"["a\ttoken=x\nb"]"#, r#"["a\t[REDACTED]\nb"]"#);
    json(r#"["https:\/\/u:pw@h.io\/"]"#, r#"["https:\/\/u:[REDACTED]@h.io\/"]"#);
    json(r#"["x\n4111111111111111"]"#, r#"["x\n[REDACTED]"]"#);
}

#[test]
fn odd_spellings_of_names_hide_nothing() {
    json(r#"{"ｐassword":"x"}"#, r#"{"ｐassword":"[REDACTED]"}"#);
    json("{\"pass\u{200b}word\":\"x\",\"n\":1}", "{\"pass\u{200b}word\":\"[REDACTED]\",\"n\":1}");
    json(r#"{"pass\u200bword":"x"}"#, r#"{"pass\u200bword":"[REDACTED]"}"#);
    json(r#"{"\uff50\uff41ss\uFF57ord":7}"#, r#"{"\uff50\uff41ss\uFF57ord":"[REDACTED]"}"#);
    json(r#"{"\ud835\udc29\ud835\udc1assword":"x"}"#, r#"{"\ud835\udc29\ud835\udc1assword":"[REDACTED]"}"#);
    json(r#"{"a":"{\"ａpi\u200d_key\":\"x\"}"}"#, r#"{"a":"{\"ａpi\u200d_key\":\"[REDACTED]\"}"}"#);
    json(r#"[{"name":"ＴＯＫＥＮ","value":"x"}]"#, r#"[{"name":"ＴＯＫＥＮ","value":"[REDACTED]"}]"#);
    text("ＰＡＳＳＷＯＲＤ＝hunter2 now", "[REDACTED] now");
    text("pass\u{200b}word = \"hunter 2\"", "pass\u{200b}word = \"[REDACTED]\"");
    text("key AKIA\u{2060}ABCDEFGHIJKLMNOP.", "key [REDACTED].");
    let same = r#"{"naïve":"“quoted” — … déjà vu","パスワード":"密码","пароль_policy":"a\u2019b"}"#;
    json(same, same);
    assert!(redactor().detects_in_name("ｇhp_a1B2c3D4e5F6g7H8i9J0"));
}

#[test]
fn json_inside_strings_is_redacted_and_stays_json() {
    json(r#"{"body":"{\"password\":\"x\",\"n\":1}"}"#, r#"{"body":"{\"password\":\"[REDACTED]\",\"n\":1}"}"#);
    json(
        r#"{"b":"{\"c\":\"{\\\"secret\\\":\\\"x\\\"}\"}"}"#,
        r#"{"b":"{\"c\":\"{\\\"secret\\\":\\\"[REDACTED]\\\"}\"}"}"#,
    );
    json(r#"["{\"pass\\u0077ord\":\"x\"}"]"#, r#"["{\"pass\\u0077ord\":\"[REDACTED]\"}"]"#);
    json(r#"["log: {\"password\":\"x\",\"n"]"#, r#"["log: {\"password\":\"[REDACTED]\",\"n"]"#);
    json(r#"["{\"pin\":4821}"]"#, r#"["{\"pin\":\"[REDACTED]\"}"]"#);
}

#[test]
fn assignments_in_text_lose_their_value() {
    text("{'password': 'x'}", "{'password': '[REDACTED]'}");
    text("password = \"x\"", "password = \"[REDACTED]\"");
    text("export DB_PASSWORD=hunter2", "export DB_[REDACTED]");
    text("login --password hunter2 -v", "login --password [REDACTED] -v");
    text("Authorization: Bearer x", "Authorization: [REDACTED]");
    text("Cookie: sid=abcdef; b=c\nHost: x", "Cookie: [REDACTED]\nHost: x");
    text("postgres://user:pass@host/db", "postgres://user:[REDACTED]@host/db");
    text("const API_KEY: &str = \"abc1\";", "const API_KEY: &str = \"[REDACTED]\";");
    text("<password>hunter2</password>", "<password>[REDACTED]</password>");
    text("https://<user>:<password>@host", "https://<user>:<password>@host");
    text("the pw: Tiger-MPM081", "the pw: [REDACTED]");
    text("PGPASSFILE=x MYSQL_PWD=hunter2 mysql", "PGPASSFILE=x MYSQL_PWD=[REDACTED] mysql");
}

#[test]
fn code_about_secrets_stays() {
    for same in [
        "password = get_password()",
        "fn f(token: &str, secret: String) -> Option<Token>",
        "token: str",
        "the token: a word, a secret = nothing",
        "secret: &str,",
        "Tokenizer::new(secrets)",
        "print(\"password: \" + hint)",
        "PWD = /home/bob",
    ] {
        text(same, same);
    }
}

#[test]
fn policies_that_cannot_work_are_refused() {
    let with = |change: fn(&mut Policy)| {
        let mut policy = Policy::default();
        change(&mut policy);
        Redactor::new(&policy).map(drop)
    };
    assert!(matches!(with(|p| p.patterns.push("(".into())), Err(PolicyError::Pattern { index: 4, .. })));
    assert!(matches!(with(|p| p.patterns.push("a*".into())), Err(PolicyError::MatchesNothing { .. })));
    assert!(matches!(with(|p| p.detectors.push("aws".into())), Err(PolicyError::Detector { .. })));
    assert!(matches!(with(|p| p.keys.push("--".into())), Err(PolicyError::Key { .. })));
    assert!(matches!(with(|p| p.replacement = "token=x".into()), Err(PolicyError::Replacement { .. })));
}

#[test]
fn patterns_without_a_literal_are_tried_everywhere() {
    let policy = Policy { patterns: vec![r"\bE\d{3}\b".to_owned()], ..Policy::default() };
    let redactor = Redactor::new(&policy).unwrap();
    assert_eq!(redactor.json(r#"{"a":["e123"]}"#, &mut Findings::default()), r#"{"a":["[REDACTED]"]}"#);
}

#[test]
fn findings_tell_credentials_from_personal_data() {
    let redactor = redactor();
    let mut found = Findings::default();
    let _ = redactor.json(r#"{"to":"bob@corp.io"}"#, &mut found);
    assert!(!found.has_secret() && found.iter().eq([("email", 1)]));
    let _ = redactor.json(r#"{"to":"bob@corp.io","password":"x"}"#, &mut found);
    assert!(found.has_secret() && found.iter().eq([("email", 2), ("key", 1)]) && found.total() == 3);
    assert!(redactor.detects("call +1 415 555 0132") && !redactor.detects("agent-7"));
}

#[test]
fn a_policy_reads_from_json_and_refuses_unknown_fields() {
    assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
    assert!(serde_json::from_str::<Policy>(r#"{"pattern":[]}"#).is_err());
}
