//! One command: what only starts another is skipped, and the text that a shell is given is read in turn.

use crate::read::read;
use crate::{Command, Out};

/// Programs and words of the shell that run what follows, and those of their options that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-r", "-t", "--user", "--group"]),
    ("doas", &["-u"]),
    ("env", &["-u", "-c", "--unset", "--chdir"]),
    ("time", &["-f", "-o"]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("xargs", &["-n", "-i", "-p", "-d", "-l", "-s", "-a"]),
    ("parallel", &["-j", "-n", "--jobs"]),
    ("strace", &["-e", "-o", "-s"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("busybox", &[]),
    ("proxychains", &["-f"]),
    ("proxychains4", &["-f"]),
    ("torsocks", &[]),
    ("exec", &["-a"]),
    ("command", &[]),
    ("builtin", &[]),
    ("coproc", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("if", &[]),
    ("then", &[]),
    ("else", &[]),
    ("elif", &[]),
    ("while", &[]),
    ("until", &[]),
    ("do", &[]),
    ("!", &[]),
    ("{", &[]),
    ("}", &[]),
    ("fi", &[]),
    ("done", &[]),
    ("esac", &[]),
];

/// The same with one word of their own before the command: a time, a file, a folder, a name.
const WITH_A_WORD: &[(&str, &[&str])] = &[
    ("timeout", &["-k", "-s", "--signal", "--kill-after"]),
    ("flock", &["-w", "-e", "--timeout"]),
    ("chroot", &[]),
    ("function", &[]),
];

const SHELLS: &[&str] =
    &["bash", "sh", "zsh", "dash", "ksh", "ash", "fish", "su", "pwsh", "powershell", "cmd"];

/// Options of `find` behind which a command stands.
const EACH_FOUND: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];

/// One command as it was read.
pub(crate) fn finish(mut command: Command, level: usize, out: &mut Out<'_>) {
    let from = begin(&command.words);
    let Some(first) = command.words.get(from) else {
        if !command.files.is_empty() {
            command.words.clear();
            out.tell(&command);
        }
        return;
    };
    let name = program(first);
    let rest = &command.words[from + 1..];
    match name.as_str() {
        "eval" => return read(&rest.join(" "), level + 1, out),
        "trap" => return rest.iter().take(1).for_each(|text| read(text, level + 1, out)),
        "watch" => {
            let at = skip_options(rest, 0, &["-n", "--interval"]);
            return read(&rest[at..].join(" "), level + 1, out);
        }
        "find" => {
            // Behind the end of one the next is looked for: no word is taken twice.
            let ends = |word: &&String| matches!(word.as_str(), ";" | "+");
            for part in rest.split(|word| ends(&word)) {
                let at = part.iter().position(|word| EACH_FOUND.contains(&word.as_str()));
                let words = at.map_or(Vec::new(), |at| part[at + 1..].to_vec());
                if level < crate::NESTING_MAX && !words.is_empty() {
                    finish(Command { words, ..Command::default() }, level + 1, out);
                }
            }
        }
        shell if SHELLS.contains(&shell) => {
            if let Some(text) = text_of(rest).or(command.input.as_deref().filter(|_| is_bare(rest))) {
                return read(text, level + 1, out);
            }
        }
        _ => {}
    }
    command.words.drain(..from);
    command.words[0] = name;
    out.tell(&command);
}

/// Where the program stands, behind variables and what only starts another.
fn begin(words: &[String]) -> usize {
    let mut from = 0;
    while let Some(word) = words.get(from) {
        let name = program(word);
        let is_it = |(wrapper, _): &&(&str, &[&str])| *wrapper == name;
        if is_variable(word) {
            from += 1;
        } else if let Some((_, valued)) = WITH_A_WORD.iter().find(is_it) {
            from = skip_options(words, from + 1, valued) + 1;
        } else if let Some((_, valued)) = WRAPPERS.iter().find(is_it) {
            from = skip_options(words, from + 1, valued);
        } else {
            break;
        }
    }
    from.min(words.len())
}

/// The words of a command behind variables and what only starts another.
pub(crate) fn bare(words: &[String]) -> &[String] {
    &words[begin(words)..]
}

/// The text that a shell's option says to run.
fn text_of(words: &[String]) -> Option<&str> {
    let takes_text = |word: &String| {
        let word = word.to_ascii_lowercase();
        matches!(word.as_str(), "-command" | "/c" | "/k")
            || word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
    };
    let at = words.iter().position(takes_text)?;
    words.get(at + 1).map(String::as_str)
}

/// Whether a shell reads what to run: it has options only, or says so.
fn is_bare(words: &[String]) -> bool {
    let is_plain = |word: &String| !word.starts_with('-') || word == "-";
    words.iter().any(|word| word == "-s" || word == "-") || !words.iter().any(is_plain)
}

fn skip_options(words: &[String], mut at: usize, valued: &[&str]) -> usize {
    while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(valued.contains(&option.to_ascii_lowercase().as_str()));
    }
    at.min(words.len())
}

/// The program's name without its folder, in lower case.
pub(crate) fn program(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
