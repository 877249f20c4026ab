//! All that is recorded of one person, as JSON or CSV, also where the name itself has expired: the entry's tag tells.
//!
//! Memory: one event, and the index of each.

use super::subject::{Unknown, is_of, keys_of};
use crate::node::Node;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use tacho_event::section::Section;
use tacho_event::time;
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::{Snapshot, StoreError};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Json,
    Csv,
}

/// What was found of a person, to be written.
pub(crate) struct Export {
    user: String,
    indexes: Vec<u64>,
    snapshot: Arc<Snapshot>,
}

/// Finds everything that belongs to a person.
///
/// # Errors
/// [`Unknown`]; the store's when something cannot be read.
pub(crate) fn find(node: &Node, user: &str) -> Result<Export, Box<dyn Error>> {
    let keys = keys_of(node, user);
    if keys.is_empty() {
        return Err(Unknown.into());
    }
    let (snapshot, mut indexes) = (node.store().snapshot(), Vec::new());
    snapshot.rows(0..u64::MAX, Wanted::Header, &mut |row| {
        if keys.iter().any(|key| is_of(row, key)) {
            indexes.push(row.index());
        }
        Ok(())
    })?;
    Ok(Export { user: user.to_string(), indexes, snapshot })
}

impl Export {
    pub(crate) fn len(&self) -> usize {
        self.indexes.len()
    }

    /// Writes it. What was taken out is told by column `gone`.
    ///
    /// # Errors
    /// The store's, and those of `out`.
    pub(crate) fn write(&self, form: Form, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
        match form {
            Form::Json => {
                let user = serde_json::Value::from(self.user.as_str());
                write!(out, "{{\"user\":{user},\"count\":{},\"events\":[", self.len())?;
                let mut between = "\n";
                self.each(&mut |row| {
                    let mut line = std::mem::replace(&mut between, ",\n").as_bytes().to_vec();
                    json(row, &mut line)?;
                    out.write_all(&line).map_err(written)
                })?;
                out.write_all(b"\n]}\n")?;
            }
            Form::Csv => {
                let names = ["index", "time", "agent", "type", "action", "outcome"].into_iter();
                let names: Vec<&str> = names.chain(Section::ALL.map(Section::name)).chain(["gone"]).collect();
                writeln!(out, "{}", names.join(","))?;
                self.each(&mut |row| out.write_all(&csv(row)?).map_err(written))?;
            }
        }
        Ok(())
    }

    /// Each of the person's events in order. Segments without any are not opened.
    fn each(&self, each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>) -> Result<(), Box<dyn Error>> {
        let mut rest = self.indexes.as_slice();
        while let Some(first) = rest.first() {
            // Neighbours are read together; a gap of this size costs less than opening the files again.
            let near = rest.windows(2).take_while(|pair| pair[1] - pair[0] < 100_000).count();
            let (together, behind) = rest.split_at(near + 1);
            let range = *first..together[near] + 1;
            self.snapshot.rows(
                range,
                Wanted::All,
                &mut |row| match together.binary_search(&row.index()) {
                    Ok(_) => each(row),
                    Err(_) => Ok(()),
                },
            )?;
            rest = behind;
        }
        Ok(())
    }
}

fn written(source: std::io::Error) -> StoreError {
    StoreError::Io { doing: "cannot write", path: "the export".into(), source }
}

/// One event: index, permanent entry, the sections that are there, and which are gone.
pub(crate) fn json(row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), StoreError> {
    out.extend_from_slice(format!("{{\"index\":{},\"entry\":", row.index()).as_bytes());
    row.entry(out)?;
    let (mut scratch, mut gone) = (Vec::new(), Vec::new());
    for section in Section::ALL {
        match row.section(section, &mut scratch)? {
            Part::Open(bytes) => {
                out.extend_from_slice(format!(",\"{}\":", section.name()).as_bytes());
                out.extend_from_slice(bytes);
            }
            Part::Gone { why, .. } => gone.push(format!("\"{}\":\"{why}\"", section.name())),
            Part::Absent => {}
        }
    }
    if !gone.is_empty() {
        out.extend_from_slice(format!(",\"gone\":{{{}}}", gone.join(",")).as_bytes());
    }
    out.push(b'}');
    Ok(())
}

fn csv(row: &Row<'_>) -> Result<Vec<u8>, StoreError> {
    let header = row.header()?;
    let mut fields = vec![
        row.index().to_string(),
        time::format(row.place()?.time_us),
        header.agent.to_string(),
        header.action_type.to_string(),
        header.action_name.to_string(),
        header.outcome.to_string(),
    ];
    let (mut scratch, mut gone) = (Vec::new(), Vec::new());
    for section in Section::ALL {
        fields.push(match row.section(section, &mut scratch)? {
            Part::Open(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Part::Gone { why, .. } => {
                gone.push(format!("{}={why}", section.name()));
                String::new()
            }
            Part::Absent => String::new(),
        });
    }
    fields.push(gone.join(" "));
    let quoted = |field: &String| match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.clone(),
    };
    Ok((fields.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").into_bytes())
}
