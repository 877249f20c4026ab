//! Recall and false positives over `tests/corpus`. Run with `--nocapture` for the figures; `TACHO_CORPUS=tuned` (or
//! `held-out`) lists the misses of that part only.
//!
//! The held-out files were written after the last change to the detectors. Who tunes on them has no held-out part any
//! more: move their lines to the tuned ones then, and write new ones.

use std::fmt::Write as _;

use serde_json::Value;
use tacho_redact::{Findings, Policy, Redactor};

/// Name, secrets, look-alikes.
const PARTS: [(&str, &str, &str); 2] = [
    ("tuned", include_str!("../corpus/secrets.tsv"), include_str!("../corpus/lookalikes.tsv")),
    (
        "held-out",
        include_str!("../corpus/held-out-secrets.tsv"),
        include_str!("../corpus/held-out-lookalikes.tsv"),
    ),
];

fn rows(file: &str, columns: usize) -> impl Iterator<Item = Vec<&str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(move |line| {
        let row: Vec<&str> = line.splitn(columns, '\t').collect();
        assert_eq!(row.len(), columns, "{line}");
        row
    })
}

fn join(text: &str) -> String {
    text.replace('¦', "").replace('␤', "\n")
}

fn redact(redactor: &Redactor, form: &str, text: &str) -> String {
    let mut found = Findings::default();
    match form {
        "json" => redactor.json(text, &mut found).into_owned(),
        _ => redactor.text(text, &mut found).into_owned(),
    }
}

/// No six characters in a row of the secret are left, beyond those its surroundings hold anyway. Of a shorter
/// one the place must have changed.
fn gone(secret: &str, around: &str, output: &str) -> bool {
    let chars: Vec<char> = secret.chars().collect();
    let left = |part: &[char]| {
        let part: String = part.iter().collect();
        output.contains(&part) && !around.contains(&part)
    };
    if chars.len() < 6 { output != around.replace('§', secret) } else { !chars.windows(6).any(left) }
}

#[derive(Default)]
struct Tally {
    total: usize,
    wrong: usize,
    misses: String,
}

impl Tally {
    fn count(&mut self, right: bool, what: impl FnOnce() -> String) {
        self.total += 1;
        if !right {
            self.wrong += 1;
            let _ = writeln!(self.misses, "  {}", what());
        }
    }
}

fn measure(with_secrets: &str, without: &str) -> (Tally, Tally) {
    let redactor = Redactor::new(&Policy::default()).unwrap();
    let (mut secrets, mut lookalikes) = (Tally::default(), Tally::default());
    for row in rows(with_secrets, 4) {
        let [kind, form, secret, around] = row[..] else { unreachable!() };
        let secret = join(secret);
        let text = join(around).replace('§', &secret);
        let output = redact(&redactor, form, &text);
        if form == "json" {
            serde_json::from_str::<Value>(&text).unwrap_or_else(|err| panic!("{err}: {text}"));
            serde_json::from_str::<Value>(&output).unwrap_or_else(|err| panic!("{err}: {output}"));
        }
        let gone = gone(&secret, &join(around), &output);
        secrets.count(gone, || format!("missed {kind}: {text} -> {output}"));
    }
    for row in rows(without, 2) {
        let text = join(row[1]);
        let output = redact(&redactor, row[0], &text);
        lookalikes.count(output == text, || format!("changed: {text} -> {output}"));
    }
    (secrets, lookalikes)
}

#[test]
fn the_measure_sees_a_redactor_that_does_nothing() {
    let text = "id AKIA1234";
    assert!(!gone("AKIA1234", "id §", text) && gone("AKIA1234", "id §", "id [REDACTED]"));
    assert!(!gone("AKIA1234", "id §", "id [REDACTED]IA1234") && !gone("x7", "a § x7", "a x7 x7"));
}

#[test]
fn corpus_recall_and_false_positives_stay_within_bounds() {
    let wanted = std::env::var("TACHO_CORPUS").ok();
    let mut sum = [0; 4];
    println!("| part | secrets | found | recall | look-alikes | changed | false positives |");
    println!("|---|---|---|---|---|---|---|");
    let line = |part: &str, [secrets, missed, looks, changed]: [usize; 4]| {
        let recall = 1.0 - missed as f64 / secrets as f64;
        let wrong = changed as f64 / looks as f64;
        let found = secrets - missed;
        println!("| {part} | {secrets} | {found} | {recall:.3} | {looks} | {changed} | {wrong:.3} |");
        (recall, wrong)
    };
    let mut misses = String::new();
    for (part, with_secrets, without) in PARTS {
        let (secrets, looks) = measure(with_secrets, without);
        let row = [secrets.total, secrets.wrong, looks.total, looks.wrong];
        line(part, row);
        (0..4).for_each(|i| sum[i] += row[i]);
        if wanted.as_deref() == Some(part) {
            misses.push_str(&(secrets.misses + &looks.misses));
        }
    }
    let (recall, wrong) = line("all", sum);
    print!("{misses}");
    assert!(sum[0] >= 300 && sum[2] >= 300, "the corpus is too small");
    assert!(recall >= 0.98 && wrong <= 0.01, "recall {recall:.3}, false positives {wrong:.3}");
}
