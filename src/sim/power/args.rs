//! The command, its report, and whether every promise held.

use std::{io::Write, num::NonZero, thread};

use clap::Args;

use super::{
    check::Kind,
    cuts::{self, Filmed as _, Plan, Tally},
    error::PowerError,
    faults,
    film::Film,
    known::Known,
    mode::Mode,
    platform::PlatformFilm,
};
use crate::sim::disk::Fault;

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
    /// That cut is at the platform.
    #[arg(long, requires = "cut")]
    pub platform: bool,
    /// How many days in which each operation of the disk fails in its turn.
    #[arg(long, default_value_t = 1)]
    pub faults: u64,
    /// One failing operation of the first day instead of all, such as `sync:12:once`.
    #[arg(long, value_parser = faults::parse)]
    pub fault: Option<Fault>,
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
    if let Some(fault) = args.fault {
        let broken = faults::try_fault(args.seed, fault).err();
        let told = broken.as_ref().map_or("nothing was broken", |broken| &broken.what);
        writeln!(out, "{told}")?;
        return Ok(broken.is_none());
    }
    let mut held = cut_terminals(args, out)?;
    held &= cut_platforms(args, out)?;
    if args.mode.is_none() && args.faults > 0 {
        held &= fail_operations(args, out)?;
    }
    Ok(held)
}

fn cut_terminals(args: &PowerArgs, out: &mut dyn Write) -> Result<bool, PowerError> {
    let columns = ["cuts", "opened", "again", "in full", "lost", "damaged", "wrong"];
    line(out, "a terminal's store", columns)?;
    let mut held = true;
    for mode in Mode::ALL {
        if args.mode.is_none_or(|wanted| wanted == mode) {
            let tally = cuts::run::<Film>(plan(args, mode, args.cuts))?;
            held &= report(out, mode, &tally)?;
        }
    }
    Ok(held)
}

/// One cut in ten is at the platform.
fn cut_platforms(args: &PowerArgs, out: &mut dyn Write) -> Result<bool, PowerError> {
    line(out, "the platform's store", [""; 7])?;
    let mut held = true;
    for mode in [Mode::Ours, Mode::LyingDisk] {
        if args.mode.is_none_or(|wanted| wanted == mode) {
            let tally = cuts::run::<PlatformFilm>(plan(args, mode, args.cuts / 10))?;
            held &= report(out, mode, &tally)?;
        }
    }
    Ok(held)
}

fn fail_operations(args: &PowerArgs, out: &mut dyn Write) -> Result<bool, PowerError> {
    line(out, "failing operations", ["days", "met", "told", "broken", "", "", ""])?;
    let mut held = true;
    for day in 0..args.faults {
        let seed = args.seed.saturating_add(day);
        let sweep = faults::sweep(seed, 1, threads(args))?;
        for ((trouble, sticky), count) in &sweep.of {
            let name = format!("{} {}", trouble.name(), if *sticky { "always" } else { "once" });
            let counts = [count.runs, count.met, count.told, count.broken];
            let [a, b, c, d] = counts.map(|count| count.to_string());
            line(out, &name, [&a, &b, &c, &d, "", "", ""])?;
        }
        if let Some(first) = &sweep.first {
            writeln!(out, "  broken: {first}")?;
            held = false;
        }
    }
    Ok(held)
}

fn line(out: &mut dyn Write, name: &str, columns: [&str; 7]) -> Result<(), PowerError> {
    let columns: String = columns.map(|column| format!(" {column:>10}")).concat();
    writeln!(out, "{}", format!("{name:<20}{columns}").trim_end())?;
    Ok(())
}

/// Few cuts are enough to see a store lose something that must, where they are spread over a day.
fn plan(args: &PowerArgs, mode: Mode, cuts: u64) -> Plan {
    let control = mode.must_lose();
    let cuts = if control { (cuts / 50).max(1_000) } else { cuts };
    let each = if control { 1 } else { args.each };
    Plan { mode, cuts, seed: args.seed, each, threads: threads(args) }
}

fn threads(args: &PowerArgs) -> usize {
    let known = thread::available_parallelism().map_or(1, NonZero::get);
    args.threads.map_or(known, NonZero::get)
}

/// One row of the table; whether it is as it must be.
fn report(out: &mut dyn Write, mode: Mode, tally: &Tally) -> Result<bool, PowerError> {
    let of = |kind| tally.broken.get(&kind).copied().unwrap_or(0);
    let [lost, damaged, wrong] = [Kind::Lost, Kind::Damaged, Kind::Wrong].map(of);
    let counts = [tally.cuts, tally.opened, tally.again, tally.deep, lost, damaged, wrong];
    line(out, mode.name(), counts.map(|count| count.to_string()).each_ref().map(String::as_str))?;
    match (&tally.first, mode.must_lose()) {
        (Some(first), false) => writeln!(out, "  broken: --mode {first}")?,
        (None, true) => writeln!(out, "  it had to lose something, and did not")?,
        (Some(_), true) | (None, false) => return Ok(true),
    }
    Ok(false)
}

fn one(args: &PowerArgs, number: u64, out: &mut dyn Write) -> Result<bool, PowerError> {
    let mode = args.mode.unwrap_or(Mode::Ours);
    let (mut known, mut tally) = (Known::default(), Tally::default());
    if args.platform {
        cuts::try_cut(&PlatformFilm::shoot(args.seed, mode)?, number, (&mut known, &mut tally));
    } else {
        cuts::try_cut(&Film::shoot(args.seed, mode)?, number, (&mut known, &mut tally));
    }
    writeln!(out, "{}", tally.first.as_deref().unwrap_or("nothing was broken"))?;
    Ok(tally.first.is_none())
}
