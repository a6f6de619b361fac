//! The fuzzer's side of the checks: a door to each for its target, and the seeds on disk.

#[path = "../../it/samples.rs"]
mod samples;
#[path = "../../it/world.rs"]
mod world;

mod checks;
#[cfg(feature = "edges")]
mod edges;

use std::{env, fs, panic, path::Path, sync::atomic::Ordering};

use checks::Check;

/// Makes ready for a run: costly looks are taken at few inputs, and seeds are written to the folder that `SEEDS` names.
pub fn begin(name: &str) {
    checks::SELDOM.store(true, Ordering::Relaxed);
    // A decoder's panic that the program catches is an answer; the fuzzer sees those that it does not catch.
    panic::set_hook(Box::new(|what| eprintln!("{what}")));
    if let Ok(folder) = env::var("SEEDS") {
        let written = write_seeds(check(name), Path::new(&folder));
        written.expect("the seeds can be written");
    }
}

/// Whether the promise of the check holds for this input; a panic where it does not.
pub fn hold(name: &str, data: &[u8]) {
    (check(name).holds)(data);
}

fn check(name: &str) -> &'static Check {
    let mut all = all();
    all.find(|check| check.name == name).expect("a check of this name")
}

#[cfg(feature = "edges")]
fn all() -> impl Iterator<Item = &'static Check> {
    checks::ALL.iter().chain(edges::ALL)
}

#[cfg(not(feature = "edges"))]
fn all() -> impl Iterator<Item = &'static Check> {
    checks::ALL.iter()
}

fn write_seeds(check: &Check, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in (check.seeds)().into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}
