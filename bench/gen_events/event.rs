//! Sessions and their events: what every event has, and how one is put together.

use crate::acts::{command, decision, external, failure, file_tool, skill};
use crate::draw::{Rng, push_0, push_hex, push_u, push_uuid};
use crate::words::{ERR_T, Vocab, WORDS};

/// What the kind of an action decides for the rest of its event.
pub(crate) struct Made {
    /// Which kind of output `preview` makes.
    pub(crate) preview: u64,
    pub(crate) resource: &'static str,
    pub(crate) name: String,
    pub(crate) took_ms: (f64, f64),
}

pub(crate) struct Session {
    pub(crate) agent: usize,
    pub(crate) sid: String,
    pub(crate) cid: String,
    pub(crate) left: u64,
    pub(crate) total: u64,
    pub(crate) repo: usize,
    pub(crate) perm: usize,
    pub(crate) base_in: u64,
}

pub(crate) const PERM: [&str; 3] = ["readonly", "read-write", "admin"];

// JSON-escaped text goes straight into these buffers: the generator only makes
// characters that need no escaping, apart from "\\n" and "\\\"", written escaped.
#[derive(Default)]
pub(crate) struct Ev {
    pub(crate) id: String,
    pub(crate) ts: String,
    pub(crate) ms: i64,
    pub(crate) atype: &'static str,
    pub(crate) aname: &'static str,
    pub(crate) details: String, // the sub-object
    pub(crate) status: &'static str,
    pub(crate) result: String,
    pub(crate) error: String, // empty if none
    pub(crate) tin: u64,
    pub(crate) tout: u64,
    pub(crate) dur: u64,
    pub(crate) cost: String,
    pub(crate) perm: usize,
    pub(crate) res: String, // resources_accessed array
    pub(crate) sens: bool,
}

pub(crate) fn preview(r: &mut Rng, v: &Vocab, kind: u64, s: &mut String) {
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

pub(crate) fn event(r: &mut Rng, v: &Vocab, ss: &Session, n: u64, e: &mut Ev) {
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
pub(crate) fn finish(r: &mut Rng, v: &Vocab, ss: &Session, n: u64, e: &mut Ev, m: &Made) {
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

pub(crate) fn new_session(r: &mut Rng, v: &Vocab, cum: &[f64]) -> Session {
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
