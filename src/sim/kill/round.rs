//! One time: the terminal's program works, and it or the platform's program is killed.

use std::{
    io::Read as _,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Duration,
};

use serde_json::Value;

use super::{
    account::{Account, Printed},
    error::KillError,
    programs::{Programs, Running},
};
use crate::{platform::service::Issued, sim::power::Chance};

/// Vouchers that the program redeems, if it is let.
const BATCH: usize = 12;

/// Longest that a program is left alone, in milliseconds.
const LONGEST_MS: usize = 160;

/// Rounds of one seed.
pub(super) struct Round {
    programs: Programs,
    chance: Chance,
    stock: Vec<Issued>,
    server: Option<Running>,
    /// Nothing ever comes here; who waits for it waits as long as it says.
    never: (SyncSender<()>, Receiver<()>),
}

impl Round {
    pub(super) fn new(seed: u64, programs: Programs) -> Result<Self, KillError> {
        let stock = programs.furnish()?;
        let chance = Chance::new(seed, 6);
        Ok(Self { programs, chance, stock, server: None, never: sync_channel(1) })
    }

    /// The terminal works for a while, with a platform or without, and something is killed.
    pub(super) fn go(&mut self, account: &mut Account) -> Result<(), KillError> {
        if self.server.is_none() && !self.chance.one_in(4) {
            self.server = Some(self.programs.serve()?);
        }
        let args = self.work(account);
        let mut terminal = Running::start(&mut self.programs.terminal(&args))?;
        let mut output = terminal.output()?;
        self.wait();
        if self.chance.one_in(3) {
            self.kill_server(account)?;
            self.wait();
        }
        if terminal.kill()? {
            account.finished = account.finished.saturating_add(1);
        } else {
            account.terminals = account.terminals.saturating_add(1);
        }
        let mut text = String::new();
        output.read_to_string(&mut text)?;
        account.check(&self.programs.till(), &printed(&text))?;
        if self.server.is_none() {
            account.check_platform(&self.programs.site()?)?;
        }
        Ok(())
    }

    fn kill_server(&mut self, account: &mut Account) -> Result<(), KillError> {
        if let Some(mut server) = self.server.take() {
            server.kill()?;
            account.platforms = account.platforms.saturating_add(1);
        }
        Ok(())
    }

    /// What the terminal's program is to do.
    fn work(&mut self, account: &Account) -> Vec<String> {
        let word = |word: &str| word.to_owned();
        match self.chance.below(8) {
            0 => vec![word("sync")],
            1 => match account.last_redemption() {
                Some(entry) => vec![word("rollback"), entry.to_string()],
                None => vec![word("status")],
            },
            _ => {
                let mut args = vec![word("redeem")];
                let taken = (0..BATCH).filter_map(|_| self.chance.take(&mut self.stock));
                args.extend(taken.map(|issued| issued.text));
                args
            }
        }
    }

    fn wait(&mut self) {
        let time = u64::try_from(self.chance.below(LONGEST_MS)).unwrap_or(0);
        self.never.1.recv_timeout(Duration::from_millis(time)).ok();
    }

    /// Everything is sent, and the platform holds it once.
    pub(super) fn end(&mut self, account: &mut Account) -> Result<(), KillError> {
        if self.server.is_none() {
            self.server = Some(self.programs.serve()?);
        }
        let mut sync = Running::start(&mut self.programs.terminal(&["sync".to_owned()]))?;
        let mut text = String::new();
        sync.output()?.read_to_string(&mut text)?;
        if !sync.wait()? {
            return Err(KillError::Broken(format!("not everything can be sent: {text}")));
        }
        self.server = None;
        account.check(&self.programs.till(), &[])?;
        account.check_all(&self.programs.till(), &self.programs.site()?)
    }
}

/// What was printed as accepted; a line that was cut off was not read by anybody.
fn printed(text: &str) -> Vec<Printed> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let values = whole.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let accepted = values.filter(|value| value.get("state") == Some(&Value::from("accepted")));
    let printed = accepted.filter_map(|value| {
        let entry = value.get("entry")?.as_u64()?;
        Some(Printed { entry, voucher: value.get("voucher_id")?.as_str()?.to_owned() })
    });
    printed.collect()
}
