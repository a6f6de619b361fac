//! The command, its report, and whether every promise held.

use std::{io::Write, num::NonZero, thread};

use clap::Args;

use super::{
    check::Kind,
    cuts::{self, Plan, Tally},
    error::PowerError,
    film::Film,
    mode::Mode,
};

/// Cut the power in the middle of a shop's day, before every change of the disk.
#[derive(Clone, Debug, Args)]
pub struct PowerArgs {
    /// How many cuts.
    #[arg(long, default_value_t = 20_000)]
    pub cuts: u64,
    /// The first day; the days after it follow.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many cuts before each change.
    #[arg(long, default_value_t = 3)]
    pub each: u64,
    /// How many threads; as many as the machine has where it is not said.
    #[arg(long)]
    pub threads: Option<NonZero<usize>>,
    /// One way of keeping the store instead of ours and all that must lose something.
    #[arg(long, value_parser = parse_mode)]
    pub mode: Option<Mode>,
    /// One cut of the first day instead of all.
    #[arg(long)]
    pub cut: Option<u64>,
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    let found = Mode::ALL.into_iter().find(|mode| mode.name() == text);
    found.ok_or_else(|| {
        let names: Vec<_> = Mode::ALL.map(Mode::name).into();
        format!("not a way to keep a store; known are {}", names.join(", "))
    })
}

/// Runs the command; false where a promise was broken, or where none was that had to be.
pub fn run(args: &PowerArgs, out: &mut dyn Write) -> Result<bool, PowerError> {
    if let Some(number) = args.cut {
        return one(args, number, out);
    }
    writeln!(
        out,
        "{:<12} {:>11} {:>10} {:>9} {:>9} {:>9} {:>9}",
        "store", "cuts", "again", "in full", "lost", "damaged", "wrong"
    )?;
    let mut held = true;
    for mode in Mode::ALL {
        if args.mode.is_none_or(|wanted| wanted == mode) {
            let tally = cuts::run(plan(args, mode))?;
            report(mode, &tally, out)?;
            held &= mode.must_lose() == (tally.all_broken() > 0);
        }
    }
    Ok(held)
}

/// Few cuts are enough to see a store lose something that must.
fn plan(args: &PowerArgs, mode: Mode) -> Plan {
    let cuts = if mode.must_lose() { (args.cuts / 50).max(1_000) } else { args.cuts };
    let known = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = args.threads.map_or(known, NonZero::get);
    Plan { mode, cuts, seed: args.seed, each: args.each, threads }
}

fn report(mode: Mode, tally: &Tally, out: &mut dyn Write) -> Result<(), PowerError> {
    let of = |kind| tally.broken.get(&kind).copied().unwrap_or(0);
    writeln!(
        out,
        "{:<12} {:>11} {:>10} {:>9} {:>9} {:>9} {:>9}",
        mode.name(),
        tally.cuts,
        tally.again,
        tally.deep,
        of(Kind::Lost),
        of(Kind::Damaged),
        of(Kind::Wrong)
    )?;
    match (&tally.first, mode.must_lose()) {
        (Some(first), false) => writeln!(out, "  broken: --mode {first}")?,
        (None, true) => writeln!(out, "  it had to lose something, and did not")?,
        (Some(_), true) | (None, false) => {}
    }
    Ok(())
}

fn one(args: &PowerArgs, number: u64, out: &mut dyn Write) -> Result<bool, PowerError> {
    let film = Film::shoot(args.seed, args.mode.unwrap_or(Mode::Ours))?;
    let mut tally = Tally::default();
    cuts::try_cut(&film, number, &mut tally);
    writeln!(out, "{}", tally.first.as_deref().unwrap_or("nothing was broken"))?;
    Ok(tally.first.is_none())
}
