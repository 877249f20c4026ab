//! `rules import` and `rules export`: the formats of others.

use super::{Chosen, contents};
use crate::exit::Ended;
use clap::{Args, ValueEnum};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use tacho_alert::{FILE_BYTES_MAX, sigma};

/// Files of one import.
const FILES_MAX: usize = 10_000;
/// Folders within one another.
const DEPTH_MAX: usize = 16;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Sigma: event rules, correlations and filters.
    Sigma,
}

#[derive(Args)]
pub(in crate::commands) struct Import {
    /// The format that the files are in.
    #[arg(long)]
    from: Format,
    /// Files or folders; `-` reads standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Args)]
pub(in crate::commands) struct Export {
    /// The format to write.
    #[arg(long)]
    to: Format,
    #[command(flatten)]
    chosen: Chosen,
}

impl Import {
    pub(super) fn run(&self) -> Result<bool, Box<dyn Error>> {
        let Format::Sigma = self.from;
        let mut paths = Vec::new();
        for path in &self.files {
            collect(path, 0, &mut paths)?;
        }
        if paths.is_empty() {
            return Err(Ended::usage("there is no *.yml or *.yaml in what was named"));
        }
        let files = paths.iter().map(|path| Ok((path.display().to_string(), contents(path)?)));
        let imported = sigma::import(&files.collect::<Result<Vec<_>, Box<dyn Error>>>()?);
        let mut out = std::io::stdout().lock();
        for (at, rule) in imported.rules.iter().enumerate() {
            let between = if at > 0 { "---\n" } else { "" };
            write!(out, "{between}{}", rule.text)?;
            for note in &rule.notes {
                eprintln!("{}: {note}", rule.id);
            }
        }
        for refused in &imported.refused {
            eprintln!("{refused}");
        }
        let bytes: usize = imported.rules.iter().map(|rule| rule.text.len() + 4).sum();
        if bytes > FILE_BYTES_MAX {
            eprintln!(
                "these are {bytes} bytes and a rule file has at most {FILE_BYTES_MAX}: import in parts"
            );
        }
        eprintln!("{} rules written, {} refused", imported.rules.len(), imported.refused.len());
        Ok(imported.refused.is_empty())
    }
}

impl Export {
    pub(super) fn run(&self, data: &Path) -> Result<bool, Box<dyn Error>> {
        let Format::Sigma = self.to;
        let exported = sigma::export(&self.chosen.rules(data)?);
        write!(std::io::stdout().lock(), "{}", exported.text)?;
        for left in &exported.left {
            eprintln!("{}: left out: {}", left.id, left.why);
        }
        eprintln!("{} rules written, {} left out", exported.said, exported.left.len());
        Ok(true)
    }
}

/// A file, or all rule files below a folder in the order of their names.
fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        found.push(path.to_path_buf());
    } else if depth < DEPTH_MAX {
        let fail = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let entries = std::fs::read_dir(path).map_err(fail)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(fail)?;
        entries.sort();
        for entry in entries {
            let is_rules = entry.extension().is_some_and(|end| end == "yml" || end == "yaml");
            // A link to a folder could lead back to it.
            if is_rules && entry.is_file() || entry.is_dir() && !entry.is_symlink() {
                collect(&entry, depth + 1, found)?;
            }
        }
    }
    if found.len() > FILES_MAX {
        return Err(Ended::usage(format!("more than {FILES_MAX} files")));
    }
    Ok(())
}
