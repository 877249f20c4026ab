//! Command lines, read roughly as a shell would: which programs run, and with which words.
//!
//! Enough to tell `git -C /r push` from `grep 'git push'`: a line is cut at `&&`, `||`, `;`, `|`, brackets and line
//! ends outside of quotes, what only starts another program (`sudo`, `env`, `time` …) is skipped, and the text that a
//! shell is given (`sh -c "…"`, `$(…)`) is read in turn. Variables and here-documents are not understood: the lines
//! of a here-document count as commands.
//!
//! Limit: texts within texts are followed [`NESTING_MAX`] levels, so the work is linear in the text.

const NESTING_MAX: usize = 3;

/// Most words are shorter.
const WORD_BYTES: usize = 24;

/// Programs and words of the shell that run what follows, and those of their options that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-r", "-t", "--user", "--group"]),
    ("doas", &["-u"]),
    ("env", &["-u", "-c", "--unset", "--chdir"]),
    ("time", &["-f", "-o"]),
    ("nice", &["-n"]),
    ("xargs", &["-n", "-i", "-p", "-d", "-l", "-s", "-a"]),
    ("nohup", &[]),
    ("exec", &[]),
    ("command", &[]),
    ("builtin", &[]),
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
];

const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash", "ksh", "ash", "pwsh", "powershell", "cmd"];

/// Cuts a text into commands.
pub(crate) fn each_command(text: &str, level: usize, each: &mut dyn FnMut(&[String])) {
    if level >= NESTING_MAX {
        return;
    }
    let mut reading = Reading::default();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (reading.quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => reading.quote = None,
            (Some('\''), _) => reading.push(c),
            (_, '\\') => match chars.next() {
                Some((_, '\n')) | None => {}
                Some((_, escaped)) => reading.push(escaped),
            },
            (_, '`') => reading.cut(level, each),
            (Some(_), '$') if text[at..].starts_with("$(") => {
                let inside = &text[at + 2..];
                let len = inside.find([')', '"']).unwrap_or(inside.len());
                each_command(&inside[..len], level + 1, each);
                reading.push(c);
                while chars.next_if(|(next, _)| *next < at + 2 + len).is_some() {}
            }
            (Some(_), _) => reading.push(c),
            (None, '\'' | '"') => {
                reading.quote = Some(c);
                reading.begun = true;
            }
            (None, '#') if !reading.begun => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            (None, '>' | '<') => {
                if reading.word.bytes().all(|byte| byte.is_ascii_digit()) {
                    (reading.begun, reading.word) = (false, String::new()); // `2>`
                }
                reading.end_word();
                reading.target = true;
                while chars.next_if(|(_, c)| matches!(c, '>' | '<' | '&' | '-')).is_some() {}
            }
            (None, '&') if text[at..].starts_with("&>") => {}
            (None, ';' | '|' | '&' | '\n' | '(' | ')') => reading.cut(level, each),
            (None, c) if c.is_whitespace() => reading.end_word(),
            (None, c) => reading.push(c),
        }
    }
    reading.cut(level, each);
}

/// One command while it is read.
#[derive(Default)]
struct Reading {
    words: Vec<String>,
    word: String,
    /// A word has begun, be it an empty one in quotes.
    begun: bool,
    quote: Option<char>,
    /// The next word is a file that something is redirected to.
    target: bool,
}

impl Reading {
    fn push(&mut self, c: char) {
        self.begun = true;
        if self.word.is_empty() {
            self.word.reserve(WORD_BYTES);
        }
        self.word.push(c);
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.begun) {
            let word = std::mem::take(&mut self.word);
            if !std::mem::take(&mut self.target) {
                self.words.push(word);
            }
        }
    }

    fn cut(&mut self, level: usize, each: &mut dyn FnMut(&[String])) {
        self.end_word();
        self.target = false;
        run(std::mem::take(&mut self.words), level, each);
    }
}

/// One command: skips what only starts another, and reads the text that a shell is given.
pub(crate) fn run(mut words: Vec<String>, level: usize, each: &mut dyn FnMut(&[String])) {
    let mut from = 0;
    while let Some(word) = words.get(from) {
        let name = program(word);
        if is_variable(word) {
            from += 1;
        } else if name == "timeout" {
            from = skip_options(&words, from + 1, &["-k", "-s", "--signal", "--kill-after"]) + 1;
        } else if let Some((_, valued)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) {
            from = skip_options(&words, from + 1, valued);
        } else {
            break;
        }
    }
    let Some(first) = words.get(from) else { return };
    let name = program(first);
    let rest = &words[from + 1..];
    if name == "eval" {
        return each_command(&rest.join(" "), level + 1, each);
    }
    if SHELLS.contains(&name.as_str()) {
        let takes_text = |word: &String| {
            let word = word.to_ascii_lowercase();
            matches!(word.as_str(), "-command" | "/c" | "/k")
                || word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
        };
        if let Some(text) = rest.iter().position(takes_text).and_then(|at| rest.get(at + 1)) {
            return each_command(text, level + 1, each);
        }
    }
    words[from] = name;
    words[from + 1..].iter_mut().for_each(|word| lower(word));
    each(&words[from..]);
}

/// A word in lower case; an option of one letter means another thing in capitals: `-C` of ansible-playbook tries out, `-c`
/// names a connection.
pub(crate) fn lower(word: &mut str) {
    if word.len() != 2 || !word.starts_with('-') {
        word.make_ascii_lowercase();
    }
}

fn skip_options(words: &[String], mut at: usize, valued: &[&str]) -> usize {
    while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(valued.contains(&option.to_ascii_lowercase().as_str()));
    }
    at
}

/// The program's name without its folder, in lower case.
fn program(word: &str) -> String {
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

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
