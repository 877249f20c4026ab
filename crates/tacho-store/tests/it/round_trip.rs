//! Accepted event → columns → row: the same entry bytes and the same section bytes.

use crate::support::seal;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tacho_event::entry::{self, Header, Place};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_record::sequence::Decision;
use tacho_store::hot::{Hot, to_batch};
use tacho_store::row::{Part, Rows};

/// Event, session, subject tag, writer.
type Ids = ([u8; 16], Option<[u8; 16]>, Option<[u8; 16]>, [u8; 8]);

#[derive(Debug, Clone)]
struct Parts {
    texts: Vec<Option<String>>,
    ints: Vec<Option<i64>>,
    words: (ActionType, Class, Level, Outcome, Known, Option<Phase>, Class),
    ids: Ids,
    place: Place,
    claimed: bool,
    period: i32,
    content: Option<u64>,
}

const TEXTS: usize = 6 + 6 + TextFact::COUNT + 6;

fn parts() -> impl Strategy<Value = Parts> {
    let text = option::weighted(0.3, prop_oneof!["[a-z ]{0,40}", ".*"]);
    let place = (0i64..1 << 53, option::of(0u64..1 << 53), any::<u32>());
    (
        prop::collection::vec(text, TEXTS),
        prop::collection::vec(option::weighted(0.2, any::<i64>()), IntFact::COUNT + 2),
        (
            select(ActionType::ALL),
            select(Class::ALL),
            select(Level::ALL),
            select(Outcome::ALL),
            select(Known::ALL),
            option::of(select(Phase::ALL)),
            select(Class::ALL),
        ),
        (any::<[u8; 16]>(), any::<Option<[u8; 16]>>(), any::<Option<[u8; 16]>>(), any::<[u8; 8]>()),
        place.prop_map(|(time_us, session_seq, revision)| Place { time_us, session_seq, revision }),
        any::<bool>(),
        -1_000_000i32..1_000_000,
        any::<Option<u64>>(),
    )
        .prop_map(|(texts, ints, words, ids, place, claimed, period, content)| Parts {
            texts,
            ints,
            words,
            ids,
            place,
            claimed,
            period,
            content,
        })
}

fn accepted(parts: &Parts) -> Accepted<'_> {
    let mut texts = parts.texts.iter().map(Option::as_deref);
    let mut text = || texts.next().unwrap();
    let (action_type, class, level, outcome, known, phase, retention) = parts.words;
    let header = Header {
        id: Id(parts.ids.0),
        timestamp_us: parts.ints[IntFact::COUNT].unwrap_or(0),
        time_claimed: parts.claimed,
        agent: text().unwrap_or_default(),
        agent_version: text(),
        session: parts.ids.1.map(Id),
        producer_seq: parts.ints[IntFact::COUNT + 1].map(|n| n as u64),
        call: text(),
        parent: text(),
        phase,
        action_type,
        action_name: text().unwrap_or_default(),
        class,
        level,
        outcome,
        known,
        source: text().unwrap_or_default(),
        writer: parts.ids.3,
        retention,
        period: Day(parts.period),
        subject: parts.ids.2,
        body: [0; 32],
    };
    let mut who = Who::default();
    who.fields_mut().into_iter().for_each(|field| *field = text());
    let mut facts = Facts::default();
    facts.ints.iter_mut().zip(&parts.ints).for_each(|(fact, value)| *fact = *value);
    facts.texts.iter_mut().for_each(|fact| *fact = text());
    let texts = std::array::from_fn(|_| text());
    let mut event =
        Accepted { header, who, facts, texts, content: parts.content, former: None, subject_slot: None };
    seal(&mut event);
    event
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_row_gives_the_event_again(parts in prop::collection::vec(parts(), 1..12)) {
        let events: Vec<Accepted<'_>> = parts.iter().map(accepted).collect();
        // One record for each event: the rows then also pass through the merging of small batches.
        let mut hot = Hot::default();
        for (index, (event, parts)) in events.iter().zip(&parts).enumerate() {
            let mut builder = BatchBuilder::new(false);
            builder.push(event);
            let decision = Decision::Entry { index: index as u64, place: parts.place };
            let batch = builder.finish();
            // Rows come closed and open, in any mixture.
            if event.content.is_some() {
                hot.push(to_batch(&batch, &[decision]).unwrap());
            } else {
                hot.append(&batch, &[decision]).unwrap();
            }
        }
        hot.close();
        let rows: Vec<Rows> = hot.batches().map(|batch| Rows::new(batch).unwrap()).collect();
        prop_assert!(rows.len() <= 8);
        for (n, row) in rows.iter().flat_map(Rows::iter).enumerate() {
            let (event, place) = (&events[n], parts[n].place);
            prop_assert_eq!(row.index(), n as u64);
            prop_assert_eq!(&row.header().unwrap(), &event.header);
            prop_assert_eq!(row.place().unwrap(), place);
            let (mut want, mut found) = (Vec::new(), Vec::new());
            entry::render(&event.header, &place, &mut want);
            row.entry(&mut found).unwrap();
            prop_assert_eq!(want, found);
            let state = row.past().unwrap().state.map(|state| (state.content, state.id, state.writer));
            prop_assert_eq!(state, event.content.map(|content| (content, event.header.id, event.header.writer)));
            for section in Section::ALL {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                match (event.section(section, &mut a), row.section(section, &mut b).unwrap()) {
                    (Some(want), Part::Open(found)) => prop_assert_eq!(want, found),
                    (None, Part::Absent) => {}
                    (want, found) => prop_assert!(false, "{:?}: {:?} became {:?}", section, want, found),
                }
            }
        }
    }
}

#[test]
fn duplicates_are_no_rows() {
    let mut builder = BatchBuilder::new(false);
    let parts = Parts {
        texts: vec![None; TEXTS],
        ints: vec![None; IntFact::COUNT + 2],
        words: (
            ActionType::Log,
            Class::Standard,
            Level::Info,
            Outcome::Unknown,
            Known::Imported,
            None,
            Class::Critical,
        ),
        ids: ([1; 16], None, None, [2; 8]),
        place: Place { time_us: 1, session_seq: None, revision: 0 },
        claimed: false,
        period: 3,
        content: None,
    };
    builder.push(&accepted(&parts));
    builder.push(&accepted(&parts));
    let batch = builder.finish();
    let entry = Decision::Entry { index: 9, place: parts.place };
    assert_eq!(to_batch(&batch, &[Decision::Duplicate, entry]).unwrap().num_rows(), 1);
    assert_eq!(to_batch(&batch, &[Decision::Duplicate; 2]).unwrap().num_rows(), 0);
    assert!(to_batch(&batch, &[entry]).is_err());
}

#[test]
fn every_column_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/segment.md");
    let page = std::fs::read_to_string(path).unwrap();
    for field in tacho_store::schema::schema().fields() {
        assert!(page.contains(&format!("`{}`", field.name())), "{} is not in {path}", field.name());
    }
}
