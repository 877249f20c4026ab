//! Sessions of Gemini CLI with several calls of one tool in each answer, made up as real ones go: told in any order, by
//! hooks, spans and log records, with and without the session's file, they end the same, and no row has parts of two calls.

use crate::gemini::{imported, logged, tool_hook, tool_span};
use crate::scene::groups;
use tacho_action::{Observation, Observer};

type Log = Vec<Observation<'static>>;

/// Numbers that look drawn by chance, the same each time.
struct Dice(u64);

impl Dice {
    fn within(&mut self, first: i64, last: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        first + (self.0 >> 33) as i64 % (last - first + 1)
    }

    fn shuffle(&mut self, log: &mut Log) {
        (1..log.len()).for_each(|at| log.swap(at, self.within(0, at as i64) as usize));
    }
}

fn text(of: String) -> &'static str {
    Box::leak(of.into_boxed_str())
}

/// Answers that ask for three calls each; of each observation the times are its own, and end in the number of its call.
fn session(dice: &mut Dice, answers: usize) -> Log {
    let (mut log, mut asked) = (Log::new(), 0);
    for answer in 0..answers {
        asked += dice.within(200, 900);
        let calls: Vec<[i64; 5]> = (0..3)
            .map(|_| {
                let before = asked + dice.within(30, 80);
                let from = before + dice.within(60, 90);
                let after = from + dice.within(50, 700);
                [asked, before, from, after, after + dice.within(60, 120)]
            })
            .collect();
        let end = calls.iter().map(|call| call[4]).max().unwrap_or(asked) + 2;
        for (nth, [asked, before, from, after, to]) in calls.into_iter().enumerate() {
            let call = answer * 3 + nth;
            let input = text(format!(r#"{{"command":"ls {call}"}}"#));
            let (id, span) =
                (text(format!("run_shell_command__run_{call}")), text(format!("{:016x}", call + 1)));
            let hook = text(format!("hook-{call:016}"));
            let told = [
                tool_hook(before, "BeforeTool", hook, input),
                tool_hook(after, "AfterTool", hook, input),
                tool_span(from, to - from, span, id),
                logged(end * 1_000, to - asked, input),
                imported((end + 5) * 1_000, id, input),
            ];
            log.extend(told.map(|of| Observation { time_us: of.time_us + call as i64, ..of }));
        }
        asked = end + 150;
    }
    log
}

fn assert_all_orders_end_the_same(log: &Log, dice: &mut Dice) -> usize {
    let want = groups(log);
    for group in &want {
        assert!(group.iter().all(|time| time % 1_000 == group[0] % 1_000), "parts of two calls: {group:?}");
    }
    let mut order = log.clone();
    for _ in 0..30 {
        dice.shuffle(&mut order);
        assert_eq!(groups(&order), want, "{:?}", order.iter().map(|of| of.time_us).collect::<Vec<_>>());
    }
    want.len()
}

#[test]
fn all_orders_of_what_is_told_end_the_same() {
    let mut dice = Dice(11);
    for _ in 0..8 {
        let all = session(&mut dice, 3);
        assert_eq!(assert_all_orders_end_the_same(&all, &mut dice), 9, "the file tells all");
        let without = |observer| all.iter().filter(|of| of.observer != observer).cloned().collect::<Log>();
        assert!(assert_all_orders_end_the_same(&without(Observer::Transcript), &mut dice) >= 9);
        let alone: Log = without(Observer::Transcript);
        let alone = alone.into_iter().filter(|of| of.observer != Observer::Hook).collect();
        assert!(assert_all_orders_end_the_same(&alone, &mut dice) >= 9);
        assert_eq!(assert_all_orders_end_the_same(&without(Observer::Log), &mut dice), 9);
    }
}
