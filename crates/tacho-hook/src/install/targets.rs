//! Which agents there are, where their settings are, and which of their events are asked for.

use super::worktree;
use crate::stamp::Source;
use std::path::{Path, PathBuf};

/// Whose settings: of the user, or of the project in the working folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    User,
    Project,
}

/// An agent's hooks.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub source: Source,
    /// Seconds or milliseconds, as the agent counts.
    pub timeout: u32,
    pub events: &'static [&'static str],
    /// What to know after the installation.
    pub note: &'static str,
}

/// Files whose changes Claude Code is asked to tell of, where `FileChanged` has no matcher of its own yet: what holds
/// secrets, and what tells agents what to do.
const WATCHED: &str = ".env|.envrc|.mcp.json|CLAUDE.md|AGENTS.md";

/// Left out: hooks of `WorktreeCreate` and `WorktreeRemove` stand in for git. The one must print the folder that it made,
/// and where the other is there and fails in nothing, the folder counts as removed and stays.
const CLAUDE: Target = Target {
    source: Source::Claude,
    timeout: 10,
    events: &[
        "SessionStart",
        "Setup",
        "UserPromptSubmit",
        "UserPromptExpansion",
        "PreToolUse",
        "PermissionRequest",
        "PermissionDenied",
        "PostToolUse",
        "PostToolUseFailure",
        "PostToolBatch",
        "SubagentStart",
        "SubagentStop",
        "MessageDisplay",
        "Notification",
        "PreCompact",
        "PostCompact",
        "Stop",
        "StopFailure",
        "SessionEnd",
        "TaskCreated",
        "TaskCompleted",
        "TeammateIdle",
        "Elicitation",
        "ElicitationResult",
        "ConfigChange",
        "PreModelSwitch",
        "PostModelSwitch",
        "InstructionsLoaded",
        "CwdChanged",
        "DirectoryAdded",
        "FileChanged",
    ],
    note: "FileChanged is told of files that its matcher names: add yours; WorktreeCreate and WorktreeRemove are left \
           out: their hooks stand in for git",
};

const CODEX: Target = Target {
    source: Source::Codex,
    timeout: 10,
    events: &[
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PermissionRequest",
        "PostToolUse",
        "PreCompact",
        "PostCompact",
        "SubagentStart",
        "SubagentStop",
        "Stop",
        "SessionEnd",
    ],
    note: "Codex runs new hooks only after you have trusted them: start it once and approve them under /hooks",
};

const GEMINI: Target = Target {
    source: Source::Gemini,
    timeout: 10_000,
    events: &[
        "SessionStart",
        "BeforeAgent",
        "BeforeModel",
        "BeforeToolSelection",
        "AfterModel",
        "BeforeTool",
        "AfterTool",
        "AfterAgent",
        "PreCompress",
        "Notification",
        "SessionEnd",
    ],
    note: "the hooks around the model carry the whole conversation each time; to record without them, take \
           BeforeModel, BeforeToolSelection and AfterModel out of the settings",
};

impl Target {
    pub fn of(source: Source) -> Target {
        match source {
            Source::Claude => CLAUDE,
            Source::Codex => CODEX,
            Source::Gemini => GEMINI,
        }
    }

    /// What an event's hook must name to fire at all.
    pub fn matcher(&self, event: &str) -> Option<&'static str> {
        (self.source == Source::Claude && event == "FileChanged").then_some(WATCHED)
    }

    /// The event after a call: what users mean who write `PostToolCall`, which no agent has.
    pub fn after_call(&self) -> &'static str {
        if self.source == Source::Gemini { "AfterTool" } else { "PostToolUse" }
    }

    /// The settings file. Agents can be told to keep their settings elsewhere; so `get` is asked as well.
    pub fn path(
        &self,
        scope: Scope,
        home: &Path,
        work: &Path,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> PathBuf {
        let variable = match self.source {
            Source::Claude => Some("CLAUDE_CONFIG_DIR"),
            Source::Codex => Some("CODEX_HOME"),
            Source::Gemini => None,
        };
        let told = variable.and_then(get).filter(|folder| !folder.is_empty());
        let folder = match (scope, told) {
            (Scope::User, Some(folder)) => PathBuf::from(folder),
            (Scope::User, None) => home.join(self.folder()),
            (Scope::Project, _) => {
                self.main_folder(work).unwrap_or_else(|| work.to_owned()).join(self.folder())
            }
        };
        folder.join(self.file())
    }

    /// Settings of a linked git worktree that the agent passes by, as it takes its hooks from the main checkout.
    pub fn passed_by(&self, work: &Path) -> Option<PathBuf> {
        self.main_folder(work).map(|_| work.join(self.folder()).join(self.file()))
    }

    /// Folders in the linked worktrees of a project without which hooks of the main checkout don't count there.
    pub fn worktree_folders(&self, work: &Path) -> Vec<PathBuf> {
        let folders = if self.source == Source::Codex { worktree::linked_folders(work) } else { Vec::new() };
        folders.into_iter().map(|folder| folder.join(self.folder())).collect()
    }

    fn file(&self) -> &'static str {
        if self.source == Source::Codex { "hooks.json" } else { "settings.json" }
    }

    /// What the folder of the settings is called.
    pub fn folder(&self) -> &'static str {
        match self.source {
            Source::Claude => ".claude",
            Source::Codex => ".codex",
            Source::Gemini => ".gemini",
        }
    }

    fn main_folder(&self, work: &Path) -> Option<PathBuf> {
        (self.source == Source::Codex).then(|| worktree::main_folder(work))?
    }

    /// Settings of the project in the working folder that are one person's own and not shared. Only Claude Code has some.
    pub fn local_path(&self, work: &Path) -> Option<PathBuf> {
        (self.source == Source::Claude).then(|| work.join(".claude/settings.local.json"))
    }

    /// The command for the settings: of a project's, which others share, by name only.
    pub fn command(&self, scope: Scope, program: &Path) -> String {
        let name = match scope {
            Scope::Project => "agent-audit-log".to_owned(),
            Scope::User => {
                let path = program.display().to_string();
                let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
                if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
            }
        };
        format!("{name} hook {}", self.source.name())
    }
}
