//! The reader: cuts a text into commands at `&&`, `||`, `;`, `|`, brackets and line ends outside of quotes.

use crate::given::finish;
use crate::pipeline::output;
use crate::{Command, Out};

/// Most words are shorter.
const WORD_BYTES: usize = 24;

/// Tells of every command that a text runs, on a level of texts within texts.
pub(crate) fn read(text: &str, level: usize, out: &mut Out<'_>) {
    if level < crate::NESTING_MAX && out.may(text.len()) {
        let mut reader = Reader {
            text,
            at: 0,
            level,
            out,
            command: Command::default(),
            word: String::new(),
            begun: false,
            target: Target::None,
            handed: None,
            body: None,
            line_end: None,
            sums_end: if text.starts_with('(') && text.ends_with(')') { text.len() } else { 0 },
            has_sums: true,
        };
        reader.whole();
    }
}

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    None,
    /// A file that something is redirected to or from.
    File,
    /// The text that the command reads.
    Input,
}

struct Reader<'a, 'o, 'e> {
    text: &'a str,
    at: usize,
    level: usize,
    out: &'o mut Out<'e>,
    command: Command,
    word: String,
    /// A word has begun, be it an empty one in quotes.
    begun: bool,
    target: Target,
    /// What the command before hands on.
    handed: Option<String>,
    /// The end of the line with the here-documents, and of the last of them.
    body: Option<(usize, usize)>,
    /// The end of the line that was looked for last; the text's length where there is none.
    line_end: Option<usize>,
    /// Up to here are sums: `<<` is no here-document.
    sums_end: usize,
    /// Whether a sum may end behind the last one.
    has_sums: bool,
}

impl Reader<'_, '_, '_> {
    fn whole(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => self.escaped(),
                '`' => self.back(),
                '$' => self.dollar(),
                '#' if !self.begun => self.at = self.find('\n').unwrap_or(self.text.len()),
                '<' | '>' => self.redirect(c),
                '&' if self.rest().starts_with('>') => {}
                '|' => {
                    // `||` hands nothing on, `|&` all.
                    let is_pipe = !self.rest().starts_with('|');
                    self.at += usize::from(self.rest().starts_with(['|', '&']));
                    self.cut(is_pipe);
                }
                '\n' => {
                    self.cut(false);
                    if let Some((_, end)) = self.body.take_if(|(line_end, _)| *line_end < self.at) {
                        self.at = end;
                    }
                }
                ';' | '&' | '(' | ')' => {
                    // What was looked through once is not looked through again.
                    if c == '(' && self.rest().starts_with('(') && self.has_sums && self.at > self.sums_end {
                        let end = self.rest().find("))").map(|len| self.at + len);
                        (self.has_sums, self.sums_end) = (end.is_some(), end.unwrap_or(0));
                    }
                    self.cut(false);
                }
                c if c.is_whitespace() => self.end_word(),
                c => {
                    self.push(c);
                    self.push_plain();
                }
            }
        }
        self.cut(false);
    }

    /// What follows and means nothing but itself: most of a line, taken at once.
    fn push_plain(&mut self) {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+~".contains(byte);
        let len = self.rest().bytes().take_while(|byte| is_plain(byte)).count();
        self.word.push_str(&self.text[self.at..self.at + len]);
        self.at += len;
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn find(&self, c: char) -> Option<usize> {
        self.rest().find(c).map(|len| self.at + len)
    }

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
            match std::mem::replace(&mut self.target, Target::None) {
                Target::None => self.command.words.push(word),
                Target::Input => self.command.input = Some(word),
                // `2>&1` is no file.
                Target::File if word.bytes().all(|byte| byte.is_ascii_digit()) => {}
                Target::File => self.command.files.push(word),
            }
        }
    }

    /// The command is whole; whether what it writes is read by the next one.
    fn cut(&mut self, is_pipe: bool) {
        self.end_word();
        self.target = Target::None;
        let mut command = std::mem::take(&mut self.command);
        let handed = self.handed.take();
        command.input = command.input.or(handed);
        let handed = if is_pipe && self.out.may(1) { output(&command) } else { None };
        self.handed = handed.filter(|text| self.out.may(text.len()));
        finish(command, self.level, self.out);
    }

    fn single(&mut self) {
        self.begun = true;
        while let Some(c) = self.next().filter(|c| *c != '\'') {
            self.word.push(c);
        }
    }

    fn double(&mut self) {
        self.begun = true;
        while let Some(c) = self.next().filter(|c| *c != '"') {
            match c {
                '\\' if self.rest().starts_with(['$', '`', '"', '\\', '\n']) => self.escaped(),
                '`' => self.back(),
                '$' if self.rest().starts_with('(') => self.nested(),
                c => self.word.push(c),
            }
        }
    }

    fn escaped(&mut self) {
        // `C:\Windows\…` is a path.
        let is_drive =
            self.word.len() >= 2 && self.word.as_bytes()[1] == b':' && !self.rest().starts_with(' ');
        match self.next() {
            Some('\n') | None => {}
            Some(c) => {
                if is_drive {
                    self.push('\\');
                }
                self.push(c);
            }
        }
    }

    fn dollar(&mut self) {
        match self.rest().chars().next() {
            Some('(') => self.nested(),
            // `$'…'`, where a backslash escapes.
            Some('\'') => {
                self.at += 1;
                self.begun = true;
                while let Some(c) = self.next().filter(|c| *c != '\'') {
                    let c = if c == '\\' { self.next_escaped() } else { Some(c) };
                    self.word.extend(c);
                }
            }
            Some('"') => {}
            _ => self.push('$'),
        }
    }

    fn next_escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            'n' => '\n',
            't' => '\t',
            c => c,
        })
    }

    /// What stands in brackets from here on runs, and is a word for what is around it.
    fn nested(&mut self) {
        let inside = self.at + 1;
        let end = closing(self.text, inside);
        self.push('$');
        let text = self.text;
        read(&text[inside..end], self.level + 1, self.out);
        self.at = (end + 1).min(text.len());
    }

    /// What stands between back quotes runs. One alone is none: PowerShell escapes with it.
    fn back(&mut self) {
        let Some(end) = self.find('`') else { return };
        let text = self.text;
        self.push('$');
        read(&text[self.at..end], self.level + 1, self.out);
        self.at = end + 1;
    }

    fn redirect(&mut self, c: char) {
        if self.word.bytes().all(|byte| byte.is_ascii_digit()) {
            (self.begun, self.word) = (false, String::new()); // `2>`
        }
        self.end_word();
        if self.rest().starts_with('(') {
            return self.nested();
        }
        self.target = Target::File;
        if c == '<' && self.rest().starts_with("<<") {
            self.at += 2;
            self.target = Target::Input;
        } else if c == '<' && self.rest().starts_with('<') && self.at >= self.sums_end {
            self.at += 1;
            self.here();
        } else {
            while self.rest().starts_with(['>', '<', '&', '-', '|']) {
                self.at += 1;
            }
        }
    }

    /// A here-document: its text is what the command reads, and no command itself.
    fn here(&mut self) {
        self.target = Target::None;
        let is_indented = self.rest().starts_with('-');
        self.at += usize::from(is_indented);
        while self.rest().starts_with([' ', '\t']) {
            self.at += 1;
        }
        let (mut word, mut is_quoted) = (String::new(), false);
        while let Some(c) =
            self.rest().chars().next().filter(|c| !c.is_whitespace() && !";|&<>()".contains(*c))
        {
            self.at += c.len_utf8();
            match c {
                '\'' | '"' | '\\' => is_quoted = true,
                c => word.push(c),
            }
        }
        // Many may stand on one line: its end is looked for once.
        let line_end = self.line_end.filter(|end| *end >= self.at);
        let line_end = line_end.or_else(|| self.find('\n')).unwrap_or(self.text.len());
        self.line_end = Some(line_end);
        if line_end == self.text.len() || word.is_empty() {
            return;
        }
        let from = self.body.map_or(line_end + 1, |(_, end)| end);
        let (mut to, mut end) = (self.text.len(), self.text.len());
        let mut at = from;
        for line in self.text.get(from..).unwrap_or_default().split_inclusive('\n') {
            let bare = line.trim_end_matches(['\n', '\r']);
            if (if is_indented { bare.trim_start_matches('\t') } else { bare }) == word {
                (to, end) = (at, at + line.len());
                break;
            }
            at += line.len();
        }
        self.body = Some((line_end, end));
        let text = self.text;
        let body = text.get(from..to).unwrap_or_default();
        self.command.input = Some(body.to_string());
        if !is_quoted {
            self.expanded(body);
        }
    }

    /// What a text runs in which only `$(…)` and back quotes count.
    fn expanded(&mut self, body: &str) {
        let mut at = 0;
        while let Some(found) = body[at..].find(['$', '`', '\\']) {
            at += found;
            let rest = &body[at..];
            at += match rest.as_bytes()[0] {
                b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                b'`' => match rest[1..].find('`') {
                    Some(len) => {
                        read(&rest[1..1 + len], self.level + 1, self.out);
                        len + 2
                    }
                    None => 1,
                },
                _ if rest.starts_with("$(") => {
                    let end = closing(rest, 2);
                    read(&rest[2..end], self.level + 1, self.out);
                    end
                }
                _ => 1,
            };
            at = at.min(body.len());
        }
    }
}

/// Where the bracket closes that was opened just before; the end of the text when it does not.
fn closing(text: &str, from: usize) -> usize {
    let (mut open, mut at) = (vec![')'], from);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        let quoted = open.last() == Some(&'"');
        match byte {
            b'\\' => at += 1,
            b'"' if quoted => drop(open.pop()),
            b'"' => open.push('"'),
            b'\'' if !quoted => at += text[at + 1..].find('\'').map_or(0, |len| len + 1),
            b'(' if !quoted || at > 0 && bytes[at - 1] == b'$' => open.push(')'),
            b')' if !quoted => drop(open.pop()),
            _ => {}
        }
        if open.is_empty() {
            return at;
        }
        at += 1;
    }
    text.len()
}
