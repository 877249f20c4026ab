//! Agents and API keys.

use tacho_store::Catalog;
use tacho_store::catalog::{Agent, ApiKey};

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
    };
    catalog.insert_key(&key).unwrap();
    assert!(catalog.insert_key(&ApiKey { id: "k2".into(), ..key.clone() }).is_err());
    drop(catalog);
    let catalog = Catalog::open(&path).unwrap();
    assert_eq!(catalog.find_key(&[3; 32]).unwrap(), Some(key.clone()));
    assert_eq!(catalog.find_key(&[4; 32]).unwrap(), None);
    catalog.touch_key("k1", 8).unwrap();
    assert!(catalog.revoke_key("k1", 9).unwrap());
    assert!(!catalog.revoke_key("k1", 10).unwrap());
    assert_eq!(catalog.find_key(&[3; 32]).unwrap(), None);
    let revoked = ApiKey { last_used_us: Some(8), revoked_us: Some(9), ..key };
    assert_eq!(catalog.keys().unwrap(), [revoked]);
}

#[test]
fn agents_are_registered_replaced_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&dir.path().join("catalog.sqlite")).unwrap();
    let agent = Agent { id: "b".into(), expected: true, team: Some("ops".into()), ..Agent::default() };
    catalog.put_agent(&agent).unwrap();
    catalog.put_agent(&Agent { id: "a".into(), alias_of: Some("b".into()), ..Agent::default() }).unwrap();
    catalog.put_agent(&Agent { note: Some("on call".into()), ..agent.clone() }).unwrap();
    let found = catalog.agents().unwrap();
    assert_eq!(found.iter().map(|agent| agent.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found[1].note.as_deref(), Some("on call"));
    assert!(catalog.remove_agent("a").unwrap());
    assert!(!catalog.remove_agent("a").unwrap());
}
