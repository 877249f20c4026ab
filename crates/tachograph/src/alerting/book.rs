//! The rules and the routing that are followed: those that are built in, and the files of the people who run this.
//!
//! A rule of a file takes the place of a built-in rule of the same id: that is how a threshold is changed.
//!
//! Invariant: a file that can't be used takes nothing else with it, and is told of.

use super::Config;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use tacho_alert::notify::{self, Desk};
use tacho_alert::{FILE_BYTES_MAX, Rule, Severity, builtin};

/// Files of rules.
const FILES_MAX: usize = 1000;
/// Where a built-in rule is from.
pub(crate) const BUILT_IN: &str = "builtin";

/// What is followed.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub rules: Vec<Rule>,
    /// The critical built-in rules as they are built in, also those that a file has replaced.
    pub critical: Vec<Rule>,
    /// Which file each rule is from, by its id.
    pub sources: HashMap<String, String>,
    /// Built-in rules that a file has replaced.
    pub replaced: Vec<String>,
    pub routing: notify::Config,
    /// Why the file of the routing could not be used.
    pub unrouted: Option<String>,
    /// Files by name, and the SHA-256 of what they hold.
    pub files: BTreeMap<String, String>,
    /// What could not be used.
    pub errors: Vec<String>,
}

/// The folder of the rule files.
pub(crate) fn folder(config: &Config, data: &Path) -> PathBuf {
    config.rules.clone().unwrap_or_else(|| data.join("rules"))
}

/// The file of the routing, where there is one.
pub(crate) fn routing(config: &Config, data: &Path) -> Option<PathBuf> {
    let usual = data.join("routing.yaml");
    config.routing.clone().or_else(|| usual.exists().then_some(usual))
}

impl Book {
    /// Reads everything; what can't be read is told in `errors`.
    ///
    /// # Errors
    /// Never but for a fault of the built-in rules, which a test reads.
    pub(crate) fn read(config: &Config, data: &Path) -> Result<Book, tacho_alert::FileError> {
        Book::edited(config, data, None)
    }

    /// The same as it would be with another text in a file, or without that file.
    ///
    /// # Errors
    /// Never but for a fault of the built-in rules.
    pub(super) fn edited(
        config: &Config,
        data: &Path,
        edit: Option<(&Path, Option<&str>)>,
    ) -> Result<Book, tacho_alert::FileError> {
        let mut book = Book::built_in(config.hung_minutes)?;
        let mut paths = book.listed(&folder(config, data));
        if let Some((path, text)) = edit {
            paths.retain(|other| other != path);
            paths.extend(text.map(|_| path.to_path_buf()));
            paths.sort();
        }
        for path in paths {
            let new = edit.filter(|(edited, _)| *edited == path).and_then(|(_, text)| text);
            book.add(&path, new.map_or_else(|| text(&path), |text| Ok(text.to_string())));
        }
        book.route(config, data);
        book.check_policies();
        Ok(book)
    }

    /// What is built in, and nothing else, where calls count as hung after so many minutes.
    fn built_in(hung_minutes: u32) -> Result<Book, tacho_alert::FileError> {
        let rules = builtin::rules_where(hung_minutes)?;
        let critical = rules.iter().filter(|rule| rule.severity == Severity::Critical);
        let mut book = Book {
            critical: critical.cloned().collect(),
            rules,
            sources: HashMap::new(),
            replaced: Vec::new(),
            routing: notify::defaults()?,
            unrouted: None,
            files: BTreeMap::new(),
            errors: Vec::new(),
        };
        book.sources.extend(book.rules.iter().map(|rule| (rule.id.clone(), BUILT_IN.to_string())));
        Ok(book)
    }

    /// What was read from files, by the digests of their texts; what none is known of is left out.
    ///
    /// # Errors
    /// Never but for a fault of the built-in rules.
    pub(super) fn of(
        files: &BTreeMap<String, String>,
        texts: &HashMap<String, String>,
        hung_minutes: u32,
    ) -> Result<Book, tacho_alert::FileError> {
        let mut book = Book::built_in(hung_minutes)?;
        for (name, digest) in files {
            if let Some(text) = texts.get(digest) {
                book.add(Path::new(name), Ok(text.clone()));
            }
        }
        book.files = files.clone();
        Ok(book)
    }

    /// The rule files in the order of their names.
    fn listed(&mut self, folder: &Path) -> Vec<PathBuf> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.errors.push(format!("{}: {error}", folder.display()));
                return Vec::new();
            }
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths.filter(|path| is_rule_file(path)).collect();
        paths.sort();
        if paths.len() > FILES_MAX {
            self.errors.push(format!(
                "{} has {} rule files, the first {FILES_MAX} are used",
                folder.display(),
                paths.len()
            ));
            paths.truncate(FILES_MAX);
        }
        paths
    }

    fn add(&mut self, path: &Path, text: Result<String, String>) {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let text = match text {
            Ok(text) => text,
            Err(error) => return self.errors.push(format!("{name}: {error}")),
        };
        self.files.insert(name.clone(), digest(&text));
        let rules = match tacho_alert::read(&name, &text) {
            Ok(rules) => rules,
            Err(error) => return self.errors.push(error.to_string()),
        };
        for rule in rules {
            match self.sources.insert(rule.id.clone(), name.clone()) {
                None => self.rules.push(rule),
                Some(before) => {
                    if before == BUILT_IN {
                        self.replaced.push(rule.id.clone());
                    } else {
                        self.errors
                            .push(format!("{name}: rule {} is in {before} too; this one counts", rule.id));
                    }
                    self.rules.retain(|other| other.id != rule.id);
                    self.rules.push(rule);
                }
            }
        }
    }

    fn route(&mut self, config: &Config, data: &Path) {
        let Some(path) = routing(config, data) else { return };
        let name = path.display().to_string();
        let read = text(&path).and_then(|text| {
            let routing = notify::Config::read(&name, &text).map_err(|error| error.to_string())?;
            Desk::new(&[], &routing).map_err(|error| format!("{name}: {error}"))?;
            Ok((routing, digest(&text)))
        });
        match read {
            Ok((routing, digest)) => {
                self.files.insert(name, digest);
                self.routing = routing;
            }
            Err(error) => {
                self.errors.push(format!("{error}; the built-in routing is used"));
                self.unrouted = Some(error);
            }
        }
    }

    /// Where the file of the routing can't be used, the routing of before goes on.
    pub(super) fn after(mut self, before: &Book) -> Book {
        if let Some(why) = &self.unrouted {
            self.errors.retain(|error| !error.starts_with(why.as_str()));
            self.errors.push(format!("{why}; the routing of before is used"));
            self.routing = before.routing.clone();
            self.errors.retain(|error| !error.contains(": ack.escalate: "));
            self.check_policies();
        }
        self
    }

    /// A rule whose policy is not there escalates as its severity does.
    fn check_policies(&mut self) {
        let lacking = self.rules.iter().filter_map(|rule| Some((&rule.id, self.routing.lacks_policy(rule)?)));
        self.errors.extend(lacking.map(|(id, what)| format!("rule {id}: {what}")));
    }

    /// Everything that tells one book from another, as one text.
    pub(crate) fn digest(&self) -> String {
        digest(&format!("{:?} {:?}", self.files, self.rules.iter().map(Rule::hash_text).collect::<Vec<_>>()))
    }
}

/// Whether a file of the folder is one of rules; what editors leave behind is none.
pub(crate) fn is_rule_file(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().and_then(|ending| ending.to_str());
    !hidden && matches!(ending, Some("yaml" | "yml"))
}

/// SHA-256 of what a file holds, where there is one.
pub(super) fn saved(path: &Path) -> Option<String> {
    text(path).ok().map(|text| digest(&text))
}

/// The texts of the rule files of today, by their digests.
pub(super) fn texts(config: &Config, data: &Path) -> HashMap<String, String> {
    let entries = std::fs::read_dir(folder(config, data)).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_rule_file(path));
    let texts = paths.take(FILES_MAX).filter_map(|path| text(&path).ok());
    texts.map(|text| (digest(&text), text)).collect()
}

fn text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > FILE_BYTES_MAX as u64 {
        return Err(format!("the file has {length} bytes, expected at most {FILE_BYTES_MAX}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "id: hung_agent\ntitle: Hung\nseverity: info\nquery: agent_audit_log | count() by agent_id | count > 3\nwindow: 5m\n";

    #[test]
    fn a_file_replaces_a_built_in_rule_and_a_broken_one_takes_nothing_with_it() {
        let data = tempfile::tempdir().unwrap();
        let rules = data.path().join("rules");
        std::fs::create_dir(&rules).unwrap();
        std::fs::write(rules.join("own.yaml"), RULE).unwrap();
        std::fs::write(rules.join("broken.yaml"), "id: x\nquery: agent_audit_log | cuont()\n").unwrap();
        std::fs::write(rules.join(".own.yaml.swp"), "rubbish").unwrap();
        std::fs::write(data.path().join("routing.yaml"), "route: {}\nreceivers: []\n").unwrap();
        let book = Book::read(&Config::default(), data.path()).unwrap();
        assert_eq!(book.rules.len(), builtin::rules().unwrap().len());
        assert_eq!(book.sources["hung_agent"], "own.yaml");
        assert_eq!(book.replaced, ["hung_agent"]);
        let rule = book.rules.iter().find(|rule| rule.id == "hung_agent").unwrap();
        assert_eq!(rule.title, "Hung");
        assert_eq!(book.errors.len(), 2, "{:?}", book.errors);
        assert!(book.errors[0].contains("broken.yaml"), "{:?}", book.errors);
        assert!(book.errors[1].contains("no receiver"), "{:?}", book.errors);
        std::fs::remove_file(rules.join("broken.yaml")).unwrap();
        assert_ne!(Book::read(&Config::default(), data.path()).unwrap().digest(), book.digest());
    }
}
