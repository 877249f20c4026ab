//! Rule files that people save or take away over HTTP.
//!
//! Invariant: what puts something else in the place of a critical built-in rule counts only when a second person has agreed,
//! where there is one. That the rule is again as it is built in needs nobody.
//!
//! Locks: `editing` from judging an edit until its file is there: each is judged by what the ones before have left.

use super::silence::fresh;
use super::{Alerting, Book, Inner, Refused, tell};
use crate::clock::now_us;
use std::path::{Path, PathBuf};
use tacho_alert::Rule;

/// The kind of the notes in the file: edits that wait for a second person.
const EDIT: &str = "rule edit asked";
/// Edits that wait; each holds a whole file.
const EDITS_MAX: usize = 20;

/// An edit that somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct NewEdit {
    pub path: PathBuf,
    /// Nothing: the file goes away.
    pub text: Option<String>,
    pub by: String,
    /// The credential of whoever asks, and whether there is another one that may agree.
    pub credential: String,
    pub others: bool,
}

/// An edit that waits for a second person.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Edit {
    pub id: String,
    pub file: String,
    pub text: Option<String>,
    pub by: String,
    /// Somebody else than this one has to agree.
    credential: String,
    pub asked_us: i64,
    /// The critical built-in rules that would be other ones.
    pub rules: Vec<String>,
    /// SHA-256 of what the file held when this was asked for.
    before: Option<String>,
}

/// What became of a wish to edit.
#[derive(Debug)]
pub(crate) enum Edited {
    Saved,
    Waits(Edit),
}

impl Alerting {
    /// Saves a rule file, or takes it away, and has the rules read again; or keeps the wish until a second person agrees.
    /// Both are on the log.
    ///
    /// # Errors
    /// When the file can't be written, or too much waits.
    pub(crate) fn edit(&self, wanted: NewEdit) -> Result<Edited, Refused> {
        let NewEdit { path, text, by, credential, others } = wanted;
        let _alone = self.editing.lock();
        let rules = if others { self.guarded(&path, text.as_deref())? } else { Vec::new() };
        if rules.is_empty() {
            self.put(&path, text.as_deref(), &by, None)?;
            return Ok(Edited::Saved);
        }
        let (id, file, asked_us) = (fresh(), name(&path), now_us());
        let before = super::book::saved(&path);
        let edit = Edit { id, file, text, by, credential, asked_us, rules, before };
        let mut inner = self.inner.lock();
        if inner.edits()?.len() >= EDITS_MAX {
            return Err(Refused::Wrong(format!("{EDITS_MAX} edits wait for a second person already")));
        }
        let body = serde_json::to_string(&edit).map_err(|error| Refused::Failed(error.to_string()))?;
        inner.pending.notes.push((EDIT, edit.id.clone(), Some(body)));
        inner.pending.sayings.push(tell::edit_asked(&edit));
        inner.keep()?;
        Ok(Edited::Waits(edit))
    }

    /// Edits that wait for a second person, oldest first.
    pub(crate) fn edits(&self) -> Result<Vec<Edit>, Refused> {
        self.inner.lock().edits()
    }

    /// A second person agrees with an edit: it counts now.
    pub(crate) fn approve_edit(&self, id: &str, by: &str, credential: &str) -> Result<Edit, Refused> {
        let _alone = self.editing.lock();
        let edit = self.waiting(id)?;
        if edit.credential == credential {
            let what =
                "whoever asked for an edit can't agree with it: somebody else has to, with another key";
            return Err(Refused::Wrong(what.into()));
        }
        let path = super::folder(&self.config, &self.data).join(&edit.file);
        if super::book::saved(&path) != edit.before {
            return Err(Refused::Wrong(format!(
                "{} is another one since this was asked for: withdraw the edit and ask for it again",
                edit.file
            )));
        }
        self.put(&path, edit.text.as_deref(), &edit.by, Some((id, by)))?;
        Ok(edit)
    }

    /// Takes back the wish for an edit.
    pub(crate) fn withdraw_edit(&self, id: &str, by: &str) -> Result<(), Refused> {
        let _alone = self.editing.lock();
        let edit = self.waiting(id)?;
        let mut inner = self.inner.lock();
        inner.pending.notes.push((EDIT, id.to_string(), None));
        inner.pending.sayings.push(tell::edit_withdrawn(&edit, by, now_us()));
        inner.keep()
    }

    fn waiting(&self, id: &str) -> Result<Edit, Refused> {
        let found = self.edits()?.into_iter().find(|edit| edit.id == id);
        found.ok_or_else(|| Refused::Unknown(format!("no edit \"{id}\" waits for a second person")))
    }

    /// Writes a rule file, or takes it away; with the edit that waited for that, and who agreed.
    fn put(
        &self,
        path: &Path,
        text: Option<&str>,
        by: &str,
        agreed: Option<(&str, &str)>,
    ) -> Result<(), Refused> {
        let failed = |error: std::io::Error| Refused::Failed(format!("{}: {error}", path.display()));
        match text {
            None => std::fs::remove_file(path).map_err(|error| match error.kind() {
                // Somebody else took it away a moment ago.
                std::io::ErrorKind::NotFound => {
                    Refused::Unknown(format!("there is no rule file \"{}\"", name(path)))
                }
                _ => failed(error),
            })?,
            Some(text) => {
                let folder = path.parent().unwrap_or(&self.data);
                std::fs::create_dir_all(folder).map_err(failed)?;
                // Whole or not at all: a rule file that is cut off would raise nothing.
                let mut whole = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
                std::io::Write::write_all(&mut whole, text.as_bytes()).map_err(failed)?;
                whole.as_file().sync_all().map_err(failed)?;
                whole.persist(path).map_err(|error| failed(error.error))?;
            }
        }
        let mut inner = self.inner.lock();
        if let Some((id, _)) = agreed {
            inner.pending.notes.push((EDIT, id.to_string(), None));
        }
        let approver = agreed.map(|(_, by)| by);
        inner.pending.sayings.push(tell::edited(&name(path), text, (by, approver), now_us()));
        inner.keep()?;
        drop(inner);
        self.reload();
        Ok(())
    }

    /// The critical built-in rules in whose place an edit puts something else than what counts now.
    fn guarded(&self, path: &Path, text: Option<&str>) -> Result<Vec<String>, Refused> {
        let failed = |error: tacho_alert::FileError| Refused::Failed(error.to_string());
        // Both are read from the files: what their owner changed beside the server is not laid to whoever edits here.
        let now = Book::read(&self.config, &self.data).map_err(failed)?;
        let then = Book::edited(&self.config, &self.data, Some((path, text))).map_err(failed)?;
        let of = |book: &Book, id: &str| book.rules.iter().find(|rule| rule.id == id).map(effect);
        let other = now.critical.iter().filter(|rule| {
            let then = of(&then, &rule.id);
            then != Some(effect(rule)) && then != of(&now, &rule.id)
        });
        Ok(other.map(|rule| rule.id.clone()).collect())
    }
}

impl Inner {
    fn edits(&self) -> Result<Vec<Edit>, Refused> {
        let notes = self.file.notes(EDIT).map_err(|error| Refused::Failed(error.to_string()))?;
        let read = notes.iter().map(|(_, body)| serde_json::from_str(body));
        let read: Result<Vec<Edit>, _> = read.collect();
        let mut edits = read.map_err(|error| Refused::Failed(error.to_string()))?;
        edits.sort_by_key(|edit| edit.asked_us);
        Ok(edits)
    }
}

/// All of a rule that decides when it fires and what follows from that.
fn effect(rule: &Rule) -> String {
    let Rule { labels, actions, responses, ack, .. } = rule;
    format!("{} {labels:?} {actions:?} {responses:?} {ack:?}", rule.hash_text())
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    /// Either edit alone leaves the built-in rule in force; both together would not.
    #[test]
    fn two_edits_at_one_moment_are_judged_one_after_the_other() {
        let data = tempfile::tempdir().unwrap();
        let open = || Alerting::open(data.path(), &super::super::Config::default(), "log", String::new());
        let alerting = open().unwrap();
        let rules = tacho_alert::builtin::rules().unwrap();
        let built_in = rules.iter().find(|rule| rule.id == "system_outage").unwrap();
        let same = format!(
            "id: system_outage\ntitle: A system is down\nseverity: critical\nquery: |\n  {}\nevery: stream\n\
             labels: {{tier: management}}\nack: {{required: true}}\n",
            built_in.query.trim().replace('\n', "\n  ")
        );
        let weak =
            "id: system_outage\ntitle: None\nseverity: info\nquery: agent_audit_log | count() | count > 9\n";
        let folder = data.path().join("rules");
        let edit = |name: &str, text: Option<&str>| {
            let (path, text) = (folder.join(name), text.map(str::to_string));
            let (by, credential) = (name.to_string(), name.to_string());
            alerting.edit(NewEdit { path, text, by, credential, others: true }).unwrap()
        };
        for round in 0..10 {
            assert!(matches!(edit("b.yaml", Some(&same)), Edited::Saved), "it is the built-in rule");
            let barrier = Barrier::new(2);
            let at_once = |name: &'static str, text: Option<&'static str>| {
                barrier.wait();
                edit(name, text)
            };
            let waits = std::thread::scope(|scope| {
                let add = scope.spawn(|| at_once("a.yaml", Some(weak)));
                let remove = scope.spawn(|| at_once("b.yaml", None));
                [add, remove].map(|edit| matches!(edit.join().unwrap(), Edited::Waits(_)))
            });
            assert_ne!(waits[0], waits[1], "round {round}: one of them waits for a second person");
            let book = Book::read(&alerting.config, &alerting.data).unwrap();
            let rule = book.rules.iter().find(|rule| rule.id == "system_outage").unwrap();
            assert_eq!(effect(rule), effect(built_in), "round {round}");
            for one in alerting.edits().unwrap() {
                alerting.withdraw_edit(&one.id, "ada").unwrap();
            }
            // Away again, whichever is there.
            for name in ["a.yaml", "b.yaml"] {
                drop(std::fs::remove_file(folder.join(name)));
            }
        }
    }
}
