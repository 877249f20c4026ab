//! What the file holds after repeats, crashes, other writers and growth.

use super::*;

fn log(path: &Path, bytes_max: u64) -> FileLog {
    FileLog::new(path.to_path_buf(), bytes_max, Preparer::new(|| "2026-11-21T00:00:00.000000Z".into()))
}

fn event(id: &str, name: &str) -> Map<String, Value> {
    let event = serde_json::json!({"event_id": id, "action_name": name, "session_id": "s"});
    event.as_object().unwrap().clone()
}

async fn add(log: &FileLog, id: &str, name: &str) -> bool {
    log.record(&Caller::default(), event(id, name)).await.unwrap().duplicate
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_string).collect()
}

#[tokio::test]
async fn the_same_event_is_one_line_and_a_later_state_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/a.ndjson");
    let one = log(&path, 1 << 20);
    assert!(!add(&one, "e1", "a").await);
    assert!(add(&one, "e1", "a").await);
    assert!(!add(&one, "e1", "b").await);
    // Another program with the same file knows it too.
    let two = log(&path, 1 << 20);
    assert!(add(&two, "e1", "b").await);
    assert!(!add(&two, "e2", "a").await);
    assert!(add(&one, "e2", "a").await);
    assert_eq!(lines(&path).len(), 3);
    let newest = one.entry(&Caller::default(), "e1").await.unwrap();
    assert_eq!(newest["action_name"], "b");
}

#[tokio::test]
async fn a_line_that_a_crash_cut_off_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ndjson");
    let before = log(&path, 1 << 20);
    add(&before, "e1", "a").await;
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"event_id\":\"e2\",\"acti").unwrap();
    let after = log(&path, 1 << 20);
    assert!(add(&after, "e1", "a").await);
    assert!(!add(&after, "e2", "a").await);
    let filter = Filter { limit: 10, ..Filter::default() };
    let page = after.search(&Caller::default(), &filter).await.unwrap();
    assert_eq!(page.rows.len(), 2);
}

#[tokio::test]
async fn a_full_file_is_put_aside_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ndjson");
    let (one, two) = (log(&path, 600), log(&path, 600));
    for n in 0..12 {
        let log = if n % 2 == 0 { &one } else { &two };
        assert!(!add(log, &format!("e{n}"), "a").await);
    }
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let all: usize = names.map(|path| lines(&path).len()).sum();
    assert_eq!(all, 12);
    assert!(folder.path().join("a.ndjson.1").exists());
}

#[tokio::test]
async fn a_search_filters_and_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ndjson");
    let log = log(&path, 1 << 20);
    for n in 0..5 {
        add(&log, &format!("e{n}"), if n == 3 { "Deploy" } else { "other" }).await;
    }
    let mut filter = Filter { limit: 2, ..Filter::default() };
    let mut ids = Vec::new();
    loop {
        let page = log.search(&Caller::default(), &filter).await.unwrap();
        ids.extend(page.rows.iter().map(|row| row["event_id"].as_str().unwrap().to_string()));
        filter.cursor = page.cursor;
        if filter.cursor.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["e4", "e3", "e2", "e1", "e0"]);
    let words = Filter { query: Some("deploy".into()), limit: 5, ..Filter::default() };
    assert_eq!(log.search(&Caller::default(), &words).await.unwrap().rows.len(), 1);
    let failed = Filter { status: Some("failed".into()), limit: 5, ..Filter::default() };
    assert!(log.search(&Caller::default(), &failed).await.unwrap().rows.is_empty());
    assert!(log.proof(&Caller::default(), "e1").await.unwrap_err().why.contains("AUDIT_BACKEND=server"));
}
