//! `dashboards`: which there are, and taking them to Grafana.

use super::Arguments;
use crate::dashboards::{BUILT_IN, Board, export};
use crate::shelf::{Shelf, Unkept};
use clap::Subcommand;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum Dashboards {
    /// Lists those that come with the program and those of the data folder.
    List,
    /// Prints one as it is written: a beginning for one of your own.
    Show { name: String },
    /// Writes them as Grafana's JSON, over PostgreSQL's wire and Prometheus (docs/guide/grafana.md).
    #[command(
        after_help = "Examples:\n  tachograph dashboards export executive > executive.json\n  tachograph dashboards export --out grafana/       all of them, a file each"
    )]
    Export {
        /// Which; all when none is named.
        names: Vec<String>,
        /// A folder for the files; without it one dashboard goes to standard output.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

/// All there are; one of the data folder takes the place of ours.
fn all(data: &Path) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut found: BTreeMap<String, String> =
        BUILT_IN.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    let own = Shelf::new(data).dashboards();
    let (own, faults) = own.map_err(|error| match error {
        Unkept::Wrong(why) | Unkept::Absent(why) | Unkept::Changed(why) | Unkept::Failed(why) => why,
    })?;
    for fault in faults {
        eprintln!("tachograph: {fault}");
    }
    found.extend(own);
    Ok(found)
}

pub(super) fn run(arguments: &Arguments, command: &Dashboards) -> Result<bool, Box<dyn Error>> {
    let all = all(&arguments.data)?;
    let mut out = std::io::stdout().lock();
    match command {
        Dashboards::List => {
            for (name, text) in &all {
                let title = Board::read(text)
                    .map_or_else(|why| format!("cannot be read: {why}"), |board| board.title);
                writeln!(out, "{name:<24} {title}")?;
            }
        }
        Dashboards::Show { name } => write!(out, "{}", one(&all, name)?)?,
        Dashboards::Export { names, out: folder } => {
            let names: Vec<&String> =
                if names.is_empty() { all.keys().collect() } else { names.iter().collect() };
            let Some(folder) = folder else {
                let [name] = names[..] else {
                    return Err(
                        "more than one dashboard needs a folder: add --out FOLDER, or name one".into()
                    );
                };
                writeln!(out, "{:#}", exported(&all, name)?)?;
                return Ok(true);
            };
            std::fs::create_dir_all(folder)?;
            for name in names {
                let path = folder.join(format!("{name}.json"));
                std::fs::write(&path, format!("{:#}\n", exported(&all, name)?))?;
                writeln!(out, "{}", path.display())?;
            }
        }
    }
    Ok(true)
}

fn one<'a>(all: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, String> {
    let names = || all.keys().cloned().collect::<Vec<_>>().join(", ");
    all.get(name)
        .map(String::as_str)
        .ok_or_else(|| format!("there is no dashboard \"{name}\", but {}", names()))
}

fn exported(all: &BTreeMap<String, String>, name: &str) -> Result<serde_json::Value, String> {
    let board = Board::read(one(all, name)?);
    board.and_then(|board| export(&board)).map_err(|why| format!("{name}: {why}"))
}
