//! The slow look: every signature, the engine on the store, a code that was honoured before.

use std::sync::{Arc, atomic::Ordering};

use super::{
    chance::Chance,
    check::{self, Broken, Kind},
    film::Film,
    mode::Mode,
    till::{Shown, Till, source},
};
use crate::{
    domain::{
        journal::{Body, Entry},
        redeem::Request,
        scan::EntryMethod,
    },
    sim::disk::Disk,
    store::Store,
    terminal::enrolment,
};

/// Verifies the journal, and goes on with the terminal as after a start of the program.
pub(super) fn look(
    film: &Film,
    moment: u64,
    disk: Disk,
    chance: &mut Chance,
) -> Result<(), Broken> {
    let Some(store) = check::open(film, moment, &disk)? else {
        return enrol_again(film, &disk);
    };
    let head = store.verify_journal(|_| {})?;
    if head != store.head() {
        return Err(wrong(format!("the journal ends at {head:?}, not at {:?}", store.head())));
    }
    let count = entries(&store)?;
    drop(store);
    let spent: Vec<&Shown> =
        film.shown.iter().filter(|shown| is_spent(film, shown, count)).collect();
    match chance.pick(&spent) {
        Some(shown) => scan_again(film, disk, shown),
        None => Ok(()),
    }
}

fn wrong(what: String) -> Broken {
    Broken { kind: Kind::Wrong, what }
}

fn entries(store: &Store) -> Result<usize, Broken> {
    let sql = "SELECT count(*) FROM entry";
    Ok(store.connection().query_row(sql, [], |row| row.get(0))?)
}

/// Whether the voucher was honoured within the first entries and nothing of it is left there.
fn is_spent(film: &Film, shown: &Shown, count: usize) -> bool {
    let there = film.entries.get(..count).unwrap_or_default();
    let is_it = |entry: &&Entry| (entry.epoch, entry.seq) == (shown.epoch, shown.entry);
    let taken_back = |entry: &Entry| matches!(&entry.body, Body::RolledBack(back) if back.voucher == shown.voucher);
    let spent = there
        .iter()
        .find(is_it)
        .is_some_and(|entry| matches!(&entry.body, Body::Redeemed(redeemed) if redeemed.left == 0));
    spent && !there.iter().any(taken_back)
}

fn scan_again(film: &Film, disk: Disk, shown: &Shown) -> Result<(), Broken> {
    let mut till = Till::new(&film.shop, disk, Mode::Ours, film.seed);
    till.line.down.store(true, Ordering::Relaxed);
    till.open()?;
    till.present(&shown.text, Request::plain(EntryMethod::Camera))?;
    match till.outcomes.last() {
        Some(("refused", _)) => Ok(()),
        other => Err(wrong(format!("{shown:?} is spent, and shown again: {other:?}"))),
    }
}

/// A terminal whose enrolment was cut off can be enrolled.
fn enrol_again(film: &Film, disk: &Disk) -> Result<(), Broken> {
    let till = Till::new(&Arc::clone(&film.shop), disk.clone(), Mode::Ours, film.seed);
    let enrolled = enrolment::enrol(source(disk), &film.code, &*till.line, till.now().time);
    enrolled.map(drop).map_err(|error| Broken {
        kind: Kind::Damaged,
        what: format!("a terminal that was not enrolled yet cannot be: {error}"),
    })
}
