//! A query that can't be used says where and what was expected.

use crate::catalog::plan;

fn message(text: &str) -> String {
    plan(text).unwrap_err().to_string()
}

#[test]
fn the_place_and_what_was_expected_are_named() {
    for (text, expected) in [
        ("", "line 1, column 1: found the end, expected a source"),
        ("agent_audit_log |", "line 1, column 18: found the end, expected a condition"),
        ("agent_audit_log\n| agent_id = ", "line 2, column 14: found the end, expected a condition"),
        ("agent_audit_log | agent_id = 'a", "line 1, column 30: the text that begins here has no end"),
        ("agent_audit_log | count() by", "found the end, expected a column to group by"),
        ("agent_audit_log[x]", "found \"x\", expected how far back to read"),
        ("agent_audit_log | duration_ms > 5y", "\"5y\" is neither a number nor a duration"),
        ("agent_audit_log ; drop", "\";\" is no part of the language"),
        ("agent_audit_log | limit 1.5", "found the number 1.5, expected a number of rows"),
        ("agent_audit_log) ", "found \")\", expected \"|\" or the end"),
        ("agent_audit_log | a = b = c", "comparisons can't be chained"),
        (
            "agent_audit_log | sequence by session_id within 10m [ a: true{0} ]",
            "a step happens at least once",
        ),
        ("agent_audit_log | agent_id contains 5", "expected a text in single quotes"),
        ("agent_audit_log | by = 'x'", "a column of that name stands in double quotes: \"by\""),
    ] {
        let found = message(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn the_nearest_name_is_offered() {
    for (text, expected) in [
        ("agent_audit_lag", "there is no source \"agent_audit_lag\"; did you mean \"agent_audit_log\"?"),
        ("agent_audit_log | outcome_stats = 'failure'", "did you mean \"outcome_status\"?"),
        ("agent_audit_log | count() by agnet_id", "did you mean \"agent_id\"?"),
        ("agent_audit_log | cuont() by agent_id", "there is no function \"cuont\"; did you mean \"count\"?"),
        ("agent_audit_log | count() by agent_id | coutn > 3", "did you mean \"count\"?"),
        ("agent_audit_log | fiels agent_id", "\"fiels\" is no stage; did you mean \"fields\"?"),
        ("agent_audit_log | lowr(agent_id) = 'a'", "did you mean \"lower\"?"),
        (
            "agent_audit_log | outcome_status = \"failure\"",
            "there is no column \"failure\"; a text stands in single quotes: 'failure'",
        ),
        ("open(agent_executon)", "did you mean \"agent_execution\"?"),
        (
            "agent_audit_log | absent by agent_id expect fleet.activ",
            "there is no set \"fleet.activ\"; did you mean \"fleet.active\"? (there are fleet.active)",
        ),
        (
            "agent_audit_log | count() by agent_id | outcome_status = 'x'",
            "there is no column \"outcome_status\" (there are agent_id, count)",
        ),
    ] {
        let found = message(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn the_parts_of_an_error_are_there_for_programs() {
    let error = plan("agent_audit_log\n| count() by agnet_id").unwrap_err();
    assert_eq!((error.line, error.column), (2, 14));
    assert_eq!((error.nearest.as_deref(), error.expected), (Some("agent_id"), None));
    let error = plan("agent_audit_log | count() by").unwrap_err();
    assert_eq!((error.nearest, error.expected.as_deref()), (None, Some("a column to group by")));
    for slip in ["agent_audit_lag", "agent_audit_log | fiels id", "agent_audit_log | lowr(id) = 'a'"] {
        assert!(plan(slip).unwrap_err().nearest.is_some(), "{slip}");
    }
}

#[test]
fn kinds_have_to_fit() {
    for (text, expected) in [
        ("agent_audit_log | agent_id > 5", "a text can't be compared with a number"),
        ("agent_audit_log | tokens_input > 5m", "a number can't be compared with a duration"),
        ("agent_audit_log | agent_id = null", "never true: write exists(x)"),
        ("agent_audit_log | agent_id", "expected a condition, found a text"),
        ("agent_audit_log | sensitive_data_accessed > true", "true and false have no order"),
        ("agent_audit_log | agent_id.x = 'a'", "\"agent_id\" has no members: it is a text"),
        (
            "agent_audit_log | duration_ms + 1 > 5s",
            "durations and plain numbers don't go together with \"+\"",
        ),
        ("agent_audit_log | ip cidr '10.0.0.0/64'", "is no range of addresses"),
        ("agent_audit_log | agent_id in ('a', 5)", "a text can't be compared with a number"),
        ("agent_audit_log | sum(agent_id)", "expected a number, found a text"),
        ("agent_audit_log | ratio(true)", "ratio takes 2 argument(s), found 1"),
        ("agent_audit_log | count(), count()", "two columns are named \"count\""),
        (
            "agent_audit_log | tokens_input > avg(tokens_input)",
            "has to be a column that a stage before computed",
        ),
        ("agent_audit_log | count() by agent_id | count > sum(count)", "says nothing of what is usual"),
        ("agent_audit_log | count() by agent_id | absent by agent_id", "absent needs events"),
        ("agent_audit_log | eval agent_id = 1", "there is a column \"agent_id\" already"),
    ] {
        let found = message(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn an_aggregate_in_a_condition_gets_a_hint() {
    let found = message("agent_audit_log | 3 < count()");
    assert!(found.contains("compute it in a stage of its own"), "{found}");
    assert!(found.contains("| count() | count > 3"), "{found}");
}

#[test]
fn the_mark_stands_under_the_place() {
    let text = "agent_audit_log\n| agnet_id = 'ä'";
    let shown = plan(text).unwrap_err().render(text);
    assert!(shown.ends_with("  | agnet_id = 'ä'\n    ^^^^^^^^"), "{shown}");
}

#[test]
fn hostile_texts_end_in_an_error() {
    let deep = format!("agent_audit_log | {}true{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(message(&deep).contains("nested more than"));
    assert!(
        message(&format!("agent_audit_log | {}true", "not ".repeat(10_000))).contains("nested more than")
    );
    assert!(message(&format!("agent_audit_log | {}1 > 1", "-".repeat(10_000))).contains("nested more than"));
    assert!(message(&format!("{}agent_audit_log", "(".repeat(10_000))).contains("nested more than"));
    assert!(
        message(&format!("agent_audit_log | 1{} > 1", " + 1".repeat(9_000))).contains("operators in a row")
    );
    assert!(
        message(&format!("agent_audit_log {}", "| limit 1 ".repeat(200))).contains("more than 100 stages")
    );
    assert!(
        message(&format!("agent_audit_log | {}true", "true or ".repeat(5_000))).contains("more than 1000")
    );
    assert!(message(&"x".repeat(70_000)).contains("expected at most 65536"));
    assert!(message("agent_audit_log | tokens_input > 1e999").contains("neither a number nor a duration"));
}

#[test]
fn a_regular_expression_that_is_none_is_refused_where_its_fault_is() {
    for (text, fault, expected) in [
        ("agent_audit_log | ip =~ 'rm (-r'", "(-r'", "'rm (-r' is no regular expression: unclosed group"),
        ("agent_audit_log\n| ip =~ '[z-a]'", "z-a]'", "invalid character class range"),
        ("agent_audit_log | (ip =~ 'it''s *' and agent_id =~ 'it''s {') | limit 1", "{') |", "repetition"),
        ("agent_audit_log | where not (ip =~ '\\p{Zebra}')", "\\p{Zebra}", "Unicode"),
        ("agent_audit_log | ip =~ '(?=x)'", "(?=x", "look-around"),
        ("agent_audit_log | ip =~ '(a)\\1'", "\\1'", "backreferences are not supported"),
        (
            "agent_audit_log | count() if (ip =~ '+') as n",
            "+') as n",
            "repetition operator missing expression",
        ),
        ("agent_audit_log | ip =~ 'a{1000}{1000}'", "a{1000}{1000}", "it is too large"),
        (
            "agent_audit_log | sequence by session_id within 1m [ a: ip =~ '(' -> b: true ]",
            "(' ->",
            "unclosed",
        ),
    ] {
        let error = plan(text).unwrap_err();
        assert!(error.message.contains(expected), "{text}: {error}");
        assert!(text[error.start..].starts_with(fault), "{text}: {}", error.render(text));
    }
    assert!(plan("agent_audit_log | ip =~ '(?i)^(git|it''s)\\b.*\\p{Greek}$'").is_ok());
}

/// Each part of a chain is looked at once: with two looks at each this would not end.
#[test]
fn a_long_chain_of_differences_is_resolved_as_fast_as_it_is_read() {
    let chain = format!("agent_audit_log | where tokens_input{} > 1", " - 1".repeat(40));
    let nested = format!("agent_audit_log | where {}1{} > 1", "1 - (".repeat(40), ")".repeat(40));
    for query in [chain, nested] {
        plan(&query).unwrap();
    }
}
