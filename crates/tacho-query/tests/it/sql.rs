//! SQL: users' queries, functions, views.

use crate::data::{generate, hot, now, rows};

#[test]
fn the_queries_of_users_run_as_they_stand() {
    let snapshot = hot(&generate(3000, now()));
    for (name, sql) in [
        ("action_outcomes", include_str!("queries/action_outcomes.sql")),
        ("cost_analysis", include_str!("queries/cost_analysis.sql")),
        ("failed_actions", include_str!("queries/failed_actions.sql")),
        ("recent_activity", include_str!("queries/recent_activity.sql")),
        ("security_audit", include_str!("queries/security_audit.sql")),
    ] {
        let found = rows(&snapshot, sql);
        println!("{name}: {} rows, first {:?}", found.len(), found.first());
    }
}

#[test]
fn scratch() {
    let snapshot = hot(&generate(3000, now()));
    for sql in std::env::var("Q").unwrap_or_default().split(";") {
        if sql.trim().is_empty() {
            continue;
        }
        match crate::data::try_rows(&crate::data::engine(), &snapshot, sql) {
            Ok(found) => {
                println!("== {sql}");
                for row in found.iter().take(15) {
                    println!("{}", row.join(" | "));
                }
            }
            Err(error) => println!("== {sql}\n!! {error:?}"),
        }
    }
}
