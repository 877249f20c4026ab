//! The redaction policy as a user writes it, and what can be wrong with it.

use serde::{Deserialize, Serialize};

use crate::detectors;

/// What to redact. An empty policy file means the defaults below.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Regular expressions, matched without regard to case inside every string; the whole match is replaced.
    /// One that starts with a literal of three characters or more costs nothing where the literal is absent;
    /// any other is tried on every string.
    pub patterns: Vec<String>,
    /// What takes the place of a secret.
    pub replacement: String,
    /// Names whose value is a secret, in JSON and in text (`name=value`). Compared word by word, without
    /// regard to case and to `_`, `-`, `.` and spaces, with the end of a name: `password` covers
    /// `db_password` and `PGPASSWORD` but not `password_policy`.
    pub keys: Vec<String>,
    /// Names of the built-in detectors that are on.
    pub detectors: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            patterns: owned(DEFAULT_PATTERNS),
            replacement: "[REDACTED]".to_owned(),
            keys: owned(DEFAULT_KEYS),
            detectors: detectors::ALL.iter().map(|detector| detector.name.to_owned()).collect(),
        }
    }
}

const DEFAULT_PATTERNS: &[&str] =
    &[r"password[=:]\S+", r"api[_-]?key[=:]\S+", r"secret[=:]\S+", r"token[=:]\S+"];

// A name is matched at its end (see `keys`), so `secret` covers `client_secret`; the two-word entries with
// `token` and `secret` are there for names written without any boundary (`accesstoken`).
const DEFAULT_KEYS: &[&str] = &[
    "password",
    "passwords",
    "password_hash",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "pass",
    "requirepass",
    "secret",
    "secrets",
    "client_secret",
    "api_secret",
    "app_secret",
    "secret_key",
    "token",
    "access_token",
    "refresh_token",
    "auth_token",
    "id_token",
    "api_token",
    "session_token",
    "bearer_token",
    "api_key",
    "api_keys",
    "app_key",
    "access_key",
    "account_key",
    "auth_key",
    "private_key",
    "signing_key",
    "encryption_key",
    "master_key",
    "subscription_key",
    "authorization",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "connection_string",
    "seed_phrase",
    "recovery_phrase",
    "mnemonic",
    "jwt",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "ssn",
    "social_security_number",
    "card_number",
    "credit_card",
    "phone_number",
];

/// Why a policy was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A pattern is no regular expression, or too large a one.
    #[error("redaction pattern {index} {pattern:?} is not a valid regular expression")]
    Pattern { index: usize, pattern: String, source: Box<regex::Error> },
    /// A pattern would match between any two characters.
    #[error("redaction pattern {index} {pattern:?} matches the empty text, expected at least one character")]
    MatchesNothing { index: usize, pattern: String },
    /// A detector of that name does not exist.
    #[error("unknown detector {name:?}, expected one of: {known}")]
    Detector { name: String, known: String },
    /// A key holds no ASCII letter or digit.
    #[error("redaction key {index} {key:?} holds no ASCII letter or digit")]
    Key { index: usize, key: String },
    /// The replacement would itself be redacted, so that no output were ever final.
    #[error("replacement {replacement:?} would itself be redacted, expected a text no rule matches")]
    Replacement { replacement: String },
}
