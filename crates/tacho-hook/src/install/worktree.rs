//! Linked git worktrees. Codex takes the hooks of one from the main checkout, out of the folder that stands for the working
//! folder there, and only where the worktree has a folder `.codex` too. Everything else of a project, and everything of
//! the other agents, is the worktree's own.

use std::path::{Path, PathBuf};

/// The folder of the main checkout that stands for `work`. Nothing outside of linked worktrees, and nothing where git's
/// files do not lead from one to the other and back: in a submodule and its worktrees, in a worktree of a bare repository
/// or of a separate git folder, and in one that was copied. Codex reads the hooks of those where they are.
pub(super) fn main_folder(work: &Path) -> Option<PathBuf> {
    let work = work.canonicalize().ok()?;
    let checkout = work.ancestors().find(|folder| folder.join(".git").exists())?;
    let git = git_folder(checkout)?;
    let worktrees = git.parent().filter(|folder| folder.ends_with("worktrees"))?;
    let main = worktrees.parent()?.parent()?;
    let back = git.join(text(&git.join("gitdir"))?).canonicalize().ok()?;
    let is_linked = back == checkout.join(".git") && git_folder(main)? == worktrees.parent()?;
    is_linked.then_some(main.join(work.strip_prefix(checkout).ok()?))
}

/// The folders that stand for `work` in the linked worktrees of its main checkout, whichever of these it is in.
pub(super) fn linked_folders(work: &Path) -> Vec<PathBuf> {
    let mut found = linked(work).unwrap_or_default();
    found.sort();
    found
}

fn linked(work: &Path) -> Option<Vec<PathBuf>> {
    let main = main_folder(work).or_else(|| work.canonicalize().ok())?;
    let checkout = main.ancestors().find(|folder| folder.join(".git").exists())?;
    let within = main.strip_prefix(checkout).ok()?;
    let folder_of = |own: PathBuf| {
        let git = own.join(text(&own.join("gitdir"))?);
        Some(git.parent()?.canonicalize().ok()?.join(within))
    };
    let known = std::fs::read_dir(git_folder(checkout)?.join("worktrees")).ok()?;
    let folders = known.filter_map(|entry| folder_of(entry.ok()?.path()));
    Some(folders.filter(|folder| main_folder(folder).is_some_and(|found| found == main)).collect())
}

/// Where git keeps what belongs to a checkout: its folder `.git`, or what a file of this name leads to.
fn git_folder(checkout: &Path) -> Option<PathBuf> {
    let git = checkout.join(".git");
    let folder =
        if git.is_file() { checkout.join(text(&git)?.strip_prefix("gitdir:")?.trim_start()) } else { git };
    folder.canonicalize().ok()
}

fn text(path: &Path) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `git worktree add` writes for a worktree of the git folder `git`.
    fn link(git: &Path, checkout: &Path) {
        let own = git.join("worktrees").join(checkout.file_name().unwrap());
        for folder in [&own, checkout] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(checkout.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
        std::fs::write(own.join("gitdir"), format!("{}\n", checkout.join(".git").display())).unwrap();
    }

    #[test]
    fn a_linked_worktree_leads_to_the_main_checkout_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let at = |path: &str| root.join(path);
        link(&at("main/.git"), &at("linked"));
        link(&at("main/.git"), &at("main/in/nested"));
        std::fs::create_dir_all(at("linked/sub")).unwrap();
        std::os::unix::fs::symlink(at("linked"), at("link")).unwrap();
        assert_eq!(main_folder(&at("linked")), Some(at("main")));
        assert_eq!(main_folder(&at("linked/sub")), Some(at("main/sub")));
        assert_eq!(main_folder(&at("link/sub")), Some(at("main/sub")));
        assert_eq!(main_folder(&at("main/in/nested")), Some(at("main")));
        assert_eq!(main_folder(&at("main")), None);
        for one in ["main", "linked", "link", "main/in/nested"] {
            assert_eq!(linked_folders(&at(one)), [at("linked"), at("main/in/nested")], "{one}");
        }
        std::fs::create_dir_all(at("main/sub")).unwrap();
        assert_eq!(linked_folders(&at("main/sub")), [at("linked/sub")], "the other has none");
        // A bare repository stands behind a file: what has the file is the main checkout.
        link(&at("files/.bare"), &at("files/one"));
        assert_eq!(main_folder(&at("files/one")), None);
        std::fs::write(at("files/.git"), "gitdir: ./.bare\n").unwrap();
        assert_eq!(main_folder(&at("files/one")), Some(at("files")));
        link(&at("bare/b.git"), &at("of_bare"));
        link(&at("main/.git/modules/m"), &at("of_module"));
        std::fs::create_dir_all(at("main/m")).unwrap();
        std::fs::write(at("main/m/.git"), "gitdir: ../.git/modules/m\n").unwrap();
        std::fs::create_dir_all(at("copy")).unwrap();
        std::fs::copy(at("linked/.git"), at("copy/.git")).unwrap();
        std::fs::create_dir_all(at("broken")).unwrap();
        std::fs::write(at("broken/.git"), "gitdir: /nowhere/worktrees/broken\n").unwrap();
        for own in ["of_bare", "of_module", "main/m", "copy", "broken", "."] {
            assert_eq!((main_folder(&at(own)), linked_folders(&at(own))), (None, Vec::new()), "{own}");
        }
    }
}
