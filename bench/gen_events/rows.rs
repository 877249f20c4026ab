//! An event as a line of NDJSON, of COPY or of INSERT.

use crate::Options;
use crate::event::{Ev, PERM, Session};
use crate::words::AGENTS;
use std::io::{self, Write};

// PostgreSQL COPY text format: a backslash is doubled
pub(crate) fn copy_esc(s: &str, o: &mut Vec<u8>) {
    for b in s.bytes() {
        if b == b'\\' {
            o.push(b'\\');
        }
        o.push(b);
    }
}
pub(crate) fn sql_esc(s: &str, o: &mut Vec<u8>) {
    o.push(b'\'');
    for b in s.bytes() {
        if b == b'\'' {
            o.push(b'\'');
        }
        o.push(b);
    }
    o.push(b'\'');
}

/// Appends a text to a line.
macro_rules! put {
    ($line:expr, $text:expr) => {
        $line.extend_from_slice($text.as_bytes())
    };
}

pub(crate) fn ndjson(ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
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
pub(crate) fn pgcopy(ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
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
pub(crate) fn pgsql(o: &Options, n: u64, ss: &Session, e: &Ev, line: &mut Vec<u8>) -> io::Result<()> {
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
