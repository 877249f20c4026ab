//! What a query means, in words.

use crate::catalog::{plan, range};
use tacho_pipe::{explain, parse};

#[test]
fn plan_meaning_and_sql_are_told() {
    let text = "agent_audit_log | count() by agent_id | count > avg(count) * 3";
    let shown = explain(&parse(text).unwrap(), &plan(text).unwrap(), &range());
    for part in [
        "1. read events of agent_audit_log within 15m",
        "2. add up by group: count() by agent_id",
        "3. keep the groups for which it holds that count > avg(count) * 3",
        "count: how many events",
        "avg(count): the avg of count over the earlier windows of 15m of the same group, within 1w",
        "until there are 20 windows the group is learning",
        "sql\n  SELECT",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn the_reason_for_no_sql_is_told() {
    let text = "agent_audit_log | mad(duration_ms) as m | m > 5s";
    let shown = explain(&parse(text).unwrap(), &plan(text).unwrap(), &range());
    assert!(shown.contains("none: mad has no SQL"), "{shown}");
    assert!(shown.contains("m: the median of the distances from the median"), "{shown}");
}
