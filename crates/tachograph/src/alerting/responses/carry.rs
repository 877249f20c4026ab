//! Does what responses say: calls, runs, stops. Each in a thread of its own, several beside one another.
//!
//! Limits: [`AT_ONCE`] at a time, [`TRIES`] of a web hook.

use super::super::stop::NewStop;
use super::super::{Alerting, before};
use super::command;
use super::config::Deed;
use crate::clock::now_us;
use crate::deliver::{Guard, call};
use crate::http::App;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tacho_alert::notify::Raised;
use tacho_alert::respond::{Outcome, Run, Standing};
use tacho_deliver::{SignedHook, Verdict};
use tacho_event::time::format;
use tokio::runtime::Handle;

const AT_ONCE: usize = 4;
/// How long is waited at most before looking again.
const LOOK: Duration = Duration::from_secs(1);
/// Tries of a web hook, and what is waited between them.
const TRIES: u32 = 4;
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];

/// Does what is due until alerting closes; then waits for what is under way, which ends soon.
pub(crate) fn respond(app: &Arc<App>, alerting: &Arc<Alerting>, runtime: &Handle) {
    runtime.block_on(alerting.regain_stops(app));
    let guard = Arc::new(Guard::new(&alerting.config().allow_private));
    let busy = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    while let Some(run) = alerting.next_run(&busy) {
        threads.retain(|thread: &std::thread::JoinHandle<()>| !thread.is_finished());
        busy.fetch_add(1, Ordering::AcqRel);
        let (app, alerting, guard) = (Arc::clone(app), Arc::clone(alerting), Arc::clone(&guard));
        let (busy, runtime) = (Arc::clone(&busy), runtime.clone());
        threads.push(std::thread::spawn(move || {
            let outcome = redacted(&app, alerting.carry_out(&app, &run, &guard, &runtime));
            alerting.ended(&run.id, outcome);
            busy.fetch_sub(1, Ordering::AcqRel);
            alerting.posted.notify_all();
        }));
    }
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a response ended early: it is not begun again");
        }
    }
}

/// What a program or a server answered, as the log would keep it: alerts and incidents show it too.
fn redacted(app: &App, outcome: Outcome) -> Outcome {
    let result = app.node.redact(&outcome.result.to_string()).0;
    let result = serde_json::from_str(&result).unwrap_or_else(|_| json!({}));
    Outcome { what: app.node.redact(&outcome.what).0, result, ..outcome }
}

impl Alerting {
    /// Waits for the next run that is due; nothing when alerting closes. That it begins is kept.
    fn next_run(&self, busy: &AtomicUsize) -> Option<Run> {
        let mut inner = self.inner.lock();
        loop {
            if inner.closing {
                return None;
            }
            let now = now_us();
            inner.responses.runs.pass(now);
            let room = busy.load(Ordering::Acquire) < AT_ONCE;
            let Some(run) = room.then(|| inner.responses.runs.begin(now)).flatten() else {
                if let Err(error) = inner.save(None) {
                    tracing::error!(%error, "responses can't be saved; it is tried again");
                }
                self.posted.wait_for(&mut inner, LOOK);
                continue;
            };
            match inner.save(None) {
                Ok(()) => return Some(run),
                Err(error) => {
                    let what = format!("that it begins can't be kept, so it is not begun: {error}");
                    let outcome = Outcome { standing: Standing::Failed, what, result: json!({}) };
                    inner.responses.runs.end(&run.id, outcome, now_us());
                }
            }
        }
    }

    fn ended(&self, id: &str, outcome: Outcome) {
        let mut inner = self.inner.lock();
        inner.responses.runs.end(id, outcome, now_us());
        if let Err(error) = inner.save(None) {
            tracing::error!(%error, "what came of a response can't be saved; it is tried again");
        }
    }

    fn is_closing(&self) -> bool {
        self.inner.lock().closing
    }

    fn carry_out(&self, app: &App, run: &Run, guard: &Guard, runtime: &Handle) -> Outcome {
        let Some(configured) = self.inner.lock().responses.configured.get(&run.response).cloned() else {
            return failed("the configuration has no such response any more");
        };
        let raised = run.about.alert.as_ref().and_then(|id| self.raised(id));
        let mut run = run.clone();
        if run.about.agent.is_none() || run.about.session.is_none() {
            self.find_out(app, &mut run, raised.as_ref(), runtime);
        }
        let told = self.told(&run, raised.as_ref());
        match &configured.deed {
            _ if run.dry_run => Outcome {
                standing: Standing::Succeeded,
                what: format!("would do: {}{}", configured.to(), whom(&run)),
                result: json!({"would_tell": told}),
            },
            Deed::Webhook(hook) => self.call(hook, &run, &told, guard),
            Deed::Command(program) => command::run(program, &format!("{told}\n"), &|| self.is_closing()),
            Deed::StopAgent { minutes, session } => self.halt(&run, *minutes, *session),
        }
    }

    /// Finds out whom an alert is about from its events, where they agree.
    fn find_out(&self, app: &App, run: &mut Run, raised: Option<&Raised>, runtime: &Handle) {
        let Some(raised) = raised else { return };
        let indices: BTreeSet<u64> = raised.evidence.iter().map(|seen| seen.index).collect();
        let events = match runtime.block_on(before::witnesses(app, &indices)) {
            Ok(events) => events,
            Err(error) => {
                return tracing::warn!(%error, "the events of an alert can't be read for a response");
            }
        };
        let only = |mut all: BTreeSet<String>| if all.len() == 1 { all.pop_first() } else { None };
        let agents = events.values().filter_map(|event| event.agent.clone());
        let sessions = events.values().filter_map(|event| event.session.clone());
        run.about.agent = run.about.agent.take().or_else(|| only(agents.collect()));
        run.about.session = run.about.session.take().or_else(|| only(sessions.collect()));
        self.inner.lock().responses.runs.concern(&run.id, &run.about);
    }

    /// What a web hook or a program is told.
    fn told(&self, run: &Run, raised: Option<&Raised>) -> Value {
        let alert = raised.map(|raised| {
            let seen = raised.evidence.iter();
            let evidence: Vec<Value> = seen
                .map(|seen| json!({"index": seen.index, "id": seen.id, "at": format(seen.at_us)}))
                .collect();
            json!({
                "id": raised.id(), "rule": raised.rule, "title": raised.title, "severity": raised.severity,
                "labels": raised.labels(), "annotations": raised.alert.annotations, "values": raised.values,
                "condition": raised.condition,
                "starts_at": format(raised.alert.starts_us), "ends_at": raised.alert.ends_us.map(format),
                "evidence": evidence, "url": format!("{}/alerts/{}", self.url, raised.id()),
            })
        });
        let incident = run.about.incident.as_ref().and_then(|id| self.incident(id).ok());
        let incident = incident.map(|one| {
            json!({
                "id": one.id, "title": one.title, "severity": one.severity, "state": one.state, "agents": one.agents(),
                "opened_at": format(one.opened_us), "url": format!("{}/incidents/{}", self.url, one.id),
            })
        });
        json!({
            "version": 1, "run": run.id, "response": run.response, "dry_run": run.dry_run,
            "asked_at": format(run.asked_us), "asked_by": run.by, "rule": run.rule, "reason": run.reason,
            "approved_by": run.agreed.as_ref().map(|agreed| &agreed.by),
            "agent": run.about.agent, "session": run.about.session, "alert": alert, "incident": incident,
        })
    }

    fn call(&self, hook: &SignedHook, run: &Run, told: &Value, guard: &Guard) -> Outcome {
        let mut why = String::new();
        for try_ in 1..=TRIES {
            let now = now_us();
            let made = hook.call(&run.id, "response", run.asked_us, told, now);
            let verdict = match call(&made, guard) {
                Ok(answer) => hook.judge(&answer, now),
                Err(why) => Verdict::Refused { why: hook.hide(&why) },
            };
            match verdict {
                Verdict::Delivered { .. } => {
                    let what = format!("{} took it", hook.to());
                    return Outcome {
                        standing: Standing::Succeeded,
                        what,
                        result: json!({"to": hook.to(), "tries": try_}),
                    };
                }
                Verdict::Refused { why } => return failed(&why),
                Verdict::Gone => return failed("it asks not to be called any more"),
                Verdict::Retry { why: error, .. } => why = error,
            }
            let Some(pause) = PAUSES.get(try_ as usize - 1) else { break };
            let mut inner = self.inner.lock();
            inner.responses.runs.tried(&run.id, &why, now_us());
            if let Err(error) = inner.save(None) {
                tracing::error!(%error, "a try of a response can't be saved; it is tried again");
            }
            let until = std::time::Instant::now() + *pause;
            while !inner.closing && !self.posted.wait_until(&mut inner, until).timed_out() {}
            if inner.closing {
                return failed(&format!("the server stops before it could be tried again: {why}"));
            }
        }
        Outcome {
            standing: Standing::TimedOut,
            what: format!("after {TRIES} tries: {why}"),
            result: json!({"to": hook.to()}),
        }
    }

    fn halt(&self, run: &Run, minutes: Option<u32>, session: bool) -> Outcome {
        let Some(agent) = run.about.agent.clone() else {
            return failed("it names no one agent: nobody was stopped");
        };
        let session = match (session, run.about.session.clone()) {
            (false, _) => None,
            (true, None) => return failed("it names no one session: nobody was stopped"),
            (true, session) => session,
        };
        let by = match (&run.agreed, &run.by, &run.rule) {
            (Some(agreed), ..) => agreed.by.clone(),
            (None, Some(by), _) => by.clone(),
            (None, None, rule) => format!("rule {}", rule.as_deref().unwrap_or("unknown")),
        };
        let reason =
            run.reason.clone().or_else(|| run.rule.as_ref().map(|rule| format!("alert of rule {rule}")));
        let asked = NewStop { agent, session, reason, by, minutes, run: Some(run.id.clone()) };
        match self.stop(asked) {
            Ok(stop) => Outcome {
                standing: Standing::Succeeded,
                what: format!("{} is stopped", stop.words()),
                result: json!({"stop": stop}),
            },
            Err(why) => failed(&why.to_string()),
        }
    }
}

fn whom(run: &Run) -> String {
    let agent = run.about.agent.as_ref().map_or_else(String::new, |agent| format!(" (agent {agent}"));
    let session =
        run.about.session.as_ref().map_or_else(String::new, |session| format!(", session {session}"));
    if agent.is_empty() { agent } else { format!("{agent}{session})") }
}

fn failed(what: &str) -> Outcome {
    Outcome { standing: Standing::Failed, what: what.to_string(), result: json!({}) }
}
