//! What a receipt says: one line each, in the cashier's language, for paper and for the screen.

use super::{
    engine::Engine,
    outcome::{Outcome, State, Together},
    wording::code_tail,
};
use crate::{
    domain::{
        id::Seq,
        journal::{Body, Redeemed},
        money::Money,
        redeem::Redemption,
        voucher::Claims,
    },
    store::Row,
};

impl Engine {
    /// The lines of a receipt; none where nothing was redeemed or taken back.
    pub fn receipt(&self, outcome: &Outcome) -> Vec<String> {
        let body = match (&outcome.state, &outcome.voucher) {
            (State::Accepted(redemption), Some(claims)) => self.one(outcome, claims, redemption),
            (State::Together(together), _) => self.several(together),
            (State::RolledBack(redemption), _) => self.taken_back(outcome, redemption),
            _nothing => return Vec::new(),
        };
        let mut lines = self.head(outcome);
        lines.extend(body);
        lines.extend(self.foot(outcome));
        lines
    }

    /// Whose shop it is, when it was, who worked there.
    fn head(&self, outcome: &Outcome) -> Vec<String> {
        let speaker = self.speaker();
        let merchant = self.trust.bundle.merchant.name.clone();
        let branch = self.trust.branch(speaker.branch).map(|branch| branch.name.clone());
        let mut lines = vec![merchant];
        lines.extend(branch);
        lines.push(speaker.date_and_time(outcome.at));
        let named = |key, id| self.texts.fill(key, &[("name", &speaker.operator_name(id))]);
        lines.extend(self.operator.map(|id| named("receipt.operator", id)));
        lines.extend(outcome.approved_by.map(|id| named("receipt.approver", id)));
        lines
    }

    fn one(&self, outcome: &Outcome, claims: &Claims, redemption: &Redemption) -> Vec<String> {
        let speaker = self.speaker();
        let mut lines: Vec<_> = outcome.title.clone().into_iter().collect();
        lines.push(speaker.kind(&claims.terms));
        lines.push(self.texts.fill("receipt.code", &[("code", &code_tail(claims))]));
        lines.extend(redemption.bill.map(|bill| self.amount("receipt.bill", bill)));
        lines.push(speaker.amount(claims, redemption));
        lines.extend(self.goods(outcome.entry));
        lines.push(self.amount("receipt.value", redemption.value));
        lines.extend(speaker.due(redemption));
        lines.extend(speaker.left(claims, redemption.left));
        lines
    }

    fn several(&self, together: &Together) -> Vec<String> {
        let mut lines = vec![self.amount("receipt.bill", together.bill)];
        for outcome in &together.vouchers {
            if let (State::Accepted(redemption), Some(claims)) = (&outcome.state, &outcome.voucher)
            {
                let inner = Redemption { bill: None, due: None, ..*redemption };
                lines.extend(self.one(outcome, claims, &inner));
            }
        }
        lines.push(self.amount("amount.due", together.due));
        lines
    }

    fn taken_back(&self, outcome: &Outcome, redemption: &Redemption) -> Vec<String> {
        let mut lines: Vec<_> = outcome.title.clone().into_iter().collect();
        lines.push(self.amount("undo.done", redemption.value));
        lines
    }

    /// Pieces that were handed over.
    fn goods(&self, entry: Option<Seq>) -> Vec<String> {
        let Some((_, redeemed)) = self.redeemed(entry) else {
            return Vec::new();
        };
        let handed = redeemed.goods.iter().filter(|goods| goods.count > 0);
        let line = |goods: &crate::domain::journal::Goods| {
            let count = goods.count.to_string();
            self.texts.fill("receipt.goods", &[("count", &count), ("name", &goods.name)])
        };
        handed.map(line).collect()
    }

    fn redeemed(&self, entry: Option<Seq>) -> Option<(&Row, &Redeemed)> {
        let row = self.recent.iter().find(|row| Some(row.entry.seq) == entry)?;
        match &row.entry.body {
            Body::Redeemed(redeemed) => Some((row, redeemed)),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::RolledBack(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => None,
        }
    }

    /// Whether the platform knows of it, until when it can be taken back, and by what it is found again.
    fn foot(&self, outcome: &Outcome) -> Vec<String> {
        let online = if let State::Together(together) = &outcome.state {
            together.vouchers.iter().all(|one| one.online)
        } else {
            outcome.online
        };
        let mode = if online { "receipt.mode_online" } else { "receipt.mode_offline" };
        let mut lines = Vec::new();
        if !matches!(outcome.state, State::RolledBack(_)) {
            lines.push(self.texts.get(mode).to_owned());
        }
        if let Some((row, redeemed)) = self.redeemed(outcome.entry) {
            let window = i64::from(self.trust.rollback_s(&redeemed.voucher));
            let until = row.entry.at.plus(window);
            let until = self.speaker().date_and_time(until);
            lines.push(self.texts.fill("receipt.undo", &[("time", &until)]));
        }
        lines.extend(self.reference(outcome.entry));
        lines
    }

    /// Terminal, entry, and the first characters of the hash that the journal goes on from.
    fn reference(&self, entry: Option<Seq>) -> Option<String> {
        let (seq, store) = (entry?, self.store()?);
        let hash = store.hash_at(seq).ok().flatten()?.to_string();
        let (terminal, seq) = (store.identity().terminal.to_string(), seq.to_string());
        let short = hash.get(..8)?;
        let values = [("terminal", terminal.as_str()), ("entry", &seq), ("hash", short)];
        Some(self.texts.fill("receipt.reference", &values))
    }

    fn amount(&self, key: &str, amount: Money) -> String {
        self.texts.fill(key, &[("amount", &amount.to_string())])
    }
}
