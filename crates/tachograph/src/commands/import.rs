//! `import`: records a file of events. One bad line is reported and its neighbours are recorded.

use crate::folder::{Keys, random};
use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_event::id::Id;
use tacho_event::limits::{EVENT_BYTES_MAX, RECORD_BYTES_MAX};
use tacho_event::record::BatchBuilder;
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::native;
use tacho_record::Log;
use tacho_record::keyring::KeyRing;
use tacho_redact::{Policy, Redactor};

/// A batch is handed to the journal at this size; one more event of the largest size still fits a record.
const BATCH_BYTES: usize = RECORD_BYTES_MAX / 4;

/// Records every line of `file`. Returns whether all were recorded.
pub(crate) fn run(data: &Path, file: &Path) -> Result<bool, Box<dyn Error>> {
    let input: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).map_err(|e| format!("cannot open {}: {e}", file.display()))?),
    };
    let keys = Keys::open(data)?;
    let mut importer = Importer {
        acceptor: Acceptor { redactor: Redactor::new(&Policy::default())?, id_key: keys.id_key() },
        ring: keys.ring(data)?,
        log: keys.log(data)?,
        batch: BatchBuilder::new(true),
        accepted: 0,
        duplicates: 0,
        refused: 0,
    };
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        // A line over the limit is read no further than needed to refuse it, then skipped to its end.
        let bound = EVENT_BYTES_MAX as u64 + 1;
        if input.by_ref().take(bound).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == bound && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        importer.line(number, &line)?;
    }
    importer.flush()?;
    importer.log.seal()?;
    let (size, sealed) = importer.log.sizes();
    let (accepted, duplicates, refused) = (importer.accepted, importer.duplicates, importer.refused);
    println!(
        "accepted {accepted}, duplicates {duplicates}, refused {refused}; the log has {size} entries, {sealed} sealed"
    );
    Ok(refused == 0)
}

struct Importer {
    acceptor: Acceptor,
    ring: KeyRing,
    log: Log,
    batch: BatchBuilder,
    accepted: u64,
    duplicates: u64,
    refused: u64,
}

impl Importer {
    fn line(&mut self, number: u64, line: &[u8]) -> Result<(), Box<dyn Error>> {
        let text = match std::str::from_utf8(line) {
            Ok(text) => text.trim(),
            Err(error) => return self.refuse(number, &error),
        };
        if text.is_empty() {
            return Ok(());
        }
        let event = match native::decode(text) {
            Ok(event) => event,
            Err(error) => return self.refuse(number, &error),
        };
        let sender = Sender { writer: *b"local---", source: "import", known: Known::Imported, agent: None };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut noise = [0; 10];
        random(&mut noise);
        let fresh = Id::v7(now.as_millis() as u64, noise);
        let now_us = now.as_micros() as i64;
        if let Err(error) =
            self.acceptor.accept(&event, &sender, now_us, fresh, &mut self.ring, &mut self.batch)
        {
            return self.refuse(number, &error);
        }
        if self.batch.size_bytes() > BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn refuse(&mut self, number: u64, why: &dyn std::fmt::Display) -> Result<(), Box<dyn Error>> {
        eprintln!("line {number} refused: {why}");
        self.refused += 1;
        Ok(())
    }

    /// New secrets first, then the batch that is salted with them.
    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        let batch = std::mem::replace(&mut self.batch, BatchBuilder::new(true));
        if batch.count() == 0 {
            return Ok(());
        }
        self.ring.sync()?;
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
        for receipt in self.log.append(now_us, vec![batch.finish()])? {
            self.accepted += u64::from(receipt.accepted);
            self.duplicates += u64::from(receipt.duplicates);
        }
        Ok(())
    }
}
