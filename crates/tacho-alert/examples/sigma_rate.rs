//! How fast Sigma rules run over events: `cargo run --release -p tacho-alert --example sigma_rate -- EVENTS FILE…`.
//!
//! The files are Sigma, EVENTS has an object on each line: `at` in microseconds, the other members are columns. The events are read
//! before the clock starts. Printed is one line of JSON: rules, events, seconds of the engine, and the titles of the rules that fired.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::time::Instant;
use tacho_alert::row::Sample;
use tacho_alert::sigma::import;
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Rule, read};

/// As often as the server asks after a batch of the log.
const BATCH: usize = 1_024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let events = arguments.next().ok_or("usage: sigma_rate EVENTS FILE…")?;
    let files = arguments.map(|file| Ok((file.clone(), std::fs::read_to_string(&file)?)));
    let imported = import(&files.collect::<Result<Vec<_>, std::io::Error>>()?);
    if let Some(refused) = imported.refused.first() {
        return Err(refused.to_string().into());
    }
    let rules = imported.rules.iter().map(|rule| Ok(read(&rule.id, &rule.text)?.remove(0)));
    let rules = rules.collect::<Result<Vec<Rule>, Box<dyn Error>>>()?;
    let titles: HashMap<String, String> =
        rules.iter().map(|rule| (rule.id.clone(), rule.title.clone())).collect();
    let text = std::fs::read_to_string(events)?;
    let samples = text.lines().enumerate().map(|(index, line)| sample(index, line));
    let samples = samples.collect::<Result<Vec<_>, _>>()?;

    let (count, mut fired) = (rules.len(), BTreeSet::new());
    let mut engine = Engine::new(rules)?;
    let began = Instant::now();
    for batch in samples.chunks(BATCH) {
        batch.iter().for_each(|sample| engine.observe(sample));
        let firing = engine.transitions().into_iter().filter(|one| one.change == Change::Firing);
        fired.extend(firing.map(|one| titles[&one.rule].clone()));
    }
    let seconds = began.elapsed().as_secs_f64();
    let told =
        serde_json::json!({"rules": count, "events": samples.len(), "seconds": seconds, "fired": fired});
    println!("{told}");
    Ok(())
}

fn sample(index: usize, line: &str) -> Result<Sample, Box<dyn Error>> {
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)?;
    let at = members.remove("at").and_then(|at| at.as_i64()).ok_or("an event without `at`")?;
    Ok(Sample::new(index as u64, START_US + at, &members)?)
}
