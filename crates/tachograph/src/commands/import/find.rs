//! Which files an import reads: those that are named, those of a folder, and the usual places of agents' session files.

use crate::exit::Ended;
use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tacho_ingest::formats::Format;

/// So deep below a folder files are looked for, and so many at most.
const DEPTH_MAX: usize = 16;
const FILES_MAX: usize = 1 << 20;

/// An agent whose session files have a usual place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agent {
    Claude,
    Codex,
    Gemini,
}

impl Agent {
    pub(super) const ALL: [Agent; 3] = [Agent::Claude, Agent::Codex, Agent::Gemini];

    pub(super) fn name(self) -> &'static str {
        match self {
            Agent::Claude => "claude",
            Agent::Codex => "codex",
            Agent::Gemini => "gemini",
        }
    }

    fn format(self) -> Format {
        match self {
            Agent::Claude => Format::ClaudeTranscript,
            Agent::Codex => Format::CodexRollout,
            Agent::Gemini => Format::GeminiChat,
        }
    }

    /// Its usual places, as the environment and the home folder have them.
    fn places(self, environment: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let home = environment("HOME").map(PathBuf::from).unwrap_or_default();
        let named = |name: &str| environment(name).filter(|value| !value.is_empty());
        match self {
            Agent::Claude => match named("CLAUDE_CONFIG_DIR") {
                // More than one, by commas.
                Some(folders) => {
                    let folders = folders.to_string_lossy().into_owned();
                    folders.split(',').map(|folder| Path::new(folder.trim()).join("projects")).collect()
                }
                None => {
                    let config = named("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
                    vec![home.join(".claude/projects"), config.join("claude/projects")]
                }
            },
            Agent::Codex => {
                let codex = named("CODEX_HOME").map_or_else(|| home.join(".codex"), PathBuf::from);
                vec![codex.join("sessions"), codex.join("archived_sessions")]
            }
            Agent::Gemini => {
                let home = named("GEMINI_CLI_HOME").map_or(home, PathBuf::from);
                vec![home.join(".gemini/tmp")]
            }
        }
    }

    /// Whether a file in one of its places is a session.
    fn is_session(self, path: &Path) -> bool {
        let is_chat = || path.ancestors().any(|folder| folder.ends_with("chats"));
        is_history(path) && (self != Agent::Gemini || is_chat())
    }
}

/// Where files are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Whose usual place it is.
    pub(super) agent: Option<Agent>,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) agent: Option<Agent>,
    pub(super) bytes: u64,
    changed: Option<SystemTime>,
}

impl Found {
    pub(super) fn format(&self) -> Option<Format> {
        let agent = self.agent.or(is_of_subagent(&self.path).then_some(Agent::Claude));
        agent.map(Agent::format)
    }

    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        self.agent.map_or("other", Agent::name)
    }
}

/// What was asked for as places: names of agents, files, folders; nothing is every agent.
pub(super) fn places(
    asked: &[PathBuf],
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<Place>, Box<dyn Error>> {
    let of = |agent: Agent| {
        agent.places(environment).into_iter().map(move |path| Place { path, agent: Some(agent) })
    };
    if asked.is_empty() {
        return Ok(Agent::ALL.into_iter().flat_map(of).collect());
    }
    let mut places = Vec::new();
    for asked in asked {
        match Agent::ALL.into_iter().find(|agent| asked.as_os_str() == agent.name()) {
            Some(agent) => places.extend(of(agent)),
            None if asked.components().count() > 1 && !asked.exists() => {
                return Err(format!("{} is not there", asked.display()).into());
            }
            None if asked.exists() => places.push(Place { path: asked.clone(), agent: None }),
            None => {
                let names = Agent::ALL.map(Agent::name).join(", ");
                let what = format!(
                    "{} is no file or folder, and no agent: expected one of {names}",
                    asked.display()
                );
                return Err(Ended::usage(what));
            }
        }
    }
    Ok(places)
}

/// The files of all places, the oldest first, each once.
pub(super) fn files(places: &[Place]) -> Result<Vec<Found>, Box<dyn Error>> {
    let mut found = Vec::new();
    for place in places {
        if place.path.is_dir() {
            walk(&place.path, place.agent, 0, &mut found)?;
        } else if place.path.exists() {
            found.extend(look(place.path.clone(), place.agent));
        }
    }
    found.sort_by(|a: &Found, b| (&a.path, a.agent.is_none()).cmp(&(&b.path, b.agent.is_none())));
    found.dedup_by(|second, first| second.path == first.path);
    found.sort_by(|a, b| (a.changed, &a.path).cmp(&(b.changed, &b.path)));
    Ok(found)
}

/// Links to folders are not followed: they may lead in a circle.
fn walk(
    folder: &Path,
    agent: Option<Agent>,
    depth: usize,
    found: &mut Vec<Found>,
) -> Result<(), Box<dyn Error>> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth < DEPTH_MAX {
            walk(&path, agent, depth + 1, found)?;
        } else if kind.is_file() && agent.map_or_else(|| is_history(&path), |agent| agent.is_session(&path)) {
            if found.len() == FILES_MAX {
                return Err(format!(
                    "more than {FILES_MAX} files below {}: name a part of it",
                    folder.display()
                )
                .into());
            }
            found.extend(look(path, agent));
        }
    }
    Ok(())
}

/// A file that went away in the meantime is none.
fn look(path: PathBuf, agent: Option<Agent>) -> Option<Found> {
    let metadata = path.metadata().ok()?;
    Some(Found { path, agent, bytes: metadata.len(), changed: metadata.modified().ok() })
}

/// Whether it is what Claude Code keeps of a sub-agent beside its session file: what is in it bears no mark of that.
fn is_of_subagent(path: &Path) -> bool {
    let is_meta = path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with("agent-") && name.contains(".meta.json")
    });
    is_meta && path.parent().is_some_and(|folder| folder.ends_with("subagents"))
}

/// Whether a file's name says that it may hold events.
fn is_history(path: &Path) -> bool {
    const ENDS: &[&str] = &["jsonl", "ndjson", "json", "traj", "log"];
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && ENDS.contains(&end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_places_follow_the_environment() {
        let plain = |name: &str| (name == "HOME").then(|| "/home/me".into());
        let all = places(&[], &plain).unwrap();
        let paths: Vec<String> = all.iter().map(|place| place.path.display().to_string()).collect();
        assert_eq!(
            paths,
            [
                "/home/me/.claude/projects",
                "/home/me/.config/claude/projects",
                "/home/me/.codex/sessions",
                "/home/me/.codex/archived_sessions",
                "/home/me/.gemini/tmp"
            ]
        );
        let moved = |name: &str| match name {
            "CLAUDE_CONFIG_DIR" => Some("/a, /b".into()),
            "CODEX_HOME" => Some("/c".into()),
            _ => plain(name),
        };
        let claude = places(&["claude".into()], &moved).unwrap();
        assert_eq!(
            claude.iter().map(|p| p.path.to_str().unwrap()).collect::<Vec<_>>(),
            ["/a/projects", "/b/projects"]
        );
        assert_eq!(places(&["codex".into()], &moved).unwrap()[0].path, Path::new("/c/sessions"));
        let unknown = places(&["no-such-agent".into()], &plain).unwrap_err().to_string();
        assert!(unknown.contains("expected one of claude, codex, gemini"), "{unknown}");
    }

    #[test]
    fn sessions_are_found_below_their_places_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}\n").unwrap();
        };
        for path in [
            ".claude/projects/p/s.jsonl",
            ".claude/projects/p/s/subagents/agent-1.jsonl",
            ".claude/projects/p/notes.md",
            ".codex/sessions/2026/11/21/rollout-1.jsonl.zst",
            ".gemini/tmp/p/chats/session-1.json",
            ".gemini/tmp/p/logs.json",
        ] {
            write(path);
        }
        let home = dir.path().as_os_str().to_os_string();
        let environment = move |name: &str| (name == "HOME").then(|| home.clone());
        let found = files(&places(&[], &environment).unwrap()).unwrap();
        let mut kinds: Vec<_> = found.iter().map(Found::kind).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["claude", "claude", "codex", "gemini"]);
        let folder = files(&[Place { path: dir.path().into(), agent: None }]).unwrap();
        assert_eq!(folder.len(), 5, "a folder that is named gives all that may hold events");
    }
}
