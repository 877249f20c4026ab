//! The file by itself: what was saved is there again, lanes keep their order, a damaged file is refused.

use super::*;

fn message(id: &str, lane: &str, due_us: i64) -> Message {
    Message {
        id: id.into(),
        lane: lane.into(),
        state: Sending::Waiting,
        due_us,
        at_us: 1,
        attempts: 0,
        error: None,
        body: "{}".into(),
    }
}

#[test]
fn what_was_saved_is_there_again_and_the_same_message_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
    assert_eq!(file.position().unwrap(), None);
    let changes = AlertChanges {
        position: Some((7, 70)),
        alerts: vec![("a".into(), true, 5, "A".into()), ("b".into(), false, 6, "B".into())],
        notes: vec![("silence", "s".into(), Some("S".into()))],
        messages: vec![message("m", "ops/0", 10)],
        sayings: vec![("x".into(), "X".into())],
        ..AlertChanges::default()
    };
    file.save(&changes).unwrap();
    file.save(&changes).unwrap();
    drop(file);
    let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
    assert_eq!(file.position().unwrap(), Some((7, 70)));
    assert_eq!(file.open_alerts().unwrap(), ["A"]);
    assert_eq!(file.closed_alerts(100, 10).unwrap(), ["B"]);
    assert_eq!(file.alert("b").unwrap().as_deref(), Some("B"));
    assert_eq!(file.notes("silence").unwrap(), [("s".to_string(), "S".to_string())]);
    assert_eq!(file.newest(10).unwrap().len(), 1);
    assert_eq!(file.sayings(10).unwrap().len(), 1);
    file.said(&["x".into()]).unwrap();
    assert!(file.sayings(10).unwrap().is_empty());
    let gone = AlertChanges { notes: vec![("silence", "s".into(), None)], ..AlertChanges::default() };
    file.save(&gone).unwrap();
    assert!(file.notes("silence").unwrap().is_empty());
    assert_eq!(file.forget(100, &[]).unwrap(), 1);
    let note = |kind| (kind, "n".to_string(), Some("N".to_string()));
    let notes = vec![note("thread"), note("silence")];
    file.save(&AlertChanges { notes, ..AlertChanges::default() }).unwrap();
    file.forget(i64::MAX, &["thread"]).unwrap();
    assert_eq!((file.notes("thread").unwrap().len(), file.notes("silence").unwrap().len()), (0, 1));
    assert!(AlertFile::open(folder.path(), "other.example").is_err());
}

#[test]
fn a_message_that_has_to_be_tried_again_holds_up_its_lane_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
    let messages = vec![message("1", "a", 10), message("2", "a", 10), message("3", "b", 10)];
    file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
    let due = |file: &AlertFile, now| {
        file.due(now, 10).unwrap().into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(due(&file, 9), [""; 0]);
    assert_eq!(due(&file, 10), ["1", "3"]);
    let later = Message { due_us: 20, attempts: 1, error: Some("503".into()), ..message("1", "a", 10) };
    let tried = |message: &Message, said: &[(String, String)]| AlertChanges {
        tried: vec![message.clone()],
        sayings: said.to_vec(),
        ..AlertChanges::default()
    };
    file.save(&tried(&later, &[])).unwrap();
    assert_eq!(due(&file, 10), ["3"]);
    let sent = Message { state: Sending::Sent, ..later };
    file.save(&tried(&sent, &[("said".into(), "S".into())])).unwrap();
    assert_eq!(due(&file, 20), ["2", "3"]);
    assert_eq!(file.sayings(9).unwrap().len(), 1);
    let counts = file.counts().unwrap();
    assert!(counts.contains(&("a".into(), Sending::Sent, 1)));
    assert!(counts.contains(&("a".into(), Sending::Waiting, 1)));
}

#[test]
fn a_message_that_fails_holds_up_its_thread_and_many_that_fail_their_lane() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
    let of = |id: usize, thread: usize| Message {
        body: format!(r#"{{"thread":"t{thread}"}}"#),
        ..message(&id.to_string(), "a", 10)
    };
    let messages = vec![of(0, 0), of(1, 0), of(2, 2), of(3, 3), of(4, 4), of(5, 5), of(6, 6)];
    file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
    // Each that is due fails, and is to be tried again later.
    for expected in ["0", "2", "3", "4", "5"] {
        let due = file.due(10, 10).unwrap();
        assert_eq!(due.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), [expected]);
        let later = Message { due_us: 20, attempts: 3, error: Some("500".into()), ..due[0].clone() };
        file.save(&AlertChanges { tried: vec![later], ..AlertChanges::default() }).unwrap();
    }
    assert_eq!(file.due(10, 10).unwrap(), [], "the channel fails");
    assert_eq!(file.failing(3).unwrap(), [("a".to_string(), 1, 5, "500".to_string())]);
    let held: Vec<String> = file.held_up(10, 3, 9).unwrap().into_iter().map(|message| message.id).collect();
    assert_eq!(held, ["1", "6"]);
    assert_eq!(file.due(20, 10).unwrap()[0].id, "0");
}

#[test]
fn many_messages_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
    let messages = vec![message("1", "a", 10), message("2", "a", 10), message("3", "b", 10)];
    file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
    let waiting = file.waiting("a").unwrap();
    assert_eq!(file.waiting_count("a").unwrap(), 2);
    file.gather(&waiting, &message("1 and 2", "a", 10), ("said".into(), "S".into())).unwrap();
    assert_eq!(file.waiting("a").unwrap(), [message("1 and 2", "a", 10)]);
    let kept = file.newest(9).unwrap();
    let told = kept.iter().filter(|message| message.state == Sending::Digested);
    let told: Vec<_> = told.map(|message| (message.id.as_str(), message.error.as_deref())).collect();
    assert_eq!(told, [("2", Some("1 and 2")), ("1", Some("1 and 2"))], "none is lost");
    assert_eq!(file.sayings(9).unwrap(), [("said".to_string(), "S".to_string())]);
    assert_eq!(file.waiting("b").unwrap().len(), 1);
}

#[test]
fn a_file_that_is_none_is_refused_and_can_be_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(ALERT_FILE), "no database at all, but long enough to be one").unwrap();
    assert!(AlertFile::open(folder.path(), "log.example").is_err());
    let aside = AlertFile::put_aside(folder.path(), 5).unwrap();
    assert!(aside.exists());
    assert!(AlertFile::open(folder.path(), "log.example").is_ok());
}
