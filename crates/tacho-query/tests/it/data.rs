//! Generated events whose answers can be worked out by hand: the same list makes the batches and the truth.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tacho_event::entry::{Header, Place};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::Who;
use tacho_event::time::{DAY_US, Micros, day};
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_query::{Engine, Limits, Moment, QueryError};
use tacho_record::sequence::{Decision, Sequenced};
use tacho_store::Snapshot;
use tacho_store::segment::Leaf;
use tacho_store::store::{Options, Store};

#[derive(Debug, Clone)]
pub(crate) struct Ev {
    pub(crate) at: Micros,
    pub(crate) id: Id,
    pub(crate) agent: String,
    pub(crate) session: Option<Id>,
    /// Original texts of id and session, when they were no UUIDs.
    pub(crate) who_id: Option<String>,
    pub(crate) who_session: Option<String>,
    pub(crate) user: Option<String>,
    /// What stays of a user on the log.
    pub(crate) tag: Option<[u8; 16]>,
    pub(crate) kind: ActionType,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) call: Option<String>,
    pub(crate) phase: Option<Phase>,
    pub(crate) tokens: Option<(i64, i64)>,
    pub(crate) duration_us: Option<i64>,
    pub(crate) cost_micros: Option<i64>,
    pub(crate) sensitive: Option<bool>,
    pub(crate) model: Option<String>,
    pub(crate) exit_code: Option<i64>,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
}

impl Ev {
    pub(crate) fn new(n: u64, at: Micros) -> Ev {
        Ev {
            at,
            id: uuid(n),
            agent: "ops/release-manager".into(),
            session: None,
            who_id: None,
            who_session: None,
            user: None,
            tag: None,
            kind: ActionType::Tool,
            name: "Bash".into(),
            outcome: Outcome::Success,
            call: None,
            phase: None,
            tokens: None,
            duration_us: None,
            cost_micros: None,
            sensitive: None,
            model: None,
            exit_code: None,
            input: None,
            output: None,
            error: None,
        }
    }
}

/// A UUID that depends on the number alone, without any order.
pub(crate) fn uuid(n: u64) -> Id {
    let a = mix(n).to_be_bytes();
    let b = mix(n ^ 0x5555).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a);
    bytes[8..].copy_from_slice(&b);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Id(bytes)
}

/// SplitMix64: scatters a number.
pub(crate) fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `count` events spread evenly over the 30 days before `end`, oldest first.
pub(crate) fn generate(count: u64, end: Micros) -> Vec<Ev> {
    let names = ["Bash", "Read", "Edit", "WebFetch", "rollback", "trade_execution"];
    (0..count)
        .map(|n| {
            let r = mix(n);
            let pick = |shift: u32, of: u64| (r >> shift) % of;
            let mut ev = Ev::new(n, end - (count - n) as i64 * (30 * DAY_US / count as i64));
            ev.agent = format!("team/agent-{}", pick(0, 12));
            ev.session = Some(uuid(1_000_000_000 + n / 40 % 977 * 12 + pick(0, 12)));
            ev.name = names[pick(8, 6) as usize].into();
            ev.kind = if ev.name == "trade_execution" { ActionType::Trade } else { ActionType::Tool };
            ev.outcome = if pick(12, 20) == 0 { Outcome::Failure } else { Outcome::Success };
            ev.user = Some(format!("user-{}", pick(16, 30)));
            ev.tokens = (pick(20, 3) > 0).then(|| (pick(21, 4000) as i64, pick(33, 900) as i64));
            ev.duration_us = Some(1000 + pick(24, 5_000_000) as i64);
            ev.cost_micros = (pick(28, 2) == 0).then(|| pick(30, 50_000) as i64);
            ev.sensitive = (pick(36, 50) == 0).then_some(true);
            ev.model = Some("model-a".into());
            ev.input = Some(format!(r#"{{"command":"step {n} of {}","n":{n}}}"#, pick(40, 99)));
            let needle = if n % 997 == 5 { " the lost needle" } else { "" };
            ev.output = Some(format!(r#"{{"text":"line {} done{needle}","ok":true}}"#, pick(44, 1000)));
            ev.error = (ev.outcome == Outcome::Failure).then(|| r#"{"message":"exit status 1"}"#.into());
            ev
        })
        .collect()
}

fn accepted(ev: &Ev) -> Accepted<'_> {
    let mut facts = Facts::default();
    let mut int = |fact: IntFact, value: Option<i64>| facts.ints[fact as usize] = value;
    int(IntFact::TokensInput, ev.tokens.map(|tokens| tokens.0));
    int(IntFact::TokensOutput, ev.tokens.map(|tokens| tokens.1));
    int(IntFact::DurationUs, ev.duration_us);
    int(IntFact::CostMicros, ev.cost_micros);
    int(IntFact::Sensitive, ev.sensitive.map(i64::from));
    int(IntFact::ExitCode, ev.exit_code);
    facts.texts[TextFact::Model as usize] = ev.model.as_deref();
    Accepted {
        header: Header {
            id: ev.id,
            timestamp_us: ev.at,
            time_claimed: true,
            agent: &ev.agent,
            agent_version: None,
            session: ev.session,
            producer_seq: None,
            call: ev.call.as_deref(),
            parent: None,
            phase: ev.phase,
            action_type: ev.kind,
            action_name: &ev.name,
            class: Class::Standard,
            level: if ev.outcome == Outcome::Failure { Level::Error } else { Level::Info },
            outcome: ev.outcome,
            known: Known::Observed,
            source: "test",
            writer: [7; 8],
            retention: Class::Standard,
            period: day(ev.at),
            subject: ev.tag,
            body: [9; 32],
        },
        who: Who {
            id: ev.who_id.as_deref(),
            session: ev.who_session.as_deref(),
            user: ev.user.as_deref(),
            ..Who::default()
        },
        facts,
        texts: [ev.input.as_deref(), ev.output.as_deref(), ev.error.as_deref(), None, None, None],
        content: None,
        former: None,
        subject_slot: None,
    }
}

/// The events as the recorder would hand them on, in batches.
pub(crate) fn sequenced(events: &[Ev]) -> Vec<Sequenced> {
    const BATCH: usize = 1000;
    let mut numbers = HashMap::new();
    let mut of_batch = |(record, events): (usize, &[Ev])| {
        let mut builder = BatchBuilder::new(false);
        let mut decisions = Vec::new();
        for (i, ev) in events.iter().enumerate() {
            builder.push(&accepted(ev));
            let session_seq = ev.session.map(|session| {
                let next = numbers.entry(session).or_insert(0u64);
                *next += 1;
                *next - 1
            });
            let place = Place { time_us: ev.at, session_seq, revision: 0 };
            decisions.push(Decision::Entry { index: (record * BATCH + i) as u64, place });
        }
        let time_us = events.last().map_or(0, |ev| ev.at);
        Sequenced { record: record as u64, batch: builder.finish(), decisions, time_us }
    };
    events.chunks(BATCH).enumerate().map(&mut of_batch).collect()
}

/// All events in memory, none in segments.
pub(crate) fn hot(events: &[Ev]) -> Arc<Snapshot> {
    let batches = sequenced(events);
    let hot = batches.iter().map(|s| tacho_store::hot::to_batch(&s.batch, &s.decisions).unwrap()).collect();
    Arc::new(Snapshot { segments: Vec::new(), hot, size: events.len() as u64 })
}

/// A store on disk with so many cuts, and what is left in memory: `hot` is the share of events that no cut took.
pub(crate) struct Stored {
    pub(crate) snapshot: Arc<Snapshot>,
    _store: Store,
    _folder: tempfile::TempDir,
}

pub(crate) fn stored(events: &[Ev], cuts: usize, leave_hot: bool) -> Stored {
    filled(events, cuts, leave_hot, &|_, _| ())
}

/// A store whose cuts were merged.
pub(crate) fn compacted(events: &[Ev]) -> Stored {
    let merge = |store: &Store, leaf: Leaf<'_>| while store.compact(leaf).unwrap() {};
    filled(events, 5, true, &merge)
}

fn filled(events: &[Ev], cuts: usize, leave_hot: bool, after: &dyn Fn(&Store, Leaf<'_>)) -> Stored {
    let folder = tempfile::tempdir().unwrap();
    // A path that needs care in URLs.
    let path = folder.path().join("data ~folder%20 (1)");
    let store = Store::open(&path, Options::new("test")).unwrap();
    let batches = sequenced(events);
    let mut leaves = HashMap::new();
    let parts = cuts + usize::from(leave_hot);
    let size = batches.len().div_ceil(parts.max(1)).max(1);
    for (part, chunk) in batches.chunks(size).enumerate() {
        for sequenced in chunk {
            store.append(sequenced.record, &sequenced.batch, &sequenced.decisions).unwrap();
            for (index, place, event) in sequenced.entries() {
                let mut entry = Vec::new();
                tacho_event::entry::render(&event.header, &place, &mut entry);
                leaves.insert(index, tacho_merkle::leaf_hash(&entry));
            }
        }
        if part < cuts {
            store.cut(&|index| leaves.get(&index).copied()).unwrap();
        }
    }
    after(&store, &|index| leaves.get(&index).copied());
    Stored { snapshot: store.snapshot(), _store: store, _folder: folder }
}

pub(crate) fn now() -> Micros {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as Micros
}

/// An engine that the tests share: making one is most of the work.
pub(crate) fn engine() -> Arc<Engine> {
    static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| {
        // What is asked here must have an answer, also without optimisation on a busy machine; what time does is tested with less.
        let time = Duration::from_secs(3600);
        Arc::new(Engine::new(Limits { time, ..Limits::default() }).unwrap())
    });
    Arc::clone(&ENGINE)
}

/// The answer as rows of texts, nulls as `-`.
pub(crate) fn rows(snapshot: &Arc<Snapshot>, sql: &str) -> Vec<Vec<String>> {
    try_rows(&engine(), snapshot, sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

pub(crate) fn try_rows(
    engine: &Engine,
    snapshot: &Arc<Snapshot>,
    sql: &str,
) -> Result<Vec<Vec<String>>, QueryError> {
    rows_of(engine, Arc::clone(snapshot).into(), sql)
}

pub(crate) fn rows_of(engine: &Engine, moment: Moment, sql: &str) -> Result<Vec<Vec<String>>, QueryError> {
    futures::executor::block_on(async {
        let answer = engine.sql(moment, &[], sql).await?;
        let options = arrow::util::display::FormatOptions::default()
            .with_null("-")
            .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.6fZ"));
        let mut rows = Vec::new();
        for batch in answer.collect().await? {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
            }
        }
        Ok(rows)
    })
}
