//! What became of findings between two reports: which are new, and which went away.

use crate::report::{Finding, Report};

/// A finding that was told of and is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    /// The last moment that it was about.
    pub last_us: i64,
}

/// The difference between what was told and a report.
#[derive(Debug, Default, PartialEq)]
pub struct Changes<'r> {
    /// To be told.
    pub new: Vec<&'r Finding>,
    /// Gone: what was missing came.
    pub gone: Vec<String>,
    /// Too old for the range: nobody can say any more.
    pub aged: Vec<String>,
}

/// Compares what was told with a report over a range that begins at `from_us`.
pub fn changes<'r>(told: &[Told], report: &'r Report, from_us: i64) -> Changes<'r> {
    let known = |finding: &&Finding| told.iter().any(|told| told.id == finding.id);
    let mut changes =
        Changes { new: report.findings.iter().filter(|f| !known(f)).collect(), ..Changes::default() };
    // Of a report that is not whole nobody knows what is not in it.
    let whole = report.findings_more == 0;
    for told in told.iter().filter(|told| !report.findings.iter().any(|finding| finding.id == told.id)) {
        if told.last_us < from_us {
            changes.aged.push(told.id.clone());
        } else if whole {
            changes.gone.push(told.id.clone());
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Kind;
    use crate::{Config, Input, judge};

    fn report(ids: &[&str], more: u64) -> Report {
        let mut report = judge(Input { to_us: 1, now_us: 1, ..Input::default() }, &Config::default());
        report.findings = ids.iter().map(|id| Finding::new(Kind::SessionOpen, id)).collect();
        report.findings_more = more;
        report
    }

    fn told(id: &str, last_us: i64) -> Told {
        Told { id: format!("session_open/{id}"), last_us }
    }

    #[test]
    fn a_finding_is_new_once_gone_once_and_forgotten_when_it_is_too_old_to_judge() {
        let now = report(&["a", "b"], 0);
        let told = [told("a", 50), told("c", 50), told("old", 5)];
        let changes = changes(&told, &now, 10);
        assert_eq!(changes.new.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["session_open/b"]);
        assert_eq!(changes.gone, ["session_open/c"]);
        assert_eq!(changes.aged, ["session_open/old"]);
    }

    #[test]
    fn a_report_that_is_not_whole_closes_nothing() {
        let now = report(&["a"], 3);
        assert_eq!(changes(&[told("c", 50)], &now, 10).gone, Vec::<String>::new());
    }
}
