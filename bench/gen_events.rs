//! Deterministic generator of audit events of AI agents. Only the standard library.
//!
//!     gen_events --count 1000000 --seed 1 --out events.ndjson --truth truth.json
//!     gen_events --count 1000000 --format pgcopy --out events.tsv              (PostgreSQL COPY text)
//!     gen_events --count 1000000 --format pgsql --rows 1000 --out events.sql   (INSERTs of many rows)
//!
//! The same --count and --seed give the same events in every --format. Timestamps are in order and cover --days
//! days that end at --end-ms (Unix ms). --truth writes the parameters and the right answers of the queries.

use std::fs::File;
use std::io::{self, BufWriter, Write};

struct Rng(u64);
impl Rng {
    #[inline]
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }
    #[inline]
    fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }
    #[inline]
    fn range(&mut self, lo: u64, hi: u64) -> u64 {
        lo + self.below(hi - lo + 1)
    }
    #[inline]
    fn f(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    #[inline]
    fn pct(&mut self, p: f64) -> bool {
        self.f() * 100.0 < p
    }
    // log-uniform in [lo, hi]
    fn logu(&mut self, lo: f64, hi: f64) -> u64 {
        (lo * (hi / lo).powf(self.f())) as u64
    }
    fn pick<T: Copy>(&mut self, v: &[T]) -> T {
        v[self.below(v.len() as u64) as usize]
    }
    fn picks<'a>(&mut self, v: &'a [String]) -> &'a str {
        &v[self.below(v.len() as u64) as usize]
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn push_uuid(r: &mut Rng, s: &mut String) {
    let a = r.next();
    let b = r.next();
    let mut by = [0u8; 16];
    by[..8].copy_from_slice(&a.to_be_bytes());
    by[8..].copy_from_slice(&b.to_be_bytes());
    by[6] = (by[6] & 0x0f) | 0x40;
    by[8] = (by[8] & 0x3f) | 0x80;
    for (i, x) in by.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            s.push('-');
        }
        s.push(HEX[(x >> 4) as usize] as char);
        s.push(HEX[(x & 15) as usize] as char);
    }
}

fn push_hex(r: &mut Rng, s: &mut String, n: usize) {
    for _ in 0..n {
        s.push(HEX[r.below(16) as usize] as char);
    }
}

fn push_u(s: &mut String, mut v: u64) {
    let mut b = [0u8; 20];
    let mut i = 20;
    loop {
        i -= 1;
        b[i] = b'0' + (v % 10) as u8;
        v /= 10;
        if v == 0 {
            break;
        }
    }
    s.push_str(std::str::from_utf8(&b[i..]).unwrap());
}

fn push_0(s: &mut String, v: u64, w: usize) {
    let mut d = 1;
    for _ in 1..w {
        d *= 10;
    }
    let mut v = v;
    while d > 0 {
        s.push((b'0' + (v / d % 10) as u8) as char);
        v %= d;
        d /= 10;
    }
}

fn civil(days: i64) -> (i64, u64, u64) {
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + (m <= 2) as i64, m as u64, d as u64)
}

fn push_ts(s: &mut String, ms: i64) {
    let day = ms.div_euclid(86_400_000);
    let t = ms.rem_euclid(86_400_000) as u64;
    let (y, m, d) = civil(day);
    push_0(s, y as u64, 4);
    s.push('-');
    push_0(s, m, 2);
    s.push('-');
    push_0(s, d, 2);
    s.push('T');
    push_0(s, t / 3_600_000, 2);
    s.push(':');
    push_0(s, t / 60_000 % 60, 2);
    s.push(':');
    push_0(s, t / 1000 % 60, 2);
    s.push('.');
    push_0(s, t % 1000, 3);
    s.push('Z');
}

#[rustfmt::skip]
const AGENTS: [&str; 41] = [
    "ops/release-manager", "eng/backend-coder", "eng/code-reviewer", "eng/test-runner", "data/sql-analyst",
    "support/triage-bot", "eng/frontend-coder", "sec/secrets-auditor", "ops/incident-responder", "data/etl-builder",
    "eng/refactor-bot", "docs/tech-writer", "ops/infra-planner", "sec/dependency-scanner", "eng/bug-fixer",
    "product/spec-writer", "data/report-maker", "ops/log-watcher", "eng/migration-bot", "research/web-scout",
    "support/refund-agent", "sales/lead-qualifier", "finance/invoice-matcher", "legal/contract-reader", "eng/ci-doctor",
    "ops/cost-optimizer", "sec/pentest-helper", "data/feature-store", "hr/onboarding-guide", "research/paper-reader",
    "eng/api-designer", "ops/backup-checker", "support/kb-curator", "eng/perf-tuner", "marketing/copy-editor",
    "data/anomaly-hunter", "sec/access-reviewer", "ops/oncall-summarizer", "eng/i18n-helper", "finance/budget-forecaster",
    "legal/privacy-checker",
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "add", "fix", "remove", "update", "handle", "refactor", "rename", "improve", "support", "missing", "retry", "timeout",
    "connection", "pool", "session", "token", "cache", "index", "query", "schema", "migration", "table", "column", "user",
    "account", "order", "payment", "invoice", "report", "export", "import", "parser", "lexer", "writer", "reader", "buffer",
    "stream", "socket", "request", "response", "header", "body", "route", "handler", "middleware", "config", "default",
    "option", "flag", "env", "secret", "key", "rotation", "policy", "role", "permission", "audit", "event", "log", "metric",
    "trace", "span", "alert", "rule", "threshold", "window", "bucket", "counter", "gauge", "histogram", "latency", "error",
    "failure", "panic", "overflow", "boundary", "race", "deadlock", "lock", "mutex", "thread", "worker", "queue", "job",
    "schedule", "cron", "batch", "chunk", "segment", "block", "page", "offset", "cursor", "limit", "sort", "filter", "merge",
    "split", "join", "group", "window", "partition", "shard", "replica", "leader", "follower", "election", "quorum",
    "snapshot", "backup", "restore", "compact", "vacuum", "checksum", "digest", "signature", "verify", "encrypt", "decrypt",
    "certificate", "upload", "download", "archive", "release", "version", "branch", "commit", "rebase", "conflict", "review",
    "comment", "approve", "reject", "deploy", "rollback", "canary", "health", "probe", "ready", "startup", "shutdown",
    "signal", "process", "memory", "leak", "usage", "limit", "quota", "billing", "plan", "upgrade", "downgrade", "customer",
    "ticket", "priority", "escalate", "resolve", "duplicate", "stale", "pending", "active", "archived", "deleted", "hidden",
    "public", "private", "internal", "legacy", "deprecated", "experimental", "stable", "beta", "feature", "toggle", "rollout",
    "dashboard", "panel", "chart", "legend", "axis", "tooltip", "modal", "button", "form", "field", "label", "validation",
    "locale", "currency", "timezone", "format", "encoding", "charset", "unicode", "escape", "quote", "regex", "pattern",
    "match", "replace", "template", "render", "layout", "style", "theme", "color", "font", "icon", "image", "thumbnail",
];
#[rustfmt::skip]
const SYL: &[&str] = &[
    "ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "za", "cor", "dan", "fel", "gor", "hin", "jax", "kul", "mer",
    "nov", "pel", "quin", "ros", "sil", "tan", "urb", "vex", "wyn", "yor", "zen", "ald", "bri", "cle", "dro", "ech", "fra",
    "gli", "hol", "ist", "jun", "kra",
];
#[rustfmt::skip]
const EXT: &[&str] = &["rs", "py", "ts", "tsx", "go", "sql", "md", "yaml", "json", "toml", "sh", "java"];
#[rustfmt::skip]
const TOP: &[&str] = &["src", "lib", "app", "services", "packages", "internal", "cmd", "tests", "scripts", "infra", "docs", "api"];
#[rustfmt::skip]
const ERR_T: &[&str] = &[
    "TimeoutError", "PermissionDenied", "FileNotFound", "NonZeroExit", "RateLimited", "ValidationError",
    "ConnectionRefused", "SyntaxError", "MergeConflict", "ContextOverflow",
];

struct Vocab {
    rare: Vec<String>,  // ~20,000 made-up words, picked with a Zipf-like skew
    paths: Vec<String>, // ~6,000 file paths
    repos: Vec<String>,
    hosts: Vec<String>,
    people: Vec<String>,
}

impl Vocab {
    fn new(r: &mut Rng) -> Vocab {
        let mut rare = Vec::new();
        for _ in 0..20000 {
            let n = r.range(2, 3);
            let mut w = String::new();
            for _ in 0..n {
                w.push_str(r.pick(SYL));
            }
            rare.push(w);
        }
        let mut repos = Vec::new();
        for _ in 0..120 {
            repos.push(format!("{}-{}", r.pick(WORDS), r.picks(&rare[..600])));
        }
        let mut paths = Vec::new();
        for _ in 0..6000 {
            let mut p = format!("{}", r.pick(TOP));
            for _ in 0..r.range(1, 2) {
                p.push('/');
                p.push_str(r.pick(WORDS));
            }
            p.push('/');
            p.push_str(r.pick(WORDS));
            p.push('_');
            p.push_str(r.picks(&rare[..3000]));
            p.push('.');
            p.push_str(r.pick(EXT));
            paths.push(p);
        }
        let mut hosts = Vec::new();
        for _ in 0..200 {
            hosts.push(format!(
                "{}-{:02}.{}.example.net",
                r.picks(&rare[..400]),
                r.below(40),
                r.pick(&["prod", "stage", "dev"])
            ));
        }
        let mut people = Vec::new();
        for _ in 0..300 {
            people.push(format!("{}.{}", r.picks(&rare[..900]), r.picks(&rare[..900])));
        }
        Vocab { rare, paths, repos, hosts, people }
    }
    fn word<'a>(&'a self, r: &mut Rng) -> &'a str {
        if r.pct(72.0) {
            r.pick(WORDS)
        } else {
            let x = r.f();
            &self.rare[((x * x * x) * self.rare.len() as f64) as usize]
        }
    }
    fn sentence(&self, r: &mut Rng, s: &mut String, lo: u64, hi: u64) {
        let n = r.range(lo, hi);
        for i in 0..n {
            if i > 0 {
                s.push(' ');
            }
            s.push_str(self.word(r));
        }
    }
}

struct Session {
    agent: usize,
    sid: String,
    cid: String,
    left: u64,
    total: u64,
    repo: usize,
    perm: usize,
    base_in: u64,
}

const PERM: [&str; 3] = ["readonly", "read-write", "admin"];

// JSON-escaped text goes straight into these buffers: the generator only makes
// characters that need no escaping, apart from "\\n" and "\\\"", written escaped.
#[derive(Default)]
struct Ev {
    id: String,
    ts: String,
    ms: i64,
    atype: &'static str,
    aname: &'static str,
    details: String, // the sub-object
    status: &'static str,
    result: String,
    error: String, // empty if none
    tin: u64,
    tout: u64,
    dur: u64,
    cost: String,
    perm: usize,
    res: String, // resources_accessed array
    sens: bool,
}

fn preview(r: &mut Rng, v: &Vocab, kind: u64, s: &mut String) {
    match kind {
        0 => {
            // git log
            for i in 0..r.range(1, 3) {
                if i > 0 {
                    s.push_str("\\n");
                }
                push_hex(r, s, 8);
                s.push(' ');
                s.push_str(r.pick(&["feat", "fix", "chore", "docs", "perf", "refactor"]));
                s.push('(');
                s.push_str(r.pick(WORDS));
                s.push_str("): ");
                v.sentence(r, s, 3, 6);
                if r.pct(50.0) {
                    s.push_str(" (#");
                    push_u(s, r.range(100, 48000));
                    s.push(')');
                }
            }
        }
        1 => {
            // tests
            for _ in 0..r.range(1, 2) {
                s.push_str("test ");
                s.push_str(r.pick(WORDS));
                s.push_str("::");
                s.push_str(v.word(r));
                s.push('_');
                s.push_str(v.word(r));
                s.push_str(" ... ok\\n");
            }
            s.push_str("test result: ok. ");
            push_u(s, r.range(3, 900));
            s.push_str(" passed; 0 failed; ");
            push_u(s, r.below(9));
            s.push_str(" ignored; finished in ");
            push_u(s, r.below(200));
            s.push('.');
            push_0(s, r.below(100), 2);
            s.push('s');
        }
        2 => {
            // grep or file content
            for i in 0..(1 + r.pct(25.0) as u64) {
                if i > 0 {
                    s.push_str("\\n");
                }
                s.push_str(r.picks(&v.paths));
                s.push(':');
                push_u(s, r.range(1, 2400));
                s.push_str(": ");
                s.push_str(r.pick(&["let ", "fn ", "def ", "return ", "if ", "const ", "// ", "self."]));
                s.push_str(v.word(r));
                s.push('_');
                s.push_str(v.word(r));
                s.push_str(" = ");
                s.push_str(v.word(r));
                s.push('(');
                push_u(s, r.below(100000));
                s.push_str(");");
            }
        }
        3 => {
            // rows
            for i in 0..r.range(1, 3) {
                if i > 0 {
                    s.push_str("\\n");
                }
                push_u(s, r.below(9_000_000));
                s.push_str(" | ");
                s.push_str(r.picks(&v.people));
                s.push_str("@example.com | ");
                s.push_str(r.pick(WORDS));
                s.push_str(" | ");
                push_u(s, r.below(90000));
                s.push('.');
                push_0(s, r.below(100), 2);
            }
        }
        4 => {
            // server log
            for i in 0..r.range(1, 2) {
                if i > 0 {
                    s.push_str("\\n");
                }
                s.push_str(r.pick(&["INFO ", "WARN ", "DEBUG "]));
                s.push_str(r.picks(&v.hosts));
                s.push_str(" req=");
                push_hex(r, s, 12);
                s.push(' ');
                v.sentence(r, s, 4, 9);
                s.push_str(" took ");
                push_u(s, r.below(5000));
                s.push_str("ms");
            }
        }
        _ => {
            v.sentence(r, s, 4, 12);
        }
    }
}

/// What the kind of an action decides for the rest of its event.
struct Made {
    /// Which kind of output [`preview`] makes.
    preview: u64,
    resource: &'static str,
    name: String,
    took_ms: (f64, f64),
}

/// A shell command.
fn command(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
    let repo = &v.repos[ss.repo];
    let d = &mut e.details;
    e.atype = "tool";
    e.aname = "Bash";
    m.took_ms = (20.0, 90000.0);
    d.push_str("{\"name\":\"Bash\",\"parameters\":{\"command\":\"");
    m.resource = "git_repository";
    m.name.push_str("/srv/repos/");
    m.name.push_str(repo);
    match r.below(12) {
        0 => {
            m.preview = 0;
            d.push_str("git log --oneline -");
            push_u(d, r.range(5, 50));
            if r.pct(60.0) {
                d.push_str(" -- ");
                d.push_str(r.picks(&v.paths));
            }
        }
        1 => {
            m.preview = 0;
            d.push_str("git diff ");
            push_hex(r, d, 8);
            d.push_str("..HEAD -- ");
            d.push_str(r.picks(&v.paths));
        }
        2 => {
            m.preview = 1;
            d.push_str("cargo test -p ");
            d.push_str(repo);
            d.push(' ');
            d.push_str(v.word(r));
            d.push_str(" -- --nocapture 2>&1 | tail -");
            push_u(d, r.range(10, 200));
        }
        3 => {
            m.preview = 1;
            d.push_str("pytest -q ");
            d.push_str(r.picks(&v.paths));
            d.push_str(" -k ");
            d.push_str(v.word(r));
            d.push_str("_");
            d.push_str(v.word(r));
        }
        4 => {
            m.preview = 2;
            d.push_str("rg -n '");
            d.push_str(v.word(r));
            d.push_str(".*");
            d.push_str(v.word(r));
            d.push_str("' ");
            d.push_str(r.pick(TOP));
            d.push_str(" | head -");
            push_u(d, r.range(5, 80));
        }
        5 => {
            m.preview = 4;
            d.push_str("kubectl logs -n ");
            d.push_str(r.pick(WORDS));
            d.push_str(" deploy/");
            d.push_str(repo);
            d.push_str(" --since=");
            push_u(d, r.range(1, 90));
            d.push_str("m | grep ");
            d.push_str(v.word(r));
        }
        6 => {
            m.preview = 3;
            d.push_str("psql \\\"$DATABASE_URL\\\" -c 'select count(*) from ");
            d.push_str(r.pick(WORDS));
            d.push_str("s where ");
            d.push_str(r.pick(WORDS));
            d.push_str("_id = ");
            push_u(d, r.below(9_000_000));
            d.push('\'');
            d.push(' ');
        }
        7 => {
            m.preview = 4;
            d.push_str("curl -sS https://");
            d.push_str(r.picks(&v.hosts));
            d.push_str("/v1/");
            d.push_str(r.pick(WORDS));
            d.push_str("s/");
            push_u(d, r.below(900000));
            d.push_str(" | jq .");
            d.push_str(r.pick(WORDS));
        }
        8 => {
            d.push_str("git commit -m '");
            v.sentence(r, d, 4, 10);
            d.push_str("' && git push origin ");
            d.push_str(r.pick(WORDS));
            d.push('/');
            d.push_str(v.word(r));
            d.push('-');
            push_u(d, r.below(9000));
        }
        9 => {
            m.preview = 1;
            d.push_str("npm run build --workspace ");
            d.push_str(repo);
            d.push_str(" && npm test -- ");
            d.push_str(r.picks(&v.paths));
        }
        10 => {
            m.preview = 2;
            d.push_str("sed -n ");
            let a = r.range(1, 900);
            push_u(d, a);
            d.push(',');
            push_u(d, a + r.range(10, 200));
            d.push_str("p ");
            d.push_str(r.picks(&v.paths));
        }
        _ => {
            m.preview = 4;
            d.push_str("docker compose -f infra/");
            d.push_str(v.word(r));
            d.push_str(".yaml logs --tail ");
            push_u(d, r.range(20, 500));
            d.push(' ');
            d.push_str(repo);
        }
    }
    d.push_str("\",\"description\":\"");
    v.sentence(r, d, 3, 8);
    d.push_str("\"}}");
}

/// A tool that reads or writes files.
fn file_tool(r: &mut Rng, v: &Vocab, ss: &Session, roll: u64, e: &mut Ev, m: &mut Made) {
    let repo = &v.repos[ss.repo];
    let d = &mut e.details;
    e.atype = "tool";
    m.took_ms = (1.0, 400.0);
    let p = r.picks(&v.paths);
    m.name.push_str("/srv/repos/");
    m.name.push_str(repo);
    m.name.push('/');
    m.name.push_str(p);
    if roll < 520 {
        e.aname = "Read";
        m.preview = 2;
        d.push_str("{\"name\":\"Read\",\"parameters\":{\"file_path\":\"/srv/repos/");
        d.push_str(repo);
        d.push('/');
        d.push_str(p);
        d.push_str("\",\"offset\":");
        push_u(d, r.below(2000));
        d.push_str(",\"limit\":");
        push_u(d, r.range(20, 2000));
        d.push_str("}}");
    } else if roll < 660 {
        e.aname = "Edit";
        d.push_str("{\"name\":\"Edit\",\"parameters\":{\"file_path\":\"/srv/repos/");
        d.push_str(repo);
        d.push('/');
        d.push_str(p);
        d.push_str("\",\"old_string\":\"");
        v.sentence(r, d, 3, 7);
        d.push_str("\",\"new_string\":\"");
        v.sentence(r, d, 3, 8);
        d.push_str("\"}}");
    } else if roll < 740 {
        e.aname = "Grep";
        m.preview = 2;
        d.push_str("{\"name\":\"Grep\",\"parameters\":{\"pattern\":\"");
        d.push_str(v.word(r));
        d.push('_');
        d.push_str(v.word(r));
        d.push_str("\",\"path\":\"");
        d.push_str(r.pick(TOP));
        d.push_str("\",\"output_mode\":\"content\",\"-n\":true}}");
    } else if roll < 780 {
        e.aname = "Write";
        d.push_str("{\"name\":\"Write\",\"parameters\":{\"file_path\":\"/srv/repos/");
        d.push_str(repo);
        d.push('/');
        d.push_str(p);
        d.push_str("\",\"bytes\":");
        push_u(d, r.logu(100.0, 60000.0));
        d.push_str(",\"sha256\":\"");
        push_hex(r, d, 64);
        d.push_str("\"}}");
    } else {
        e.aname = "Glob";
        m.preview = 2;
        d.push_str("{\"name\":\"Glob\",\"parameters\":{\"pattern\":\"");
        d.push_str(r.pick(TOP));
        d.push_str("/**/*");
        d.push_str(v.word(r));
        d.push_str("*.");
        d.push_str(r.pick(EXT));
        d.push_str("\"}}");
    }
}

/// A skill.
fn skill(r: &mut Rng, v: &Vocab, _ss: &Session, e: &mut Ev, m: &mut Made) {
    let d = &mut e.details;
    e.atype = "skill";
    e.aname = r.pick(&[
        "code-review",
        "release-notes",
        "pdf-extract",
        "incident-summary",
        "data-profile",
        "changelog",
    ]);
    m.took_ms = (200.0, 60000.0);
    m.resource = "document";
    m.name.push_str("doc-");
    push_u(&mut m.name, r.below(90000));
    d.push_str("{\"name\":\"");
    d.push_str(e.aname);
    d.push_str("\",\"parameters\":{\"target\":\"");
    d.push_str(r.picks(&v.paths));
    d.push_str("\",\"instructions\":\"");
    v.sentence(r, d, 6, 16);
    d.push_str("\"}}");
}

/// A call of something outside.
fn external(r: &mut Rng, v: &Vocab, _ss: &Session, e: &mut Ev, m: &mut Made) {
    let d = &mut e.details;
    e.atype = "external";
    e.aname = r.pick(&["postgres", "github", "web_search", "slack", "jira", "s3", "stripe"]);
    m.took_ms = (5.0, 8000.0);
    m.resource = if e.aname == "postgres" { "database" } else { "external_api" };
    m.name.push_str(r.picks(&v.hosts));
    m.preview = if e.aname == "postgres" { 3 } else { 4 };
    d.push_str("{\"name\":\"");
    d.push_str(e.aname);
    d.push_str("\",\"operation\":\"");
    d.push_str(r.pick(&["query", "create", "update", "list", "get", "search"]));
    d.push_str("\",\"endpoint\":\"");
    d.push_str(r.picks(&v.hosts));
    d.push_str("\",\"request_id\":\"");
    push_hex(r, d, 16);
    d.push_str("\",\"parameters\":{\"q\":\"");
    v.sentence(r, d, 3, 10);
    d.push_str("\",\"page\":");
    push_u(d, r.below(40));
    d.push_str("}}");
}

/// A decision.
fn decision(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
    let d = &mut e.details;
    e.atype = "decision";
    e.aname = r.pick(&["plan_step", "choose_tool", "delegate", "ask_user", "stop"]);
    m.took_ms = (300.0, 30000.0);
    m.resource = "conversation";
    m.name.push_str(&ss.cid);
    d.push_str("{\"question\":\"");
    v.sentence(r, d, 4, 10);
    d.push_str("\",\"chosen\":\"");
    v.sentence(r, d, 2, 4);
    d.push_str("\",\"alternatives\":[\"");
    v.sentence(r, d, 2, 4);
    d.push_str("\",\"");
    v.sentence(r, d, 2, 4);
    d.push_str("\"],\"confidence\":0.");
    push_0(d, r.below(100), 2);
    d.push('}');
}

/// An error.
fn failure(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
    let d = &mut e.details;
    e.atype = "error";
    e.aname = r.pick(&["model_overloaded", "tool_crash", "context_limit", "policy_block"]);
    m.took_ms = (1.0, 5000.0);
    m.resource = "conversation";
    m.name.push_str(&ss.cid);
    d.push_str("{\"name\":\"");
    d.push_str(e.aname);
    d.push_str("\",\"message\":\"");
    v.sentence(r, d, 5, 12);
    d.push_str("\",\"retryable\":");
    d.push_str(if r.pct(50.0) { "true" } else { "false" });
    d.push('}');
}

fn event(r: &mut Rng, v: &Vocab, ss: &Session, n: u64, e: &mut Ev) {
    for text in [&mut e.id, &mut e.details, &mut e.result, &mut e.error, &mut e.cost, &mut e.res] {
        text.clear();
    }
    push_uuid(r, &mut e.id);
    let mut m = Made { preview: 5, resource: "file", name: String::new(), took_ms: (1.0, 400.0) };
    let roll = r.below(1000);
    match roll {
        0..300 => command(r, v, ss, e, &mut m),
        300..820 => file_tool(r, v, ss, roll, e, &mut m),
        820..860 => skill(r, v, ss, e, &mut m),
        860..940 => external(r, v, ss, e, &mut m),
        940..985 => decision(r, v, ss, e, &mut m),
        _ => failure(r, v, ss, e, &mut m),
    }
    finish(r, v, ss, n, e, &m);
}

/// Outcome, costs and what was touched.
fn finish(r: &mut Rng, v: &Vocab, ss: &Session, n: u64, e: &mut Ev, m: &Made) {
    let mut exit = 0;
    let x = r.f() * 100.0;
    e.status = if x < 94.0 {
        "success"
    } else if x < 98.5 {
        "failure"
    } else {
        "partial"
    };
    if e.status == "failure" {
        exit = r.pick(&[1u64, 1, 1, 2, 124, 127, 137]);
    }
    let q = &mut e.result;
    q.push_str("{\"exit_code\":");
    push_u(q, exit);
    q.push_str(",\"output_lines\":");
    push_u(q, r.logu(1.0, 3000.0));
    q.push_str(",\"output_preview\":\"");
    if n % 200_003 == 77_777 {
        q.push_str("zebrafish quarantine drift detected on ");
    }
    preview(r, v, m.preview, q);
    q.push_str("\"}");
    if e.status == "failure" {
        e.error.push_str("{\"type\":\"");
        e.error.push_str(r.pick(ERR_T));
        e.error.push_str("\",\"message\":\"");
        v.sentence(r, &mut e.error, 5, 14);
        e.error.push_str(" (code ");
        push_u(&mut e.error, r.below(600));
        e.error.push_str(")\"}");
    }
    let step = ss.total - ss.left;
    e.tin = ss.base_in + step * r.range(150, 600) / 2 + r.below(900);
    e.tout = r.logu(8.0, 3000.0);
    e.dur = r.logu(m.took_ms.0, m.took_ms.1);
    let micro = e.tin * 3 + e.tout * 15; // 3 and 15 dollars per million tokens
    push_u(&mut e.cost, micro / 1_000_000);
    e.cost.push('.');
    push_0(&mut e.cost, micro % 1_000_000, 6);
    e.perm = ss.perm;
    e.sens = r.pct(1.0);
    e.res.push_str("[{\"type\":\"");
    e.res.push_str(m.resource);
    e.res.push_str("\",\"identifier\":\"");
    e.res.push_str(&m.name);
    e.res.push_str("\"}");
    if e.sens {
        e.res.push_str(",{\"type\":\"secret\",\"identifier\":\"vault/");
        e.res.push_str(r.pick(WORDS));
        e.res.push('/');
        e.res.push_str(v.word(r));
        e.res.push_str("\"}");
    }
    e.res.push(']');
}

fn new_session(r: &mut Rng, v: &Vocab, cum: &[f64]) -> Session {
    let x = r.f() * cum[cum.len() - 1];
    let agent = cum.iter().position(|c| x < *c).unwrap_or(0);
    let mut sid = String::new();
    push_uuid(r, &mut sid);
    let mut cid = String::new();
    push_uuid(r, &mut cid);
    let total = r.logu(30.0, 300.0);
    Session {
        agent,
        sid,
        cid,
        left: total,
        total,
        repo: ((agent * 7) as u64 + r.below(6)) as usize % v.repos.len(),
        perm: if r.pct(55.0) {
            1
        } else if r.pct(85.0) {
            0
        } else {
            2
        },
        base_in: r.range(1500, 9000),
    }
}

// PostgreSQL COPY text format: a backslash is doubled
fn copy_esc(s: &str, o: &mut Vec<u8>) {
    for b in s.bytes() {
        if b == b'\\' {
            o.push(b'\\');
        }
        o.push(b);
    }
}
fn sql_esc(s: &str, o: &mut Vec<u8>) {
    o.push(b'\'');
    for b in s.bytes() {
        if b == b'\'' {
            o.push(b'\'');
        }
        o.push(b);
    }
    o.push(b'\'');
}

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

/// Parameters and right answers of the queries.
#[derive(Default)]
struct Truth {
    event_id: String,
    session_id: String,
    session_events: u64,
    session_left: u64,
    needles: u64,
    sensitive: u64,
    by_status: [u64; 3],
    agent_events: u64,
    agent_micros: u64,
    q1: u64,
    q2: u64,
    q4: u64,
    q9: u64,
}

impl Truth {
    fn count(&mut self, o: &Options, n: u64, ss: &Session, e: &Ev) {
        let since = |ms: i64| e.ms >= o.end_ms - ms;
        if n == o.count / 2 {
            self.event_id = e.id.clone();
            self.session_id = ss.sid.clone();
        }
        if ss.sid == self.session_id {
            self.session_events = ss.total - ss.left;
            self.session_left = ss.left;
        }
        let failed = e.status == "failure";
        self.by_status[failed as usize + 2 * (e.status == "partial") as usize] += 1;
        if ss.agent == 0 {
            self.agent_events += 1;
            self.agent_micros += e.tin * 3 + e.tout * 15;
            self.q1 += since(3_600_000) as u64;
        }
        self.q9 += since(86_400_000) as u64;
        self.q2 += (since(86_400_000) && failed) as u64;
        self.sensitive += e.sens as u64;
        self.q4 += (since(7 * 86_400_000) && e.sens) as u64;
        self.needles += (n % 200_003 == 77_777) as u64;
    }

    fn write(&self, o: &Options, bytes: u64) -> io::Result<()> {
        let mut f = File::create(&o.truth)?;
        let mut end = String::new();
        push_ts(&mut end, o.end_ms);
        let Options { count, seed, end_ms, days, .. } = o;
        let Truth {
            event_id,
            session_id,
            session_events,
            session_left,
            needles,
            sensitive,
            q1,
            q2,
            q4,
            q9,
            ..
        } = self;
        let [success, failure, partial] = self.by_status;
        writeln!(
            f,
            "{{\"count\":{count},\"seed\":{seed},\"bytes\":{bytes},\"end_ms\":{end_ms},\"end\":\"{end}\",\"days\":{days},"
        )?;
        writeln!(
            f,
            " \"agent\":\"{}\",\"event_id\":\"{event_id}\",\"session_id\":\"{session_id}\",",
            AGENTS[0]
        )?;
        writeln!(
            f,
            " \"phrase\":\"zebrafish quarantine\",\"session_events\":{session_events},\"session_left\":{session_left},"
        )?;
        writeln!(f, " \"needles\":{needles},\"sensitive_total\":{sensitive},")?;
        writeln!(f, " \"q1_total\":{q1},\"q2_total\":{q2},\"q4_total\":{q4},\"q9_total\":{q9},")?;
        let dollars = self.agent_micros as f64 / 1e6;
        writeln!(f, " \"agent_events\":{},\"agent_cost_usd\":{dollars:.6},", self.agent_events)?;
        writeln!(f, " \"by_status\":{{\"success\":{success},\"failure\":{failure},\"partial\":{partial}}}}}")
    }
}

/// Appends a text to a line.
macro_rules! put {
    ($line:expr, $text:expr) => {
        $line.extend_from_slice($text.as_bytes())
    };
}

fn ndjson(ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
    put!(line, "{\"id\":\"");
    put!(line, e.id);
    put!(line, "\",\"timestamp\":\"");
    put!(line, e.ts);
    put!(line, "\",\"agent\":{\"id\":\"");
    put!(line, AGENTS[ss.agent]);
    put!(line, "\",\"session_id\":\"");
    put!(line, ss.sid);
    put!(line, "\",\"conversation_id\":\"");
    put!(line, ss.cid);
    put!(line, "\"},\"action\":{\"type\":\"");
    put!(line, e.atype);
    put!(line, "\",\"name\":\"");
    put!(line, e.aname);
    put!(line, "\",\"");
    put!(line, e.atype);
    put!(line, "\":");
    put!(line, e.details);
    put!(line, "},\"outcome\":{\"status\":\"");
    put!(line, e.status);
    put!(line, "\",\"result\":");
    put!(line, e.result);
    if !e.error.is_empty() {
        put!(line, ",\"error\":");
        put!(line, e.error);
    }
    put!(line, "},\"resources\":{\"tokens_input\":");
    write!(line, "{},\"tokens_output\":{},\"duration_ms\":{},\"cost_usd\":", e.tin, e.tout, e.dur)?;
    put!(line, e.cost);
    put!(line, "},\"security\":{\"permission_level\":\"");
    put!(line, PERM[e.perm]);
    put!(line, "\",\"resources_accessed\":");
    put!(line, e.res);
    put!(line, ",\"sensitive_data_accessed\":");
    put!(line, if e.sens { "true" } else { "false" });
    put!(line, "}}\n");
    Ok(())
}

/// PostgreSQL COPY text.
fn pgcopy(ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
    for f in [e.id.as_str(), &e.ts, AGENTS[ss.agent], &ss.sid, &ss.cid, e.atype, e.aname] {
        put!(line, f);
        line.push(b'\t');
    }
    copy_esc(&e.details, line);
    line.push(b'\t');
    put!(line, e.status);
    line.push(b'\t');
    copy_esc(&e.result, line);
    line.push(b'\t');
    if e.error.is_empty() {
        put!(line, "\\N");
    } else {
        copy_esc(&e.error, line);
    }
    write!(line, "\t{}\t{}\t{}\t{}\t{}\t", e.tin, e.tout, e.dur, e.cost, PERM[e.perm])?;
    copy_esc(&e.res, line);
    put!(line, if e.sens { "\tt\n" } else { "\tf\n" });
    Ok(())
}

/// A row of an INSERT of many.
fn pgsql(o: &Options, n: u64, ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
    if n % o.rows == 0 {
        put!(line, "INSERT INTO agent_audit_log VALUES\n");
    }
    put!(line, "(");
    for f in [
        e.id.as_str(),
        &e.ts,
        AGENTS[ss.agent],
        &ss.sid,
        &ss.cid,
        e.atype,
        e.aname,
        &e.details,
        e.status,
        &e.result,
    ] {
        sql_esc(f, line);
        line.push(b',');
    }
    if e.error.is_empty() {
        put!(line, "NULL");
    } else {
        sql_esc(&e.error, line);
    }
    write!(line, ",{},{},{},{},'{}',", e.tin, e.tout, e.dur, e.cost, PERM[e.perm])?;
    sql_esc(&e.res, line);
    put!(line, if e.sens { ",true)" } else { ",false)" });
    put!(line, if n % o.rows == o.rows - 1 || n + 1 == o.count { ";\n" } else { ",\n" });
    Ok(())
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
