//! From a rule's text to the rule: defaults filled in, the query resolved, contradictions refused.

use crate::catalog::catalog;
use crate::file::{RuleText, Span};
use crate::rule::{Every, Rule, Severity, default_every};
use serde_saphyr::Spanned;
use sha2::{Digest, Sha256};
use tacho_pipe::plan::{Op, Plan, resolve};
use tacho_pipe::{Over, parse};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 86_400_000_000;
const WINDOW_MAX_US: i64 = 400 * DAY_US;
/// Buckets that one window is divided into.
const STEPS_MAX: i64 = 4_096;
const GROUPS: usize = 10_000;
const GROUPS_MAX: usize = 1_000_000;
const SAMPLE: usize = 20;
const SAMPLE_MAX: usize = 1_000;
const ID_BYTES_MAX: usize = 100;

/// Line (when another than the rule's) and message.
type Refused = (Option<usize>, String);

fn at<T>(spanned: &Spanned<T>) -> Option<usize> {
    Some(spanned.referenced.line() as usize)
}

pub(crate) fn rule(text: &RuleText) -> Result<Rule, Refused> {
    if let Some(version) = text.api_version.as_ref().filter(|version| version.value != "tachograph/v1") {
        return Err((
            at(version),
            format!("apiVersion is \"{}\", expected \"tachograph/v1\"", version.value),
        ));
    }
    if let Some(kind) =
        text.kind.as_ref().filter(|kind| !["AlertRule", "SequenceRule"].contains(&kind.value.as_str()))
    {
        return Err((
            at(kind),
            format!("kind is \"{}\", expected \"AlertRule\" or \"SequenceRule\"", kind.value),
        ));
    }
    let id = text.id.as_ref().ok_or((None, "the rule has no id (or name)".to_string()))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if id.value.is_empty() || id.value.len() > ID_BYTES_MAX || !id.value.chars().all(plain) {
        return Err((
            at(id),
            format!(
                "id \"{}\": expected letters, digits, \"_\", \"-\", \".\", at most {ID_BYTES_MAX}",
                id.value
            ),
        ));
    }
    let query =
        text.query.as_ref().ok_or((None, format!("rule {} has no query (or condition)", id.value)))?;
    let plan = plan(&id.value, query)?;
    let window_us = window(text, &plan, &id.value)?;
    let every = every(text, &plan, window_us, &id.value)?;
    only_words(text)?;
    let us = |span: Option<Span>| span.map(|span| span.0);
    let server = text.time.unwrap_or_default() == crate::rule::Clock::Server;
    let baseline = text.baseline.clone().unwrap_or_default();
    check_units(text, &plan).map_err(|message| (at(query), format!("rule {}: {message}", id.value)))?;
    let mut rule = Rule {
        units: crate::unit::units(query.value.trim(), &plan, &text.units),
        title: text.title.clone().unwrap_or_else(|| id.value.replace(['_', '-'], " ")),
        severity: text.severity.unwrap_or(Severity::Warning),
        query: query.value.trim().to_string(),
        plan,
        window_us,
        every,
        clock: text.time.unwrap_or_default(),
        lag_us: us(text.lag).unwrap_or(if server { 0 } else { 30_000_000 }),
        for_us: us(text.hold).unwrap_or(0),
        keep_us: us(text.keep_firing_for).unwrap_or(0),
        no_data: text.no_data.unwrap_or_default(),
        no_data_for_us: us(text.no_data_for).unwrap_or(window_us),
        history_us: us(baseline.history).unwrap_or(7 * DAY_US),
        windows_min: baseline.min_windows.unwrap_or(20),
        groups_max: text.max_groups.unwrap_or(GROUPS).clamp(1, GROUPS_MAX),
        labels: text.labels.clone(),
        annotations: text.annotations.clone(),
        actions: text.action.0.clone(),
        responses: text.respond.0.clone(),
        ack: text.ack.clone(),
        sample: text.evidence.sample.unwrap_or(SAMPLE).min(SAMPLE_MAX),
        controls: text.controls.clone(),
        hash: [0; 32],
        tests: text.tests.clone(),
        id: id.value.clone(),
    };
    season(&baseline, &mut rule)?;
    history(&rule)?;
    crate::compile::compile(&rule).map_err(|message| (at(query), format!("rule {}: {message}", rule.id)))?;
    rule.hash = hash(&rule, baseline.season.as_deref().unwrap_or("none"));
    Ok(rule)
}

/// Units are of columns that the query gives.
fn check_units(text: &RuleText, plan: &Plan) -> Result<(), String> {
    let columns: Vec<String> = plan.columns().into_iter().map(|column| column.name).collect();
    let Some(unknown) = text.units.keys().find(|name| !columns.contains(name)) else { return Ok(()) };
    let near = tacho_pipe::nearest(unknown, columns.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
    Err(format!("units names \"{unknown}\", which the query does not compute{near}"))
}

/// Settings that have one word so far.
fn only_words(text: &RuleText) -> Result<(), Refused> {
    if let Some(on_error) = text.on_error.as_ref().filter(|on_error| on_error.value != "keep_last") {
        return Err((at(on_error), format!("on_error is \"{}\", expected \"keep_last\"", on_error.value)));
    }
    if text.evidence.sample == Some(0) {
        let message =
            "evidence.sample is 0, expected at least 1: what an alert is about could not be looked at";
        return Err((None, message.into()));
    }
    match text.evidence.proof.as_ref().filter(|proof| *proof != "inclusion") {
        Some(proof) => Err((None, format!("evidence.proof is \"{proof}\", expected \"inclusion\""))),
        None => Ok(()),
    }
}

fn plan(id: &str, query: &Spanned<String>) -> Result<Plan, Refused> {
    let text = query.value.trim_end();
    let parsed = parse(text).and_then(|parsed| resolve(text, &parsed, &catalog()));
    parsed.map_err(|error| {
        (at(query).map(|line| line + error.line - 1), format!("rule {id}: query, {}", error.render(text)))
    })
}

fn window(text: &RuleText, plan: &Plan, id: &str) -> Result<i64, Refused> {
    let written = match &plan.input {
        tacho_pipe::plan::Input::Table { window_us, .. } => *window_us,
        _ => None,
    };
    let sequence = plan.stages.iter().find_map(|stage| match stage.op {
        Op::Sequence { within_us, .. } => Some(within_us),
        _ => None,
    });
    let window =
        text.window.as_ref().map(|window| window.value.0).or(written).or(sequence).unwrap_or(5 * MINUTE_US);
    if !(1_000_000..=WINDOW_MAX_US).contains(&window) {
        let line = text.window.as_ref().and_then(at);
        return Err((line, format!("rule {id}: a window is between 1s and 400d")));
    }
    Ok(window)
}

fn every(text: &RuleText, plan: &Plan, window_us: i64, id: &str) -> Result<Every, Refused> {
    let per_event =
        !plan.stages.iter().any(|stage| matches!(stage.op, Op::Aggregate { .. } | Op::Absent { .. }))
            && matches!(plan.input, tacho_pipe::plan::Input::Table { .. });
    let Some(written) = &text.every else {
        return Ok(if per_event { Every::Stream } else { Every::Us(default_every(window_us)) });
    };
    let line = at(written);
    if written.value == "stream" {
        return Ok(Every::Stream);
    }
    let us = tacho_pipe::parse_us(&written.value).filter(|us| (1_000_000..=DAY_US).contains(us));
    let us =
        us.ok_or((line, format!("rule {id}: every is \"{}\", expected stream, or 1s to 1d", written.value)))?;
    if window_us / gcd(window_us, us) > STEPS_MAX {
        return Err((
            line,
            format!("rule {id}: the window is no multiple of `every`, nor of a large part of it"),
        ));
    }
    Ok(Every::Us(us))
}

pub(crate) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `season: same_hour` is what baselines without `over` mean then.
fn season(baseline: &crate::file::BaselineText, rule: &mut Rule) -> Result<(), Refused> {
    match baseline.season.as_deref() {
        None | Some("none") => Ok(()),
        Some("same_hour") => {
            let length = rule.history_us;
            for stage in &mut rule.plan.stages {
                if let Op::Filter(term) = &mut stage.op {
                    seasonal(term, length);
                }
            }
            Ok(())
        }
        Some(other) => {
            Err((None, format!("baseline.season is \"{other}\", expected \"none\" or \"same_hour\"")))
        }
    }
}

fn seasonal(term: &mut tacho_pipe::plan::Term, length_us: i64) {
    use tacho_pipe::plan::Term;
    match term {
        Term::Baseline { over, .. } if *over == Over::Implied => *over = Over::SameHour(length_us),
        Term::Not(a) | Term::Negate(a) | Term::Exists(a) => seasonal(a, length_us),
        Term::In { value, .. } | Term::Match { value, .. } => seasonal(value, length_us),
        Term::And(terms) | Term::Or(terms) | Term::Scalar(_, terms) => {
            terms.iter_mut().for_each(|term| seasonal(term, length_us));
        }
        Term::Compare(_, a, b) | Term::Math(_, a, b) => {
            seasonal(a, length_us);
            seasonal(b, length_us);
        }
        _ => {}
    }
}

/// What a group remembers has a limit.
fn history(rule: &Rule) -> Result<(), Refused> {
    let mut longest = 0;
    rule.plan.each_term(&mut |term| {
        if let tacho_pipe::plan::Term::Baseline { over, .. } = term {
            longest = longest.max(match over {
                Over::Peers => 0,
                Over::History(Some(us)) | Over::SameHour(us) => *us,
                _ => rule.history_us,
            });
        }
    });
    let windows = longest / rule.window_us;
    if windows > crate::history::WINDOWS_MAX {
        let message = format!(
            "rule {}: its baseline looks at {windows} windows of each group, expected at most {}: take a longer window or \
             a shorter history",
            rule.id,
            crate::history::WINDOWS_MAX
        );
        return Err((None, message));
    }
    Ok(())
}

/// What the rule means, as bytes: its tests and words for people are not part of it.
fn hash(rule: &Rule, season: &str) -> [u8; 32] {
    let query = parse(&rule.query).map_or_else(|_| rule.query.clone(), |query| query.to_string());
    let every = match rule.every {
        Every::Stream => "stream".to_string(),
        Every::Us(us) => us.to_string(),
    };
    let text = serde_json::json!([
        "tachograph/rule/v1",
        rule.id,
        rule.severity,
        query,
        rule.window_us,
        every,
        rule.clock,
        rule.lag_us,
        rule.for_us,
        rule.keep_us,
        rule.no_data,
        rule.no_data_for_us,
        rule.history_us,
        rule.windows_min,
        season,
        rule.groups_max,
    ]);
    Sha256::digest(text.to_string()).into()
}
