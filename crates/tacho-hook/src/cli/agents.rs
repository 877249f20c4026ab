//! What `status` says of the agents: which have the hooks, in the user's settings, the project's and its local ones, and
//! whether what the hooks run is there.

use super::{Place, get, say};
use std::path::{Path, PathBuf};
use tacho_hook::install::edit::{self, Installed};
use tacho_hook::install::{self, Scope, Target, program};
use tacho_hook::stamp::Source;

/// Settings that an agent may have.
struct Site {
    scope: Scope,
    path: PathBuf,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Shared,
    /// One person's own: most of them are about other things.
    Local,
    /// In a linked worktree, of an agent that takes its hooks from the main checkout.
    PassedBy,
}

/// Says it for every agent; `false` when hooks are switched off, can't be read, can't run or don't count.
pub(super) fn report() -> bool {
    let mut good = true;
    for target in Source::ALL.map(Target::of) {
        let name = target.source.name();
        let (mut seen, mut events): (Vec<PathBuf>, usize) = (Vec::new(), 0);
        for site in sites(&target) {
            // In the home folder the project's settings are the user's.
            if seen.iter().any(|seen| is_same(seen, &site.path)) {
                continue;
            }
            seen.push(site.path.clone());
            let path = site.path.display();
            match look(&target, &site) {
                Ok(None) => {}
                Ok(Some(found)) if site.kind == Kind::Local && found == Installed::default() => {}
                Ok(Some(found)) if site.kind == Kind::PassedBy => {
                    if found.events > 0 && events == 0 {
                        good = false;
                        say(format_args!(
                            "{name:<14} takes no hooks from {path}, as this is a linked worktree: `agent-audit-log \
                             install {name} --project` puts them where it does"
                        ));
                    }
                }
                Ok(Some(found)) => {
                    events += found.events;
                    let all = target.events.len();
                    say(format_args!("{name:<14} {} of {all} hooks  {path}", found.events));
                    let unserved = unserved(&target, &site, &found);
                    good &=
                        !found.is_off && unserved.is_none() && found.programs.iter().all(|one| is_there(one));
                    let programs = found.programs.iter().filter_map(|one| told_of(one));
                    let notes = found.notes.iter().cloned().chain(unserved).chain(programs);
                    notes.for_each(|note| say(format_args!("{:<14} {note}", "")));
                }
                Err(error) => {
                    good = false;
                    say(format_args!("{name:<14} {error}  {path}"));
                }
            }
        }
    }
    good
}

/// What to know about a program that hooks run, where it is not this one.
pub(super) fn told_of(program: &str) -> Option<String> {
    let this = std::env::current_exe().ok()?;
    match find(program) {
        Some(found) if is_same(&found, &this) => None,
        Some(found) => Some(format!(
            "the hooks run {} here, another program than this one, {}",
            found.display(),
            this.display()
        )),
        None if program.contains('/') => Some(format!(
            "{program} is not there, or can't be run: these hooks record nothing; install them again"
        )),
        None => Some(format!(
            "{program} is not on PATH: an agent that does not find it records nothing, and does not say so; put it \
             there, for example with `ln -s {} /usr/local/bin/{program}`",
            this.display()
        )),
    }
}

fn is_there(program: &str) -> bool {
    find(program).is_some()
}

fn find(program: &str) -> Option<PathBuf> {
    program::find(program, &get("PATH").unwrap_or_default(), get("HOME").as_deref().map(Path::new))
}

fn look(target: &Target, site: &Site) -> Result<Option<Installed>, String> {
    let Some(text) = install::read(&site.path)? else { return Ok(None) };
    let command = std::env::current_exe().map(|program| target.command(site.scope, &program));
    edit::installed(install::split_mark(&text).1, target, &command.unwrap_or_default()).map(Some)
}

/// The linked worktrees in which hooks of the project don't count.
fn unserved(target: &Target, site: &Site, found: &Installed) -> Option<String> {
    let work = std::env::current_dir().ok().filter(|_| site.scope == Scope::Project && found.events > 0)?;
    let missing = target.worktree_folders(&work).into_iter().filter(|folder| !folder.is_dir());
    let missing: Vec<String> = missing.map(|folder| folder.display().to_string()).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "they don't count in linked worktrees without a folder, {}: `agent-audit-log install {} --project` makes it",
            missing.join(", "),
            target.source.name()
        )
    })
}

fn sites(target: &Target) -> Vec<Site> {
    let shared = [Scope::User, Scope::Project].into_iter().filter_map(|scope| {
        let place = Place { user: false, project: scope == Scope::Project, dry_run: true };
        Some(Site { scope, path: place.path(target).ok()?, kind: Kind::Shared })
    });
    let work = std::env::current_dir().ok();
    let local = work.as_ref().and_then(|work| target.local_path(work));
    let local = local.map(|path| Site { scope: Scope::Project, path, kind: Kind::Local });
    let passed = work.as_ref().and_then(|work| target.passed_by(work));
    let passed = passed.map(|path| Site { scope: Scope::Project, path, kind: Kind::PassedBy });
    shared.chain(local).chain(passed).collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
