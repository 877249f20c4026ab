//! Agents and API keys.

use tacho_store::catalog::{Action, Agent, ApiKey, Hold, Stamp, Table};
use tacho_store::{Catalog, StoreError};

fn stamp(at_us: i64) -> Stamp {
    Stamp { at_us, salt: [at_us as u8; 32] }
}

#[test]
fn keys_are_found_by_their_hash_until_they_are_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let key = ApiKey {
        id: "k1".into(),
        name: "release".into(),
        role: "writer".into(),
        agent: Some("ops/release-manager".into()),
        hash: [3; 32],
        rate_per_second: Some(500),
        created_us: 7,
        last_used_us: None,
        revoked_us: None,
        limits: None,
    };
    catalog.insert_key(&key, &stamp(7)).unwrap();
    assert!(catalog.insert_key(&ApiKey { id: "k2".into(), ..key.clone() }, &stamp(7)).is_err());
    drop(catalog);
    let catalog = Catalog::open(&path).unwrap();
    assert_eq!(catalog.find_key(&[3; 32]).unwrap(), Some(key.clone()));
    assert_eq!(catalog.find_key(&[4; 32]).unwrap(), None);
    catalog.touch_key("k1", 8).unwrap();
    assert!(catalog.revoke_key("k1", &stamp(9)).unwrap());
    assert!(!catalog.revoke_key("k1", &stamp(10)).unwrap());
    assert_eq!(catalog.find_key(&[3; 32]).unwrap(), None);
    let revoked = ApiKey { last_used_us: Some(8), revoked_us: Some(9), ..key };
    assert_eq!(catalog.keys().unwrap(), [revoked]);
}

#[test]
fn agents_are_registered_replaced_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&dir.path().join("catalog.sqlite")).unwrap();
    let agent = Agent { id: "b".into(), expected: true, team: Some("ops".into()), ..Agent::default() };
    catalog.put_agent(&agent, &stamp(1)).unwrap();
    let alias = Agent { id: "a".into(), alias_of: Some("b".into()), ..Agent::default() };
    catalog.put_agent(&alias, &stamp(2)).unwrap();
    catalog.put_agent(&Agent { note: Some("on call".into()), ..agent.clone() }, &stamp(3)).unwrap();
    let found = catalog.agents().unwrap();
    assert_eq!(found.iter().map(|agent| agent.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found[1].note.as_deref(), Some("on call"));
    assert!(catalog.remove_agent("a", &stamp(4)).unwrap());
    assert!(!catalog.remove_agent("a", &stamp(4)).unwrap());
}

#[test]
fn every_edit_is_kept_for_the_log_with_the_digest_of_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let agent = Agent { id: "a".into(), note: Some("on call".into()), ..Agent::default() };
    let key = |id: &str, byte: u8| ApiKey {
        id: id.into(),
        name: "ci".into(),
        role: "write".into(),
        agent: None,
        hash: [byte; 32],
        rate_per_second: None,
        created_us: 7,
        last_used_us: None,
        revoked_us: None,
        limits: None,
    };
    catalog.put_agent(&agent, &stamp(1)).unwrap();
    catalog.insert_key(&key("k1", 1), &stamp(2)).unwrap();
    catalog.insert_key(&key("k2", 1), &stamp(3)).unwrap_err();
    catalog.revoke_key("k1", &stamp(4)).unwrap();
    catalog.put_agent(&agent, &stamp(5)).unwrap();
    catalog.remove_agent("b", &stamp(6)).unwrap();
    let edits = catalog.edits(100).unwrap();
    let told: Vec<_> = edits.iter().map(|edit| (edit.at_us, edit.action, edit.id.as_str())).collect();
    use Action::{AgentRegistered, KeyCreated, KeyRevoked};
    let want =
        [(1, AgentRegistered, "a"), (2, KeyCreated, "k1"), (4, KeyRevoked, "k1"), (5, AgentRegistered, "a")];
    assert_eq!(told, want, "what failed or changed nothing is no edit");
    assert_ne!(edits[0].digest, edits[3].digest, "the same row under another salt");

    // Nothing but an edit gives a row the digest that the log was told.
    let registered = catalog.registered().unwrap().unwrap();
    assert_eq!(registered.pending, edits);
    let of = |table: Table, id: &str| registered.rows[&(table, id.to_string())];
    assert_eq!(Some(of(Table::Agents, "a")), edits[3].digest);
    assert_eq!(Some(of(Table::ApiKeys, "k1")), edits[2].digest);
    catalog.touch_key("k1", 9).unwrap();
    assert_eq!(catalog.registered().unwrap().unwrap(), registered, "use is no edit");
    let by_hand = rusqlite::Connection::open(&path).unwrap();
    for (sql, table, id) in [
        ("UPDATE agents SET expected = 1", Table::Agents, "a"),
        ("UPDATE agents SET note = NULL", Table::Agents, "a"),
        ("UPDATE api_keys SET revoked_us = NULL", Table::ApiKeys, "k1"),
        ("UPDATE api_keys SET role = 'admin'", Table::ApiKeys, "k1"),
        ("UPDATE api_keys SET hash = x'00'", Table::ApiKeys, "k1"),
    ] {
        let before = catalog.registered().unwrap().unwrap();
        by_hand.execute(sql, []).unwrap();
        let after = catalog.registered().unwrap().unwrap();
        let row = (table, id.to_string());
        assert_ne!(before.rows[&row], after.rows[&row], "{sql}");
    }

    by_hand.execute("UPDATE edits SET at_us = 99 WHERE id = 'k1'", []).unwrap();
    assert!(matches!(catalog.edits(100), Err(StoreError::CatalogDamaged { .. })));
    for (at_us, seq) in [(2, edits[1].seq), (4, edits[2].seq)] {
        by_hand.execute("UPDATE edits SET at_us = ?1 WHERE seq = ?2", [at_us, seq]).unwrap();
    }
    let seen = edits[1].seq;
    catalog.forget_edits(seen).unwrap();
    assert_eq!(catalog.edits(1).unwrap(), edits[2..3]);
    catalog.forget_edits(edits[3].seq).unwrap();
    catalog.remove_agent("a", &stamp(8)).unwrap();
    let last = catalog.edits(100).unwrap().remove(0);
    assert_eq!((last.action, last.digest), (Action::AgentRemoved, None));
    assert!(last.seq > edits[3].seq, "a number is never used twice");
}

#[test]
fn a_hold_is_set_once_and_released_and_both_are_edits() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&dir.path().join("catalog.sqlite")).unwrap();
    let hold = Hold { id: "case-7".into(), agent: Some("ops/a".into()), created_us: 5, ..Hold::default() };
    assert!(catalog.set_hold(&hold, &stamp(5)).unwrap());
    let other = Hold { agent: None, ..hold.clone() };
    assert!(!catalog.set_hold(&other, &stamp(6)).unwrap(), "a hold is not narrowed or widened in secret");
    assert_eq!(catalog.holds().unwrap(), [hold]);
    let registered = catalog.registered().unwrap().unwrap();
    let row = registered.rows.get(&(Table::Holds, "case-7".to_string())).copied();
    assert_eq!(row, registered.pending[0].digest);
    assert!(catalog.release_hold("case-7", &stamp(7)).unwrap());
    assert!(!catalog.release_hold("case-7", &stamp(8)).unwrap());
    assert!(catalog.holds().unwrap().is_empty());
    let names: Vec<&str> = catalog.edits(9).unwrap().iter().map(|edit| edit.action.as_str()).collect();
    assert_eq!(names, ["legal_hold_set", "legal_hold_released"]);
}

#[test]
fn a_name_that_was_deleted_is_in_no_file_of_the_open_catalog() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let user = "alice@people.example";
    let files_with_it = || -> Vec<String> {
        let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
        let has = |path: &std::path::PathBuf| {
            std::fs::read(path).unwrap().windows(user.len()).any(|bytes| bytes == user.as_bytes())
        };
        files.filter(has).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let hold = Hold { id: "case-7".into(), user: Some(user.into()), ..Hold::default() };
    assert!(catalog.set_hold(&hold, &stamp(5)).unwrap());
    assert!(catalog.release_hold("case-7", &stamp(6)).unwrap());
    assert_eq!(files_with_it(), ["catalog.sqlite-wal"]);

    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM holds").unwrap();
    assert!(!catalog.truncate_wal().unwrap(), "somebody reads it");
    assert_eq!(files_with_it(), ["catalog.sqlite-wal"]);
    reader.execute_batch("COMMIT").unwrap();
    assert!(catalog.truncate_wal().unwrap());
    assert_eq!(files_with_it(), [""; 0]);
    assert!(catalog.holds().unwrap().is_empty());
    assert!(catalog.truncate_wal().unwrap(), "there is nothing to do");
}

#[test]
fn a_limit_of_a_key_is_kept_and_part_of_what_the_log_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).unwrap();
    let key = |id: &str, byte: u8, limits: Option<&str>| ApiKey {
        id: id.into(),
        name: "ann".into(),
        role: "viewer".into(),
        agent: None,
        hash: [byte; 32],
        rate_per_second: None,
        created_us: 7,
        last_used_us: None,
        revoked_us: None,
        limits: limits.map(Into::into),
    };
    let limited = key("k1", 1, Some(r#"{"user":"ann"}"#));
    catalog.insert_key(&limited, &stamp(1)).unwrap();
    catalog.insert_key(&key("k2", 2, None), &stamp(1)).unwrap();
    assert_eq!(catalog.keys().unwrap()[0], limited);
    let told = |id: &str| {
        let registered = catalog.registered().unwrap().unwrap();
        let edit = registered.pending.iter().rfind(|edit| edit.id == id).unwrap().digest;
        (registered.rows.get(&(Table::ApiKeys, id.to_string())).copied(), edit)
    };
    for id in ["k1", "k2"] {
        let (row, edit) = told(id);
        assert_eq!(row, edit, "{id}");
    }
    let other = rusqlite::Connection::open(&path).unwrap();
    for (id, sql) in [
        ("k1", "UPDATE api_keys SET limits = NULL WHERE id = 'k1'"),
        ("k2", "UPDATE api_keys SET limits = '{}' WHERE id = 'k2'"),
    ] {
        other.execute(sql, []).unwrap();
        let (row, edit) = told(id);
        assert_ne!(row, edit, "{id}: who takes a limit away, or gives one, is found");
    }
}
