//! No word of an agent takes a finding away: every kind of finding, and every row that an agent could add.

use crate::report::Kind;
use crate::witness::is_watching;
use crate::{
    CallRow, Config, Finding, Input, NumberRow, NumberedRow, SeenRow, SessionRow, TroubleRow, ask, judge,
};
use std::collections::BTreeSet;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// A day that begins at hour zero.
const DAY: i64 = 1_795_219_200 * SECOND;
const END: i64 = DAY + 24 * 60 * MINUTE;
/// What comes under an agent's own key.
const OWN: [&str; 3] = ["http", "mcp", "otlp_reported"];
const SESSIONS: [&str; 4] = ["whole", "bare", "fell", "elsewhere"];
const CALLS: [&str; 3] = ["c1", "c2", "c3"];

fn session(id: &str, source: &str, from: i64, to: i64) -> SessionRow {
    SessionRow {
        session: id.into(),
        name: Some(id.into()),
        agent: "victim".into(),
        source: source.into(),
        events: 10,
        first_us: DAY + from * MINUTE,
        last_us: DAY + to * MINUTE,
        last_index: 99,
        unnamed: 0,
        began: None,
        began_us: None,
        ended_us: None,
        sub: false,
        changed: None,
        hooked: None,
        started: false,
    }
}

fn call(id: &str, session: &str, source: &str, at: i64) -> CallRow {
    let at_us = DAY + at * MINUTE;
    CallRow {
        call: id.into(),
        session: Some(session.into()),
        agent: "victim".into(),
        source: source.into(),
        first_us: at_us,
        last_us: at_us + SECOND,
        done_us: Some(at_us + SECOND),
        first_index: at.unsigned_abs(),
        ..CallRow::default()
    }
}

fn number(session: &str, source: &str, number: u64) -> NumberRow {
    let (session, agent) = (session.into(), "victim".into());
    let at_us = DAY + number as i64 * SECOND;
    let writer = if is_watching(source) { "operator" } else { "agent" }.to_owned();
    let source = source.into();
    NumberRow {
        session,
        agent,
        source,
        number,
        at_us,
        index: number,
        events: 1,
        alike: false,
        user: None,
        producer: None,
        writer,
    }
}

fn seen(agent: &str, source: &str, name: &str, last_us: i64) -> SeenRow {
    let (agent, source, name) = (agent.into(), source.into(), name.into());
    SeenRow { agent, source, kind: "tool".into(), name, events: 1, last_us, last_index: 5 }
}

/// Three sessions of an agent with everything that can be missing.
fn everything() -> Input {
    let mut sessions = vec![
        session("whole", "hook", 10, 60),
        session("whole", "otel_log", 10, 60),
        session("bare", "otel_log", 100, 160),
        session("fell", "hook", 200, 215),
        session("fell", "otel_log", 200, 260),
    ];
    (sessions[3].began, sessions[3].began_us) = (Some(1), Some(1));
    let trouble = TroubleRow {
        session: "whole".into(),
        agent: "victim".into(),
        failed: 2,
        last_us: DAY + 60 * MINUTE,
        last_index: 7,
        safe_mode: false,
    };
    Input {
        from_us: DAY,
        to_us: END,
        now_us: END,
        calls: vec![
            call("c1", "whole", "hook", 20),
            call("c2", "bare", "otel_log", 120),
            call("c3", "fell", "otel_log", 230),
        ],
        sessions,
        troubles: vec![trouble],
        numbers: vec![number("whole", "otel_log", 0), number("whole", "otel_log", 4)],
        seen: vec![seen("victim", "hook", "deploy", DAY)],
        expected: vec!["victim".into()],
        ..Input::default()
    }
}

fn config() -> Config {
    toml::from_str(
        "agent_silence = \"1h\"\n\
         [[sources]]\nagent = \"victim\"\nof = [\"hook\", \"otel_span\"]\n\
         [[points]]\nname = \"deployed\"\nactions = [\"deploy\"]\nsilence = \"1h\"\n\
         [[points]]\nname = \"by any\"\nactions = [\"never\"]\nsource = \"witness\"\n\
         [[points]]\nname = \"by hooks\"\nactions = [\"never\"]\nsource = \"hook\"",
    )
    .unwrap()
}

/// What a report finds, and of whom.
fn found(input: &Input) -> BTreeSet<(String, Option<String>)> {
    let findings: Vec<Finding> = judge(input.clone(), &config()).findings;
    findings.into_iter().map(|finding| (finding.id, finding.agent)).collect()
}

type Forgery = Box<dyn Fn(&mut Input)>;

/// Rows about sessions: of others and of the victim, as a sub-agent's too, of any time, with beginnings and ends.
fn of_sessions(agent: &'static str, source: &'static str) -> Vec<(String, Forgery)> {
    let one = move |id: &'static str, sub: bool, from: i64, to: i64| {
        let row = SessionRow {
            agent: agent.into(),
            name: Some("another name".into()),
            events: 1_000_000,
            unnamed: 7,
            ended_us: Some(1_000),
            hooked: Some(3),
            sub,
            started: true,
            ..session(id, source, from, to)
        };
        let told = format!("session {id} of {agent} by {source}, sub {sub}, minutes {from} to {to}");
        let forge: Forgery = Box::new(move |input| input.sessions.insert(0, row.clone()));
        (told, forge)
    };
    let times = [(1, 1_439), (-5_000, 3), (1_439, 5_000)];
    let each = SESSIONS.into_iter().flat_map(|id| [true, false].map(|sub| (id, sub)));
    each.flat_map(|(id, sub)| times.map(|(from, to)| one(id, sub, from, to))).collect()
}

/// Rows about calls: as if they never ran, ran at another time, run still, in their session, in another or in none.
fn of_calls(agent: &'static str, source: &'static str) -> Vec<(String, Forgery)> {
    let one = move |id: &'static str, session: Option<&'static str>, at: i64, never_ran: bool| {
        let row = CallRow {
            agent: agent.into(),
            session: session.map(str::to_owned),
            never_ran,
            ..call(id, "", source, at)
        };
        let told =
            format!("call {id} of {agent} by {source} in {session:?}, minute {at}, never ran {never_ran}");
        let forge: Forgery = Box::new(move |input| input.calls.insert(0, row.clone()));
        (told, forge)
    };
    let homes = SESSIONS.map(Some).into_iter().chain([None]);
    let each = homes.flat_map(|home| CALLS.into_iter().chain(["made-up"]).map(move |id| (id, home)));
    each.flat_map(|(id, home)| {
        [-5_000, 255, 1_439, 5_000]
            .into_iter()
            .flat_map(move |at| [true, false].map(|ran| one(id, home, at, ran)))
    })
    .collect()
}

/// The missing numbers, the actions that nobody told, and the sign of life.
fn of_others(agent: &'static str, source: &'static str) -> Vec<(String, Forgery)> {
    let numbers: Forgery = Box::new(move |input| {
        input.numbers.extend((1..4).map(|missing| number("whole", source, missing)));
    });
    let act = |name: &'static str| -> Forgery {
        Box::new(move |input| input.seen.insert(0, seen(agent, source, name, END)))
    };
    let told = |what: &str| format!("{what} of {agent} by {source}");
    vec![(told("numbers"), numbers), (told("never"), act("never")), (told("deploy"), act("deploy"))]
}

#[test]
fn no_word_of_an_agent_takes_or_moves_a_finding_about_what_witnesses_told() {
    let honest = found(&everything());
    for kind in Kind::ALL {
        let has = |(id, _): &(String, _)| id.starts_with(&format!("{}/", kind.as_str()));
        assert!(honest.iter().any(has), "the table leaves {} out: {honest:?}", kind.as_str());
    }
    let mut all = everything();
    for agent in ["aaa", "victim", "zzz", "a9356098366a0a70b"] {
        for source in OWN {
            let forgeries = [of_sessions(agent, source), of_calls(agent, source), of_others(agent, source)];
            for (told, forge) in forgeries.into_iter().flatten() {
                let mut input = everything();
                forge(&mut input);
                let lost: Vec<_> = honest.difference(&found(&input)).cloned().collect();
                assert_eq!(lost, [], "{told}");
                forge(&mut all);
            }
        }
    }
    assert_eq!(honest.difference(&found(&all)).count(), 0, "all of them together");
}

#[test]
fn no_number_of_an_agents_words_shortens_the_range_or_takes_a_witness_place() {
    let mut input = everything();
    input.calls.extend((0..ask::CALLS_MAX).map(|n| call(&format!("x{n}"), "own", "http", 1_000)));
    input.sessions.extend((0..ask::SESSIONS_MAX).map(|n| SessionRow {
        began: Some(1),
        began_us: Some(1_000),
        ..session(&format!("{n:05}"), "http", 1_000, 1_001)
    }));
    let report = judge(input, &config());
    assert_eq!(report.cut.iter().map(|cut| &cut.since).collect::<Vec<_>>(), [&None, &None]);
    assert!(report.findings_more > 0, "its sessions are found to be open, more of them than are listed");
    let has = |(id, _): &(String, _)| report.findings.iter().any(|finding| finding.id == *id);
    assert!(found(&everything()).iter().all(has));

    let row = |session: &str, source: &str| NumberedRow {
        producer: None,
        session: session.into(),
        source: source.into(),
        given: 2,
        lowest: 0,
        highest: 9,
        events: 2,
        last_us: DAY,
        user: None,
    };
    assert_eq!(crate::suspicious(&[row("own", "http"), row("whole", "otel_log")]), ["whole", "own"]);
}

#[test]
fn what_only_an_agent_tells_is_as_it_says() {
    let mut input = everything();
    input.sessions = vec![SessionRow {
        agent: "bot".into(),
        began: Some(1),
        began_us: Some(10),
        ..session("own", "http", 10, 60)
    }];
    input.calls = vec![CallRow { agent: "bot".into(), ..call("c9", "own", "http", 20) }];
    let report = judge(input, &config());
    let bot = report.figures.iter().find(|figure| figure.agent == "bot").unwrap();
    assert_eq!((bot.calls_seen, bot.calls_all, bot.sessions_seen, bot.sessions_all), (1, 1, 1, 1));
    assert!(report.findings.iter().any(|finding| finding.id == "session_open/own"));
}

#[test]
fn where_no_witness_names_a_session_no_word_of_an_agent_does() {
    let mut input = everything();
    input.calls =
        vec![CallRow { session: None, ..call("c9", "", "otel_span", 20) }, call("c9", "whole", "http", 20)];
    let report = judge(input, &config());
    let unseen = |finding: &&Finding| finding.kind == Kind::CallsUnseen;
    assert_eq!(
        report.findings.iter().filter(unseen).count(),
        0,
        "it is no call of the session that the agent names"
    );
}

#[test]
fn an_own_word_counts_where_no_witness_tells() {
    let mut input = everything();
    input.seen = vec![seen("victim", "http", "deploy", END)];
    let told = |input: &Input, id: &str| found(input).iter().any(|(found, _)| found == id);
    assert!(!told(&input, "agent_silent/victim") && !told(&input, "point_silent/deployed"));
    input.seen.push(seen("victim", "otlp", "deploy", DAY));
    assert!(told(&input, "agent_silent/victim") && told(&input, "point_silent/deployed"));
}
