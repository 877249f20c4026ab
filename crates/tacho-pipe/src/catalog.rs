//! Which tables and columns there are: handed in, so that this crate knows no event.

use crate::nearest::nearest;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    /// A number of so many microseconds each: a duration beside it is brought to that unit.
    Duration {
        unit_us: i64,
    },
    Time,
    /// JSON text: its members are reached by a path.
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// The SQL that gives the value; the name itself when absent.
    pub sql: Option<String>,
}

impl Column {
    pub fn new(name: &str, kind: Kind) -> Column {
        Column { name: name.into(), kind, sql: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Other names: `action` for `action_name`.
    pub aliases: Vec<(String, String)>,
    /// JSON columns in which a name that is no column is looked for, in this order. Empty: such a name is an error.
    pub open: Vec<String>,
    /// What SQL reads, and a condition that belongs to the table.
    pub sql: String,
    pub condition: Option<String>,
}

impl Table {
    /// Finds a column by name or other name: its position.
    pub fn find(&self, name: &str) -> Option<usize> {
        let alias = self.aliases.iter().find(|(alias, _)| alias == name);
        let name = alias.map_or(name, |(_, real)| real.as_str());
        self.columns.iter().position(|column| column.name == name)
    }

    /// The name that was probably meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.columns.iter().map(|column| column.name.as_str());
        nearest(name, names.chain(self.aliases.iter().map(|(alias, _)| alias.as_str())))
    }
}

/// Tables to read from, kinds of things that can be open, and sets of what is expected to be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    pub tables: Vec<Table>,
    pub open: Vec<Table>,
    pub sets: Vec<String>,
}
