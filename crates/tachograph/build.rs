//! Builds the web interface when its sources changed, and lists its files for `http/ui.rs`.
//!
//! Without Node, or without the packages, the program is built all the same: it then serves a page that says how to
//! add the interface. `TACHOGRAPH_WEB=skip` leaves it out on purpose, `TACHOGRAPH_WEB=required` makes its absence
//! an error.
//!
//! On disk: `web/dist` (what is embedded) and `web/node_modules`, in each a `.stamp` that tells what it was made from: a
//! fingerprint of the sources, and the lock file. `web/.lock` keeps two builds from making them at once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the interface is made from, below `web/`.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "scripts",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];
/// The oldest Node that Vite runs on.
const NODE_MIN: (u32, u32) = (20, 19);

fn main() {
    println!("cargo::rerun-if-env-changed=TACHOGRAPH_WEB");
    let wish = std::env::var("TACHOGRAPH_WEB").unwrap_or_default();
    let web = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("../../web");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", web.join(source).display());
    }
    let built = if wish == "skip" { Err("TACHOGRAPH_WEB is skip".to_string()) } else { build(&web) };
    let files = built.and_then(|dist| copy(&dist).map_err(|error| format!("web/dist: {error}")));
    let files = files.unwrap_or_else(|why| {
        assert!(wish != "required", "the web interface could not be built: {why}");
        println!("cargo::warning=the web interface is left out: {why}");
        Vec::new()
    });
    let lines = files.iter().map(|file| file.line()).collect::<String>();
    let list = format!("const FILES: &[File] = &[\n{lines}];\n");
    fs::write(out().join("web_files.rs"), list).expect("cargo gives a folder that can be written to");
}

fn env(name: &str) -> String {
    std::env::var(name).expect("cargo sets it for every build script")
}

fn out() -> PathBuf {
    PathBuf::from(env("OUT_DIR"))
}

/// Makes `web/dist` if it is not of these sources, and says where it is.
fn build(web: &Path) -> Result<PathBuf, String> {
    let failed = |what: &str, error: io::Error| format!("{what}: {error}");
    let lock = File::create(web.join(".lock")).map_err(|error| failed("web/.lock", error))?;
    lock.lock().map_err(|error| failed("web/.lock", error))?;
    let dist = web.join("dist");
    let stamp = stamp(web, &SOURCES).map_err(|error| failed("web", error))?;
    if is_current(&dist, &stamp) {
        return Ok(dist);
    }
    node_is_new_enough()?;
    let modules = web.join("node_modules");
    let packages = fs::read_to_string(web.join("package-lock.json"));
    let packages = packages.map_err(|error| failed("web/package-lock.json", error))?;
    if !is_current(&modules, &packages) {
        npm(web, &["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
        fs::write(modules.join(".stamp"), &packages).map_err(|error| failed("web/node_modules", error))?;
    }
    npm(web, &["run", "--silent", "build"])?;
    fs::write(dist.join(".stamp"), &stamp).map_err(|error| failed("web/dist", error))?;
    Ok(dist)
}

fn is_current(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join(".stamp")).is_ok_and(|found| found == stamp)
}

/// A fingerprint of the names and bytes of everything there.
fn stamp(web: &Path, sources: &[&str]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        for (name, path) in files(&web.join(source), source)? {
            name.hash(&mut hasher);
            fs::read(path)?.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// A file itself, or all files of a folder, by their names with `/`.
fn files(path: &Path, name: &str) -> io::Result<BTreeMap<String, PathBuf>> {
    if !path.is_dir() {
        return Ok(BTreeMap::from([(name.to_string(), path.to_path_buf())]));
    }
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let inner = entry.file_name().to_string_lossy().into_owned();
        all.extend(files(&entry.path(), &format!("{name}/{inner}"))?);
    }
    Ok(all)
}

fn node_is_new_enough() -> Result<(), String> {
    let wanted = format!("Node {}.{} or newer and npm make it", NODE_MIN.0, NODE_MIN.1);
    let output = Command::new("node").arg("--version").output();
    let output = output.map_err(|error| format!("{wanted}, and node can't be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.trim().trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < NODE_MIN { Err(format!("{wanted}, and this is {}", text.trim())) } else { Ok(()) }
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).current_dir(web).output();
    let output = output.map_err(|error| format!("{command} can't be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let end: Vec<&str> = said.lines().rev().take(12).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    Err(format!("{command} failed: {}", end.join(" | ")))
}

/// A file of the interface, in the two forms that are embedded.
struct WebFile {
    name: String,
    gzip: PathBuf,
    brotli: PathBuf,
}

impl WebFile {
    fn line(&self) -> String {
        let WebFile { name, gzip, brotli } = self;
        format!(
            "    File {{ name: {name:?}, gzip: include_bytes!({gzip:?}), brotli: include_bytes!({brotli:?}) }},\n"
        )
    }
}

/// Copies what is embedded to where no other build changes it.
fn copy(dist: &Path) -> io::Result<Vec<WebFile>> {
    let target = out().join("web");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    let mut all = Vec::new();
    for (path, source) in files(dist, "")? {
        let name = path.trim_start_matches('/');
        let Some(name) = name.strip_suffix(".br") else { continue };
        let flat = name.replace('/', "_");
        let (gzip, brotli) = (target.join(format!("{flat}.gz")), target.join(format!("{flat}.br")));
        fs::copy(&source, &brotli)?;
        fs::copy(dist.join(format!("{name}.gz")), &gzip)?;
        all.push(WebFile { name: name.to_string(), gzip, brotli });
    }
    Ok(all)
}
