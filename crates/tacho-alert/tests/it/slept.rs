//! A machine that slept: what was due meanwhile is told as if each moment had been looked at, but repetitions once.

use std::collections::BTreeMap;
use tacho_alert::notify::*;
use tacho_alert::trial;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const T0: i64 = trial::START_US;

const CONFIG: &str = "\
route:
  receiver: all
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes: [{match: {alertname: b}, receiver: nights, mute_time_intervals: [nights], repeat_interval: 7m}]
receivers: [{name: all}, {name: nights}]
inhibit_rules: [{source_matchers: ['alertname=a'], target_matchers: ['alertname=c'], equal: [host]}]
time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}
";

/// Chance that a seed names.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        i64::try_from(self.0 >> 33).unwrap() % n
    }
}

fn alert(chance: &mut Chance, now_us: i64) -> Alert {
    let name = ["a", "b", "c"][usize::try_from(chance.below(3)).unwrap()];
    let host = chance.below(3).to_string();
    let labels = [("alertname", name), ("host", host.as_str())];
    Alert {
        id: String::new(),
        labels: labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        annotations: LabelSet::new(),
        starts_us: now_us,
        ends_us: (chance.below(3) == 0).then_some(now_us),
        flapping: chance.below(5) == 0,
        actions: Vec::new(),
        quiet_until_us: (chance.below(4) == 0).then(|| now_us + chance.below(12) * HOUR),
        suppressed: None,
    }
}

fn silence(chance: &mut Chance, now_us: i64) -> Silence {
    let starts_us = now_us + chance.below(3) * HOUR;
    Silence {
        id: chance.below(4).to_string(),
        matchers: vec![Matcher::parse(&format!("host=\"{}\"", chance.below(3))).unwrap()],
        starts_us,
        ends_us: starts_us + MINUTE + chance.below(9) * HOUR,
        created_by: "ana".into(),
        comment: "work".into(),
        approved_by: None,
        maintenance: (chance.below(3) == 0).then_some(Strategy::Suppress),
    }
}

/// Without what was only said again, and then once more.
fn last_repetitions(told: Vec<Notification>) -> Vec<Notification> {
    let is_same =
        |a: &Notification, b: &Notification| (&a.group_key, &a.receiver) == (&b.group_key, &b.receiver);
    let is_last = |at: usize| !told[at + 1..].iter().any(|later| is_same(later, &told[at]));
    let kept = |at: &usize| told[*at].notice != Notice::Repeated || is_last(*at);
    (0..told.len()).filter(kept).map(|at| told[at].clone()).collect()
}

#[test]
fn who_slept_tells_the_same_as_who_was_awake() {
    let config = Config::read("c", CONFIG).unwrap();
    let (mut kinds, mut left_out) = (BTreeMap::new(), 0);
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let (mut slept, mut awake) = (Dispatcher::new(&config).unwrap(), Dispatcher::new(&config).unwrap());
        let mut now_us = T0;
        for step in 0..12 {
            for _ in 0..chance.below(4) {
                let alert = alert(&mut chance, now_us);
                slept.alert(&alert, now_us);
                awake.alert(&alert, now_us);
            }
            if chance.below(3) == 0 {
                let silence = silence(&mut chance, now_us);
                slept.silences.set(silence.clone()).unwrap();
                awake.silences.set(silence).unwrap();
            }
            let until_us = now_us + chance.below(20) * HOUR + chance.below(600) * 1_000_000;
            let mut seen = Vec::new();
            while now_us < until_us {
                now_us = until_us.min(now_us + MINUTE);
                seen.extend(awake.due(now_us));
            }
            let due = slept.due(now_us);
            left_out += seen.len();
            let seen = last_repetitions(seen);
            left_out -= seen.len();
            assert_eq!(due, seen, "seed {seed}, step {step}");
            assert_eq!(slept.next_us(), awake.next_us(), "seed {seed}, step {step}");
            for notification in due {
                *kinds.entry(format!("{:?}", notification.notice)).or_insert(0) += 1;
            }
        }
    }
    assert!(kinds.len() == 4 && kinds.values().all(|count| *count > 25), "{kinds:?}");
    assert!(left_out > 100, "{left_out}");
}
