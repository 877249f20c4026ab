//! How many events a second one core takes through many streaming rules: `cargo run --release --example rate`.
//! `-- built-in` takes the built-in rules in their place.
//!
//! The rules are of the kinds that users have: thresholds on single events, failures by agent, logins by address,
//! spending, slow calls, sequences. Each names an action, an agent or a target of its own, as a thousand rules do.

use std::hint::black_box;
use std::time::Instant;
use tacho_alert::row::Recorded;
use tacho_alert::{Engine, Rule, read};
use tacho_event::entry::{Header, Place};
use tacho_event::fact::{Facts, IntFact};
use tacho_event::id::Id;
use tacho_event::record::Accepted;
use tacho_event::section::Who;
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome};

const EVENTS: u64 = 1_000_000;
const RULES: usize = 1_000;

fn rules() -> Vec<Rule> {
    let text = |i: usize| {
        let query = match i % 8 {
            0 => format!("agent_audit_log | action = 'action{}' and duration_ms > 5s", i % 200),
            1 => format!(
                "agent_audit_log | agent_id = 'agent{i}' and outcome_status = 'failure' | count() by session_id | count > 10"
            ),
            2 => format!(
                "agent_audit_log | action = 'login{i}' and outcome_status = 'failure' | count() by ip | count >= 5"
            ),
            3 => format!(
                "agent_audit_log | agent_id = 'agent{i}' | sum(cost_usd) as spent, count() as n by action | n > 1000 and spent > 50"
            ),
            4 => format!(
                "agent_audit_log | duration_ms > {} | count() by agent_id | count > 1000000",
                9_000 + i
            ),
            5 => format!(
                "agent_audit_log | action = 'action{}' | count() if (outcome_status = 'success') as ok, count() as n by agent_id | n >= 20 and ok / n < 0.01",
                i % 200
            ),
            6 => format!(
                "agent_audit_log | sequence by session_id within 10m [ a: action = 'action{}'{{3,}} -> b: action = 'egress{i}' ]",
                i % 200
            ),
            _ => format!("agent_audit_log | action in ('deploy{i}', 'apply{i}') and level = 'CRITICAL'"),
        };
        format!("id: r{i}\nquery: \"{query}\"\nwindow: 5m\nevery: stream\n")
    };
    (0..RULES).flat_map(|i| read("rate", &text(i)).expect("rules of our own")).collect()
}

fn main() {
    let began = Instant::now();
    let built_in = std::env::args().nth(1).is_some_and(|word| word == "built-in");
    let rules =
        if built_in { tacho_alert::builtin::rules().expect("built-in rules are good") } else { rules() };
    let count = rules.len();
    let mut engine = Engine::new(rules).expect("rules that were read run");
    println!("{count} rules compiled in {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    let names: Vec<String> = (0..400).map(|i| format!("action{i}")).collect();
    let agents: Vec<String> = (0..1_000).map(|i| format!("agent{i}")).collect();
    let began = Instant::now();
    let (mut seed, mut changes, start) = (1_u64, 0, 1_767_225_600_000_000_i64);
    for index in 0..EVENTS {
        // A linear congruential generator: the same events in every run.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |bits: u32, n: u64| ((seed >> bits) % n) as usize;
        let event = event(
            index,
            &agents[pick(20, 1_000)],
            &names[pick(33, 400)],
            pick(40, 20) == 0,
            pick(44, 10_000),
        );
        let place = Place { time_us: start + index as i64 * 10, session_seq: None, revision: 0 };
        engine.observe(&Recorded::new(&event, place, index, false));
        if index % 1_024 == 0 {
            changes += black_box(engine.transitions()).len();
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    changes += engine.transitions().len();
    let health = engine.health();
    let groups: usize = health.iter().map(|(_, health)| health.groups).sum();
    println!(
        "{EVENTS} events in {seconds:.2} s: {:.0} events/s; {groups} groups, {changes} changes of alerts",
        EVENTS as f64 / seconds
    );
}

fn event<'a>(index: u64, agent: &'a str, action: &'a str, failed: bool, duration_ms: usize) -> Accepted<'a> {
    let mut facts = Facts::default();
    facts.ints[IntFact::DurationUs as usize] = Some(duration_ms as i64 * 1_000);
    facts.ints[IntFact::CostMicros as usize] = Some(duration_ms as i64);
    let mut session = [0; 16];
    session[..8].copy_from_slice(&(index % 5_000).to_be_bytes());
    Accepted {
        header: Header {
            id: Id(session),
            timestamp_us: 0,
            time_claimed: false,
            agent,
            agent_version: None,
            session: Some(Id(session)),
            producer_seq: None,
            call: None,
            parent: None,
            phase: None,
            action_type: ActionType::Tool,
            action_name: action,
            class: Class::Standard,
            level: Level::Info,
            outcome: if failed { Outcome::Failure } else { Outcome::Success },
            known: Known::Observed,
            source: "rate",
            writer: [0; 8],
            retention: Class::Standard,
            period: Day(0),
            subject: None,
            body: [0; 32],
        },
        who: Who { ip: Some("192.0.2.1"), ..Who::default() },
        facts,
        texts: [None; 6],
        content: None,
        former: None,
        subject_slot: None,
    }
}
