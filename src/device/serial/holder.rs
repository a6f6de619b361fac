//! Who may hold a port that is taken.

use std::path::Path;

/// Whether the service for modems of Linux runs, which takes readers for modems and probes them.
pub(super) fn modem_manager_runs() -> bool {
    cfg!(target_os = "linux") && runs_in(Path::new("/proc"), "ModemManager")
}

/// Whether a folder like `/proc` has a process of that name; no where it cannot be read.
fn runs_in(processes: &Path, name: &str) -> bool {
    let processes = std::fs::read_dir(processes).into_iter().flatten().flatten();
    let mut names =
        processes.filter_map(|one| std::fs::read_to_string(one.path().join("comm")).ok());
    names.any(|comm| comm.trim_end() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (number, comm) in [("1", "systemd\n"), ("812", "ModemManager\n"), ("self", "")] {
            std::fs::create_dir(folder.path().join(number)).unwrap();
            std::fs::write(folder.path().join(number).join("comm"), comm).unwrap();
        }
        assert!(runs_in(folder.path(), "ModemManager"));
        assert!(!runs_in(folder.path(), "Modem"));
        assert!(!runs_in(&folder.path().join("none"), "ModemManager"));
    }
}
