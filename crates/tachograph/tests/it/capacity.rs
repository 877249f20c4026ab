//! Capacity through the real server and the real command: figures that add up.

use crate::incidents::{event, folder, send, until};
use crate::server::{Server, tachograph, text};
use serde_json::json;

#[test]
fn growth_disk_and_queues_are_measured_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    send(&server, &vec![event("billing", "tool", "Bash", json!({})); 25]);
    let found = until("all of it is seen", || {
        let found = server.get("/v1/capacity").json();
        if found["events"].as_u64() >= Some(25) { Ok(found) } else { Err(found.to_string()) }
    });
    let events = found["events"].as_u64().unwrap();
    let days: Vec<u64> = found["days"].as_array().unwrap().iter().map(|day| day.as_u64().unwrap()).collect();
    assert_eq!((days.len(), days.iter().sum::<u64>(), days[13]), (14, events, events));
    assert_eq!(found["events_per_day"].as_f64(), Some(events as f64));
    let number = |name: &str| found[name].as_f64().unwrap();
    assert!(number("folder_bytes") > 10_000.0 && number("free_bytes") <= number("disk_bytes"), "{found}");
    let until_full = number("free_bytes") / (number("bytes_per_event") * events as f64);
    assert!((number("days_until_full") / until_full - 1.0).abs() < 1e-9, "{found}");
    assert!((0.0..=1.0).contains(&number("journal_busy")), "{found}");
    let said = tachograph(&data, &["capacity"], "");
    let said = text(&said.stdout);
    assert_eq!(said.lines().filter(|line| !line.starts_with(' ')).count(), 3, "{said}");
    for words in ["events", "a day", "full in", "requests wait"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    server.stop();
    let rest = tachograph(&data, &["capacity", "--json"], "");
    assert!(text(&rest.stdout).contains("\"bytes_per_event\""), "a folder at rest has it too: {rest:?}");
}
