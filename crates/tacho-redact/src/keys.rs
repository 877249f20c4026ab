//! Which names carry secrets: `db_password`, `X-Api-Key` and `clientSecret`, but not `input_tokens`.
//!
//! The last words of a compound say what a thing is: a `password_policy` is a policy, a `token_count` a
//! count. So a name is a secret's when it *ends* with a listed phrase at a word boundary. Words are split at
//! punctuation and at camelCase; digits and harmless words (`_value`, `_base64`) after the phrase are
//! ignored.

use crate::disguise::Plain;

/// What kind of value stands behind a sensitive name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// Any secret.
    Secret,
    /// A password: what follows may be an ordinary word.
    Password,
    /// A short code of digits, a secret even as a bare JSON number.
    Code,
    /// An HTTP header whose value goes on to the end of the line.
    Header,
    /// `pwd`: a password, or the working directory.
    Directory,
    /// Several plain words.
    Phrase,
}

pub(crate) struct Keys {
    /// The phrases by the low bits of their last letter: this runs for every `input_tokens`.
    by_last: [Vec<Phrase>; 32],
}

struct Phrase {
    compact: Vec<u8>,
    kind: KeyKind,
    /// Counts even when glued to the word before (`PGPASSWORD`).
    glued: bool,
}

/// The longest name looked at. Longer runs are text, not names; the bound keeps every look constant-time.
pub(crate) const NAME_MAX: usize = 96;

const TRAILING: &[&[u8]] = &[
    b"value",
    b"val",
    b"plain",
    b"plaintext",
    b"text",
    b"raw",
    b"str",
    b"string",
    b"pem",
    b"base64",
    b"b64",
    b"base",
    b"confirmation",
    b"confirm",
    b"new",
    b"old",
    b"current",
    b"header",
    b"prod",
    b"production",
    b"staging",
    b"dev",
    b"test",
    b"primary",
    b"secondary",
];

// Words before the phrase that make it a switch, a route or a matter of parsing and paging.
const NOT_SECRET: &[&[u8]] = &[
    b"is",
    b"has",
    b"use",
    b"uses",
    b"show",
    b"hide",
    b"forgot",
    b"require",
    b"requires",
    b"needs",
    b"allow",
    b"no",
    b"without",
    b"enable",
    b"enabled",
];
const NOT_TOKEN: &[&[u8]] = &[
    b"next",
    b"page",
    b"continuation",
    b"eos",
    b"bos",
    b"pad",
    b"unk",
    b"mask",
    b"sep",
    b"cls",
    b"stop",
    b"special",
    b"max",
    b"min",
    b"per",
    b"cancel",
    b"cancellation",
    b"sync",
    b"first",
    b"last",
    b"prev",
    b"previous",
    b"lookahead",
];

impl Keys {
    pub(crate) fn new(names: &[String]) -> Result<Self, (usize, String)> {
        let mut by_last: [Vec<Phrase>; 32] = Default::default();
        for (index, name) in names.iter().enumerate() {
            let compact = Words::split(name.as_bytes()).bytes().to_vec();
            let Some(last) = compact.last() else { return Err((index, name.clone())) };
            let bucket = usize::from(last & 31);
            by_last[bucket].push(Phrase { kind: kind_of(&compact), glued: is_glued(&compact), compact });
        }
        Ok(Self { by_last })
    }

    /// The kind of secret that a name stands for as it is read, if any.
    pub(crate) fn kind_of(&self, name: &str) -> Option<KeyKind> {
        match Plain::of(name) {
            Some(plain) => self.kind(plain.text.as_bytes()).or_else(|| self.kind(name.as_bytes())),
            None => self.kind(name.as_bytes()),
        }
    }

    /// The kind of secret a name stands for, if any.
    pub(crate) fn kind(&self, name: &[u8]) -> Option<KeyKind> {
        // A longer name is judged by its end: there the phrase would be.
        let mut words = Words::split(&name[name.len().saturating_sub(NAME_MAX)..]);
        loop {
            let bytes = words.bytes();
            let bucket = &self.by_last[usize::from(bytes.last()? & 31)];
            if let Some(phrase) = bucket.iter().find(|phrase| phrase.ends(&words, bytes)) {
                return Some(phrase.kind);
            }
            if !words.strip_trailing() {
                return None;
            }
        }
    }
}

impl Phrase {
    fn ends(&self, words: &Words, bytes: &[u8]) -> bool {
        if !bytes.ends_with(&self.compact) {
            return false;
        }
        let start = bytes.len() - self.compact.len();
        if start == 0 {
            return true;
        }
        if !words.boundary(start) {
            return self.glued;
        }
        let before = &bytes[words.word_start(start - 1)..start];
        let paging = self.compact == b"token" && NOT_TOKEN.contains(&before);
        !paging && !NOT_SECRET.contains(&before)
    }
}

/// Long and unmistakable: counts even when glued to the word before.
pub(crate) fn is_glued(compact: &[u8]) -> bool {
    compact.starts_with(b"passw") || compact == b"passphrase"
}

/// The names as they are compared: lower case without separators.
pub(crate) fn phrases(names: &[String]) -> Vec<String> {
    let compact = |name: &String| String::from_utf8_lossy(Words::split(name.as_bytes()).bytes()).into_owned();
    names.iter().map(compact).collect()
}

/// The lists by which a name is judged, for those who judge as we do.
pub(crate) fn word_lists() -> [(&'static str, Vec<String>); 3] {
    let texts =
        |words: &[&[u8]]| words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    [("trailing", texts(TRAILING)), ("not_secret", texts(NOT_SECRET)), ("not_token", texts(NOT_TOKEN))]
}

fn kind_of(compact: &[u8]) -> KeyKind {
    match compact {
        b"authorization" | b"cookie" | b"cookies" => KeyKind::Header,
        b"pin"
        | b"otp"
        | b"cvv"
        | b"cvc"
        | b"ssn"
        | b"socialsecuritynumber"
        | b"cardnumber"
        | b"creditcard"
        | b"passcode"
        | b"phonenumber" => KeyKind::Code,
        b"pwd" => KeyKind::Directory,
        b"passphrase" | b"mnemonic" | b"seedphrase" | b"recoveryphrase" => KeyKind::Phrase,
        b"pw" => KeyKind::Password,
        _ if compact.starts_with(b"pass") || compact.ends_with(b"pass") => KeyKind::Password,
        _ => KeyKind::Secret,
    }
}

/// A name in lower case without separators, and where its words begin. Lives on the stack: this runs on the
/// hot path for every key that holds a word such as `token`.
struct Words {
    buf: [u8; NAME_MAX],
    len: usize,
    starts: u128,
}

impl Words {
    fn split(name: &[u8]) -> Self {
        let mut words = Self { buf: [0; NAME_MAX], len: 0, starts: 1 };
        let mut fresh = true;
        for (i, &byte) in name.iter().enumerate().take(NAME_MAX) {
            if !byte.is_ascii_alphanumeric() {
                fresh = true;
                continue;
            }
            let before = if i == 0 { 0 } else { name[i - 1] };
            let after = name.get(i + 1).copied().unwrap_or(0);
            let camel = byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_ascii_lowercase());
            if fresh || camel {
                words.starts |= 1 << words.len;
            }
            fresh = false;
            words.buf[words.len] = byte.to_ascii_lowercase();
            words.len += 1;
        }
        words
    }

    fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    fn boundary(&self, at: usize) -> bool {
        self.starts >> at & 1 == 1
    }

    fn word_start(&self, mut at: usize) -> usize {
        while at > 0 && !self.boundary(at) {
            at -= 1;
        }
        at
    }

    /// Takes digits or one harmless word off the end; false when there are none.
    fn strip_trailing(&mut self) -> bool {
        let len = self.len;
        while self.len > 1 && self.buf[self.len - 1].is_ascii_digit() {
            self.len -= 1;
        }
        if self.len < len {
            return true;
        }
        let start = self.word_start(len.saturating_sub(1));
        let harmless = start > 0 && TRAILING.contains(&&self.buf[start..len]);
        if harmless {
            self.len = start;
        }
        harmless
    }
}

/// The literals to look for so that no form of any name is missed. A phrase that holds a single-word name is
/// found by that; any other by its first two words with every separator between them.
pub(crate) fn needles(names: &[String]) -> Vec<String> {
    let split: Vec<Vec<String>> = names.iter().map(|name| word_list(name)).collect();
    let mut needles: Vec<String> =
        split.iter().filter(|words| words.len() == 1).map(|words| words[0].clone()).collect();
    for words in &split {
        if let [first, second, ..] = &words[..]
            && !words.iter().any(|word| needles.contains(word))
        {
            needles.extend(["", "_", "-", ".", " "].map(|sep| format!("{first}{sep}{second}")));
        }
    }
    needles
}

fn word_list(name: &str) -> Vec<String> {
    let words = Words::split(name.as_bytes());
    let mut list: Vec<String> = Vec::new();
    for (at, &byte) in words.bytes().iter().enumerate() {
        if words.boundary(at) {
            list.push(String::new());
        }
        if let Some(word) = list.last_mut() {
            word.push(char::from(byte));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    #[track_caller]
    fn check(sensitive: bool, names: &[&str]) {
        let keys = Keys::new(&Policy::default().keys).unwrap();
        for name in names {
            assert_eq!(keys.kind(name.as_bytes()).is_some(), sensitive, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_sensitive_in_every_spelling() {
        check(
            true,
            &[
                "password",
                "Password",
                "PGPASSWORD",
                "db_password",
                "DB-PASSWORD",
                "user.password",
                "password2",
                "passwordConfirmation",
                "newPassword",
                "apiKey",
                "api_key",
                "API-KEY",
                "x-api-key",
                "APIKey",
                "api key",
                "OPENAI_API_KEY",
                "client_secret",
                "clientSecret",
                "access_token",
                "refreshToken",
                "passwd",
                "pwd",
                "pw",
                "db_pw",
                "MYSQL_PWD",
                "secret",
                "private_key",
                "authorization",
                "Proxy-Authorization",
                "cookie",
                "Set-Cookie",
                "connection_string",
                "ConnectionString",
                "credentials",
                "aws_secret_access_key",
                "SecretAccessKey",
                "smtpPass",
                "_authToken",
                "secret_key_base",
                "private_key_pem",
                "cvv",
                "accesstoken",
                "ssn",
            ],
        );
    }

    #[test]
    fn names_about_secrets_are_not() {
        check(
            false,
            &[
                "tokens_input",
                "input_tokens",
                "max_tokens",
                "token_count",
                "total_tokens",
                "tokenizer",
                "secret_name",
                "password_policy",
                "passwordless",
                "nextToken",
                "next_page_token",
                "eos_token",
                "api_key_id",
                "private_key_path",
                "has_password",
                "token_type",
                "secretary",
                "compass",
                "passed",
                "mapping",
                "spin",
                "gpw",
                "upward",
                "tokens",
                "key",
                "keyboard",
                "authorization_url",
                "cookie_domain",
                "",
            ],
        );
    }
}
