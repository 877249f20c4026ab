//! Passwords on command lines, where only the tool's habits tell which word is one.

use std::ops::Range;

use super::lex;
use crate::placeholder;

/// How far along (or back) a line a command's words are looked for.
const REACH: usize = 240;

pub(crate) const OPTION_TOOLS: &[&str] = &["sshpass", "mysql", "mariadb", "7z "];

/// `sshpass -p word`, `mysql -pword`, `7z x -pword`: only `sshpass` takes a space before it.
pub(crate) fn option_password(text: &str, at: usize) -> Option<Range<usize>> {
    let command = command(text, at);
    let option = command.find(" -p")? + at + " -p".len();
    let spaced = lex::starts_with_ignore_case(command, "sshpass");
    let start = if spaced { lex::skip(text, option, 4, b"") } else { option };
    password(text, start).filter(|_| lex::starts_word(text, at))
}

/// `htpasswd -b file user word`: the third word after the options, if `b` is among them.
pub(crate) fn htpasswd(text: &str, at: usize) -> Option<Range<usize>> {
    let mut words = words(command(text, at)).skip(1).peekable();
    let mut batch = false;
    while let Some((_, option)) = words.next_if(|(_, word)| word.starts_with('-')) {
        batch |= option.contains('b');
    }
    let (offset, _) = words.nth(2)?;
    if batch { password(text, at + offset) } else { None }
}

/// `net user name word`.
pub(crate) fn net_user(text: &str, at: usize) -> Option<Range<usize>> {
    let (offset, word) = words(command(text, at)).nth(3)?;
    if word.starts_with(['/', '*']) {
        None
    } else {
        password(text, at + offset).filter(|_| lex::starts_word(text, at))
    }
}

/// `openssl … -passin pass:word`.
pub(crate) fn openssl(text: &str, at: usize) -> Option<Range<usize>> {
    let before = lex::window_back(text, at, 10).trim_end();
    let option = [" -pass", " -passin", " -passout"].iter().any(|option| before.ends_with(option));
    if option { password(text, at + "pass:".len()) } else { None }
}

pub(crate) const STDIN: &[&str] = &["sudo -S", "--password-stdin", "--with-token", "chpasswd"];

/// `echo word | sudo -S …`, `echo word | docker login --password-stdin`; a user before a colon stays.
pub(crate) fn piped(text: &str, at: usize) -> Option<Range<usize>> {
    let before = lex::window_back(text, at, REACH);
    let base = at - before.len();
    let pipe = before.rfind('|')?;
    let echo = ["echo ", "printf "]
        .iter()
        .filter_map(|tool| Some(before[..pipe].rfind(tool)? + tool.len()))
        .max()?;
    let start = lex::skip(text, base + echo, 4, b"");
    let range = password(text, start).filter(|range| range.end <= base + pipe)?;
    // More words than one are a message.
    let alone = text[range.end..base + pipe].trim_matches(['"', '\'', '\\', ' ']).is_empty();
    alone.then_some(range)
}

/// The rest of one simple command.
fn command(text: &str, at: usize) -> &str {
    lex::window(text, at, REACH).split(['\n', '|', ';', '&']).next().unwrap_or_default()
}

/// Words with their places.
fn words(command: &str) -> impl Iterator<Item = (usize, &str)> {
    let place = |word: &str| word.as_ptr() as usize - command.as_ptr() as usize;
    command.split_ascii_whitespace().map(move |word| (place(word), word))
}

/// The word at `start`, without its quotes, unless it is a variable or names what would stand there.
fn password(text: &str, start: usize) -> Option<Range<usize>> {
    let start = lex::run(text, start, 4, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    let end = lex::run(text, start, 256, |byte| byte.is_ascii_graphic() && !b"\"'\\|;".contains(&byte));
    let word = &text[start..end];
    let secret = word.len() >= 4 && !word.starts_with(['$', '-', '<', '`']) && !placeholder::is(word);
    secret.then_some(start..end)
}
