//! The pattern file: the part of the default policy that client libraries in other languages can follow.
//!
//! A client redacts before it writes to its own disk; the server redacts again, with everything. The file says the names
//! whose values are secrets and, for each detector that a regular expression can stand for, that expression in the
//! common subset of Python's and JavaScript's dialects. What it can't say: disguised letters, and the judgement of
//! values behind a name, of which clients carry a simpler form. `tests/it/clients.rs` keeps the copies in `sdks/` current.
//!
//! A rule is looked at only in a text that holds one of its needles (in lower case) or where its gate matches. What is
//! replaced is the first group if there is one, else the whole match; `check` names a function that may refuse it.

use std::fmt::Write as _;

use crate::detectors::{self, Alphabet, Find};
use crate::json::escape;
use crate::keys;
use crate::patterns::Pattern;
use crate::policy::Policy;

/// Of a token with a mark so many characters are enough, whatever its length should be.
const TOKEN_MIN: usize = 20;

/// Detectors that are more than a prefix and a length: name, needles, check, expression. `(?i)` stands for "without
/// regard to case".
const SHAPES: &[(&str, &[&str], &str, &str)] = &[
    (
        "aws_secret_key",
        &["aws", "akia", "asia"],
        "mixed",
        r"(?<![A-Za-z0-9+/])([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    ),
    (
        "azure_storage_key",
        &["accountkey=", "sharedaccesskey="],
        "",
        r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{40,100})",
    ),
    ("azure_sas_signature", &["sig="], "mixed", r"[&?;]sig=([A-Za-z0-9+/=%_-]{40,100})"),
    ("openai_key", &["sk-"], "mixed", r"(?<![A-Za-z0-9_-])sk-(?!ant-)[A-Za-z0-9_-]{32,250}"),
    (
        "slack_webhook",
        &["hooks.slack.com"],
        "",
        r"hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9/]{20,160})",
    ),
    ("twilio_key", &["sk", "ac"], "", r"(?<![A-Za-z0-9_])(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9_])"),
    ("telegram_token", &[":aa"], "", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    ("discord_webhook", &["discord"], "", r"discord(?:app)?\.com/api/webhooks/([A-Za-z0-9_/-]{60,120})"),
    (
        "discord_token",
        &["discord", "bot m", "bot n", "bot o"],
        "",
        r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
    ),
    ("jwt", &["eyj"], "", r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9._-]{10,16384}"),
    (
        "private_key",
        &["-----begin"],
        "",
        r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY[A-Z ]{0,16}-----(?:(?!-----)[A-Za-z0-9+/=\s\\:,.()-]){16,}(?:-----END[A-Z0-9 ]{0,48}-----)?",
    ),
    (
        "hex_private_key",
        &["private"],
        "",
        r"(?i)private[ _-]?key[^0-9a-f]{0,32}(?:0x)?([0-9a-f]{64})(?![0-9a-z_])",
    ),
    (
        "url_password",
        &["://"],
        "value",
        r#":(?:\\?/){2}[^/\s:@"'<>`]{0,256}:([^@\s/"'<>`]{1,256})@(?=[A-Za-z0-9\[${<%_])"#,
    ),
    ("url_token", &["://"], "random", r"://([A-Za-z0-9_-]{20,256})@(?=[A-Za-z0-9])"),
    (
        "bearer_token",
        &["bearer"],
        "random",
        r"(?i)(?<![a-z0-9_])bearer[ \t:=]{1,4}([a-z0-9._~+/-]{8,4096}={0,2})",
    ),
    ("basic_auth", &["basic "], "basic", r"(?i)(?<![a-z0-9_])basic {1,4}([a-z0-9+/]{8,1024}={0,2})"),
    (
        "curl_user",
        &["curl "],
        "value",
        r#"curl (?:[^\n]{0,480}? )?(?:-u ?|--user |--proxy-user )["']{0,2}[^\s:"']{1,128}:([^\s"']{1,256})"#,
    ),
    ("auth_pair", &["auth=("], "value", r#"auth=\(["'][^"'\n]{0,128}["'], ?["']([^"'\n]{1,128})["']"#),
    ("sql_password", &["identified by"], "value", r#"(?i)identified by ["']([^"'\n]{1,256})["']"#),
    ("sshpass_password", &["sshpass"], "word", r#"sshpass -p ?["']?([^\s"'|;]{4,256})"#),
    (
        "option_password",
        &["mysql", "mariadb", "7z "],
        "word",
        r#"(?:mysql|mariadb|7z)[a-z]{0,8} [^\n|;&]{0,200}?-p([^\s"'|;]{4,256})"#,
    ),
    (
        "htpasswd_password",
        &["htpasswd"],
        "word",
        r#"htpasswd +-[A-Za-z]{0,8}b[A-Za-z]{0,8} +\S{1,200} +\S{1,200} +["']?([^\s"'|;]{4,256})"#,
    ),
    ("net_user_password", &["net user"], "word", r#"(?i)net user +\S{1,64} +([^\s/*"'|;][^\s"'|;]{3,255})"#),
    ("openssl_password", &["pass:"], "word", r#"-pass(?:in|out)? +["']?pass:([^\s"'|;]{4,256})"#),
    (
        "piped_password",
        &["sudo -s", "--password-stdin", "--with-token", "chpasswd"],
        "word",
        r#"(?:echo|printf) +(?:-n +)?["']?(?:[^\s"'|;:]{1,64}:)?([^\s"'|;$]{4,256})["']? *\|[^\n|]{0,200}(?:sudo -S|--password-stdin|--with-token|chpasswd)"#,
    ),
    (
        "email",
        &["@"],
        "",
        r"(?<![A-Za-z0-9._%+-])(?<!://)(?!git@)[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}(?!(?:png|jpe?g|gif|svg|webp|ico|[mc]?js|tsx?|jsx|s?css|json|ya?ml|py|rs|go|rb|java|t?gz|zip|whl|md|txt|html|lock|toml|service|timer|socket|target)(?![A-Za-z]))[A-Za-z]{2,18}(?![A-Za-z0-9_])(?!:[!-~])",
    ),
    (
        "phone_announced",
        &["phone", "mobile", "whatsapp", "tel:", "tel.", "fax"],
        "phone",
        r#"(?i)(?<![a-z0-9_])(?:phone|mobile|whatsapp|tel|fax)[a-z_]{0,10}[:.=#"'\s]{1,6}(?:(?:number|no\.|is|nr\.)[:.=#"'\s]{0,6})?([+(]{0,2}[0-9][0-9 .()/-]{5,24}[0-9])(?![0-9A-Za-z_])"#,
    ),
    (
        "us_ssn",
        &["ssn", "social security"],
        "",
        r"(?i)(?:ssn|social security)[^0-9\n]{0,36}((?!000|666|9)(?:[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}|[0-9]{9}))(?![0-9A-Za-z_])",
    ),
];

/// Detectors without a needle: name, gate, check, expression.
const GATED: &[(&str, &str, &str, &str)] = &[
    (
        "payment_card",
        r"[0-9](?:[ -]?[0-9]){12}",
        "card",
        r"(?<![A-Za-z0-9_.+$])(?:[0-9]{13,19}|[0-9]{4}(?: [0-9]{4}){3}(?: [0-9]{3})?|[0-9]{4}(?:-[0-9]{4}){3}(?:-[0-9]{3})?|[0-9]{4} [0-9]{6} [0-9]{4,5}|[0-9]{4}-[0-9]{6}-[0-9]{4,5})(?![A-Za-z0-9_])(?!\.[0-9])(?![-:][A-Za-z0-9])",
    ),
    (
        "iban",
        r"[A-Z]{2}[0-9]{2}[ A-Z0-9]{11}",
        "iban",
        r"(?<![A-Za-z0-9_])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9_])",
    ),
    (
        "phone_international",
        r"\+[1-9(][0-9 .()/-]{8}",
        "phone",
        r"(?<![A-Za-z0-9_+/).])\+(?:[1-9][0-9]{0,3}(?:[ ()/-]{1,2}[0-9]{1,6}){2,6}|[1-9][0-9]{9,14})(?![A-Za-z0-9_])",
    ),
    (
        "phone_north_american",
        r"[0-9]{3}(?:\) ?|[.-])[0-9]{3}[.-][0-9]{4}",
        "",
        r"(?<![A-Za-z0-9_./#@-])(?:\+?1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[.-]|[2-9][0-9]{2}-[2-9][0-9]{2}-|[2-9][0-9]{2}\.[2-9][0-9]{2}\.)[0-9]{4}(?![A-Za-z0-9_/-])",
    ),
];

/// The file, of the default policy. One line for each rule, so that a change shows as what it is.
#[must_use]
pub fn pattern_file() -> String {
    let policy = Policy::default();
    let mut out = String::from("{\n  \"version\": 1,\n");
    let _ = writeln!(out, "  \"replacement\": {},", quoted(&policy.replacement));
    let phrases = keys::phrases(&policy.keys);
    let _ = writeln!(out, "  \"names\": {{");
    let _ = writeln!(out, "    \"needles\": {},", list(&keys::needles(&policy.keys)));
    let _ = writeln!(out, "    \"phrases\": {},", list(&phrases));
    let glued: Vec<&String> = phrases.iter().filter(|phrase| keys::is_glued(phrase.as_bytes())).collect();
    let _ = writeln!(out, "    \"glued\": {},", list(&glued));
    for (name, words) in keys::word_lists() {
        let _ = writeln!(out, "    \"{name}\": {},", list(&words));
    }
    let _ = writeln!(out, "    \"name_chars_max\": {}", keys::NAME_MAX);
    let _ = writeln!(out, "  }},\n  \"rules\": [");
    let rules: Vec<String> = policy_rules(&policy).chain(token_rules()).chain(shape_rules()).collect();
    let _ = writeln!(out, "{}\n  ]\n}}", rules.join(",\n"));
    out
}

fn policy_rules(policy: &Policy) -> impl Iterator<Item = String> + '_ {
    policy.patterns.iter().map(|pattern| {
        let literals = Pattern::known(pattern).literals;
        rule("pattern", &literals, "", "", &format!("(?i){pattern}"))
    })
}

/// A prefix and so many characters of an alphabet. Checksums are not asked for: a token cut off goes as well.
fn token_rules() -> impl Iterator<Item = String> {
    detectors::ALL.iter().filter_map(|detector| {
        let Find::Token { alphabet, len, .. } = &detector.find else { return None };
        let prefixes: Vec<String> = detector.needles.iter().map(|needle| regex::escape(needle)).collect();
        let lower: Vec<String> = detector.needles.iter().map(|needle| needle.to_ascii_lowercase()).collect();
        let marked = detector.needles.iter().all(|needle| needle.len() >= 4 && needle.ends_with(['_', '-']));
        let min = if marked { TOKEN_MIN.min(*len.start()) } else { *len.start() };
        let class = class(*alphabet);
        let expression = format!("(?<![A-Za-z0-9_])(?:{})[{class}]{{{min},512}}", prefixes.join("|"));
        // Words joined by `_` and `-` are names; one run of letters and digits is none.
        let one_run = matches!(alphabet, Alphabet::Alphanumeric | Alphabet::Hex | Alphabet::Upper);
        let check = if one_run { "varied" } else { "random" };
        Some(rule(detector.name, &lower, "", check, &expression))
    })
}

fn shape_rules() -> impl Iterator<Item = String> {
    let shapes =
        SHAPES.iter().map(|(name, needles, check, expression)| rule(name, needles, "", check, expression));
    let gated =
        GATED.iter().map(|(name, gate, check, expression)| rule(name, &[""; 0], gate, check, expression));
    shapes.chain(gated)
}

fn class(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Alphanumeric => "A-Za-z0-9",
        Alphabet::Hex => "0-9a-f",
        Alphabet::Base64Url => "A-Za-z0-9_-",
        Alphabet::Dotted => "A-Za-z0-9_.-",
        Alphabet::Base64 => "A-Za-z0-9+/=",
        Alphabet::Upper => "A-Z0-9",
    }
}

fn rule(name: &str, needles: &[impl AsRef<str>], gate: &str, check: &str, expression: &str) -> String {
    let (expression, any_case) = match expression.strip_prefix("(?i)") {
        Some(rest) => (rest, true),
        None => (expression, false),
    };
    let mut out = format!("    {{\"name\": {}", quoted(name));
    if !needles.is_empty() {
        let _ = write!(out, ", \"needles\": {}", list(needles));
    }
    for (member, value) in [("gate", gate), ("check", check)] {
        if !value.is_empty() {
            let _ = write!(out, ", \"{member}\": {}", quoted(value));
        }
    }
    let any_case = if any_case { ", \"any_case\": true" } else { "" };
    let _ = write!(out, "{any_case}, \"regex\": {}}}", quoted(expression));
    out
}

fn list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text))
}
