//! Tests of each detector alone: by its lines of the corpus, and by look-alikes one check away.

use super::*;
use crate::{Findings, Policy, Redactor};

const CORPUS: &str = include_str!("../../tests/corpus/secrets.tsv");

fn only(name: &str) -> Redactor {
    let policy =
        Policy { patterns: vec![], keys: vec![], detectors: vec![name.to_owned()], ..Policy::default() };
    Redactor::new(&policy).unwrap()
}

#[test]
fn each_detector_finds_its_lines_of_the_corpus_by_itself() {
    for detector in ALL {
        let redactor = only(detector.name);
        let lines: Vec<&str> =
            CORPUS.lines().filter(|line| line.split('\t').next() == Some(detector.name)).collect();
        // Those have their cases below; the corpus calls their lines `shell`.
        let shell = ["option_", "htpasswd_", "net_user_", "openssl_", "piped_"];
        if shell.iter().any(|start| detector.name.starts_with(start)) {
            continue;
        }
        assert!(!lines.is_empty(), "no line for {}", detector.name);
        let finds = |line: &&&str| {
            let row: Vec<String> =
                line.split('\t').map(|cell| cell.replace('¦', "").replace('␤', "\n")).collect();
            let text = row[3].replace('§', &row[2]);
            let mut found = Findings::default();
            let output = match &*row[1] {
                "json" => redactor.json(&text, &mut found),
                _ => redactor.text(&text, &mut found),
            };
            found.iter().any(|(name, _)| name == detector.name) && !output.contains(&row[2])
        };
        // Some lines of a kind are caught by their key only (a bare password after `Cookie:` has no form).
        let count = lines.iter().filter(finds).count();
        assert!(count * 2 >= lines.len(), "{} finds {count} of {}", detector.name, lines.len());
    }
}

#[track_caller]
fn check(name: &str, text: &str, expected: &str) {
    assert_eq!(only(name).text(text, &mut Findings::default()), expected, "{name}");
}

#[test]
fn only_the_secret_part_goes() {
    check("url_password", "postgres://u:p@ss@h.io/d", "postgres://u:[REDACTED]@h.io/d");
    check("basic_auth", "Basic dXNlcjpwYXNz end", "Basic [REDACTED] end");
    check(
        "slack_webhook",
        "x https://hooks.slack.com/services/T0/B0/abcdefghijklmnopqrst y",
        "x https://hooks.slack.com/[REDACTED] y",
    );
    check(
        "private_key",
        "a\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIabcdefgh\n-----END EC PRIVATE KEY-----\nb",
        "a\n[REDACTED]\nb",
    );
    check("hex_private_key", &format!("private key: 0x{}", "ab".repeat(32)), "private key: [REDACTED]");
    check("us_ssn", "SSN 219-09-9999.", "SSN [REDACTED].");
}

#[test]
fn passwords_on_command_lines_go() {
    check("option_password", "sshpass -p pa55 ssh -p 2222 h", "sshpass -p [REDACTED] ssh -p 2222 h");
    check("option_password", "mysqldump -u r -p'pa55' d", "mysqldump -u r -p'[REDACTED]' d");
    check("option_password", "mysql -u r -p shop", "mysql -u r -p shop");
    check("htpasswd_password", "htpasswd -cb f bob pa55", "htpasswd -cb f bob [REDACTED]");
    check("htpasswd_password", "htpasswd f bob more", "htpasswd f bob more");
    check("net_user_password", "net user bob pa55 /add", "net user bob [REDACTED] /add");
    check("net_user_password", "net user bob /delete", "net user bob /delete");
    check("openssl_password", "openssl rsa -passin pass:pa55", "openssl rsa -passin pass:[REDACTED]");
    check("openssl_password", "fail:1 pass:1234", "fail:1 pass:1234");
    check("piped_password", "echo 'pa55' | sudo -S ls", "echo '[REDACTED]' | sudo -S ls");
    check("piped_password", "echo \"$PW\" | sudo -S ls", "echo \"$PW\" | sudo -S ls");
}

#[test]
fn what_fails_its_check_stays() {
    for (name, text) in [
        ("github_token", concat!("gh", "p_zQWBuTSOoRi4A9sp")),
        ("npm_token", "npm_packageConfigRegistryUrlOfTheTeam"),
        ("npm_token", "npm_package_config_registry_url_2026_Q4"),
        ("slack_token", "xapp-the-agent-of-the-release-team"),
        ("shopify_token", "shpat_integration_tests_for_the_shop"),
        ("payment_card", "4111 1111 1111 1112"),
        ("payment_card", "4111111111111111.5"),
        ("iban", "DE88370400440532013000"),
        ("jwt", "eyJmb28iOiJiYXIifQ.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln"),
        ("basic_auth", "Basic authentication"),
        ("bearer_token", "Bearer authentication"),
        ("us_ssn", "SSN 900-12-3456"),
        ("us_ssn", "219-09-9999"),
        ("private_key", "-----BEGIN PUBLIC KEY-----\nMHcCAQEEIIabcdefgh"),
        ("hex_private_key", "tx 0xabababababababababababababababababababababababababababababababab"),
        ("email", "git@github.com:a/b.git"),
        ("email", "lodash@4.17.21"),
        ("phone", "id 4155550132, 2026-03-01, 10.0.0.1"),
        ("aws_access_key_id", "AKIASHORT"),
        ("twilio_key", "SK85e5ab0a"),
    ] {
        check(name, text, text);
    }
}

#[test]
fn a_token_of_a_wrong_length_or_checksum_goes_when_its_prefix_is_its_own() {
    for (name, token) in [
        ("github_token", concat!("gh", "p_zQWBuTSOoRi4A9spHcVY")),
        ("github_token", concat!("gh", "p_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq1")),
        ("npm_token", concat!("np", "m_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18")),
        ("github_fine_grained_token", concat!("github", "_pat_11ABCDEFG0zQWBuTSOoRi4A9spHcVY")),
        ("stripe_key", concat!("sk", "_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18")),
        ("linear_key", concat!("lin", "_api_zQWBuTSOoRi4A9spHcVY5n")),
        ("digitalocean_token", concat!("dop", "_v1_0123456789abcdef0123456789abcdef")),
    ] {
        check(name, &format!("use {token} now"), "use [REDACTED] now");
        check(name, &format!("{{\"k\":\"{token}\"}}"), "{\"k\":\"[REDACTED]\"}");
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = ALL.iter().map(|detector| detector.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}
