//! Agents that the registry expects, and that are silent.

use crate::judge::about;
use crate::report::{Finding, Kind};
use crate::rows::SeenRow;
use crate::witness::standing;
use tacho_event::time;

pub(crate) fn silent(expected: &[String], rows: &[SeenRow], most_us: i64, now_us: i64) -> Vec<Finding> {
    expected.iter().filter_map(|agent| finding(agent, rows, most_us, now_us)).collect()
}

fn finding(agent: &str, rows: &[SeenRow], most_us: i64, now_us: i64) -> Option<Finding> {
    let of: Vec<&SeenRow> = rows.iter().filter(|row| row.agent == agent).collect();
    let counting = standing(&of, |row| &row.source);
    let by_whom = if counting.len() < of.len() { " by a witness" } else { "" };
    let last = counting.iter().copied().max_by_key(|row| (row.last_us, row.last_index));
    let what = match last {
        None => format!("{agent} is expected and was never seen"),
        Some(row) if now_us - row.last_us > most_us => {
            let most = tacho_pipe::format_us(most_us);
            let silent = about(now_us - row.last_us);
            format!(
                "{agent} is expected and was last seen{by_whom} {silent} ago, and at most {most} may be silence"
            )
        }
        Some(_) => return None,
    };
    let mut finding = Finding::new(Kind::AgentSilent, agent).of(agent, "").says(
        what,
        "look whether it runs and where it sends to; if it is gone for good: tachograph agents set ID --expected false",
    );
    finding.since = last.map(|row| time::format(row.last_us));
    finding.evidence.events = last.iter().map(|row| row.last_index).collect();
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_agent_is_missed_when_it_is_silent_or_never_came() {
        let seen = |agent: &str, last_us| SeenRow {
            agent: agent.into(),
            source: "http".into(),
            kind: "log".into(),
            name: "log".into(),
            events: 1,
            last_us,
            last_index: 3,
        };
        let rows = [seen("busy", 90), seen("busy", 10), seen("quiet", 10)];
        let expected = ["busy", "quiet", "never"].map(str::to_owned);
        let found = silent(&expected, &rows, 50, 100);
        let ids: Vec<&str> = found.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, ["agent_silent/quiet", "agent_silent/never"]);
        assert_eq!((found[0].evidence.events.as_slice(), found[1].since.is_none()), (&[3][..], true));
    }
}
