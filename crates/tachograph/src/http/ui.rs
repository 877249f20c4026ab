//! The web interface: its files, which are part of this program, and what the page must know before it may ask.
//!
//! Invariants
//! - Only files that were embedded are served; no path of a request ever becomes a path of a file system.
//! - The page may load and ask from where it came, and from nowhere else: no script, style or address of others.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use super::signin::{Who, by_cookie};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

/// A file of the interface; every one of them is text.
struct File {
    name: &'static str,
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// Findings that the page shows; `verify` prints all.
const FINDINGS_MAX: usize = 20;

/// The page when there was no Node to build the interface with.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>tachograph</title><h1>The recorder runs</h1>\
    <p>This program was built without its web interface. With Node 20.19 or newer on the machine, build it again: \
    <code>cargo build -p tachograph</code> says what is missing.</p>\
    <p>Everything can be asked without it: <a href=\"/v1/openapi.json\">the HTTP interface</a>, \
    <code>tachograph --help</code>.</p></html>";

/// Paths of programs: what is not found below them is an error, never a page.
const OF_PROGRAMS: [&str; 6] = ["/v1/", "/tlog/", "/log/", "/insert/", "/ui/", "/assets/"];

const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whatever has no route: a file of the interface, a page of it, or nothing.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if method != Method::GET && method != Method::HEAD {
        return Err(nowhere());
    }
    if uri.path() == "/ui/about" {
        return about(&app, &headers);
    }
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let name = choose(FILES, uri.path(), text(header::ACCEPT)).ok_or_else(nowhere)?;
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return Ok(dressed(name, Body::from(NOT_BUILT), None));
    };
    Ok(match encoding(text(header::ACCEPT_ENCODING)) {
        Encoding::Brotli => dressed(name, Body::from(file.brotli), Some("br")),
        Encoding::Gzip => dressed(name, Body::from(file.gzip), Some("gzip")),
        Encoding::Plain => dressed(name, Body::from(unpacked(file)?), None),
    })
}

fn nowhere() -> Problem {
    Problem::not_found("no such path; /v1/openapi.json lists all")
}

/// Which file answers. Every address that a person may have in a browser is answered by the one page there is.
fn choose<'a>(files: &'a [File], path: &str, accept: &str) -> Option<&'a str> {
    if let Some(file) = files.iter().find(|file| path.strip_prefix('/') == Some(file.name)) {
        return Some(file.name);
    }
    let of_programs = OF_PROGRAMS.iter().any(|start| path.starts_with(start));
    let by_person = path == "/" || accept.contains("text/html");
    (by_person && !of_programs).then_some("index.html")
}

#[derive(Debug, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

/// The best of what the client takes; `;q=0` means that it does not.
fn encoding(accepted: &str) -> Encoding {
    let takes = |wanted: &str| {
        accepted.split(',').any(|one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, ""));
            let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(wanted) && !refused
        })
    };
    match (takes("br"), takes("gzip")) {
        (true, _) => Encoding::Brotli,
        (false, true) => Encoding::Gzip,
        (false, false) => Encoding::Plain,
    }
}

fn unpacked(file: &File) -> Result<Vec<u8>, Problem> {
    let mut plain = Vec::new();
    let read = flate2::read::GzDecoder::new(file.gzip).read_to_end(&mut plain);
    read.map_err(|error| Problem::internal(format!("{} is not embedded well: {error}", file.name)))?;
    Ok(plain)
}

/// The body with everything that a browser must be told about it.
fn dressed(name: &str, body: Body, encoding: Option<&'static str>) -> Response {
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/json",
    };
    // Names below assets/ carry the hash of their content: what they stand for never changes.
    let keep = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, keep),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let isolated =
        [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")];
    let mut response = (fixed, isolated, body).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// What the page must know of this server. Without a key where one is needed: only that one is needed.
#[derive(Debug, serde::Serialize)]
struct About {
    version: &'static str,
    keys_needed: bool,
    /// Whether the reader may act (role `operator` or `admin`): the page leaves out what would be refused.
    may_act: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<Who>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// Verifier keys: to compare with those that the reader has pinned.
    keys: Vec<String>,
    verification: Option<Verification>,
}

/// What the last verification of the whole folder found.
#[derive(Debug, serde::Serialize)]
struct Verification {
    good: bool,
    entries: u64,
    found: u64,
    summary: String,
    findings: Vec<String>,
}

fn about(app: &App, headers: &HeaderMap) -> Result<Response, Problem> {
    let given = headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key("x-api-key")
        || app.auth().sessions.key_of(headers, Instant::now()).is_some();
    let version = env!("CARGO_PKG_VERSION");
    let keys_needed = app.auth().is_required();
    if keys_needed && !given {
        let about = About {
            version,
            keys_needed,
            may_act: false,
            who: None,
            origin: None,
            keys: Vec::new(),
            verification: None,
        };
        return Ok(Json(about).into_response());
    }
    let reader = app.auth().check_own(headers, Role::Read)?;
    let may_act = reader.role.allows(Role::Operator);
    // What was found is about everybody's files.
    let findings_max = if reader.limits.is_some() { 0 } else { FINDINGS_MAX };
    let who = Some(Who::of(reader, by_cookie(headers)));
    let keys = app.node.verifiers();
    let verification = app.node.last_check().map(|check| Verification {
        good: check.good,
        entries: check.entries,
        found: check.found,
        summary: check.summary,
        findings: check.findings.iter().take(findings_max).map(ToString::to_string).collect(),
    });
    let origin = keys.first().map(|key| key.name().to_string());
    let keys = keys.iter().map(ToString::to_string).collect();
    Ok(Json(About { version, keys_needed, may_act, who, origin, keys, verification }).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[File] = &[
        File { name: "index.html", gzip: b"", brotli: b"" },
        File { name: "assets/index-1.js", gzip: b"", brotli: b"" },
    ];

    #[test]
    fn every_address_of_a_person_is_the_page_and_none_of_a_program() {
        for path in ["/", "/agents/eng%2Fcoder", "/sessions/1?at=2", "/no/such/page"] {
            assert_eq!(choose(SAMPLE, path, "text/html,*/*"), Some("index.html"), "{path}");
        }
        assert_eq!(choose(SAMPLE, "/", "*/*"), Some("index.html"));
        for path in ["/v1/nothing", "/tlog/x", "/assets/old-2.js", "/ui/nothing", "/insert/x"] {
            assert_eq!(choose(SAMPLE, path, "text/html"), None, "{path}");
        }
        assert_eq!(choose(SAMPLE, "/agents", "application/json"), None);
    }

    #[test]
    fn only_embedded_names_are_files() {
        assert_eq!(choose(SAMPLE, "/assets/index-1.js", "*/*"), Some("assets/index-1.js"));
        for path in
            ["//assets/index-1.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "assets/index-1.js"]
        {
            assert_eq!(choose(SAMPLE, path, "*/*"), None, "{path}");
        }
    }

    #[test]
    fn the_smallest_form_that_the_client_takes_is_chosen() {
        assert_eq!(encoding("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(encoding("br;q=0, gzip;q=0.5"), Encoding::Gzip);
        assert_eq!(encoding("GZIP"), Encoding::Gzip);
        assert_eq!(encoding("identity"), Encoding::Plain);
        assert_eq!(encoding(""), Encoding::Plain);
    }

    #[test]
    fn a_page_may_load_nothing_from_elsewhere_and_a_named_file_is_kept_for_ever() {
        let page = dressed("index.html", Body::empty(), Some("br"));
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(page.headers()[header::CONTENT_ENCODING], "br");
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        let script = dressed("assets/index-1.js", Body::empty(), None);
        assert!(script.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(script.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!script.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn embedded_files_are_whole() {
        for file in FILES {
            assert!(!unpacked(file).unwrap().is_empty(), "{}", file.name);
            assert!(!file.brotli.is_empty(), "{}", file.name);
        }
    }
}
