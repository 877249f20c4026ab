//! Tests of reading command lines.

use super::*;
use proptest::prelude::*;

fn fits(rule: &str, text: &str) -> bool {
    let mut fit = false;
    each_fit(text, &[Rule::new(rule)], &mut |_| fit = true);
    fit
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
