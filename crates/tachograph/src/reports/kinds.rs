//! Which reports there are, and what a section is: SQL, and what becomes of its rows. Words such as `$when` are those of
//! [`super::terms`].

use super::assessments::ASSESSMENTS;
use super::health;
use super::health::Check;
use super::reviews::REVIEWS;

/// How long a report looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportPeriod)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
    Quarter,
}

/// One kind of report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub id: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub period: Period,
    pub sections: &'static [Part],
}

/// One section: its columns stand in the order of the list, whatever the query says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub title: &'static str,
    pub about: &'static str,
    pub columns: &'static [&'static str],
    pub shape: Shape,
    pub sql: &'static str,
}

/// What becomes of the rows of a section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// They are shown.
    Rows,
    /// They are shown and drawn.
    Drawn(&'static [Drawing]),
    /// There is one, of figures that are compared with thresholds.
    Checks(&'static [Check]),
}

/// A column drawn along another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub title: &'static str,
    pub along: &'static str,
    pub column: &'static str,
    /// The name of a threshold that is drawn with it.
    pub threshold: Option<&'static str>,
}

impl Kind {
    pub(crate) fn all() -> impl Iterator<Item = &'static Kind> {
        REVIEWS.iter().chain(ASSESSMENTS).chain(health::ALL)
    }

    /// Says that there is no report of this name, and which there are.
    pub(crate) fn unknown(name: &str) -> String {
        let all: Vec<&str> = Kind::all().map(|kind| kind.id).collect();
        format!("there is no report \"{name}\": expected one of {}", all.join(", "))
    }

    /// Figures alone, and names of agents, tools and rules: nothing of it can name a person.
    pub(crate) fn is_health(&self) -> bool {
        health::ALL.contains(self)
    }

    pub(crate) fn find(id: &str) -> Option<&'static Kind> {
        Kind::all().find(|kind| kind.id == id)
    }
}
