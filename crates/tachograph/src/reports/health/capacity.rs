//! What room is left, for the daily and the weekly check.

use super::super::kinds::{Drawing, Part, Shape};
use super::Bound::{AtLeast, AtMost};
use super::{COLUMNS, Check, check};

pub(in super::super) const CAPACITY: Part = Part {
    title: "Capacity",
    about: "Measured when the report was made, not read from the log, but for growth: that is entries of this time beside the time of the same length before",
    columns: &COLUMNS,
    shape: Shape::Checks(ROOM),
    sql: "SELECT $c_days_until_full AS days_left, $c_free_percent AS disk_free, $c_journal_percent AS journal_busy, $c_queue_percent AS queue_full,
        $c_behind_events AS behind, $c_waiting_messages AS waiting,
        CASE WHEN began.first_us < $before_us AND earlier.entries > 0 THEN round(100.0 * (CAST(span.entries AS DOUBLE) / earlier.entries - 1.0), 1) END AS growth,
        span.entries AS growth_of
      FROM (SELECT count(*) AS entries FROM events WHERE $when) AS span
      CROSS JOIN (SELECT count(*) AS entries FROM events WHERE $before) AS earlier
      CROSS JOIN (SELECT coalesce(min(arrow_cast(recorded_at, 'Int64')), 0) AS first_us FROM events WHERE index = 0) AS began",
};

const NOT_MEASURED: &str = "it could not be measured: the server's own log says why";

const ROOM: &[Check] = &[
    check("days_left", "Days until the disk is full, if it grows as it does", "days", AtLeast("disk_days"))
        .missing("the log does not grow, or it could not be measured")
        .look("tachograph capacity; shorter retention in docs/guide/retention.md"),
    check("disk_free", "Disk that is free", "%", AtLeast("disk_free_percent"))
        .missing(NOT_MEASURED)
        .look("tachograph capacity"),
    check("journal_busy", "Share of the time that the journal was written", "%", AtMost("journal_percent"))
        .missing(NOT_MEASURED)
        .look("a faster disk, or fewer and larger requests"),
    check(
        "queue_full",
        "Requests that wait for the recorder, of those that may",
        "%",
        AtMost("queue_percent"),
    )
    .missing(NOT_MEASURED)
    .look("tachograph doctor"),
    check("behind", "Events that are not signed yet, or that no query sees", "", AtMost("behind_events"))
        .missing(NOT_MEASURED)
        .look("tachograph doctor"),
    check("waiting", "Messages of alerts that wait to be sent", "", AtMost("waiting_messages"))
        .missing(NOT_MEASURED)
        .look("tachograph alerts deliveries"),
    check("growth", "Growth of the log against the time before", "%", AtMost("growth_percent"))
        .of("entries")
        .missing("the log is younger than the time before, or that had no entry")
        .look("tachograph sql \"SELECT agent_id, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC\""),
];

/// Growth, which capacity is judged by; up to the last day of the report.
pub(in super::super) const GROWTH: Part = Part {
    title: "Growth by day",
    about: "Entries of the log, and bytes of the segment files that were written, fourteen days up to the last of this time",
    columns: &["day", "entries", "segment_bytes"],
    shape: Shape::Drawn(&[Drawing { title: "Entries a day", along: "day", column: "entries", threshold: None }]),
    sql: "SELECT days.day AS day, coalesce(entries, 0) AS entries, coalesce(segment_bytes, 0) AS segment_bytes
      FROM (VALUES $days) AS days(day) LEFT JOIN (
        SELECT to_char(recorded_at, 'YYYY-MM-DD') AS day, count(*) AS entries,
          sum(json_get_int(output, 'bytes')) FILTER (WHERE source = 'internal' AND action_name = 'segment_written') AS segment_bytes
        FROM events WHERE $fortnight GROUP BY 1) AS seen ON seen.day = days.day ORDER BY days.day",
};
