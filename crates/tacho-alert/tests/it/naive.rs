//! A second evaluator, written to be right and not to be fast: at every instant it adds up the whole list of events
//! again. Both have to agree on every alert at every instant, whatever comes late.

mod oracle;

use oracle::Naive;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Rule, read};

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
