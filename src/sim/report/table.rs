//! What was seen, as a table.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::seconds;
use crate::sim::{
    faults::{Fault, Tally},
    model::Broken,
    world::Outcome,
};

/// What was seen in all worlds.
#[derive(Debug, Default)]
pub(super) struct Sum {
    worlds: u64,
    steps: u64,
    all: Vec<(&'static str, u64)>,
    faults: Tally,
    pub(super) broken: Vec<(u64, Broken)>,
}

impl Sum {
    /// Adds a world.
    pub(super) fn add(&mut self, seed: u64, outcome: Outcome) {
        self.worlds += 1;
        self.steps += outcome.steps;
        self.faults.add(&outcome.faults);
        let figures = outcome.figures;
        let rows = [
            ("terminal-days", figures.till_days),
            ("worlds with the platform on a disk", figures.on_disk),
            ("scans", figures.scans),
            ("acceptances seen", figures.accepted),
            ("of these without the platform", figures.offline),
            ("journal entries", figures.entries),
            ("messages at the platform", figures.messages),
            ("double redemptions made possible", figures.doubles),
            ("of these with an entry lost with its device", figures.doubles_lost),
            ("reports of double redemptions", figures.found),
            ("double redemptions missed", figures.missed),
        ];
        if self.all.is_empty() {
            self.all = rows.map(|(name, _)| (name, 0)).to_vec();
        }
        self.all.iter_mut().zip(rows).for_each(|((_, sum), (_, more))| *sum += more);
        if let Some(broken) = outcome.broken {
            self.broken.push((seed, broken));
        }
    }

    /// Prints the table.
    pub(super) fn print(
        &self,
        out: &mut impl Write,
        (span, threads): (Duration, usize),
    ) -> io::Result<()> {
        let years = self.all.first().map_or(0.0, |(_, days)| *days as f64 / 365.0);
        let rate = years / (seconds(span) * threads as f64).max(0.001);
        writeln!(
            out,
            "{years:.2} terminal-years in {} worlds, {:.1} s",
            self.worlds,
            seconds(span)
        )?;
        writeln!(out, "{rate:.3} terminal-years for each second and thread")?;
        writeln!(out, "{:>12}  events", self.steps)?;
        for (name, sum) in &self.all {
            writeln!(out, "{sum:>12}  {name}")?;
        }
        writeln!(out, "{:>12}  faults, by kind:", self.faults.total())?;
        for fault in Fault::ALL {
            writeln!(out, "{:>12}    {}", self.faults.of(*fault), fault.code())?;
        }
        let kinds = Fault::ALL.iter().filter(|fault| self.faults.of(**fault) > 0).count();
        writeln!(out, "{kinds:>12}  kinds of fault of {}", Fault::ALL.len())?;
        writeln!(out, "{:>12}  promises broken", self.broken.len())
    }
}
