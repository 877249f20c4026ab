//! One person is erased, one class's month and one day of `who` expire: every proof made before still verifies, what
//! was there is nowhere any more, and `verify` calls the folder good.

use crate::server::{Server, tachograph, text};
use std::collections::BTreeSet;
use std::path::Path;
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_event::words::Class;
use tacho_merkle::commit::SaltKey;
use tacho_merkle::tile::TileReader;
use tacho_merkle::{Algorithm, Hash, SignerKey, TlogProof};
use tacho_record::keyring::{KeyRing, Secrets};
use tacho_record::log::{Lock, Log, Released};
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::Sequencer;
use tacho_store::row::{Part, Row};
use tacho_store::{Removal, Store, Why};

/// Words of Alice's events, of critical events, and of everybody else's.
const HERS: &str = "marmalade";
const CRITICAL: &str = "pemmican";
const OTHERS: &str = "sauerkraut";
const EVENTS: u64 = 60;
/// Every so many entries one is proved: hers, critical ones, others'.
const PROVED: usize = 5;

/// Alice's, Bob's and nobody's events; every fifth is critical, Alice's never.
fn events() -> String {
    (0..EVENTS)
        .map(|n| {
            let (user, words) = match n % 3 {
                0 => (r#""user_id":"alice@people.example","#, HERS),
                1 => (r#""user_id":"bob@people.example","#, OTHERS),
                _ => ("", OTHERS),
            };
            let is_critical = n % 3 != 0 && n % 5 == 0;
            let (class, words) = if is_critical { (r#""class":"critical","#, CRITICAL) } else { ("", words) };
            format!(
                r#"{{"id":"e-{n}",{user}{class}"agent":{{"id":"ops/a","session_id":"s{}"}},"action":{{"type":"tool","name":"Bash","tool":{{"parameters":{{"note":"{words} {n}"}}}}}},"outcome":{{"status":"failed","error":"no {words} left"}},"remark":"more {words}","resources":{{"duration_ms":{n}}}}}"#,
                n % 3
            ) + "\n"
        })
        .collect()
}

fn random(out: &mut [u8]) {
    getrandom::fill(out).unwrap();
}

/// A data folder's secrets and tree, as whoever erases has them.
struct Holder<'a> {
    data: &'a Path,
    origin: String,
    master: [u8; 32],
    secrets: Secrets,
}

impl Holder<'_> {
    fn new(data: &Path) -> Holder<'_> {
        let read = |name: &str| std::fs::read_to_string(data.join(name)).unwrap().trim().to_string();
        let master = *Hash::from_hex(&read("keyring/master.key")).unwrap().as_bytes();
        let secrets = Secrets::read(&data.join("keyring"), &master).unwrap();
        Holder { data, origin: read("origin"), master, secrets }
    }

    fn signers(&self) -> Vec<SignerKey> {
        [("log ed25519", Algorithm::Ed25519), ("log ml-dsa-44", Algorithm::MlDsa44)]
            .map(|(name, algorithm)| {
                SignerKey::from_seed(&self.origin, algorithm, &self.secrets.find(name).unwrap()).unwrap()
            })
            .into()
    }

    fn store(&self) -> Store {
        Store::open(self.data, tacho_store::Options::new(&self.origin)).unwrap()
    }

    fn leaf(&self) -> impl Fn(u64) -> Option<Hash> {
        let tiles = TileFolder(self.data.join("log"));
        move |index| TileReader::new(tiles.clone(), EVENTS).unwrap().leaf(index).ok()
    }

    /// The owner of a row's sections; Bob's are told by hand once `who` is gone.
    fn commit(&self, header: &Header<'_>, who: &Who<'_>, section: Section, bytes: &[u8]) -> Option<[u8; 32]> {
        let owner = match (section.has_subject(), header.subject, who.user) {
            (true, Some(_), None) => "subject bob@people.example".to_string(),
            (true, _, Some(user)) => format!("subject {user}"),
            _ => "subject".to_string(),
        };
        let period = if section.is_personal() {
            format!("period personal {}", header.period.text())
        } else {
            format!("period {} {}", header.retention, header.period.month_text())
        };
        let key = SaltKey::new(&self.secrets.find(&owner)?, &self.secrets.find(&period)?);
        Some(key.commitment(&header.id.0, section.name(), bytes))
    }

    fn take_out(
        &self,
        store: &Store,
        why: Why,
        select: &dyn Fn(&Row<'_>) -> Vec<Section>,
        turned: u64,
    ) -> u64 {
        let commit = |header: &Header<'_>, who: &Who<'_>, section, bytes: &[u8]| {
            self.commit(header, who, section, bytes)
        };
        let removal = Removal { why, days: &|_| true, select, commit: &commit };
        store.take_out(&removal, &self.leaf(), turned, &|| false).unwrap()
    }

    /// The log behind everything that segments hold.
    fn log(&self, store: &Store) -> Log {
        let mut sequencer = Sequencer::default();
        store.past(u64::MAX, &mut |past| sequencer.recall(&past)).unwrap();
        let released = Released { next_record: store.position().next_record, sequencer };
        let (lock, options) = (Lock::take(self.data).unwrap(), tacho_record::Options::new(random));
        Log::recover(self.data, lock, &self.origin, self.signers(), released, options, |_| Ok(())).unwrap()
    }
}

/// Names of the files that hold a word as it stands, and whether a row of a segment still has it.
fn traces(data: &Path, word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![data.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap().windows(word.len()).any(|bytes| bytes == word.as_bytes())
            {
                found.insert(path.strip_prefix(data).unwrap().to_str().unwrap().to_string());
            }
        }
    }
    let inspection = tacho_store::inspect(data, &mut |row| {
        let mut scratch = Vec::new();
        for section in Section::ALL {
            if let Part::Open(bytes) = row.section(section, &mut scratch).unwrap()
                && text(bytes).contains(word)
            {
                found.insert(format!("row {section:?}"));
            }
        }
    });
    assert!(inspection.faults.is_empty(), "{:?}", inspection.faults);
    found
}

/// All of Alice's sections.
fn of_alice(row: &Row<'_>) -> Vec<Section> {
    match row.who().user {
        Some("alice@people.example") => {
            Section::ALL.into_iter().filter(|section| section.has_subject()).collect()
        }
        _ => Vec::new(),
    }
}

/// Alice's, the critical months', the days' of section `who`.
fn secrets_to_destroy(data: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["subject alice@people.example".to_string()]);
    tacho_store::inspect(data, &mut |row| {
        let period = row.header().unwrap().period;
        names.insert(format!("period personal {}", period.text()));
        names.insert(format!("period critical {}", period.month_text()));
    });
    names
}

#[test]
fn what_was_erased_or_expired_is_gone_and_every_old_proof_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[store]\nsegment_minutes = 0\n").unwrap();
    assert_eq!(tachograph(&data, &["import", "-"], &events()).status.code(), Some(0));
    tachograph(&data, &["import", "-"], "");
    let prove = |n: u64| text(&tachograph(&data, &["prove", &n.to_string()], "").stdout);
    let proofs: Vec<(u64, String)> = (0..EVENTS).step_by(PROVED).map(|n| (n, prove(n))).collect();
    let keys = dir.path().join("keys");
    std::fs::write(&keys, text(&tachograph(&data, &["keys"], "").stdout)).unwrap();
    for word in [HERS, CRITICAL, OTHERS, "alice@people.example"] {
        assert!(!traces(&data, word).is_empty(), "{word} is there before");
    }

    let holder = Holder::new(&data);
    let store = holder.store();
    assert_eq!(store.position().next_index, EVENTS, "segments hold everything");
    let mut log = holder.log(&store);
    let turned = log.turn_over().unwrap();
    assert_eq!(holder.take_out(&store, Why::Erased, &of_alice, turned), EVENTS / 3);
    let of_month = |row: &Row<'_>| match row.retention() == Class::Critical.as_str() {
        true => Section::ALL.into_iter().filter(|section| !section.is_personal()).collect(),
        false => Vec::new(),
    };
    let expired = holder.take_out(&store, Why::Expired, &of_month, turned);
    assert_eq!(expired, 8);
    holder.take_out(&store, Why::Expired, &|_| vec![Section::Who], turned);
    let names = secrets_to_destroy(&data);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut ring = KeyRing::open(&data.join("keyring"), &holder.master, random).unwrap();
    assert_eq!(ring.destroy(&names).unwrap(), names.len());
    // The journal is the last place: its file is closed, and goes when it is released.
    let left = traces(&data, HERS);
    assert!(!left.is_empty() && left.iter().all(|file| file.starts_with("wal/")), "{left:?}");
    log.release(turned).unwrap();
    drop((ring, store, log));

    for word in [HERS, CRITICAL, "alice@people.example", "bob@people.example"] {
        assert_eq!(traces(&data, word), BTreeSet::new(), "{word} is gone");
    }
    assert!(!traces(&data, OTHERS).is_empty(), "what others wrote is still there");
    let verified = tachograph(&data, &["verify"], "");
    let said = text(&verified.stdout);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let (hers, critical) = (EVENTS / 3, expired);
    // Hers: who, input, error, extra. Critical: facts, input, error, extra. Bob's and nobody's `who`: ids.
    assert!(
        said.contains(&format!(" {} erased, {} expired, 0 sealed", hers * 4, critical * 4 + EVENTS - hers)),
        "{said}"
    );
    for (n, proof) in &proofs {
        let path = dir.path().join("proof");
        std::fs::write(&path, proof).unwrap();
        let arguments = ["verify", "--proof", path.to_str().unwrap(), "--pin", keys.to_str().unwrap()];
        let checked = tachograph(&data, &arguments, "");
        assert_eq!(checked.status.code(), Some(0), "{n}: {checked:?}");
    }
    let (n, before) = &proofs[3];
    let (before, after) = (TlogProof::parse(before).unwrap(), TlogProof::parse(&prove(*n)).unwrap());
    assert_eq!(before.extra, after.extra, "the entry has the same bytes as before");
}

/// Names of the segments that events on the log tell of.
fn told_segments(server: &Server) -> BTreeSet<String> {
    let query = "SELECT output FROM events WHERE action_name = 'segment_written'";
    let rows = server.sql(query);
    let output = |row: &serde_json::Value| row["output"].as_str().unwrap().to_string();
    let parsed = rows.iter().map(|row| serde_json::from_str::<serde_json::Value>(&output(row)).unwrap());
    parsed.map(|output| output["file"].as_str().unwrap().to_string()).collect()
}

fn segments(data: &Path) -> BTreeSet<String> {
    let listed = std::fs::read_dir(data.join("segments")).unwrap();
    listed.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn files_that_take_the_place_of_others_and_that_nobody_told_of_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[store]\nsegment_minutes = 0\n").unwrap();
    tachograph(&data, &["import", "-"], &events());
    tachograph(&data, &["import", "-"], "");
    std::fs::write(data.join("config.toml"), "[store]\n").unwrap();
    let written = segments(&data);
    let server = Server::start(&data);
    while !written.is_subset(&told_segments(&server)) {
        std::thread::yield_now();
    }
    server.stop();

    let holder = Holder::new(&data);
    let store = holder.store();
    let log = holder.log(&store);
    // What the server recorded stays in the journal: the store at rest has not taken it.
    let turned = store.position().next_record;
    let of_bob = |row: &Row<'_>| match row.who().user {
        Some("bob@people.example") => vec![Section::Input],
        _ => Vec::new(),
    };
    assert!(holder.take_out(&store, Why::Erased, &of_alice, turned) > 0);
    assert!(holder.take_out(&store, Why::Erased, &of_bob, turned) > 0);
    drop((store, log));
    let twice = |name: &String| !written.contains(name) && name.ends_with(".2.parquet");
    assert!(segments(&data).iter().any(twice), "one file was written anew twice: {:?}", segments(&data));
    // Nothing but their catalog says what these files are: as if somebody had changed and renamed them. The next start
    // takes them for new ones, and the log says for ever that it was so.
    let must_say = |what: &dyn Fn(&String) -> String| {
        let said = text(&tachograph(&data, &["verify"], "").stdout);
        for name in segments(&data).difference(&written) {
            assert!(said.contains(&what(name)), "{name}: {said}");
        }
    };
    must_say(&|name| format!("INTEGRITY segments/{name}: the log does not tell of this file"));
    let (server, now) = (Server::start(&data), segments(&data));
    while !now.is_subset(&told_segments(&server)) {
        std::thread::yield_now();
    }
    server.stop();
    must_say(&|name| format!("tells of segments/{name}, which takes the place of others unsaid"));
}
