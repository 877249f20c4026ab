//! From a sender's bytes to the log: nothing lost, nothing secret on disk, retries recognised.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use tacho_event::fact::IntFact;
use tacho_event::id::{Id, IdKey};
use tacho_event::record::{Accepted, Batch, BatchBuilder};
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::{fields::Refused, native};
use tacho_merkle::{Algorithm, SignerKey};
use tacho_record::Log;
use tacho_record::keyring::KeyRing;
use tacho_redact::{Policy, Redactor};

const NOW_US: i64 = 1_795_219_200_000_000;

const BASH: &str = r#"{"id":"run-17","timestamp":"2026-11-20T10:30:15.123Z","agent":{"id":"ops/deployer","session_id":"s-1",
 "team":"platform"},"action":{"type":"tool","name":"Bash","tool":{"name":"Bash","parameters":{"command":"deploy --password=hunter2hunter2"}}},
 "outcome":{"status":"failed","result":{"exit_code":3}},"resources":{"duration_ms":234,"cost_usd":0.001},
 "user_id":"alice","weather":"rain"}"#;

fn counted(out: &mut [u8]) {
    static CALLS: AtomicU8 = AtomicU8::new(1);
    out.fill(CALLS.fetch_add(1, Ordering::Relaxed));
}

fn accept(folder: &Path, lines: &[&str]) -> Result<Batch, Refused> {
    let acceptor =
        Acceptor { redactor: Redactor::new(&Policy::default()).unwrap(), id_key: IdKey::new(&[5; 32]) };
    let mut keys = KeyRing::open(&folder.join("keyring"), &[1; 32], counted).unwrap();
    let sender = Sender { writer: [7; 8], source: "http", known: Known::Observed, agent: None };
    let mut batch = BatchBuilder::new(false);
    for line in lines {
        acceptor.accept(&native::decode(line)?, &sender, NOW_US, Id([9; 16]), &mut keys, &mut batch)?;
    }
    keys.sync().unwrap();
    Ok(batch.finish())
}

fn only(batch: &Batch) -> Accepted<'_> {
    batch.events().next().unwrap().unwrap()
}

#[test]
fn an_event_keeps_everything_but_its_secret() {
    let dir = tempfile::tempdir().unwrap();
    let batch = accept(dir.path(), &[BASH]).unwrap();
    let event = only(&batch);
    assert_eq!(event.header.agent, "ops/deployer");
    assert_eq!(event.header.outcome.as_str(), "failure");
    assert_eq!(
        (event.who.id, event.who.session, event.who.user),
        (Some("run-17"), Some("s-1"), Some("alice"))
    );
    assert_eq!(event.facts.int(IntFact::DurationUs), Some(234_000));
    assert_eq!(event.facts.int(IntFact::CostMicros), Some(1_000));
    assert_eq!(event.facts.int(IntFact::Sensitive), Some(1));
    assert_eq!(event.texts[0], Some(r#"{"command":"deploy --[REDACTED]"}"#));
    let extra = event.texts[5].unwrap();
    assert!(extra.contains(r#""weather":"rain""#) && extra.contains(r#""agent.team":"platform""#), "{extra}");
    assert!(event.header.subject.is_some());
}

#[test]
fn a_secret_in_an_unknown_field_marks_the_event_too() {
    let dir = tempfile::tempdir().unwrap();
    let line = r#"{"agent":{"id":"a"},"action":{"name":"x"},"note":{"api_key":"c0ffee0123456789"}}"#;
    let batch = accept(dir.path(), &[line]).unwrap();
    let event = only(&batch);
    assert_eq!(event.texts[5], Some(r#"{"note":{"api_key":"[REDACTED]"}}"#));
    assert_eq!(
        (event.facts.int(IntFact::Redactions), event.facts.int(IntFact::Sensitive)),
        (Some(1), Some(1))
    );
}

#[test]
fn no_byte_of_a_secret_reaches_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let batch = accept(dir.path(), &[BASH]).unwrap();
    let signer = SignerKey::from_seed("log.example/accept", Algorithm::Ed25519, &[1; 32]).unwrap();
    let mut log = Log::open(dir.path(), "log.example/accept", vec![signer], |_| {}).unwrap();
    log.append(NOW_US, vec![batch]).unwrap();
    log.seal().unwrap();
    let wal = std::fs::read(dir.path().join("wal/0000000000000000.wal")).unwrap();
    let holds = |needle: &[u8]| wal.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"deploy --[REDACTED]"));
    assert!(!holds(b"hunter2"));
}

#[test]
fn a_retry_is_a_duplicate_and_a_change_is_a_later_state() {
    let dir = tempfile::tempdir().unwrap();
    let changed = BASH.replace("failed", "completed");
    let batch = accept(dir.path(), &[BASH, BASH, &changed, BASH]).unwrap();
    let signer = SignerKey::from_seed("log.example/accept", Algorithm::Ed25519, &[1; 32]).unwrap();
    let mut log = Log::open(dir.path(), "log.example/accept", vec![signer], |_| {}).unwrap();
    let receipt = log.append(NOW_US, vec![batch]).unwrap()[0];
    assert_eq!((receipt.accepted, receipt.duplicates), (2, 2));
}

#[test]
fn events_without_an_id_are_never_taken_for_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let plain = r#"{"agent":{"id":"a"},"action":{"type":"log","name":"tick"}}"#;
    let batch = accept(dir.path(), &[plain, plain]).unwrap();
    assert!(batch.events().all(|event| event.unwrap().content.is_none()));
}

#[test]
fn a_name_that_carries_personal_data_does_not_enter_the_header() {
    let dir = tempfile::tempdir().unwrap();
    let line = r#"{"agent":{"id":"bot-of-jane.doe@example.com"},"action":{"name":"x"}}"#;
    let batch = accept(dir.path(), &[line]).unwrap();
    let agent = only(&batch).header.agent.to_string();
    assert!(Id::parse(&agent).is_some(), "{agent}");
}

#[test]
fn bad_input_says_what_where_and_what_was_expected() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("{{\"user_id\":\"{}\"}}", "x".repeat(600));
    for (line, want) in [
        ("nonsense", "not valid JSON"),
        (r#"{"timestamp":"yesterday"}"#, "expected RFC 3339"),
        (r#"{"id":"1","id":"2"}"#, "stands twice"),
        (&long, "at most 512 bytes"),
    ] {
        let error = accept(dir.path(), &[line]).unwrap_err().to_string();
        assert!(error.contains(want), "{line:.40}: {error}");
    }
}
