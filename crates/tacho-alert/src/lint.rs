//! `rules lint`: what works and is likely to be regretted.

use crate::compile::{Compiled, Shape, Step, compile};
use crate::rule::{Every, Rule, Severity};
use crate::term::Term;
use tacho_pipe::{Arithmetic, Comparison, Function, Over};

/// Advice about one rule; none is the best answer.
pub fn lint(rule: &Rule) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(compiled) = compile(rule) else { return found };
    if rule.tests.is_empty() {
        found.push("no tests: give it events that fire and events that do not".into());
    }
    if !rule.annotations.contains_key("runbook") {
        found.push("no runbook: say in annotations.runbook what to do when it fires".into());
    }
    if rule.severity == Severity::Critical && !rule.ack.required {
        found.push("critical, and nobody has to acknowledge: set ack.required".into());
    }
    let facts = facts(&compiled);
    if facts.ratio && !facts.minimum {
        found.push("compares a share without a least number of events: one of three is 33 percent; add such as n >= 20".into());
    }
    for baseline in &compiled.after.baselines {
        if baseline.over == Over::Peers {
            found.push("over peers says little while there are fewer than 5 groups".into());
        } else if baseline.function == Function::Avg {
            found.push("one busy day moves the mean for a week: median(x) over history is steadier".into());
        }
    }
    if !compiled.after.baselines.is_empty() && !facts.minimum {
        found.push(
            "a baseline near zero is passed by almost anything: add a least value, such as count >= 20"
                .into(),
        );
    }
    if let (Shape::Events(adding), Every::Stream) = (&*compiled.shape, rule.every) {
        let costly = adding.fresh().iter().any(|cell| !cell.is_reversible());
        if costly {
            found.push("adds up its whole window again with each event: give `every` a duration".into());
        }
    }
    if rule.query.contains("ratio(") && rule.for_us == 0 && rule.keep_us == 0 && rule.every == Every::Stream {
        found.push(
            "a share that is looked at with each event comes and goes: give it `for` or `keep_firing_for`"
                .into(),
        );
    }
    found
}

struct Facts {
    ratio: bool,
    minimum: bool,
}

fn facts(compiled: &Compiled) -> Facts {
    let mut facts = Facts { ratio: false, minimum: false };
    if let Shape::Events(adding) = &*compiled.shape {
        facts.ratio = adding.functions.contains(&Function::Ratio);
    }
    for step in &compiled.after.steps {
        match step {
            Step::Filter(term) => visit(term, &mut facts),
            Step::Eval(terms) => terms.iter().for_each(|term| visit(term, &mut facts)),
        }
    }
    // A share of events, not of two measured numbers.
    let counts = matches!(&*compiled.shape, Shape::Events(adding)
        if adding.functions.iter().any(|function| matches!(function, Function::Count | Function::Ratio)));
    facts.ratio &= counts;
    facts
}

fn visit(term: &Term, facts: &mut Facts) {
    match term {
        Term::And(terms) | Term::Or(terms) | Term::Scalar(_, terms) => {
            terms.iter().for_each(|t| visit(t, facts))
        }
        Term::Not(a) | Term::Negate(a) | Term::Exists(a) => visit(a, facts),
        Term::Compare(how, a, b) => {
            let least = matches!(how, Comparison::Greater | Comparison::GreaterOrEqual);
            let column = matches!(**a, Term::Column(_)) || matches!(**a, Term::Math(Arithmetic::Add, ..));
            facts.minimum |= least && column && matches!(**b, Term::Constant(_));
            visit(a, facts);
            visit(b, facts);
        }
        Term::Math(how, a, b) => {
            facts.ratio |= *how == Arithmetic::Divide;
            visit(a, facts);
            visit(b, facts);
        }
        _ => {}
    }
}
