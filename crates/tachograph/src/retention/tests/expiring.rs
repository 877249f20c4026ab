//! What expires by its age, what keeps it, and what the log says of it.

use super::super::export::{self, Form};
use super::*;
use tacho_event::fact::IntFact;
use tacho_event::time::DAY_US;

/// The periods that the log says have expired: as they are, and of no sensitive event.
fn told_periods(node: &Node) -> BTreeSet<String> {
    let (mut found, mut scratch) = (BTreeSet::new(), Vec::new());
    node.store()
        .snapshot()
        .rows(0..u64::MAX, Wanted::All, &mut |row| {
            if row.header().unwrap().action_name == "retention_expired"
                && let Part::Open(bytes) = row.section(Section::Output, &mut scratch).unwrap()
            {
                assert_eq!(row.facts().int(IntFact::Sensitive), None);
                let told: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                found.insert(told["period"].as_str().unwrap().to_string());
            }
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn who_expires_first_then_the_rest_and_what_is_held_or_asked_for_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (now, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    send(&node, &people(0, 20));
    send(&node, &event("long", BOB, "granite", r#","compliance":{"retention_period":"10_years"}"#));
    send(&node, &event("case", BOB, "evidence", "").replace("ops/a", "ops/held"));
    let stamp = |at_us| Stamp { at_us, salt: [7; 32] };
    let hold = Hold { id: "case".into(), agent: Some("ops/held".into()), ..Hold::default() };
    assert!(node.store().catalog().set_hold(&hold, &stamp(START)).unwrap());

    now.store(START + 30 * DAY_US, Ordering::Relaxed);
    assert_eq!(
        expiry::run(&node, node.now_us()).unwrap().entries,
        0,
        "the day has not ended for thirty days"
    );
    now.store(START + 31 * DAY_US, Ordering::Relaxed);
    let run = expiry::run(&node, node.now_us()).unwrap();
    assert!(run.entries > 20, "{run:?}");
    assert_eq!(run.kept, ["period personal 2026-03-03"], "of the held one");
    assert_eq!(traces(dir.path(), ALICE), BTreeSet::new());
    assert!(in_memory(&node, BOB).iter().all(|found| found.contains("Who")), "{:?}", in_memory(&node, BOB));
    assert!(!in_memory(&node, HERS).is_empty());
    check(&node);

    // Her name has gone from her events; they are hers all the same.
    let mut out = Vec::new();
    let found = export::find(&node, ALICE).unwrap();
    assert_eq!(found.len(), 10);
    found.write(Form::Json, &mut out).unwrap();
    let exported: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(exported["events"][9]["gone"]["who"], "expired");
    assert!(exported["events"][9]["input"].to_string().contains(HERS));
    drop(found);
    let done = subject::erase(&node, ALICE, Mode::Erase, "test", None).unwrap();
    assert_eq!(done.entries, 10);
    assert_eq!(in_memory(&node, HERS), Vec::<String>::new());
    check(&node);

    now.store(START + 800 * DAY_US, Ordering::Relaxed);
    let run = expiry::run(&node, node.now_us()).unwrap();
    assert!(run.kept.iter().any(|name| name.starts_with("period standard 2026-03")), "{run:?}");
    assert_eq!(traces(dir.path(), OTHERS), BTreeSet::new());
    assert!(!in_memory(&node, "granite").is_empty() && !in_memory(&node, "evidence").is_empty());
    check(&node);

    now.store(START + 3000 * DAY_US, Ordering::Relaxed);
    let run = expiry::run(&node, node.now_us()).unwrap();
    assert!(
        run.kept.iter().any(|name| name == "period critical 2026-03"),
        "asked for longer than any class: {run:?}"
    );
    assert!(!in_memory(&node, "granite").is_empty());

    now.store(START + 4000 * DAY_US, Ordering::Relaxed);
    assert!(node.store().catalog().release_hold("case", &stamp(START)).unwrap());
    crate::edits::record(&node).unwrap();
    let run = expiry::run(&node, node.now_us()).unwrap();
    assert!(run.expired.iter().any(|name| name == "period critical 2026-03"), "{run:?}");
    assert!(run.expired.iter().all(|name| told_periods(&node).contains(name)), "{run:?}");
    for word in ["granite", "evidence", BOB, HERS] {
        assert_eq!(traces(dir.path(), word), BTreeSet::new(), "{word}");
    }
    assert!(node.ring().names().all(|name| !name.contains("2026-03")), "no secret of those days is left");
    check(&node);
    drop(node);
    check_at_rest(dir.path());
}

#[test]
fn leaves_of_what_comes_while_files_are_written_anew_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let (_, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    let sealed = |node: &Node| {
        node.status().want_synced(node.status().size());
        while node.status().synced() < node.status().size() {
            std::thread::yield_now();
        }
        node.status().sealed()
    };
    send(&node, &people(0, 20));
    let first = sealed(&node);
    let told = std::cell::Cell::new(first);
    crate::follow::with_leaves(
        node.tiles(),
        || told.get(),
        |leaf| {
            assert!(first >= 20 && leaf(first - 1).is_some());
            send(&node, &people(20, 40));
            let second = sealed(&node);
            assert!(second >= first + 20 && leaf(first).is_none(), "the tree is as large as was told");
            told.set(second);
            assert!((0..second).all(|index| leaf(index).is_some()));
        },
    );
}
