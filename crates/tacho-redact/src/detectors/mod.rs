//! The built-in detectors: one list, and how each is found.
//!
//! A detector names the literals that must be present (its needles). All needles of all detectors are looked
//! for at once (see `gate`); only where one is seen does the detector look, and only within a bounded window
//! around it, or along a run of characters that no other place of the same needle shares. So the work stays
//! linear in the text whatever it holds.
//!
//! To add one: add an entry to [`ALL`], with a checksum or structure check if the kind has one, and lines to
//! `tests/corpus`.

mod auth;
pub(crate) mod checks;
mod cloud;
mod contact;
mod finance;
mod keyblock;
pub(crate) mod lex;
mod shell;

use std::ops::{Range, RangeInclusive};

use checks::{any, crc32_base62, mixed, random};

/// Whether a find is a credential (marks the event) or personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Credential,
    Personal,
}

pub(crate) struct Detector {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// Literals, compared without regard to case by the gate; a `Token` compares again exactly.
    pub(crate) needles: &'static [&'static str],
    /// Also called at runs of four digits and more.
    pub(crate) digits: bool,
    pub(crate) find: Find,
}

pub(crate) enum Find {
    /// The needle, then so many characters of an alphabet, then something else.
    Token { alphabet: Alphabet, len: RangeInclusive<usize>, check: fn(&str) -> bool },
    /// A function of the text and the place of the needle (or of the first digit of a run).
    With(fn(&str, usize) -> Option<Range<usize>>),
}

#[derive(Clone, Copy)]
pub(crate) enum Alphabet {
    Alphanumeric,
    Hex,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    /// `Base64Url` and `.`
    Dotted,
    /// Letters, digits, `+`, `/`, `=`
    Base64,
    /// Upper-case letters and digits.
    Upper,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

impl Detector {
    /// The part to redact, given where a needle (or a run of digits) starts.
    pub(crate) fn find(&self, text: &str, at: usize) -> Option<Range<usize>> {
        let (alphabet, len, check) = match &self.find {
            Find::With(find) => return find(text, at),
            Find::Token { alphabet, len, check } => (*alphabet, len, check),
        };
        let rest = &text.as_bytes()[at..];
        let needle = self.needles.iter().find(|needle| rest.starts_with(needle.as_bytes()))?;
        if !lex::starts_word(text, at) {
            return None;
        }
        let start = at + needle.len();
        let end = lex::run(text, start, len.end() + 1, |byte| alphabet.has(byte));
        let end = start + text[start..end].trim_end_matches(['.', '-']).len();
        let exact = len.contains(&(end - start)) && check(&text[start..end]);
        if exact { Some(at..end) } else { alphabet.broken(text, needle, at) }
    }
}

/// So many characters behind a known prefix are no word any more, whatever its length and checksum should be.
const TOKEN_MIN: usize = 20;
/// A token of a wrong length is followed so far.
const BROKEN_MAX: usize = 512;

impl Alphabet {
    /// A token cut off, run together with something, or with a wrong checksum: a prefix that nothing else begins with
    /// and enough behind it. Nobody can say that it opens nothing.
    fn broken(self, text: &str, needle: &str, at: usize) -> Option<Range<usize>> {
        if !is_marked(needle) {
            return None;
        }
        let start = at + needle.len();
        let run = |limit| {
            let end = lex::run(text, start, limit, |byte| self.has(byte));
            start..start + text[start..end].trim_end_matches(['.', '-']).len()
        };
        // Words joined by `_` and `-` are names; random letters have both cases. Judged by its beginning.
        let token = &text[run(3 * TOKEN_MIN)];
        let is_random = if matches!(self, Hex) { random(token) } else { high_entropy(token) };
        (token.len() >= TOKEN_MIN && is_random).then(|| at..run(BROKEN_MAX).end)
    }
}

/// A prefix that ends with a mark is made to be told from words.
fn is_marked(needle: &str) -> bool {
    needle.len() >= 4 && needle.ends_with(['_', '-'])
}

impl Detector {
    /// Whether a known prefix stands at `at` with a token's beginning behind it, whatever its length and
    /// checksum. A prefix with a mark at its end counts inside of a word, too.
    pub(crate) fn is_shaped(&self, text: &str, at: usize) -> bool {
        let alphabet = match &self.find {
            Find::Token { alphabet, .. } => *alphabet,
            Find::With(_) if self.needles == ["sk-"] => Base64Url,
            Find::With(_) => return false,
        };
        let rest = &text.as_bytes()[at..];
        let Some(needle) = self.needles.iter().find(|needle| rest.starts_with(needle.as_bytes())) else {
            return false;
        };
        let start = at + needle.len();
        let token = &text[start..lex::run(text, start, TOKEN_MIN, |byte| alphabet.has(byte))];
        let one_run = matches!(alphabet, Alphanumeric | Hex | Upper);
        let whole = is_marked(needle) || lex::starts_word(text, at);
        token.len() == TOKEN_MIN && whole && (one_run || random(token))
    }
}

type Check = fn(&str) -> bool;

const fn token(
    name: &'static str,
    needles: &'static [&'static str],
    alphabet: Alphabet,
    len: RangeInclusive<usize>,
    check: Check,
) -> Detector {
    let find = Find::Token { alphabet, len, check };
    Detector { name, class: Class::Credential, needles, digits: false, find }
}

const fn secret(
    name: &'static str,
    needles: &'static [&'static str],
    find: fn(&str, usize) -> Option<Range<usize>>,
) -> Detector {
    Detector { name, class: Class::Credential, needles, digits: false, find: Find::With(find) }
}

const fn personal(
    name: &'static str,
    needles: &'static [&'static str],
    digits: bool,
    find: fn(&str, usize) -> Option<Range<usize>>,
) -> Detector {
    Detector { name, class: Class::Personal, needles, digits, find: Find::With(find) }
}

use Alphabet::{Alphanumeric, Base64, Base64Url, Dotted, Hex, Upper};

// rustfmt would make this table three times as long.
#[rustfmt::skip]
pub(crate) const ALL: &[Detector] = &[
    // Clouds.
    token("aws_access_key_id", &["AKIA", "ASIA", "ABIA", "ACCA"], Upper, 16..=16, any),
    secret("aws_secret_key", &["AKIA", "ASIA", "aws"], cloud::aws_secret_key),
    token("gcp_api_key", &["AIza"], Base64Url, 35..=35, any),
    token("google_oauth_token", &["ya29."], Base64Url, 20..=1024, any),
    token("google_oauth_secret", &["GOCSPX-"], Base64Url, 24..=40, any),
    secret("azure_storage_key", &["AccountKey=", "SharedAccessKey="], cloud::azure_key),
    secret("azure_sas_signature", &["sig="], cloud::azure_sas),
    token("digitalocean_token", &["dop_v1_", "doo_v1_", "dor_v1_"], Hex, 64..=64, any),
    token("databricks_token", &["dapi"], Hex, 32..=32, random),
    token("vault_token", &["hvs.", "hvb."], Base64Url, 24..=200, any),
    // Code hosts and package registries.
    token("github_token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], Alphanumeric, 36..=255, any),
    token("github_fine_grained_token", &["github_pat_"], Base64Url, 60..=100, any),
    token("gitlab_token", &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"], Dotted, 20..=300, any),
    token("npm_token", &["npm_"], Alphanumeric, 36..=36, crc32_base62),
    token("pypi_token", &["pypi-AgE"], Base64Url, 50..=400, any),
    token("docker_token", &["dckr_pat_"], Base64Url, 24..=40, any),
    // Models.
    token("anthropic_key", &["sk-ant-"], Base64Url, 24..=200, any),
    secret("openai_key", &["sk-"], cloud::openai_key),
    token("huggingface_token", &["hf_"], Alphanumeric, 34..=40, any),
    token("groq_key", &["gsk_"], Alphanumeric, 48..=60, any),
    token("xai_key", &["xai-"], Alphanumeric, 70..=90, any),
    token("replicate_token", &["r8_"], Alphanumeric, 37..=40, any),
    token("perplexity_key", &["pplx-"], Alphanumeric, 40..=60, any),
    // Messages and payments.
    token("slack_token", &["xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xapp-"], Base64Url, 20..=300, random),
    secret("slack_webhook", &["hooks.slack.com"], cloud::slack_webhook),
    token("stripe_key", &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"], Alphanumeric, 16..=250, random),
    token("sendgrid_key", &["SG."], Dotted, 60..=70, cloud::sendgrid),
    secret("twilio_key", cloud::TWILIO, cloud::twilio_key),
    secret("telegram_token", &[":AA"], cloud::telegram_token),
    secret("discord_token", &["discord", "Bot M", "Bot N", "Bot O"], cloud::discord_token),
    token("shopify_token", &["shpat_", "shpca_", "shppa_", "shpss_"], Hex, 32..=32, any),
    token("square_token", &["sq0atp-", "sq0csp-"], Base64Url, 22..=50, any),
    token("linear_key", &["lin_api_"], Alphanumeric, 32..=48, any),
    token("notion_token", &["ntn_"], Alphanumeric, 40..=60, any),
    token("grafana_token", &["glsa_"], Base64Url, 32..=48, any),
    token("new_relic_key", &["NRAK-"], Upper, 27..=27, any),
    token("atlassian_token", &["ATATT3"], Base64, 60..=250, any),
    token("age_secret_key", &["AGE-SECRET-KEY-1"], Upper, 58..=58, any),
    // Formats.
    secret("jwt", &["eyJ"], keyblock::jwt),
    secret("private_key", &["-----BEGIN"], keyblock::private_key),
    secret("hex_private_key", &["private"], keyblock::hex_private_key),
    secret("url_password", &["@"], auth::url_password),
    secret("bearer_token", &["bearer"], auth::bearer),
    secret("basic_auth", &["basic "], auth::basic),
    secret("curl_user", &["curl "], auth::curl_user),
    secret("auth_pair", &["auth=("], auth::auth_pair),
    secret("sql_password", &["identified by"], auth::sql_password),
    // Command lines.
    secret("option_password", shell::OPTION_TOOLS, shell::option_password),
    secret("htpasswd_password", &["htpasswd"], shell::htpasswd),
    secret("net_user_password", &["net user"], shell::net_user),
    secret("openssl_password", &["pass:"], shell::openssl),
    secret("piped_password", shell::STDIN, shell::piped),
    // Personal data.
    personal("email", &["@"], false, contact::email),
    personal("phone", &["+", "phone", "mobile", "whatsapp", "tel:", "tel.", "fax"], true, contact::phone),
    personal("payment_card", &[], true, finance::card),
    personal("iban", &[], true, finance::iban),
    personal("us_ssn", &["ssn", "social security"], false, finance::ssn),
];

/// A key with no need for more than its name: `mixed` is what tells it from words.
pub(crate) fn high_entropy(text: &str) -> bool {
    mixed(text) && random(text)
}

#[cfg(test)]
mod tests;
