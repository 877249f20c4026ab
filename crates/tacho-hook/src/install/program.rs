//! Whether the program that a hook names is there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file that a shell runs for a name: looked for in the folders of `PATH`, as `path` has it, unless it says where it is.
pub fn find(name: &str, path: &str, home: Option<&Path>) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = match name.strip_prefix("~/") {
        Some(rest) => return home.map(|home| home.join(rest)).filter(|path| is_program(path)),
        None if name.contains('/') => vec![PathBuf::new()],
        None => std::env::split_paths(path).collect(),
    };
    folders.into_iter().map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_on_the_path_and_a_place_is_looked_at() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for (name, mode) in [("first/tool", 0o644), ("second/tool", 0o755), ("second/folder/tool", 0o755)] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = format!("/nowhere:{}:{}", at("first").display(), at("second").display());
        let find = |name: &str| find(name, &path, Some(root.path()));
        assert_eq!(find("tool"), Some(at("second/tool")), "what is no program is passed by");
        assert_eq!(find("~/second/tool"), Some(at("second/tool")));
        assert_eq!(find(at("second/tool").to_str().unwrap()), Some(at("second/tool")));
        for none in ["folder", "other", "~/tool", at("first/tool").to_str().unwrap(), "/nowhere/tool"] {
            assert_eq!(find(none), None, "{none}");
        }
    }
}
