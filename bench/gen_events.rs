//! Deterministic generator of audit events of AI agents. Only the standard library.
//!
//!     gen_events --count 1000000 --seed 1 --out events.ndjson --truth truth.json
//!     gen_events --count 1000000 --format pgcopy --out events.tsv              (PostgreSQL COPY text)
//!     gen_events --count 1000000 --format pgsql --rows 1000 --out events.sql   (INSERTs of many rows)
//!
//! The same --count and --seed give the same events in every --format. Timestamps are in order and cover --days
//! days that end at --end-ms (Unix ms). --truth writes the parameters and the right answers of the queries.

#[path = "gen_events/acts.rs"]
mod acts;
#[path = "gen_events/draw.rs"]
mod draw;
#[path = "gen_events/event.rs"]
mod event;
#[path = "gen_events/rows.rs"]
mod rows;
#[path = "gen_events/truth.rs"]
mod truth;
#[path = "gen_events/words.rs"]
mod words;

use draw::{Rng, push_ts};
use event::{Ev, Session, event, new_session};
use rows::{ndjson, pgcopy, pgsql};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use truth::Truth;
use words::{AGENTS, Vocab};

/// What the command line says.
struct Options {
    count: u64,
    seed: u64,
    days: i64,
    end_ms: i64,
    out: String,
    truth: String,
    format: String,
    rows: u64,
}

impl Options {
    fn read() -> Options {
        let mut o = Options {
            count: 1_000_000,
            seed: 1,
            days: 30,
            end_ms: 1_795_219_200_000, // 2026-11-21T00:00:00Z
            out: "-".into(),
            truth: String::new(),
            format: "ndjson".into(),
            rows: 1000,
        };
        let words: Vec<String> = std::env::args().skip(1).collect();
        for pair in words.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_default();
            match pair[0].as_str() {
                "--count" => o.count = number(&pair[0], &value),
                "--seed" => o.seed = number(&pair[0], &value),
                "--days" => o.days = number(&pair[0], &value),
                "--end-ms" => o.end_ms = number(&pair[0], &value),
                "--out" => o.out = value,
                "--truth" => o.truth = value,
                "--format" => o.format = value,
                "--rows" => o.rows = number(&pair[0], &value),
                unknown => {
                    eprintln!("unknown flag {unknown}");
                    std::process::exit(2);
                }
            }
        }
        o
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> T {
    value.parse().unwrap_or_else(|_| {
        eprintln!("{flag} takes a number, not \"{value}\"");
        std::process::exit(2)
    })
}

fn main() -> io::Result<()> {
    let o = Options::read();
    let begun = std::time::Instant::now();
    let mut r = Rng(o.seed.wrapping_mul(0x2545F4914F6CDD1D) ^ 0xA0761D6478BD642F);
    let v = Vocab::new(&mut r);
    let mut sum = 0.0;
    let cum: Vec<f64> = (0..AGENTS.len())
        .map(|k| {
            sum += 1.0 / (k as f64 + 1.0);
            sum
        })
        .collect();
    let mut pool: Vec<Session> = (0..60).map(|_| new_session(&mut r, &v, &cum)).collect();
    let out: Box<dyn Write> =
        if o.out == "-" { Box::new(io::stdout()) } else { Box::new(File::create(&o.out)?) };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let (mut e, mut truth, mut line) = (Ev::default(), Truth::default(), Vec::with_capacity(4096));
    let span = (o.days * 86_400_000) as f64;
    let start = o.end_ms - o.days * 86_400_000;
    let cyc = 2.0 * std::f64::consts::PI * o.days as f64;
    let (mut bytes, mut last_ms) = (0u64, start);
    for n in 0..o.count {
        // More by day than by night.
        let u = (n as f64 + r.f() * 0.9) / o.count as f64;
        let t = u + 0.6 * (cyc * u).sin() / cyc;
        last_ms = (start + (t * span) as i64).max(last_ms).min(o.end_ms - 1);
        let k = r.below(pool.len() as u64) as usize;
        if pool[k].left == 0 {
            pool[k] = new_session(&mut r, &v, &cum);
        }
        e.ms = last_ms;
        e.ts.clear();
        push_ts(&mut e.ts, e.ms);
        event(&mut r, &v, &pool[k], n, &mut e);
        pool[k].left -= 1;
        truth.count(&o, n, &pool[k], &e);
        line.clear();
        match o.format.as_str() {
            "ndjson" => ndjson(&pool[k], &e, &mut line)?,
            "pgcopy" => pgcopy(&pool[k], &e, &mut line)?,
            _ => pgsql(&o, n, &pool[k], &e, &mut line)?,
        }
        bytes += line.len() as u64;
        out.write_all(&line)?;
    }
    out.flush()?;
    let rate = o.count as f64 / begun.elapsed().as_secs_f64();
    eprintln!(
        "{} events, {bytes} bytes, {:.1} bytes/event, {rate:.0} events/s",
        o.count,
        bytes as f64 / o.count as f64
    );
    if o.truth.is_empty() { Ok(()) } else { truth.write(&o, bytes) }
}
