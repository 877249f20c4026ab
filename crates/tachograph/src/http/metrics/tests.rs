//! A strict reader of the exposition format, and what it must find.

use super::*;
use crate::config::Config;
use crate::http::Auth;
use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Reads text format 0.0.4 as promtool's linter does; panics with the line that is not right.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut kinds, mut helped, mut samples) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    let mut current = String::new();
    assert!(text.ends_with('\n'), "the last line ends");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(helped.insert(name.to_string()), "helped twice: {line}");
            assert!(help.ends_with('.') && !help.contains('\\'), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(helped.contains(name), "no help before: {line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            let bare = name.strip_suffix("_total").unwrap_or(name);
            assert!(["_count", "_sum", "_bucket", "_info"].iter().all(|end| !bare.ends_with(end)), "{line}");
            assert!(kinds.insert(name.to_string(), kind.to_string()).is_none(), "typed twice: {line}");
            current = name.to_string();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(plain) && !name.contains("__"), "{line}");
            let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|end| name == current.clone() + end);
            let is_histogram = kinds.get(&current).is_some_and(|kind| kind == "histogram");
            assert!(if is_histogram { of_histogram } else { name == current }, "out of its family: {line}");
            if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
                let inner = labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap();
                for label in inner.split(',') {
                    let (label, value) = label.split_once('=').unwrap();
                    assert!(label.chars().all(plain), "{line}");
                    assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'), "{line}");
                }
            }
            assert!(samples.insert(series.to_string(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

#[tokio::test]
async fn the_page_is_what_prometheus_reads_and_tells_of_every_part() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::default();
    let node = Node::open(dir.path(), &config).unwrap();
    let app = Arc::new(App::new(node, Auth::new(&[], false)));
    let event = r#"{"agent":{"id":"a"},"action":{"type":"tool","name":"t"},"user_id":"alice"}"#;
    let (_, batches) =
        app.node.ingest(event.as_bytes(), &crate::edits::OWN, &tacho_ingest::Options::default());
    app.node.record(batches).unwrap();
    let answer = metrics(State(Arc::clone(&app))).await;
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let samples = parse(std::str::from_utf8(&body).unwrap());
    let of = |series: &str| samples.get(&format!("tachograph_{series}")).copied();
    assert_eq!(of("journal_sync_seconds_count"), of("journal_sync_seconds_bucket{le=\"+Inf\"}"));
    assert!(
        of("journal_sync_seconds_count").unwrap() >= 1.0 && of("journal_sync_seconds_sum").unwrap() > 0.0
    );
    assert_eq!(of("query_memory_limit_bytes"), Some(f64::from(512 << 20)));
    assert_eq!(of("store_hot_limit_bytes"), Some(f64::from(64 << 20)));
    assert_eq!(of("follower_lag_events{follower=\"segments\"}"), of("log_entries"));
    // The log's own three, hers, and the day's.
    assert!(of("keyring_secrets").unwrap() >= 5.0);
    let mut buckets = samples.iter().filter(|(name, _)| name.contains("_bucket{")).map(|(_, count)| *count);
    assert!(buckets.by_ref().count() > 10);
    // Each name is in the guide, so that nobody has to guess what it means.
    let guide = include_str!("../../../../../docs/guide/metrics.md");
    for name in samples.keys().map(|series| series.split('{').next().unwrap()) {
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(guide.contains(&format!("`{family}`")), "docs/guide/metrics.md does not list {family}");
    }
}
