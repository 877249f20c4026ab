//! Sends an NDJSON file in batches over HTTP/1.1 keep-alive connections and reports the rate, the latencies of the
//! batches and what the server used. Only the standard library; only addresses on this machine.
//!
//!     load_http --file events.ndjson --addr 127.0.0.1:7420 --path '/insert/jsonline?_time_field=timestamp' \
//!               --batch 2000 --conns 4 --pid SERVER_PID [--rate EVENTS_A_SECOND] [--limit N] [--skip N]
//!
//! Batches leave a shared queue in file order, so events arrive nearly in the order of their time. A batch counts
//! when its answer is there. Any status outside 200..299 ends the run with exit code 1.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the command line says.
#[derive(Clone)]
struct Options {
    file: String,
    addr: String,
    path: String,
    batch: u64,
    conns: usize,
    pid: u32,
    limit: u64,
    skip: u64,
    /// Events a second over all connections; 0 is as fast as the server takes them.
    rate: u64,
}

impl Options {
    fn read() -> Options {
        let mut o = Options {
            file: String::new(),
            addr: "127.0.0.1:7420".into(),
            path: "/insert/jsonline?_time_field=timestamp".into(),
            batch: 2000,
            conns: 4,
            pid: 0,
            limit: u64::MAX,
            skip: 0,
            rate: 0,
        };
        let words: Vec<String> = std::env::args().skip(1).collect();
        for pair in words.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_default();
            let number = || value.parse().unwrap_or_else(|_| usage(&format!("{} needs a number", pair[0])));
            match pair[0].as_str() {
                "--file" => o.file = value,
                "--addr" => o.addr = value,
                "--path" => o.path = value,
                "--batch" => o.batch = number(),
                "--conns" => o.conns = number() as usize,
                "--pid" => o.pid = number() as u32,
                "--limit" => o.limit = number(),
                "--skip" => o.skip = number(),
                "--rate" => o.rate = number(),
                unknown => usage(&format!("unknown flag {unknown}")),
            }
        }
        if !(o.addr.starts_with("127.") || o.addr.starts_with("localhost:") || o.addr.starts_with("[::1]:")) {
            usage("only a loopback address is a target");
        }
        o
    }
}

fn usage(what: &str) -> ! {
    eprintln!("{what}");
    std::process::exit(2);
}

/// The queue of batches.
struct Source {
    lines: BufReader<File>,
    left: u64,
    taken: u64,
}

impl Source {
    fn open(o: &Options) -> Source {
        let file = File::open(&o.file).unwrap_or_else(|e| usage(&format!("cannot read {}: {e}", o.file)));
        let mut lines = BufReader::with_capacity(1 << 20, file);
        let mut skipped = Vec::new();
        for _ in 0..o.skip {
            skipped.clear();
            if let Err(e) = lines.read_until(b'\n', &mut skipped) {
                usage(&format!("cannot read {}: {e}", o.file));
            }
        }
        Source { lines, left: o.limit, taken: 0 }
    }

    /// One batch of whole lines: how many they are, and how many came before them.
    fn take(&mut self, batch: u64, to: &mut Vec<u8>) -> io::Result<(u64, u64)> {
        to.clear();
        let (mut count, before) = (0, self.taken);
        while count < batch && self.left > 0 {
            if self.lines.read_until(b'\n', to)? == 0 {
                self.left = 0;
                break;
            }
            count += 1;
            self.left -= 1;
        }
        self.taken += count;
        Ok((count, before))
    }
}

/// One keep-alive connection.
struct Connection {
    write: TcpStream,
    read: BufReader<TcpStream>,
}

impl Connection {
    fn open(addr: &str) -> io::Result<Connection> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Connection { write: stream.try_clone()?, read: BufReader::new(stream) })
    }

    /// Status, body, and whether the server closes the connection.
    fn post(&mut self, o: &Options, body: &[u8]) -> io::Result<(u16, String, bool)> {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/stream+json\r\nContent-Length: {}\r\n\r\n",
            o.path,
            o.addr,
            body.len()
        );
        self.write.write_all(head.as_bytes())?;
        self.write.write_all(body)?;
        self.answer()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.read.read_line(&mut line)?;
        Ok(line)
    }

    fn answer(&mut self) -> io::Result<(u16, String, bool)> {
        let first = self.line()?;
        let code = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| strange("a status line", &first))?;
        let (mut length, mut chunked, mut close) = (0, false, false);
        loop {
            let header = self.line()?.trim_end().to_ascii_lowercase();
            match header.split_once(':') {
                None => break,
                Some(("content-length", value)) => {
                    length = value.trim().parse().map_err(|_| strange("a length", value))?
                }
                Some(("connection", value)) => close = value.contains("close"),
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.read.read_exact(&mut body)?;
        while chunked {
            let line = self.line()?;
            let size = line.trim().split(';').next().unwrap_or("");
            let size = usize::from_str_radix(size, 16).map_err(|_| strange("a chunk's size", &line))?;
            let mut part = vec![0; size + 2];
            self.read.read_exact(&mut part)?;
            body.extend_from_slice(&part[..size]);
            chunked = size > 0;
        }
        Ok((code, String::from_utf8_lossy(&body).into_owned(), close))
    }
}

fn strange(expected: &str, found: &str) -> io::Error {
    io::Error::other(format!("the server answered {found:?}, expected {expected}"))
}

/// What one connection did.
#[derive(Default)]
struct Done {
    events: u64,
    bytes: u64,
    latencies_ms: Vec<f64>,
}

fn send(o: &Options, source: &Mutex<Source>, failed: &AtomicBool, start: Instant) -> io::Result<Done> {
    let mut connection = Connection::open(&o.addr)?;
    let (mut done, mut batch) = (Done::default(), Vec::with_capacity(8 << 20));
    while !failed.load(Ordering::Relaxed) {
        let (count, before) = source.lock().expect("no one panics with it").take(o.batch, &mut batch)?;
        if count == 0 {
            break;
        }
        if o.rate > 0 {
            let due = start + Duration::from_secs_f64(before as f64 / o.rate as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let sent = Instant::now();
        let (code, body, close) = connection.post(o, &batch)?;
        if !(200..300).contains(&code) {
            eprintln!("status {code}: {}", body.chars().take(400).collect::<String>());
            failed.store(true, Ordering::Relaxed);
            break;
        }
        done.latencies_ms.push(sent.elapsed().as_secs_f64() * 1e3);
        done.events += count;
        done.bytes += batch.len() as u64;
        if close {
            connection = Connection::open(&o.addr)?;
        }
    }
    Ok(done)
}

/// Processor seconds of a process.
fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or("");
    let ticks: f64 = after_name.split(' ').skip(11).take(2).filter_map(|x| x.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Processor seconds of the whole machine: tells how much others used meanwhile.
fn machine_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or("");
    let f: Vec<f64> = first.split_whitespace().skip(1).map(|x| x.parse().unwrap_or(0.0)).collect();
    [0, 1, 2, 5, 6].iter().filter_map(|i| f.get(*i)).sum::<f64>() / 100.0
}

fn status_mb(pid: u32, key: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() {
    let o = Options::read();
    let (source, failed) = (Mutex::new(Source::open(&o)), AtomicBool::new(false));
    let me = std::process::id();
    let (server0, client0, machine0, start) = (cpu_s(o.pid), cpu_s(me), machine_s(), Instant::now());
    let mut all = Done::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..o.conns).map(|_| scope.spawn(|| send(&o, &source, &failed, start))).collect();
        for thread in threads {
            let done = thread.join().expect("a sender returns its errors");
            let done = done.unwrap_or_else(|error| {
                eprintln!("a connection failed: {error}");
                failed.store(true, Ordering::Relaxed);
                Done::default()
            });
            all.events += done.events;
            all.bytes += done.bytes;
            all.latencies_ms.extend(done.latencies_ms);
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    let (server, client) = (cpu_s(o.pid) - server0, cpu_s(me) - client0);
    let others = ((machine_s() - machine0 - server - client) / seconds).max(0.0);
    all.latencies_ms.sort_by(f64::total_cmp);
    let at = |p: f64| {
        let last = all.latencies_ms.len().saturating_sub(1) as f64;
        all.latencies_ms.get((last * p) as usize).copied().unwrap_or(0.0)
    };
    let (millions, ok) = (all.events as f64 / 1e6, !failed.load(Ordering::Relaxed));
    println!(
        "{{\"events\":{},\"bytes\":{},\"batch\":{},\"conns\":{},\"seconds\":{seconds:.3},\"events_s\":{:.0},\"mb_s\":{:.1},\
         \"batch_ms_p50\":{:.2},\"batch_ms_p95\":{:.2},\"batch_ms_p99\":{:.2},\"batch_ms_max\":{:.2},\
         \"server_cpu_s_per_1m\":{:.2},\"client_cpu_s_per_1m\":{:.2},\"server_peak_rss_mb\":{:.0},\"server_rss_mb\":{:.0},\
         \"other_cores\":{others:.2},\"ok\":{ok}}}",
        all.events,
        all.bytes,
        o.batch,
        o.conns,
        all.events as f64 / seconds,
        all.bytes as f64 / seconds / 1e6,
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
        server / millions,
        client / millions,
        status_mb(o.pid, "VmHWM:"),
        status_mb(o.pid, "VmRSS:"),
    );
    std::process::exit(i32::from(!ok));
}
