//! Layers: a crate uses only crates of lower layers, and each heavy or worldly library has its owner.

/// Every crate and its layer. Crates of one layer never use each other.
const LAYERS: &[(&str, u8)] = &[
    ("tacho-event", 0),
    ("tacho-merkle", 0),
    ("tacho-redact", 0),
    ("tacho-pipe", 0),
    ("tacho-shell", 0),
    ("tacho-action", 1),
    ("tacho-record", 1),
    ("tacho-postgres", 1),
    ("tacho-store", 2),
    ("tacho-coverage", 2),
    ("tacho-query", 3),
    ("tacho-alert", 4),
    ("tacho-ingest", 5),
    ("tacho-mcp", 5),
    ("tacho-deliver", 5),
    ("tacho-hook", TOP),
    ("tacho-client", TOP),
    ("tacho-logger", TOP),
    ("tachograph", TOP),
];

/// The layer of programs: the only one with a clock, randomness, an environment and a web framework.
pub(crate) const TOP: u8 = 6;

/// A library and the crates that may use it; the top layer may use all but the first three groups.
struct Owned {
    libraries: &'static [&'static str],
    owners: &'static [&'static str],
    top: bool,
    why: &'static str,
}

const OWNED: &[Owned] = &[
    Owned {
        libraries: &["datafusion"],
        owners: &["tacho-query"],
        top: false,
        why: "it is most of the build, and one crate shields the others from its changes \
              (docs/decisions/002-sql-by-datafusion-behind-one-crate.md); use what tacho-query exposes",
    },
    Owned {
        libraries: &["rusqlite"],
        owners: &["tacho-store"],
        top: false,
        why: "the catalog is reached through tacho-store; put the statement there",
    },
    Owned {
        libraries: &["parquet"],
        owners: &["tacho-store", "tacho-query"],
        top: false,
        why: "segments are written by tacho-store and scanned by tacho-query; ask one of them",
    },
    Owned {
        libraries: &["axum", "hyper", "tower", "tonic", "h2", "clap"],
        owners: &[],
        top: true,
        why: "HTTP and command line belong to the programs; a lower crate offers plain functions",
    },
    Owned {
        libraries: &["getrandom", "rand"],
        // gen_random_uuid() and the like are part of SQL; nothing that is recorded depends on them.
        owners: &["tacho-query"],
        top: true,
        why: "random bytes are handed in, as `KeyRing::open` takes a function, so that tests and replays can \
              repeat them",
    },
];

/// The layer of a crate.
pub(crate) fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(listed, _)| *listed == name).map(|(_, layer)| *layer)
}

/// Checks one crate's Cargo.toml.
pub(crate) fn check(path: &str, text: &str) -> Vec<String> {
    let name = path.rsplit('/').nth(1).unwrap_or_default();
    let Some(own) = layer(name) else {
        return vec![format!(
            "{path}: crate \"{name}\" has no layer: choose the lowest one that is above everything it uses, add it \
             to LAYERS in crates/tachograph/tests/shape/layers.rs and to the table in ARCHITECTURE.md"
        )];
    };
    let mut found = Vec::new();
    for dependency in dependencies(text) {
        match layer(&dependency) {
            Some(other) if other >= own => found.push(format!(
                "{path}: {name} (layer {own}) uses {dependency} (layer {other}), but a crate uses only lower layers: \
                 move what is needed down, or hand it in from above as a value or a function"
            )),
            None if dependency.starts_with("tacho") => {
                found.push(format!("{path}: \"{dependency}\" has no layer, see LAYERS"));
            }
            _ => {}
        }
        let owned = OWNED.iter().find(|group| group.libraries.iter().any(|l| is_of(&dependency, l)));
        if let Some(group) = owned
            && !group.owners.contains(&name)
            && !(group.top && own == TOP)
        {
            found.push(format!("{path}: {name} must not use {dependency}: {}", group.why));
        }
    }
    found
}

/// `tower-http` is of `tower`.
fn is_of(dependency: &str, library: &str) -> bool {
    dependency.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Names under `[dependencies]` and `[build-dependencies]`, for every target; tests may use what they like.
fn dependencies(text: &str) -> Vec<String> {
    let (mut found, mut listing) = (Vec::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let parts: Vec<&str> = section.rsplitn(2, "dependencies").collect();
            let [after, before] = parts[..] else {
                listing = false;
                continue;
            };
            let normal = before.is_empty() || before == "build-" || before.ends_with('.');
            listing = normal && after.is_empty();
            if let Some(name) = after.strip_prefix('.').filter(|_| normal) {
                found.push(name.to_owned());
            }
        } else if listing
            && let Some((key, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            let renamed = value.split_once("package = \"").and_then(|(_, rest)| rest.split_once('"'));
            let name = key.trim().split('.').next().unwrap_or_default();
            found.push(renamed.map_or(name, |(name, _)| name).to_owned());
        }
    }
    found
}

#[test]
fn dependencies_are_found_in_every_spelling() {
    let text = "[package]\nname = \"x\"\n[dependencies]\n# a = 1\na.workspace = true\nb = { version = \"1\" }\n\
                c = { package = \"real\", version = \"1\" }\n[dependencies.d]\nversion = \"1\"\n\
                [target.'cfg(unix)'.dependencies]\ne = \"1\"\n[build-dependencies]\nf = \"1\"\n\
                [dev-dependencies]\ng = \"1\"\n[features]\nh = []\n";
    assert_eq!(dependencies(text), ["a", "b", "real", "d", "e", "f"]);
}

#[test]
fn a_crate_without_a_layer_is_told_what_to_do() {
    let found = check("crates/tacho-new/Cargo.toml", "[dependencies]\n");
    assert!(found[0].contains("add it to LAYERS"), "{found:?}");
}

#[test]
fn upward_and_sideways_arrows_are_refused() {
    let found = check("crates/tacho-event/Cargo.toml", "[dependencies]\ntacho-record.workspace = true\n");
    assert!(found[0].contains("only lower layers"), "{found:?}");
    let found = check("crates/tacho-event/Cargo.toml", "[dependencies]\ntacho-merkle.workspace = true\n");
    assert_eq!(found.len(), 1, "one layer, two crates");
    assert!(
        check("crates/tacho-record/Cargo.toml", "[dependencies]\ntacho-event.workspace = true\n").is_empty()
    );
    assert!(
        check("crates/tacho-event/Cargo.toml", "[dev-dependencies]\ntacho-record.workspace = true\n")
            .is_empty()
    );
}

#[test]
fn libraries_have_owners() {
    let uses = |name: &str, library: &str| {
        check(&format!("crates/{name}/Cargo.toml"), &format!("[dependencies]\n{library}.workspace = true\n"))
            .len()
    };
    assert_eq!(uses("tacho-store", "datafusion"), 1);
    assert_eq!(uses("tachograph", "datafusion-functions-json"), 1);
    assert_eq!(uses("tacho-query", "datafusion"), 0);
    assert_eq!(uses("tacho-ingest", "axum"), 1);
    assert_eq!(uses("tacho-ingest", "tower-http"), 1);
    assert_eq!(uses("tachograph", "axum"), 0);
    assert_eq!(uses("tacho-query", "rusqlite"), 1);
    assert_eq!(uses("tacho-record", "getrandom"), 1);
    assert_eq!(uses("tacho-query", "getrandom"), 0);
}
