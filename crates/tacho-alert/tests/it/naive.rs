//! A second evaluator, written to be right and not to be fast: at every instant it adds up the whole list of events
//! again. Both have to agree on every alert at every instant, whatever comes late.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tacho_alert::row::{Row, Sample};
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Every, Rule, read};

const SECOND: i64 = 1_000_000;

#[derive(Debug, Clone)]
struct Event {
    /// Seconds from the one before.
    after: i64,
    /// How long ago the sender says that it happened, seconds.
    ago: i64,
    agent: u8,
    failed: bool,
    tokens: i64,
    /// A share, and as what its sender writes it.
    share: Option<(f64, &'static str)>,
}

/// Shares in eighths, whose sums are exact in any order, and how each is written.
fn shares() -> impl Strategy<Value = Option<(f64, &'static str)>> {
    let written = prop_oneof![
        Just("share"),
        Just("number"),
        Just("percent"),
        Just("sign"),
        Just("spaced"),
        Just("none")
    ];
    prop::option::of((0_i32..=8, written).prop_map(|(eighths, how)| (f64::from(eighths) / 8.0, how)))
}

/// The share as its sender writes it.
fn written((share, how): (f64, &'static str)) -> serde_json::Value {
    let hundredths = share * 100.0;
    match how {
        "share" => format!("{share}").into(),
        "number" => share.into(),
        // 1 without a sign is all of it.
        "percent" if hundredths > 1.0 => hundredths.into(),
        "percent" => share.into(),
        "sign" => format!("{hundredths}%").into(),
        "spaced" => format!(" {hundredths} % ").into(),
        _ => "unknown".into(),
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let ago = prop_oneof![4 => Just(0_i64), 2 => 0_i64..40, 1 => 0_i64..400];
    let event = (0_i64..30, ago, 0_u8..4, any::<bool>(), 0_i64..100, shares()).prop_map(
        |(after, ago, agent, failed, tokens, share)| Event { after, ago, agent, failed, tokens, share },
    );
    prop::collection::vec(event, 1..80)
}

/// The aggregates that the naive evaluator knows, and a condition on the value.
const AGGREGATES: [&str; 10] = [
    "count() as v",
    "count() if (outcome_status = 'failure') as v",
    "sum(tokens_input) as v",
    "max(tokens_input) as v",
    "median(tokens_input) as v",
    "p90(tokens_input) as v",
    "distinct(tokens_input) as v",
    "avg(tokens_input) as v",
    "avg(share(details.risk)) as v",
    "max(share(details.risk)) as v",
];
/// What shares are compared with is a share, too.
const SHARES_FROM: usize = 8;
const CONDITIONS: [&str; 4] =
    ["v > 5", "v > avg(v) over history 10m * 1.5", "v > median(v) over history 10m", "v > avg(v) over peers"];

#[derive(Debug, Clone)]
struct Case {
    aggregate: usize,
    condition: usize,
    filtered: bool,
    keyed: bool,
    every: &'static str,
    event_time: bool,
    hold: &'static str,
}

impl Case {
    fn threshold(&self) -> f64 {
        if self.aggregate >= SHARES_FROM { 0.5 } else { 5.0 }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let every = prop_oneof![Just("stream"), Just("30s"), Just("20s")];
    let hold = prop_oneof![Just("0s"), Just("40s")];
    (0..AGGREGATES.len(), 0..CONDITIONS.len(), any::<bool>(), any::<bool>(), every, any::<bool>(), hold)
        .prop_map(|(aggregate, condition, filtered, keyed, every, event_time, hold)| {
            // All groups at once are there only at instants.
            let every = if condition == 3 && every == "stream" { "30s" } else { every };
            Case { aggregate, condition, filtered, keyed, every, event_time, hold }
        })
}

fn rule(case: &Case) -> Rule {
    let filter = if case.filtered { "| outcome_status = 'failure'\n  " } else { "" };
    let by = if case.keyed { " by agent_id" } else { "" };
    let text = format!(
        "id: r\nquery: |\n  agent_audit_log\n  {filter}| {}{by}\n  | {}\nwindow: 1m\nevery: {}\ntime: {}\nlag: {}\nfor: {}\n\
         baseline: {{min_windows: 3}}\n",
        AGGREGATES[case.aggregate],
        if case.condition == 0 {
            format!("v > {}", case.threshold())
        } else {
            CONDITIONS[case.condition].to_string()
        },
        case.every,
        if case.event_time { "event" } else { "server" },
        if case.event_time { "30s" } else { "0s" },
        case.hold,
    );
    read("r", &text).unwrap().remove(0)
}

fn sample(index: usize, time: i64, event: &Event) -> Sample {
    let mut members = serde_json::json!({
        "agent_id": format!("a{}", event.agent),
        "outcome_status": if event.failed { "failure" } else { "success" },
        "tokens_input": event.tokens,
    });
    if let Some(share) = event.share {
        members["details"] = serde_json::json!({"risk": written(share)});
    }
    let mut sample = Sample::new(index as u64, time, members.as_object().unwrap()).unwrap();
    sample.claimed_us = time - event.ago * SECOND;
    sample
}

/// One event as the naive evaluator keeps it.
#[derive(Debug, Clone)]
struct Kept {
    time: i64,
    key: String,
    failed: bool,
    tokens: f64,
    share: Option<f64>,
}

struct Naive<'a> {
    case: &'a Case,
    rule: &'a Rule,
    kept: Vec<Kept>,
    newest: BTreeMap<String, i64>,
    /// For each group: since when it holds, and whether it fires.
    states: BTreeMap<String, (Option<i64>, bool)>,
    found: Vec<(i64, String, bool)>,
}

impl Naive<'_> {
    fn aggregate(&self, events: &[&Kept]) -> Option<f64> {
        let mut tokens: Vec<f64> = events.iter().map(|event| event.tokens).collect();
        tokens.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (tokens.len() - 1) as f64;
            let (low, high) = (tokens[place.floor() as usize], tokens[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        let shares: Vec<f64> = events.iter().filter_map(|event| event.share).collect();
        if self.case.aggregate >= SHARES_FROM && shares.is_empty() {
            return None;
        }
        (!events.is_empty()).then(|| match self.case.aggregate {
            0 => tokens.len() as f64,
            1 => events.iter().filter(|event| event.failed).count() as f64,
            2 => tokens.iter().sum(),
            3 => tokens[tokens.len() - 1],
            4 => at(0.5),
            5 => at(0.9),
            6 => tokens.iter().map(|value| value.to_bits()).collect::<BTreeSet<_>>().len() as f64,
            7 => tokens.iter().sum::<f64>() / tokens.len() as f64,
            8 => shares.iter().sum::<f64>() / shares.len() as f64,
            _ => shares.iter().copied().fold(f64::MIN, f64::max),
        })
    }

    fn within(&self, key: &str, from: i64, to: i64) -> Option<f64> {
        let events = self.kept.iter().filter(|event| event.key == key && (from..to).contains(&event.time));
        self.aggregate(&events.collect::<Vec<_>>())
    }

    /// Whether the condition holds of a group at an instant.
    fn holds(&self, key: &str, at: i64) -> bool {
        let window = self.rule.window_us;
        let Some(value) = self.within(key, at - window, at) else { return false };
        if self.case.condition == 0 {
            return value > self.case.threshold();
        }
        if self.case.condition == 3 {
            let others = self.newest.keys().filter(|other| *other != key);
            let others: Vec<f64> = others.filter_map(|other| self.within(other, at - window, at)).collect();
            return !others.is_empty() && value > others.iter().sum::<f64>() / others.len() as f64;
        }
        let last = (at - window).div_euclid(window) - 1;
        let windows: Vec<Option<f64>> =
            (last - 9..=last).map(|n| self.within(key, n * window, (n + 1) * window)).collect();
        // A window counts from the first event on, be there a value in it or none.
        let has_any = |n: i64| {
            let within = n * window..(n + 1) * window;
            self.kept.iter().any(|event| event.key == key && within.contains(&event.time))
        };
        let Some(first) = (last - 9..=last).position(has_any) else { return false };
        if windows.len() - first < 3 {
            return false;
        }
        let zero = matches!(self.case.aggregate, 0 | 1 | 2 | 6);
        let values = windows[first..].iter().filter_map(|value| value.or(zero.then_some(0.0)));
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        if count == 0 {
            return false;
        }
        match self.case.condition {
            1 => value > values.iter().sum::<f64>() / count as f64 * 1.5,
            _ => value > (values[(count - 1) / 2] + values[count / 2]) / 2.0,
        }
    }

    fn judge(&mut self, key: &str, at: i64) {
        let holds = self.holds(key, at);
        let (since, fires) = self.states.entry(key.to_string()).or_default();
        let before = *fires;
        if !holds {
            (*since, *fires) = (None, false);
        } else {
            let begun = *since.get_or_insert(at);
            *fires = *fires || at - begun >= self.rule.for_us;
        }
        if *fires != before {
            self.found.push((at, key.to_string(), *fires));
        }
    }

    fn tick(&mut self, at: i64) {
        for (key, newest) in self.newest.clone() {
            let at = if self.rule.every == Every::Stream { at.max(newest + 1) } else { at };
            self.judge(&key, at);
        }
    }

    fn take(&mut self, sample: &Sample, event: &Event) {
        let clock = sample.recorded_us();
        let time = if self.case.event_time { sample.claimed_us() } else { clock };
        if time + self.rule.lag_us < clock || (self.case.filtered && !event.failed) {
            return;
        }
        let key = if self.case.keyed { format!("a{}", event.agent) } else { String::new() };
        let share = event.share.filter(|(_, how)| *how != "none").map(|(share, _)| share);
        let (failed, tokens) = (event.failed, event.tokens as f64);
        self.kept.push(Kept { time, key: key.clone(), failed, tokens, share });
        let newest = self.newest.entry(key.clone()).or_insert(time);
        *newest = (*newest).max(time);
        if self.rule.every == Every::Stream {
            let at = *newest + 1;
            self.judge(&key, at);
        }
    }
}

fn compare(case: &Case, events: &[Event]) -> Result<usize, TestCaseError> {
    let rule = rule(case);
    let mut engine = Engine::new(vec![rule.clone()]).unwrap();
    let mut naive = Naive {
        case,
        rule: &rule,
        kept: Vec::new(),
        newest: BTreeMap::new(),
        states: BTreeMap::new(),
        found: Vec::new(),
    };
    let tick = rule.tick_us();
    let (mut clock, mut instant) = (START_US, (START_US - rule.lag_us).div_euclid(tick) * tick + tick);
    engine.advance(clock);
    for (index, event) in events.iter().enumerate() {
        clock += event.after * SECOND;
        while instant + rule.lag_us <= clock {
            naive.tick(instant);
            instant += tick;
        }
        let sample = sample(index, clock, event);
        engine.observe(&sample);
        naive.take(&sample, event);
    }
    engine.advance(clock + 600 * SECOND);
    while instant + rule.lag_us <= clock + 600 * SECOND {
        naive.tick(instant);
        instant += tick;
    }
    let changes = engine.transitions().into_iter().filter_map(|change| {
        let key = change.group.first().map_or(String::new(), |(_, value)| value.clone());
        match change.change {
            Change::Firing => Some((change.at_us, key, true)),
            Change::Resolved => Some((change.at_us, key, false)),
            _ => None,
        }
    });
    let mut changes: Vec<_> = changes.collect();
    changes.sort();
    naive.found.sort();
    prop_assert_eq!(&changes, &naive.found, "{:?}", case);
    Ok(changes.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn streaming_and_adding_up_again_agree_at_every_instant(case in cases(), events in events()) {
        compare(&case, &events)?;
    }
}

/// The property says nothing if nothing ever fires.
#[test]
fn the_cases_of_the_property_do_fire() {
    let busy: Vec<Event> = (0..200)
        .map(|i| Event {
            after: if i < 100 { 12 } else { 1 },
            ago: i % 3,
            agent: (i % 3) as u8,
            failed: i % 2 == 0,
            tokens: i,
            share: None,
        })
        .collect();
    for condition in 0..CONDITIONS.len() {
        let case = Case {
            aggregate: 0,
            condition,
            filtered: false,
            keyed: true,
            every: "20s",
            event_time: true,
            hold: "0s",
        };
        assert!(compare(&case, &busy).unwrap() > 0, "{condition}");
    }
}
