//! What Sigma rules find in a list of events, for judges: `cargo run -p tacho-alert --example sigma -- EVENTS FILE…`.
//! Without a file, the built-in rules that Sigma can say, and first a line with them as Sigma.
//!
//! EVENTS has a JSON object on each line: `at` in microseconds, the other members are columns. Printed is a JSON object
//! for each rule: the places of the events that it found, or the first moment of each group of a correlation.

use std::error::Error;
use tacho_alert::row::Sample;
use tacho_alert::sigma::{export, import};
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Rule, builtin, read};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let events = std::fs::read_to_string(arguments.next().ok_or("expected EVENTS FILE…")?)?;
    let files = arguments.map(|file| Ok((file.clone(), std::fs::read_to_string(&file)?)));
    let files = files.collect::<Result<Vec<_>, std::io::Error>>()?;
    let samples = events.lines().enumerate().map(|(index, line)| sample(index, line));
    let samples = samples.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let rules = if files.is_empty() { exported()? } else { imported(&files)? };
    for rule in rules {
        let found = found(&rule, &samples)?;
        println!("{}", serde_json::json!({"rule": rule.id, "title": rule.title, "found": found}));
    }
    Ok(())
}

fn imported(files: &[(String, String)]) -> Result<Vec<Rule>, Box<dyn Error>> {
    let imported = import(files);
    if let Some(refused) = imported.refused.first() {
        return Err(refused.to_string().into());
    }
    let rules = imported.rules.iter().map(|rule| Ok(read(&rule.id, &rule.text)?.remove(0)));
    rules.collect()
}

fn exported() -> Result<Vec<Rule>, Box<dyn Error>> {
    let mut rules = builtin::rules()?;
    let exported = export(&rules);
    println!("{}", serde_json::json!({"sigma": exported.text}));
    rules.retain(|rule| exported.left.iter().all(|left| left.id != rule.id));
    Ok(rules)
}

fn sample(index: usize, line: &str) -> Result<Sample, Box<dyn Error>> {
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)?;
    let at = members.remove("at").and_then(|at| at.as_i64()).ok_or("an event without `at`")?;
    Ok(Sample::new(index as u64, START_US + at, &members)?)
}

/// Places of events, each a group of its own; or of each group the event at which it first fired.
fn found(rule: &Rule, samples: &[Sample]) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
    let single = !rule.query.contains("count(")
        && !rule.query.contains(" as value")
        && !rule.query.contains("sequence");
    let named =
        rule.query.lines().filter(|line| !line.starts_with("| fields ")).collect::<Vec<_>>().join("\n");
    let query = if single { format!("{named}\n| fields index") } else { named };
    let text = serde_json::json!({"id": rule.id, "query": query, "every": "stream", "window": tacho_pipe::format_us(rule.window_us)});
    let mut engine = Engine::new(read("judge", &text.to_string())?)?;
    let mut found: Vec<Vec<String>> = Vec::new();
    for sample in samples {
        engine.observe(sample);
        for change in engine.transitions() {
            let group: Vec<String> = change.group.iter().map(|(_, value)| value.clone()).collect();
            if change.change != Change::Firing {
                continue;
            }
            if single {
                found.push(group);
            } else if found.iter().all(|have| have[1..] != group[..]) {
                found.push(std::iter::once(sample.index.to_string()).chain(group).collect());
            }
        }
    }
    Ok(found)
}
