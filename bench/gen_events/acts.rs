//! What agents do: commands, files, skills, calls, decisions, failures.

use crate::draw::{Rng, push_0, push_hex, push_u};
use crate::event::{Ev, Made, Session};
use crate::words::{EXT, TOP, Vocab, WORDS};

/// A shell command.
pub(crate) fn command(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
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
pub(crate) fn file_tool(r: &mut Rng, v: &Vocab, ss: &Session, roll: u64, e: &mut Ev, m: &mut Made) {
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
pub(crate) fn skill(r: &mut Rng, v: &Vocab, _ss: &Session, e: &mut Ev, m: &mut Made) {
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
pub(crate) fn external(r: &mut Rng, v: &Vocab, _ss: &Session, e: &mut Ev, m: &mut Made) {
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
pub(crate) fn decision(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
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
pub(crate) fn failure(r: &mut Rng, v: &Vocab, ss: &Session, e: &mut Ev, m: &mut Made) {
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
