//! SQL text: what it says, and that nothing of a query's text gets into it but as a literal.

use crate::catalog::{plan, range};
use tacho_pipe::sql::{cidr, timestamp, translate};

const BOUNDS: &str = "recorded_at >= TIMESTAMPTZ '2026-01-01T00:00:00.000000Z' AND \
                      recorded_at < TIMESTAMPTZ '2026-01-01T00:15:00.000000Z'";

fn sql(text: &str) -> String {
    translate(&plan(text).unwrap(), &range()).unwrap()
}

fn no_sql(text: &str) -> String {
    translate(&plan(text).unwrap(), &range()).unwrap_err().to_string()
}

#[test]
fn filters_and_aggregates() {
    let text = "agent_audit_log | outcome_status = 'failure' | count() by agent_id | count > 10";
    let expected = format!(
        "SELECT * FROM (SELECT \"agent_id\" AS \"agent_id\", count(*) AS \"count\" FROM agent_audit_log WHERE {BOUNDS} \
         AND (\"outcome_status\" = 'failure') GROUP BY 1) AS s1 WHERE (\"count\" > 10)"
    );
    assert_eq!(sql(text), expected);
}

#[test]
fn conditions_units_members_and_open_sources() {
    for (text, part) in [
        ("agent_audit_log | duration_ms > 5m", "(\"duration_ms\" > 300000)"),
        ("agent_audit_log | duration_ms > threshold_us", "(\"duration_ms\" > (\"threshold_us\" * 0.001))"),
        ("agent_audit_log | not agent_id = 'a'", "(NOT coalesce((\"agent_id\" = 'a'), false))"),
        ("agent_audit_log | source_ip in ('a','b')", "(\"ip\" IN ('a', 'b'))"),
        (
            "agent_audit_log | details.tool.name = 'x'",
            "json_as_text(\"action_details\", 'tool', 'name') = 'x'",
        ),
        (
            "agent_audit_log | extra.a.b > 3",
            "coalesce(json_get_float(\"extra\", 'a.b'), json_get_float(\"extra\", 'a', 'b')) > 3",
        ),
        ("agent_audit_log | action startswith 'trade.'", "starts_with(\"action_name\", 'trade.')"),
        ("agent_audit_log | exists(ip)", "(\"ip\" IS NOT NULL)"),
        ("agent_audit_log | action =~ '^a'", "(\"action_name\" ~ '^a')"),
        ("metrics | last(queue_depth) by queue", "json_get_float(\"action_details\", 'queue_depth')"),
        ("metrics | last(queue_depth) by queue", "action_type = 'metric'"),
        ("agent_audit_log | count() if (ip = 'x') as ok", "count(*) FILTER (WHERE (\"ip\" = 'x')) AS \"ok\""),
        (
            "agent_audit_log | p95(duration_ms)",
            "percentile_cont(0.95) WITHIN GROUP (ORDER BY \"duration_ms\")",
        ),
        (
            "agent_audit_log | ratio(outcome_status = 'failure', true)",
            "CAST(count(*) FILTER (WHERE (\"outcome_status\" = 'failure')) AS DOUBLE PRECISION) / \
             NULLIF(count(*) FILTER (WHERE true), 0)",
        ),
        (
            "agent_audit_log | count() by bucket(5m)",
            "date_bin(INTERVAL '300000000 microseconds', recorded_at,",
        ),
        ("agent_audit_log[1m]", "recorded_at >= TIMESTAMPTZ '2026-01-01T00:14:00.000000Z'"),
        ("open(agent_execution) | age > 5m", "TIMESTAMPTZ '2026-01-01T00:15:00.000000Z' AS age"),
        ("agent_audit_log | sort timestamp desc | limit 5", "ORDER BY \"timestamp\" DESC NULLS LAST LIMIT 5"),
        (
            "agent_audit_log | absent by agent_id",
            "HAVING max(recorded_at) < TIMESTAMPTZ '2026-01-01T00:00:00.000000Z'",
        ),
        ("agent_audit_log | absent by agent_id expect fleet.active", "FROM agents WHERE expected"),
    ] {
        let found = sql(text);
        assert!(found.contains(part), "{text}: {found}");
    }
}

#[test]
fn literals_and_names_cannot_break_out() {
    let found = sql(
        "agent_audit_log | agent_id = 'x'' OR 1=1; --' | count() as \"a\"\" FROM events --\" by agent_id",
    );
    assert!(found.contains("= 'x'' OR 1=1; --'"), "{found}");
    assert!(found.contains("AS \"a\"\" FROM events --\""), "{found}");
    let found = sql("agent_audit_log | details.\"a' b\" = '\\'");
    assert!(found.contains("'a'' b') = '\\'"), "{found}");
}

#[test]
fn an_order_is_kept_by_what_follows_it() {
    for (text, part) in [
        ("| sort timestamp desc | fields agent_id", "SELECT \"agent_id\" AS \"agent_id\" FROM"),
        ("| sort timestamp desc | ip = 'x'", " WHERE (\"ip\" = 'x')"),
        ("| sort timestamp desc | dedup by agent_id", "DISTINCT ON (\"agent_id\") *"),
    ] {
        let found = sql(&format!("agent_audit_log {text}"));
        assert!(found.contains(part), "{text}: {found}");
        assert!(found.ends_with(" ORDER BY \"timestamp\" DESC NULLS LAST"), "{text}: {found}");
    }
    let found = sql("agent_audit_log | dedup by agent_id");
    assert!(found.ends_with(" ORDER BY \"agent_id\", \"index\""), "{found}");
}

#[test]
fn lengths_of_time_are_asked_for_where_they_matter() {
    for (text, needs) in [
        ("agent_audit_log | count()", None),
        ("agent_audit_log | count() by agent_id | count > avg(count) over peers", None),
        ("agent_audit_log | rate()", Some("rate")),
        ("(agent_audit_log | absent by agent_id) | limit 1", Some("absent")),
        ("agent_audit_log | count() by agent_id | count > avg(count)", Some("what is usual")),
    ] {
        assert_eq!(plan(text).unwrap().needs_length(), needs, "{text}");
    }
}

#[test]
fn what_sql_cannot_say_is_refused_by_name() {
    assert!(no_sql("agent_audit_log | mad(duration_ms)").contains("mad has no SQL"));
    assert!(no_sql("agent_audit_log | ip cidr 'fe80::/10'").contains("IPv6"));
    let sequence =
        "agent_audit_log | sequence by session_id within 10m [ a: action = 'x'{20,} -> b: action = 'y' ]";
    assert!(no_sql(sequence).contains("a sequence has no SQL"));
    assert!(
        no_sql("agent_audit_log | count() by agent_id | count > median(count) over peers")
            .contains("only avg")
    );
}

#[test]
fn ranges_of_addresses() {
    let ten = cidr("10.1.2.3/8").unwrap();
    assert!(ten.contains("10.255.0.1") && !ten.contains("11.0.0.1") && !ten.contains("x"));
    assert!(cidr("::ffff:10.0.0.1").unwrap().contains("10.0.0.1"));
    assert!(cidr("fe80::/10").unwrap().contains("fe80::1"));
    assert!(cidr("0.0.0.0/0").unwrap().contains("255.255.255.255"));
    for bad in ["10.0.0.0/33", "x/8", "10.0.0.0/", "10.0.0.0/-1"] {
        assert_eq!(cidr(bad), None, "{bad}");
    }
}

#[test]
fn moments_are_written_in_the_calendar() {
    for (us, text) in [
        (0, "TIMESTAMPTZ '1970-01-01T00:00:00.000000Z'"),
        (951_782_400_000_001, "TIMESTAMPTZ '2000-02-29T00:00:00.000001Z'"),
        (-1, "TIMESTAMPTZ '1969-12-31T23:59:59.999999Z'"),
        (4_102_444_799_000_000, "TIMESTAMPTZ '2099-12-31T23:59:59.000000Z'"),
    ] {
        assert_eq!(timestamp(us), text);
    }
}

#[test]
fn history_is_joined_by_key_and_peers_leave_themselves_out() {
    let found = sql("agent_audit_log | count() by agent_id | count > avg(count) * 3");
    for part in
        ["generate_series(", "coalesce(p.\"count\", 0)", "HAVING count(*) >= 20", "IS NOT DISTINCT FROM"]
    {
        assert!(found.contains(part), "{part}: {found}");
    }
    let found = sql("agent_audit_log | count() by agent_id | count > avg(count) over peers * 3");
    assert!(found.contains("sum(\"count\") OVER () - \"count\""), "{found}");
}
