//! What people keep on the server and share: dashboards, one file each, and searches.
//!
//! On disk: `dashboards/NAME.yaml`, as it was written; `searches.yaml`, a map of names to the parameters of an address. Both
//! may be edited by hand, too.
//!
//! *Invariant*: a file is replaced as a whole or not at all.
//!
//! *Limits*: [`KEPT_MAX`] of each, [`DASHBOARD_BYTES_MAX`] of one dashboard, [`SEARCH_BYTES_MAX`] of one search.

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) const KEPT_MAX: usize = 200;
pub(crate) const DASHBOARD_BYTES_MAX: usize = 256 << 10;
pub(crate) const SEARCH_BYTES_MAX: usize = 8 << 10;
const NAME_MAX: usize = 80;

/// Why something is not kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// What is wrong with what was asked for.
    Wrong(String),
    /// There is none of that name.
    Absent(String),
    /// Somebody else changed it meanwhile.
    Changed(String),
    Failed(String),
}

/// The shelves of a data folder.
pub(crate) struct Shelf {
    data: PathBuf,
    /// Held while something is changed.
    changing: Mutex<()>,
}

impl Shelf {
    pub(crate) fn new(data: &Path) -> Shelf {
        Shelf { data: data.to_path_buf(), changing: Mutex::default() }
    }

    /// All dashboards by name, as they were written. What is too large or no text is left out and named.
    pub(crate) fn dashboards(&self) -> Result<(BTreeMap<String, String>, Vec<String>), Unkept> {
        let folder = self.data.join("dashboards");
        let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((found, faults)),
            Err(error) => return Err(failed(&folder, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| failed(&folder, &error))?.path();
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let Some(name) = file.strip_suffix(".yaml").filter(|name| check_name(name).is_ok()) else {
                continue;
            };
            if found.len() == KEPT_MAX {
                faults.push(format!("there are more than {KEPT_MAX} dashboards: the rest is left out"));
                break;
            }
            match read(&path, DASHBOARD_BYTES_MAX) {
                Ok(Some(text)) => drop(found.insert(name.to_string(), text)),
                Ok(None) => {}
                Err(why) => faults.push(why),
            }
        }
        Ok((found, faults))
    }

    /// Keeps a dashboard in the place of what has the digest `before`; nothing is in its place where that is not given.
    /// Without a text it goes.
    pub(crate) fn keep_dashboard(
        &self,
        name: &str,
        text: Option<&str>,
        before: Option<&str>,
    ) -> Result<(), Unkept> {
        check_name(name)?;
        if text.is_some_and(|text| text.len() > DASHBOARD_BYTES_MAX) {
            return Err(Unkept::Wrong(format!("a dashboard has at most {DASHBOARD_BYTES_MAX} bytes")));
        }
        let _alone = self.changing.lock();
        let (kept, _) = self.dashboards()?;
        let path = self.data.join("dashboards").join(format!("{name}.yaml"));
        match (kept.get(name).map(|text| digest(text)), before, text) {
            (None, _, None) => return Err(Unkept::Absent(format!("there is no dashboard \"{name}\""))),
            (Some(now), Some(before), _) if now != before => {
                let why =
                    format!("somebody else saved \"{name}\" meanwhile: look at it before you save yours");
                return Err(Unkept::Changed(why));
            }
            (Some(_), None, Some(_)) => {
                return Err(Unkept::Changed(format!(
                    "there is a dashboard \"{name}\" already: choose another name"
                )));
            }
            (None, _, Some(_)) if kept.len() >= KEPT_MAX => {
                return Err(Unkept::Wrong(format!("there are {KEPT_MAX} dashboards already")));
            }
            _ => {}
        }
        match text {
            Some(text) => write(&path, text),
            None => std::fs::remove_file(&path).map_err(|error| failed(&path, &error)),
        }
    }

    /// All searches: names, and the parameters of their addresses.
    pub(crate) fn searches(&self) -> Result<BTreeMap<String, String>, Unkept> {
        let path = self.data.join("searches.yaml");
        let text = read(&path, KEPT_MAX * (SEARCH_BYTES_MAX + NAME_MAX) * 2).map_err(Unkept::Failed)?;
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(BTreeMap::new()) };
        serde_saphyr::from_str(&text).map_err(|error| {
            Unkept::Failed(format!("{}: expected a map of names to addresses: {error}", path.display()))
        })
    }

    /// Keeps a search; without an address it goes.
    pub(crate) fn keep_search(&self, name: &str, address: Option<&str>) -> Result<(), Unkept> {
        let length = name.chars().count();
        if name.trim().is_empty() || length > NAME_MAX || name.chars().any(char::is_control) {
            return Err(Unkept::Wrong(format!("a search has a name of at most {NAME_MAX} characters")));
        }
        if address
            .is_some_and(|address| address.len() > SEARCH_BYTES_MAX || address.chars().any(char::is_control))
        {
            return Err(Unkept::Wrong(format!("a search has at most {SEARCH_BYTES_MAX} bytes, in one line")));
        }
        let _alone = self.changing.lock();
        let mut all = self.searches()?;
        match address {
            Some(address) => drop(all.insert(name.to_string(), address.to_string())),
            None if all.remove(name).is_none() => {
                return Err(Unkept::Absent(format!("there is no search \"{name}\"")));
            }
            None => {}
        }
        if all.len() > KEPT_MAX {
            return Err(Unkept::Wrong(format!("there are {KEPT_MAX} searches already")));
        }
        // Quoted as JSON quotes, which YAML reads.
        let line = |(name, address): (&String, &String)| {
            format!(
                "{}: {}\n",
                serde_json::Value::from(name.as_str()),
                serde_json::Value::from(address.as_str())
            )
        };
        write(&self.data.join("searches.yaml"), &all.iter().map(line).collect::<String>())
    }
}

/// What tells one text from another.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name is a file's: it leads nowhere else.
fn check_name(name: &str) -> Result<(), Unkept> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if begins && name.len() <= NAME_MAX && name.chars().all(plain) {
        return Ok(());
    }
    Err(Unkept::Wrong(format!("a dashboard is named by small letters, digits, - and _, at most {NAME_MAX}")))
}

/// A file's text; nothing where there is none.
fn read(path: &Path, bytes_max: usize) -> Result<Option<String>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let length = match std::fs::metadata(path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(told(&error)),
    };
    if length > bytes_max as u64 {
        return Err(told(&format!("{length} bytes, expected at most {bytes_max}")));
    }
    std::fs::read_to_string(path).map(Some).map_err(|error| told(&error))
}

fn write(path: &Path, text: &str) -> Result<(), Unkept> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let whole = || {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    whole().map_err(|error: std::io::Error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Unkept {
    Unkept::Failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_is_kept_as_written_and_not_over_somebody_elses() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(data.path());
        assert_eq!(shelf.dashboards(), Ok((BTreeMap::new(), vec![])));
        let text = "kind: Dashboard # mine\n";
        shelf.keep_dashboard("fleet", Some(text), None).unwrap();
        assert_eq!(shelf.dashboards().unwrap().0["fleet"], text);
        let again = |before: Option<&str>| shelf.keep_dashboard("fleet", Some("other"), before);
        assert!(matches!(again(None), Err(Unkept::Changed(_))));
        assert!(matches!(again(Some(&digest("older"))), Err(Unkept::Changed(_))));
        again(Some(&digest(text))).unwrap();
        shelf.keep_dashboard("fleet", None, None).unwrap();
        assert!(matches!(shelf.keep_dashboard("fleet", None, None), Err(Unkept::Absent(_))));
    }

    #[test]
    fn names_lead_nowhere_else_and_files_of_others_are_left_alone() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(data.path());
        for name in ["", ".", "..", "../x", "a/b", "A", "a.b", "-a", "a\0", &"a".repeat(81)] {
            assert!(matches!(shelf.keep_dashboard(name, Some("x"), None), Err(Unkept::Wrong(_))), "{name:?}");
        }
        let folder = data.path().join("dashboards");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(".a.yaml.swp"), "x").unwrap();
        std::fs::write(folder.join("binary.yaml"), [0xff, 0xfe]).unwrap();
        std::fs::write(folder.join("large.yaml"), vec![b'x'; DASHBOARD_BYTES_MAX + 1]).unwrap();
        std::fs::write(folder.join("good.yaml"), "x").unwrap();
        let (found, faults) = shelf.dashboards().unwrap();
        assert_eq!((found.len(), faults.len()), (1, 2), "{faults:?}");
    }

    #[test]
    fn searches_survive_any_text_and_hand_edits() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(data.path());
        let odd =
            ["plain", "with: colon", "\"quoted\" 'twice'", "ünï # {[", "- dash", "true", "1", "\u{feff}x"];
        for name in odd {
            shelf.keep_search(name, Some(&format!("q={name}"))).unwrap();
        }
        let found = shelf.searches().unwrap();
        assert_eq!(found.len(), odd.len());
        assert!(found.iter().all(|(name, address)| *address == format!("q={name}")), "{found:?}");
        shelf.keep_search("true", None).unwrap();
        assert!(matches!(shelf.keep_search("true", None), Err(Unkept::Absent(_))));
        for name in ["", " ", "a\nb"] {
            assert!(matches!(shelf.keep_search(name, Some("q=")), Err(Unkept::Wrong(_))));
        }
        std::fs::write(data.path().join("searches.yaml"), "failures: q=status:failed # by hand\n").unwrap();
        assert_eq!(shelf.searches().unwrap()["failures"], "q=status:failed");
        std::fs::write(data.path().join("searches.yaml"), "- a list\n").unwrap();
        assert!(
            matches!(shelf.keep_search("x", Some("y")), Err(Unkept::Failed(_))),
            "what is not understood stays"
        );
    }
}
