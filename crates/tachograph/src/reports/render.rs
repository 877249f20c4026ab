//! A report on paper: HTML, PDF, CSV, JSON.
//!
//! Invariant: what a sender wrote is text in every form. In CSV a cell that a spreadsheet would take for a formula begins
//! with an apostrophe.

use super::{Covered, Drawn, Report, Section};
use serde_json::Value;
use tacho_alert::incident::{Document, Plot};

/// How a report is written.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportPaper)]
pub(crate) enum Paper {
    #[default]
    Json,
    Html,
    Csv,
    Pdf,
}

impl Paper {
    pub(crate) const ALL: [Paper; 4] = [Paper::Json, Paper::Html, Paper::Csv, Paper::Pdf];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Paper::Json => "json",
            Paper::Html => "html",
            Paper::Csv => "csv",
            Paper::Pdf => "pdf",
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Paper::Json => "application/json",
            Paper::Html => "text/html; charset=utf-8",
            Paper::Csv => "text/csv; charset=utf-8",
            Paper::Pdf => "application/pdf",
        }
    }
}

impl Covered {
    pub(crate) fn words(&self) -> String {
        let Covered { origin, size, root, .. } = self;
        match size {
            0 => format!("Nothing is recorded yet: the log {origin} is empty."),
            _ => format!(
                "About the first {size} entries of the log {origin}, which the checkpoint with the root {root} covers."
            ),
        }
    }
}

impl Report {
    pub(crate) fn written(&self, paper: Paper) -> Result<Vec<u8>, serde_json::Error> {
        Ok(match paper {
            Paper::Json => serde_json::to_vec_pretty(self)?,
            Paper::Html => self.document().html().into_bytes(),
            Paper::Pdf => self.document().pdf(),
            Paper::Csv => self.csv().into_bytes(),
        })
    }

    /// What it is about, in sentences.
    fn head(&self) -> Vec<String> {
        let mut lines = vec![
            format!("From {} 00:00 to {} 00:00 UTC, by the server's time.", self.from, self.to),
            self.checkpoint.words(),
            format!("Made at {}. SHA-256 of its sections: {}.", self.made_at, self.sha256),
        ];
        if let Some(health) = self.health {
            lines.insert(0, health.words());
        }
        if !self.complete {
            lines.push("The time is not over: a report of the whole of it will say more.".into());
        }
        lines
    }

    fn document(&self) -> Document {
        let mut document = Document::new(format!("{}: {}", self.title, self.from));
        for line in self.head() {
            document.text(line);
        }
        for section in &self.sections {
            document.heading(section.title);
            document.text(section.about);
            if section.rows.is_empty() {
                document.text("None in this time.");
                continue;
            }
            for drawn in &section.drawings {
                let plot = plot(section, drawn);
                if !plot.is_empty() {
                    document.plot(plot);
                }
            }
            let rows = section.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
            document.table(&section.columns, rows);
            if section.cut {
                document.text(format!("There are more: the first {} are shown.", section.rows.len()));
            }
        }
        document
    }

    fn csv(&self) -> String {
        let mut out = String::new();
        let line = |cells: &mut dyn Iterator<Item = String>| {
            cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
        };
        out += &line(&mut [self.title.to_string()].into_iter());
        for text in self.head() {
            out += &line(&mut [text].into_iter());
        }
        for section in &self.sections {
            out += "\r\n";
            out += &line(&mut [section.title.to_string(), section.about.to_string()].into_iter());
            out += &line(&mut section.columns.iter().map(ToString::to_string));
            for row in &section.rows {
                out += &line(&mut row.iter().map(shown));
            }
            if section.cut {
                out += &line(&mut [format!("there are more than {}", section.rows.len())].into_iter());
            }
        }
        out
    }
}

fn plot(section: &Section, drawn: &Drawn) -> Plot {
    let place = |name: &str| section.columns.iter().position(|column| *column == name);
    let (along, column) = (place(drawn.along), place(drawn.column));
    let cell = |row: &[Value], at: Option<usize>| at.and_then(|at| row.get(at)).cloned().unwrap_or_default();
    let point = |row: &Vec<Value>| (shown(&cell(row, along)), cell(row, column).as_f64());
    Plot {
        title: drawn.title.to_string(),
        points: section.rows.iter().map(point).collect(),
        threshold: drawn.threshold,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let cell = if is_formula { format!("'{cell}") } else { cell.to_string() };
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Covered;
    use super::*;

    fn report(cell: &str) -> Report {
        let section = Section {
            title: "Agents",
            about: "one row",
            columns: vec!["agent", "count"],
            rows: vec![vec![cell.into(), (-5).into()]],
            cut: true,
            sql: String::new(),
            drawings: vec![Drawn { title: "Counts", along: "agent", column: "count", threshold: None }],
        };
        Report {
            kind: "agent-activity",
            title: "Daily agent activity",
            from: "2026-11-20".into(),
            to: "2026-11-21".into(),
            complete: false,
            made_at: "now".into(),
            checkpoint: Covered {
                origin: "log".into(),
                size: 7,
                root: "cm9vdA==".into(),
                root_hex: String::new(),
            },
            health: None,
            sections: vec![section],
            sha256: "00".into(),
        }
    }

    #[test]
    fn what_a_sender_wrote_is_text_in_every_form() {
        let text = |paper| String::from_utf8(report("<img src=x>,\"=1+1\"").written(paper).unwrap()).unwrap();
        assert!(!text(Paper::Html).contains("<img"));
        assert!(text(Paper::Csv).contains("\"<img src=x>,\"\"=1+1\"\"\",-5\r\n"));
        for formula in ["=cmd()", "+1+1", "@SUM(A1)", "-2+3"] {
            let csv = String::from_utf8(report(formula).written(Paper::Csv).unwrap()).unwrap();
            assert!(csv.contains(&format!("'{formula},-5")), "{csv}");
        }
        assert!(report("x").written(Paper::Pdf).unwrap().starts_with(b"%PDF"));
    }

    #[test]
    fn every_form_names_the_checkpoint_and_what_is_left_out() {
        for paper in [Paper::Html, Paper::Csv] {
            let text = String::from_utf8(report("a").written(paper).unwrap()).unwrap();
            for part in ["cm9vdA==", "first 7 entries", "not over", "more"] {
                assert!(text.contains(part), "{paper:?}: {part}");
            }
        }
        let json: Value = serde_json::from_slice(&report("a").written(Paper::Json).unwrap()).unwrap();
        assert_eq!((&json["checkpoint"]["size"], &json["sections"][0]["cut"]), (&7.into(), &true.into()));
    }
}
