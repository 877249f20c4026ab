//! Tests of rules for command lines.

use super::{Rule, Rules};
use proptest::prelude::*;

fn fits(rule: &str, text: &str) -> bool {
    let mut fit = false;
    let rules = Rules::new(vec![Rule::new(rule)], Vec::new());
    rules.each_fit(text, &mut |_| fit = true);
    fit
}

/// Whether `kubectl apply` acts in the text although some commands are told to only read.
fn acts(text: &str) -> bool {
    let reading = ["kubectl --dry-run", "kubectl --dry-run=client", "kubectl apply view-last-applied", ""];
    let reading = reading.iter().map(|rule| Rule::new(rule)).collect();
    let mut fit = false;
    Rules::new(vec![Rule::new("kubectl apply")], reading).each_fit(text, &mut |_| fit = true);
    fit
}

#[test]
fn a_command_that_only_reads_excuses_itself_and_no_other() {
    for text in [
        "kubectl apply --dry-run -f x",
        "kubectl --dry-run=client -n prod apply -f x",
        "sudo kubectl apply -f x --dry-run=CLIENT",
        "kubectl apply view-last-applied deploy/x",
        "sh -c 'kubectl apply --dry-run=client'",
        "kubectl apply --dry-run=none --dry-run=client",
    ] {
        assert!(!acts(text), "{text}");
    }
    for text in [
        "kubectl apply -f x",
        "kubectl apply --dry-run=none",
        "kubectl apply --dry-run=client --dry-run=none",
        "kubectl apply --dry-runs",
        "kubectl apply -- --dry-run",
        "kubectl apply -f --dry-run=client/../x",
        "echo --dry-run; kubectl apply -f x",
        "kubectl apply --dry-run=client -o yaml | kubectl apply -f -",
        "kubectl apply -f view-last-applied",
        "kubectl apply # --dry-run",
        "kubectl apply '' x",
    ] {
        assert!(acts(text), "{text}");
    }
}

#[test]
fn a_command_is_found_however_it_is_written() {
    for (rule, text) in [
        ("git push", "git  push"),
        ("git push", "git -C /r push origin"),
        ("git push", "git -c user.name=x --git-dir /r push"),
        ("git push", "GIT PUSH"),
        ("git push", "/usr/bin/git push"),
        ("git push", "cd x && git push 2>&1 | tee log"),
        ("git push", "a;git push"),
        ("git push", "x\ngit \\\npush"),
        ("git push", "sudo -u deploy A=1 env -i B=2 time git push"),
        ("git push", "timeout -k 5 60 git push"),
        ("git push", "bash -lc \"cd x && git push\""),
        ("git push", "sh -c 'bash -c \"git push\"'"),
        ("git push", "if true; then git push; fi"),
        ("git push", "echo \"$(git push)\" >log"),
        ("git push", "(git push) &"),
        ("git push", ">log git push"),
        ("kubectl apply", "kubectl -n prod apply -f x"),
        ("kubectl apply", "kubectl   --namespace=prod apply"),
        ("kubectl apply", "ls | xargs -n 1 kubectl apply -f"),
        ("kubectl set image", "kubectl set --context c image deploy/x"),
        ("terraform apply", "terraform -chdir=x apply"),
        ("cargo publish", "cargo +nightly publish"),
        ("shutdown -", "shutdown -h now"),
    ] {
        assert!(fits(rule, text), "{rule}: {text}");
    }
}

#[test]
fn a_command_that_is_only_spoken_of_is_not_run() {
    for (rule, text) in [
        ("kubectl apply", "grep 'kubectl apply' README.md"),
        ("git push", "echo 'git push'"),
        ("git push", "echo git push"),
        ("git push", "git log # ; git push"),
        ("git push", "git commit -m \"then; git push\""),
        ("git push", "git stash push"),
        ("git push", "legit push"),
        ("kubectl set image", "kubectl set env"),
        ("shutdown -", "shutdown"),
        ("git push", ""),
    ] {
        assert!(!fits(rule, text), "{rule}: {text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_cut_without_a_panic(text in "[gitpush \\\\'\"$()`;&|<>\n#=é-]{0,60}", other in ".{0,60}") {
        fits("git push", &text);
        fits("git push", &other);
    }
}
