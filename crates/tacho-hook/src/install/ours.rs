//! Which of the commands in an agent's settings are ours, and which of those see everything. Pure.
//!
//! Ours is the program alone, or with the words that `install` writes. A line that does more, with variables, a pipe
//! or a redirection, is somebody's own: it is told of and stays as it is.

use super::targets::Target;
use crate::stamp::Source;
use jsonc_parser::cst::{CstArray, CstObject};

/// The program's name, wherever it is; one that was given another name is known by its whole command.
const PROGRAM: &str = "agent-audit-log";

/// A hook of ours in an event's groups.
pub(super) struct Own {
    pub hook: CstObject,
    group: CstObject,
    pub matcher: Option<String>,
    /// What it sees of the event, where that is not everything.
    pub limit: Option<String>,
}

impl Own {
    /// Takes the hook out, and its group when nothing else is in it.
    pub(super) fn remove(self) {
        self.hook.remove();
        if self.group.array_value("hooks").is_some_and(|all| all.elements().is_empty()) {
            self.group.remove();
        }
    }
}

/// What an event's groups hold: hooks of ours, and how many lines of others run the program too.
pub(super) fn find(groups: &CstArray, event: &str, target: &Target, command: &str) -> (Vec<Own>, usize) {
    let (mut own, mut lines) = (Vec::new(), 0);
    for group in groups.elements().iter().filter_map(|group| group.as_object()) {
        let Some(hooks) = group.array_value("hooks") else { continue };
        let matcher = text_of(&group, "matcher");
        for hook in hooks.elements().iter().filter_map(|hook| hook.as_object()) {
            let Some(text) = text_of(&hook, "command") else { continue };
            if text_of(&hook, "type").as_deref() == Some("command") && is_ours(&text, command) {
                let limit = limit(matcher.as_deref(), text_of(&hook, "if").as_deref(), target.matcher(event));
                own.push(Own { hook, group: group.clone(), matcher: matcher.clone(), limit });
            } else if runs_it(&text) {
                lines += 1;
            }
        }
    }
    (own, lines)
}

/// A string member of an object.
pub(super) fn text_of(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}

/// What keeps a hook from seeing every event, if something does; `needed` where the event fires for named things only.
fn limit(matcher: Option<&str>, condition: Option<&str>, needed: Option<&str>) -> Option<String> {
    if let Some(condition) = condition {
        return Some(format!("only if {condition:?}"));
    }
    match (matcher, needed) {
        (None | Some(""), Some(_)) => Some("for no file, as it has no matcher,".to_owned()),
        (Some(_), Some(_)) | (None | Some("" | "*" | ".*"), None) => None,
        (Some(matcher), None) => Some(format!("only for the matcher {matcher:?}")),
    }
}

/// Whether a command is the one that `install` writes, wherever its program is.
fn is_ours(text: &str, command: &str) -> bool {
    let is_known = |words: &[String]| match words {
        [] => true,
        [hook] => hook == "hook",
        [hook, agent] => hook == "hook" && Source::by_name(agent).is_some(),
        _ => false,
    };
    let words = words(text).unwrap_or_default();
    text == command
        || words.split_first().is_some_and(|(program, more)| is_program(program) && is_known(more))
}

/// The program of a command that is ours.
pub fn program_of(command: &str) -> Option<String> {
    words(command)?.into_iter().next()
}

/// Whether the program is what a line of a shell runs, or one of its parts.
fn runs_it(text: &str) -> bool {
    let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    text.split(['|', ';', '&', '\n', '(']).any(|part| {
        let program = part.split_whitespace().find(|word| !is_assignment(word));
        program.is_some_and(|program| is_program(&bare(program)))
    })
}

fn is_program(path: &str) -> bool {
    path.rsplit('/').next() == Some(PROGRAM)
}

fn is_assignment(word: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// The words of a simple command. Nothing for one with variables, or with anything that means more to a shell.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = text.trim().chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().push(letters.next()?),
            (Some('"'), '$' | '`')
            | (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '#' | '\n') => {
                return None;
            }
            (None, '"' | '\'') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let is_plain = quote.is_none() && !words.first().is_some_and(|first| is_assignment(first));
    is_plain.then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_the_program_with_the_words_that_install_writes() {
        for ours in [
            "agent-audit-log hook claude",
            "/usr/local/bin/agent-audit-log hook codex",
            "'/a b/it'\\''s/agent-audit-log' hook claude",
            "\"/a b/agent-audit-log\"  hook gemini ",
            "agent-audit-log hook",
            "~/bin/agent-audit-log",
            "/opt/recorder hook claude",
        ] {
            assert!(is_ours(ours, "/opt/recorder hook claude"), "{ours}");
        }
    }

    #[test]
    fn what_only_mentions_the_program_is_not_ours_and_what_runs_it_is_told_of() {
        for (other, told) in [
            ("cat >> ~/notes-agent-audit-log.txt", false),
            ("/opt/my/agent-audit-log-wrapper.sh", false),
            ("/opt/agent-audit-log/run.sh hook claude", false),
            ("echo agent-audit-log", false),
            ("X=/a/agent-audit-log hook claude", false),
            ("AUDIT_LOG_URL=https://r.example AGENT_ID=releaser agent-audit-log", true),
            ("agent-audit-log hook claude | tee x", true),
            ("jq -c . | /opt/agent-audit-log", true),
            ("\"$HOME\"/bin/agent-audit-log hook claude", true),
            ("agent-audit-log hook claude > x", true),
            ("agent-audit-log event '{}'", true),
            ("agent-audit-log hook cursor", true),
            ("agent-audit-log hook claude more", true),
            ("agent-audit-log 'hook", true),
            ("", false),
        ] {
            assert!(!is_ours(other, "/opt/recorder hook claude"), "{other}");
            assert_eq!(runs_it(other), told, "{other}");
        }
    }
}
