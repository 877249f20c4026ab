//! Sessions with more calls than a look-up compares: told live, then imported, each call is still one, with its tokens once.

use crate::gemini::{imported, logged, model_hook, model_span, tool_hook, tool_span};
use crate::scene::{event, follow, groups, model};
use tacho_action::{Joiner, Observation, Observer, Overlay};
use tacho_event::words::{Outcome, Phase};

type Log = Vec<Observation<'static>>;

const CALLS: i64 = 130;
/// From one request to the next, milliseconds.
const STEP: i64 = 700;

fn id(what: &str, n: i64) -> &'static str {
    Box::leak(format!("{what}{n:016x}").into_boxed_str())
}

fn told(ms: i64, observer: Observer, phase: Phase, took_ms: i64) -> Observation<'static> {
    let mut told = Observation { observer, phase: Some(phase), ..model(event(ms * 1_000), 800) };
    told.figures[5] = Some(took_ms * 1_000).filter(|_| observer == Observer::Log);
    if phase == Phase::Proposed {
        told.outcome = Outcome::Running;
        told.figures = [None; 6];
    }
    told
}

/// One request to the model and the command that it asked for, as hooks, log records and spans tell of them.
fn live(n: i64) -> Log {
    let (at, input) = (n * STEP, id("", n));
    let input = Box::leak(format!(r#"{{"command":"{input}"}}"#).into_boxed_str());
    vec![
        model_hook(at, "BeforeModel", id("hook-model-", n)),
        told(at + 22, Observer::Log, Phase::Proposed, 0),
        model_hook(at + 200, "AfterModel", id("hook-model-", n)),
        told(at + 220, Observer::Log, Phase::Result, 198),
        model_span(at + 20, 205, id("", 2 * n)),
        tool_hook(at + 300, "BeforeTool", id("hook-", n), input),
        tool_hook(at + 400, "AfterTool", id("hook-", n), input),
        tool_span(at + 350, 80, id("", 2 * n + 1), id("run_shell_command__", n)),
        logged((at + 432) * 1_000, 190, input),
    ]
}

/// The same as the session's file tells it.
fn filed(n: i64) -> Log {
    let command = live(n).pop().and_then(|record| record.input).expect("a command");
    let line = imported((n * STEP + 433) * 1_000, id("run_shell_command__", n), command);
    vec![told(n * STEP + 228, Observer::Transcript, Phase::Result, 0), line]
}

fn session() -> Log {
    (0..CALLS).flat_map(live).chain((0..CALLS).flat_map(filed)).collect()
}

#[test]
fn each_of_hundreds_of_calls_is_one_when_the_session_is_imported() {
    let log = session();
    let found = groups(&log);
    let sizes = |size| found.iter().filter(|group| group.len() == size).count() as i64;
    assert_eq!((sizes(6), sizes(5), found.len() as i64), (CALLS, CALLS, 2 * CALLS));
    let within =
        |group: &Vec<i64>| group.iter().all(|time| time / (STEP * 1_000) == group[0] / (STEP * 1_000));
    assert!(found.iter().all(within), "no call has parts of another one");
}

#[test]
fn an_import_adds_no_tokens_to_what_was_told_live() {
    let log = session();
    let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
    let tokens = |overlay: &Overlay, until: usize| -> i64 {
        let shown = (0..until).filter(|at| !overlay.cursor().is_hidden(*at as u64));
        let told = shown.filter_map(|at| {
            let stood_for = overlay.record(at as u64).and_then(|record| record.figures[0]);
            log[at].figures[0].or(stood_for)
        });
        told.sum()
    };
    let live = log.len() - 2 * CALLS as usize;
    follow(&mut joiner, &mut overlay, &log[..live], 0);
    assert_eq!(tokens(&overlay, live), CALLS * 800);
    // Loaded again, it finds all that it found before.
    let mut again = Joiner::load(&joiner.bytes()).expect("what it wrote itself");
    let mut copy = overlay.clone();
    follow(&mut joiner, &mut overlay, &log, live);
    follow(&mut again, &mut copy, &log, live);
    assert_eq!(tokens(&overlay, log.len()), CALLS * 800);
    assert!(overlay.entries().eq(copy.entries()), "a restart tells otherwise");
}
