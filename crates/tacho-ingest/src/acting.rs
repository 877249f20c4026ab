//! Rules for command lines: which programs, with which words behind them, mean something.

use std::collections::HashMap;
use tacho_shell::{each_command, run};

/// Options before a subcommand whose value is a word of its own.
const VALUED: &[&str] = &[
    "-c",
    "-n",
    "-f",
    "-h",
    "-l",
    "-s",
    "--namespace",
    "--context",
    "--kube-context",
    "--kubeconfig",
    "--cluster",
    "--user",
    "--as",
    "--server",
    "--token",
    "--git-dir",
    "--work-tree",
    "--exec-path",
    "--config",
    "--host",
    "--log-level",
    "--prefix",
    "--registry",
    "--workspace",
    "--manifest-path",
    "--color",
    "--filename",
    "--profile",
    "--region",
    "--project",
    "--repo",
];

/// A rule: the program, then words that follow in order. A word that starts with `-` is the beginning of any
/// option, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    words: Vec<String>,
}

impl Rule {
    pub(crate) fn new(rule: &str) -> Rule {
        let mut words: Vec<String> = rule.split_ascii_whitespace().map(str::to_owned).collect();
        words.iter_mut().for_each(|word| lower(word));
        Rule { words }
    }

    /// The program; empty for an empty rule.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether a command, in lower case and without wrappers, is meant.
    fn fits(&self, command: &[String]) -> bool {
        self.fits_by(command, |option, words| words.iter().any(|word| word.starts_with(option)))
    }

    /// The same where the rule's options must stand as they are.
    fn fits_whole(&self, command: &[String]) -> bool {
        self.fits_by(command, is_set)
    }

    fn fits_by(&self, command: &[String], has: impl Fn(&str, &[String]) -> bool) -> bool {
        let (Some((program, words)), Some((own, rest))) = (command.split_first(), self.words.split_first())
        else {
            return false;
        };
        let mut plain = plain_words(words);
        let told = |rule: &String| match rule.starts_with('-') {
            true => has(rule, words),
            false => plain.next() == Some(rule),
        };
        own == program && rest.iter().all(told)
    }
}

/// Which commands mean something, and which of those only read.
#[derive(Debug)]
pub(crate) struct Rules {
    acting: Vec<Rule>,
    /// Where the acting rules of each program are.
    programs: HashMap<String, Vec<usize>>,
    /// Their option words are meant whole: `--dry-run` is not `--dry-run=none`.
    reading: Vec<Rule>,
}

impl Rules {
    pub(crate) fn new(acting: Vec<Rule>, reading: Vec<Rule>) -> Rules {
        let mut programs: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, rule) in acting.iter().enumerate() {
            programs.entry(rule.program().to_string()).or_default().push(at);
        }
        Rules { acting, programs, reading }
    }

    /// Calls `visit` with the place of every acting rule that a command of the text fits.
    pub(crate) fn each_fit(&self, text: &str, visit: &mut impl FnMut(usize)) {
        each_command(text, &mut |command| self.visit(&command.words, visit));
    }

    /// The same for a command that came as a list of words.
    pub(crate) fn each_fit_of_words(&self, words: Vec<String>, visit: &mut impl FnMut(usize)) {
        run(words, &mut |command| self.visit(&command.words, visit));
    }

    fn visit(&self, command: &[String], visit: &mut impl FnMut(usize)) {
        let Some(own) = command.first().and_then(|program| self.programs.get(program)) else { return };
        let mut command = command.to_vec();
        command.iter_mut().skip(1).for_each(|word| lower(word));
        let command = command.as_slice();
        let own = own.iter().copied();
        let mut fits = own.filter(|at| self.acting[*at].fits(command)).peekable();
        let reads = || is_set("--help", command) || self.reading.iter().any(|rule| rule.fits_whole(command));
        if fits.peek().is_some() && !reads() {
            fits.for_each(visit);
        }
    }
}

/// A word in lower case; an option of one letter means another thing in capitals: `-C` of ansible-playbook tries out, `-c`
/// names a connection.
fn lower(word: &mut str) {
    if word.len() != 2 || !word.starts_with('-') {
        word.make_ascii_lowercase();
    }
}

/// Whether an option stands among the words exactly so, and nothing behind it takes it back: of `--dry-run=client
/// --dry-run=none` the last counts, and what stands behind `--` is no option.
fn is_set(option: &str, words: &[String]) -> bool {
    fn name(word: &str) -> &str {
        word.split_once('=').map_or(word, |(name, _)| name)
    }
    let options = words.iter().take_while(|word| *word != "--");
    options.filter(|word| name(word) == name(option)).last().is_some_and(|last| last == option)
}

/// Words that are neither options nor their values.
fn plain_words(words: &[String]) -> impl Iterator<Item = &String> {
    let mut value = false;
    words.iter().filter(move |word| {
        let option = word.starts_with(['-', '+']);
        !std::mem::replace(
            &mut value,
            option && VALUED.iter().any(|valued| valued.eq_ignore_ascii_case(word)),
        ) && !option
    })
}

#[cfg(test)]
#[path = "acting_tests.rs"]
mod tests;
