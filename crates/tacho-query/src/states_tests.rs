use super::*;
use datafusion::arrow::array::Int64Array;
use datafusion::logical_expr::col;
use tacho_event::time::DAY_US;

const BYTES_MAX: usize = 64 << 20;
const HOUR_US: Micros = DAY_US / 24;

fn question(name: &str) -> Arc<Question> {
    Arc::new(Question { groups: vec![col(name)], functions: Vec::new(), filters: Vec::new() })
}

fn states(value: i64) -> RecordBatch {
    RecordBatch::try_from_iter([("f0", Arc::new(Int64Array::from(vec![value])) as _)]).unwrap()
}

fn range(from: Micros, to: Micros) -> Range {
    Range { from, to }
}

#[test]
fn pieces_are_whole_days_where_they_fit_and_hours_elsewhere() {
    let asked = range(22 * HOUR_US + 5, 3 * DAY_US + HOUR_US + 7);
    let pieces: Vec<Range> = split(asked, 0, 9 * DAY_US).unwrap();
    let want = [
        range(23 * HOUR_US, DAY_US),
        range(DAY_US, 2 * DAY_US),
        range(2 * DAY_US, 3 * DAY_US),
        range(3 * DAY_US, 3 * DAY_US + HOUR_US),
    ];
    assert_eq!(pieces, want);
    // A segment that begins within a day has the same piece of that day.
    assert_eq!(
        split(asked, DAY_US + 5 * HOUR_US, DAY_US + 6 * HOUR_US).unwrap(),
        [range(DAY_US, 2 * DAY_US)]
    );
    for time in [23 * HOUR_US, 2 * DAY_US - 1, 3 * DAY_US + 9] {
        let piece = pieces.iter().find(|piece| piece.from <= time && time < piece.to).unwrap();
        assert_eq!(start_of(time, &pieces), piece.from);
    }
    assert_eq!(split(range(-2 * HOUR_US, 0), -DAY_US, 0).unwrap().len(), 2);
    assert_eq!(split(range(5, HOUR_US), 0, DAY_US), Some(Vec::new()));
    let years = range(1, 2000 * DAY_US);
    assert_eq!(split(years, 0, 3000 * DAY_US), None);
}

#[test]
fn the_question_that_was_not_asked_for_longest_makes_room() {
    let kept = States::new(BYTES_MAX);
    let all = Range::default();
    let of = |name: &str| kept.kept.lock().answers.contains_key(&question(name));
    kept.put(&question("a"), [1; 32], vec![(all, states(1))], BYTES_MAX / 3);
    kept.put(&question("b"), [1; 32], vec![(all, states(2))], BYTES_MAX / 3);
    kept.put(&question("a"), [2; 32], vec![(all, states(3))], 10);
    kept.put(&question("c"), [1; 32], vec![(all, states(4))], BYTES_MAX / 2);
    assert_eq!((of("a"), of("b"), of("c")), (true, false, true));
    // The same states put again count once.
    let bytes = kept.kept.lock().bytes;
    kept.put(&question("c"), [1; 32], vec![(all, states(4))], BYTES_MAX / 2);
    assert_eq!(kept.kept.lock().bytes, bytes);
}

#[test]
fn states_go_with_their_segment() {
    let kept = States::new(BYTES_MAX);
    let all = Range::default();
    kept.put(&question("a"), [1; 32], vec![(all, states(1))], 100);
    kept.put(&question("b"), [2; 32], vec![(all, states(2))], 100);
    kept.refuse(&question("c"), [3; 32]);
    kept.drop_but(&HashSet::from([[2; 32]]));
    let inner = kept.kept.lock();
    assert_eq!(inner.answers.keys().collect::<Vec<_>>(), [&question("b")]);
    assert_eq!(inner.bytes, 100 + PIECE_BYTES);
}
