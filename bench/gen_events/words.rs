//! What is drawn from: agents, words, file names, errors.

use crate::draw::Rng;

#[rustfmt::skip]
pub(crate) const AGENTS: [&str; 41] = [
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
pub(crate) const WORDS: &[&str] = &[
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
pub(crate) const SYL: &[&str] = &[
    "ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "za", "cor", "dan", "fel", "gor", "hin", "jax", "kul", "mer",
    "nov", "pel", "quin", "ros", "sil", "tan", "urb", "vex", "wyn", "yor", "zen", "ald", "bri", "cle", "dro", "ech", "fra",
    "gli", "hol", "ist", "jun", "kra",
];
#[rustfmt::skip]
pub(crate) const EXT: &[&str] = &["rs", "py", "ts", "tsx", "go", "sql", "md", "yaml", "json", "toml", "sh", "java"];
#[rustfmt::skip]
pub(crate) const TOP: &[&str] = &["src", "lib", "app", "services", "packages", "internal", "cmd", "tests", "scripts", "infra", "docs", "api"];
#[rustfmt::skip]
pub(crate) const ERR_T: &[&str] = &[
    "TimeoutError", "PermissionDenied", "FileNotFound", "NonZeroExit", "RateLimited", "ValidationError",
    "ConnectionRefused", "SyntaxError", "MergeConflict", "ContextOverflow",
];

pub(crate) struct Vocab {
    pub(crate) rare: Vec<String>, // ~20,000 made-up words, picked with a Zipf-like skew
    pub(crate) paths: Vec<String>, // ~6,000 file paths
    pub(crate) repos: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) people: Vec<String>,
}

impl Vocab {
    pub(crate) fn new(r: &mut Rng) -> Vocab {
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
    pub(crate) fn word<'a>(&'a self, r: &mut Rng) -> &'a str {
        if r.pct(72.0) {
            r.pick(WORDS)
        } else {
            let x = r.f();
            &self.rare[((x * x * x) * self.rare.len() as f64) as usize]
        }
    }
    pub(crate) fn sentence(&self, r: &mut Rng, s: &mut String, lo: u64, hi: u64) {
        let n = r.range(lo, hi);
        for i in 0..n {
            if i > 0 {
                s.push(' ');
            }
            s.push_str(self.word(r));
        }
    }
}
