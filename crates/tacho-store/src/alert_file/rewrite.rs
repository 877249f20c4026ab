//! Everything in the file is read once more and written anew: for what has to go because somebody is erased.

use super::{AlertFile, refused};
use crate::error::StoreError;
use rusqlite::params;

/// Tables, and the columns of each that hold texts of others.
const TEXTS: [(&str, &[&str]); 5] = [
    ("alerts", &["body"]),
    ("incidents", &["body"]),
    ("notes", &["id", "body"]),
    ("outbox", &["body", "error"]),
    ("sayings", &["body"]),
];

impl AlertFile {
    /// Replaces texts: `change` gets each with the name of its table, and gives a new one, or nothing where it stays. When this returns neither the file
    /// nor its write-ahead log holds what was replaced. Gives how many there were.
    ///
    /// # Errors
    /// See [`AlertFile::position`]; nothing is replaced then. Also when another program reads the file: all is replaced, and
    /// the write-ahead log is cut the next time.
    pub fn rewrite(
        &mut self,
        change: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> Result<u64, StoreError> {
        let failed = refused(&self.path);
        let transaction = self.connection.transaction().map_err(&failed)?;
        let mut count = 0;
        for (table, columns) in TEXTS {
            for column in columns {
                let sql = format!("SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL");
                let mut statement = transaction.prepare(&sql).map_err(&failed)?;
                let rows =
                    statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)));
                let changed = rows.map_err(&failed)?.filter_map(|row| match row {
                    Ok((rowid, text)) => change(table, &text).map(|new| Ok((rowid, new))),
                    Err(error) => Some(Err(error)),
                });
                let changed: Vec<(i64, String)> = changed.collect::<Result<_, _>>().map_err(&failed)?;
                count += changed.len() as u64;
                // Two that are told apart by what goes become one.
                let sql = format!("UPDATE OR REPLACE {table} SET {column} = ?2 WHERE rowid = ?1");
                for (rowid, new) in changed {
                    transaction.execute(&sql, params![rowid, new]).map_err(&failed)?;
                }
            }
        }
        transaction.commit().map_err(&failed)?;
        // Pages that are free now were overwritten (`secure_delete`); the log of changes still has them.
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(&failed)?;
        if busy != 0 {
            return Err(
                self.wrong("it is read by another program, and its write-ahead log can't be cut".into())
            );
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert_file::{AlertChanges, Message, Sending};

    #[test]
    fn what_is_replaced_is_nowhere_in_the_files_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        let name = "marmalade@people.example";
        let message = Message {
            id: "m".into(),
            lane: "l".into(),
            state: Sending::Waiting,
            due_us: 1,
            at_us: 1,
            attempts: 0,
            error: Some(format!("no {name}")),
            body: name.into(),
        };
        let changes = AlertChanges {
            alerts: vec![("a".into(), true, 1, format!("{{\"user\":\"{name}\"}}"))],
            incidents: vec![("i".into(), true, 1, name.into())],
            notes: vec![
                ("told", format!("{name} 1"), Some(name.into())),
                ("told", "other".into(), Some("x".into())),
            ],
            messages: vec![message],
            sayings: vec![("s".into(), name.into())],
            ..AlertChanges::default()
        };
        file.save(&changes).unwrap();
        let mut change = |_: &str, text: &str| text.contains(name).then(|| text.replace(name, "[ERASED]"));
        assert_eq!(file.rewrite(&mut change).unwrap(), 7);
        assert_eq!(file.rewrite(&mut change).unwrap(), 0);
        assert_eq!(file.open_alerts().unwrap(), ["{\"user\":\"[ERASED]\"}"]);
        assert_eq!(file.note("told", "other").unwrap().as_deref(), Some("x"));
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(9).any(|some| some == b"marmalade"));
        }
    }
}
