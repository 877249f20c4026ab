//! The shape of the project as an ordinary test: layers, what belongs to which crate, sizes, habits and links.
//!
//! A rule that nobody runs is not followed. Each rule here is a function over texts, with tests beside it that
//! show it failing; this file runs them over the tree.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod code;
mod habits;
mod layers;
mod links;
mod sizes;

use code::Source;
use std::path::{Path, PathBuf};

/// Files over 300 lines that are there today. The number may only go down: split by meaning, not by construct.
const LONG_FILES: usize = 22;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below a folder whose name ends so, by its path from the root.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    files(Path::new("crates"), ".rs").into_iter().map(|(path, text)| Source::new(path, text)).collect()
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{} to mend:\n\n{}\n", found.len(), found.join("\n\n"));
}

#[test]
fn crates_use_only_lower_layers_and_their_own_libraries() {
    let manifests = files(Path::new("crates"), "/Cargo.toml");
    assert!(manifests.len() >= 6, "the crates are not where they were: {manifests:?}");
    none(&manifests.iter().flat_map(|(path, text)| layers::check(path, text)).collect::<Vec<_>>());
}

#[test]
fn the_outside_world_enters_at_the_top_layer() {
    none(&sources().iter().flat_map(habits::outside_world).collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_and_nothing_that_hides_a_failure() {
    none(&sources().iter().flat_map(habits::check).collect::<Vec<_>>());
}

#[test]
fn files_say_what_they_are_for() {
    none(&habits::purpose(&sources()));
}

#[test]
fn files_and_functions_stay_small() {
    let sources = sources();
    let found = sources.iter().flat_map(sizes::check).chain(sizes::ratchet(&sources, LONG_FILES));
    none(&found.collect::<Vec<_>>());
}

#[test]
fn links_in_the_documentation_lead_somewhere() {
    let mut pages = files(Path::new("docs"), ".md");
    for entry in std::fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            pages.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    none(&pages.iter().flat_map(|(path, text)| links::check(&root(), path, text)).collect::<Vec<_>>());
}
