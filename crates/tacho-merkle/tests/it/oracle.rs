//! Judged by software that we did not write: `signed_note` and `tlog_tiles` (Cloudflare's, ported from the
//! Go team's). What we make they accept; what is mutated they refuse, and so do we.

use signed_note::{StandardVerifier, VerifierList};
use tacho_merkle::tile::{TilePath, consistency, inclusion};
use tacho_merkle::{Checkpoint, Hash, verify_consistency, verify_inclusion};
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{self, HashReader};

use crate::support::{MemoryTiles, ORIGIN, entry, leaves, log_keys, mth, tiles, verifiers};

/// Our tiles as the judge's reader wants them. Its paths name the height of tiles, which is always 8 here.
impl TileReader for MemoryTiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, wanted: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &Tile| self.0.get(&tile.path().replacen("tile/8/", "tile/", 1)).cloned();
        wanted.iter().map(|tile| read(tile).ok_or(tlog::Error::InvalidTile)).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn theirs(hash: &Hash) -> tlog::Hash {
    tlog::Hash(*hash.as_bytes())
}

fn all_theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(theirs).collect()
}

/// Whether the judge, reading these tiles, finds these leaves under the root. That it finds *these* matters: its
/// reader returns some hashes unchecked (see `examples/judge.rs`).
fn judge_accepts(store: &MemoryTiles, leaves: &[Hash], root: &Hash) -> bool {
    let reader = TileHashReader::new(leaves.len() as u64, theirs(root), store);
    let indexes: Vec<u64> = (0..leaves.len() as u64).map(|n| tlog::stored_hash_index(0, n)).collect();
    reader.read_hashes(&indexes).is_ok_and(|found| found == all_theirs(leaves))
}

#[test]
fn notes_and_checkpoints_pass_the_judge() {
    let keys = log_keys();
    let ours = verifiers(&keys);
    let judge = || {
        let key = StandardVerifier::new(&ours[0].to_string()).unwrap();
        VerifierList::new(vec![Box::new(key)])
    };
    let checkpoint = Checkpoint::new(ORIGIN, 300, mth(&leaves(300)));
    let text = checkpoint.sign(&keys).unwrap();
    let note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    let (verified, unknown) = note.verify(&judge()).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 1), "ed25519 known, ml-dsa-44 not");
    assert_eq!(note.to_bytes(), text.as_bytes());
    let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((read.origin(), read.size()), (ORIGIN, 300));
    assert_eq!(*read.hash(), theirs(&checkpoint.root));

    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let theirs = signed_note::Note::from_bytes(&bytes).is_ok_and(|note| note.verify(&judge()).is_ok());
        let mutated = String::from_utf8(bytes);
        let open = |text: &str| Checkpoint::open(text, &ours[..1]).is_ok();
        let ours = mutated.as_ref().is_ok_and(|text| open(text));
        assert_eq!(ours, theirs, "byte {at} flipped: {mutated:?}");
        // Flips in the unknown line may pass; a flip in the text or in the known line never does.
        assert!(!ours || at > text.find("\n\n").unwrap() + 100, "byte {at} flipped");
    }
}

#[test]
fn signatures_of_the_judge_pass_here() {
    let ours = log_keys();
    let secret = tacho_merkle::SignerKey::secret_text(ORIGIN, tacho_merkle::Algorithm::Ed25519, &[1; 32]);
    let signer = signed_note::StandardSigner::new(&secret.unwrap()).unwrap();
    let text = Checkpoint::new(ORIGIN, 5, mth(&leaves(5))).text().unwrap();
    let mut note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let note = String::from_utf8(note.to_bytes()).unwrap();
    let (opened, _) = Checkpoint::open(&note, &verifiers(&ours)).unwrap();
    assert_eq!(opened.size, 5);
    assert_eq!(note, opened.sign(&ours[..1]).unwrap(), "the same key makes the same note");
}

#[test]
fn proofs_pass_the_judge_and_mutated_ones_do_not() {
    let all = leaves(700);
    for size in [1, 2, 3, 255, 256, 257, 512, 513, 700u64] {
        let tree = &all[..size as usize];
        let (store, root) = (tiles(tree), mth(tree));
        assert!(judge_accepts(&store, tree, &root), "size {size}");
        for index in (0..size).step_by(37).chain([size - 1]) {
            let leaf = tree[index as usize];
            assert_eq!(tlog::record_hash(&entry(index)), theirs(&leaf));
            let mut way = inclusion(&store, index, size).unwrap();
            let judge = |way: &[Hash]| {
                tlog::check_record(&all_theirs(way), size, theirs(&root), index, theirs(&leaf))
            };
            judge(&way).unwrap();
            let reader = TileHashReader::new(size, theirs(&root), &store);
            assert_eq!(tlog::prove_record(size, index, &reader).unwrap(), all_theirs(&way));
            way.push(leaf);
            assert!(judge(&way).is_err() && verify_inclusion(leaf, index, size, &way, root).is_err());
        }
        for old in (1..size).step_by(41) {
            let old_root = mth(&tree[..old as usize]);
            let mut way = consistency(&store, old, size).unwrap();
            let judge = |way: &[Hash]| {
                tlog::check_tree(&all_theirs(way), size, theirs(&root), old, theirs(&old_root))
            };
            judge(&way).unwrap();
            let reader = TileHashReader::new(size, theirs(&root), &store);
            assert_eq!(tlog::prove_tree(size, old, &reader).unwrap(), all_theirs(&way));
            way[0] = root;
            assert!(judge(&way).is_err());
            assert!(verify_consistency(old, old_root, size, root, &way).is_err());
        }
    }
}

#[test]
fn a_flipped_byte_in_any_tile_is_seen_by_the_judge() {
    let all = leaves(600);
    let (mut store, root) = (tiles(&all), mth(&all));
    let paths: Vec<String> = store.0.keys().cloned().collect();
    assert_eq!(paths.len(), 4);
    for path in paths {
        TilePath::parse(&path).unwrap();
        for at in [0, 31, 63] {
            let flip = |store: &mut MemoryTiles| {
                store.0.get_mut(&path).and_then(|bytes| bytes.get_mut(at)).into_iter().for_each(|b| *b ^= 1);
            };
            flip(&mut store);
            assert!(!judge_accepts(&store, &all, &root), "{path} byte {at}");
            flip(&mut store);
        }
    }
    assert!(judge_accepts(&store, &all, &root));
}
