//! What the screen shows: an immutable snapshot that the engine publishes after every event.
//!
//! Every string here is finished text in the operator's language; the screens only lay it out.

use std::sync::Arc;

use crate::domain::money::Money;
pub use crate::domain::redeem::Wanted;

/// Everything the counter screen needs to draw one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The large middle of the screen.
    pub scan: ScanView,
    /// The last decisions, newest first, at most [`View::RECENT_MAX`].
    pub recent: Vec<RecentRow>,
    /// The strip that is always visible.
    pub strip: StripView,
    /// The acceptance that one key can undo, while its window is open.
    pub undo: Option<UndoView>,
    /// Something that was done, such as an undo, shown while the screen is ready.
    pub notice: Option<String>,
    /// Whether scans show what would happen before anything is consumed.
    pub look_first: bool,
    /// A fault that keeps the terminal from redeeming, in words with what to do.
    pub fault: Option<String>,
}

impl View {
    /// Rows kept in [`View::recent`].
    pub const RECENT_MAX: usize = 50;
}

/// What fills the middle of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanView {
    /// Waiting for a scan.
    Ready,
    /// The platform is being asked; answers within its deadline.
    Asking,
    /// The answer to the last scan.
    Verdict(Arc<VerdictView>),
    /// The cashier must answer before the voucher can be decided.
    Question(QuestionView),
    /// Several vouchers are being put on one bill.
    Bill(BillView),
}

/// One of the six answers a cashier can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerdictState {
    /// Honour the voucher: the redemption is on disk.
    Accepted,
    /// The voucher was consumed before.
    AlreadyUsed,
    /// The voucher must not be honoured, for the reason shown.
    NotValid,
    /// A choice or an amount is missing.
    NeedsInput,
    /// Neither yes nor no: something the terminal needs is missing.
    CannotCheck,
    /// The code is not a voucher at all.
    NotAVoucher,
}

/// One verdict, ready to be read from two metres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictView {
    /// Grows by one with every verdict, so that a screen can tell a new one from the old.
    pub serial: u64,
    /// Which of the six.
    pub state: VerdictState,
    /// The one large line, such as `ACCEPTED`.
    pub headline: String,
    /// The amount or count in large type, such as `€10.00 off`.
    pub amount: Option<String>,
    /// What the customer still pays, such as `To pay: €32.50`.
    pub due: Option<String>,
    /// The reason in at most 40 characters, such as `expired on 12 Mar 2026`.
    pub reason: Option<String>,
    /// One line of advice for the cashier.
    pub advice: Option<String>,
    /// Campaign title and what is left, in small type.
    pub details: Vec<String>,
    /// What a receipt says, line by line; empty where nothing was redeemed or taken back.
    pub receipt: Vec<String>,
    /// Short support code at the bottom, such as `voucher_expired · 4F7Q`.
    pub support: String,
    /// Milliseconds after which the screen clears itself; none means a key, click or scan is needed.
    pub clears_after_ms: Option<u64>,
    /// Set when another scan arrived while this needed an answer: "Finish this one first".
    pub held: bool,
}

/// A question the cashier answers with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionView {
    /// Grows by one with every question.
    pub serial: u64,
    /// Headline, such as `BILL AMOUNT?`.
    pub headline: String,
    /// What the voucher is, such as `15 % off, at most €20.00`.
    pub details: Vec<String>,
    /// What kind of answer is wanted.
    pub wants: Wanted,
    /// The unit before the field, such as `EUR`; empty for numbers and PINs.
    pub unit: String,
    /// A value offered beforehand, such as the whole balance; empty when there is none.
    pub offered: String,
    /// The lines of an order to choose from; empty for other questions.
    pub lines: Vec<LineView>,
    /// Why the last answer was not taken, such as `the balance is €12.50`.
    pub problem: Option<String>,
    /// Set when another scan arrived while this is open.
    pub held: bool,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// What it is.
    pub name: String,
    /// Pieces that may be chosen at the most.
    pub most: u16,
}

/// A bill with the vouchers on it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillView {
    /// Grows by one with every bill.
    pub serial: u64,
    /// The sum, such as `€42.00`, once it was typed.
    pub sum: Option<String>,
    /// The unit before the field for the sum, such as `EUR`.
    pub unit: String,
    /// The vouchers, in the order they are applied.
    pub rows: Vec<BillRow>,
    /// What the customer pays in the end, such as `To pay: €30.70`.
    pub due: Option<String>,
    /// Why the last voucher or sum was not taken.
    pub problem: Option<String>,
}

/// One voucher on a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRow {
    /// Its campaign.
    pub title: String,
    /// What it is, such as `15 % off, at most €20.00`.
    pub kind: String,
    /// What it does to the bill, such as `€42.00 − €6.30 = €35.70`; empty before the sum is known.
    pub step: String,
}

/// One line of the last decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentRow {
    /// Its journal entry.
    pub entry: u64,
    /// Local time of day, such as `14:02:31`.
    pub time: String,
    /// Which of the six.
    pub state: VerdictState,
    /// Campaign or reason.
    pub title: String,
    /// Amount or uses, may be empty.
    pub amount: String,
    /// Last characters of the voucher's short code, may be empty.
    pub code: String,
    /// Whether the platform has acknowledged the entry.
    pub synced: bool,
    /// Whether the redemption was rolled back, all of it.
    pub rolled_back: bool,
    /// What of it can be taken back; none where nothing can.
    pub back: Option<BackView>,
}

/// What of a redemption can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackView {
    /// All or nothing.
    Whole,
    /// Up to so many uses or people.
    Uses(u32),
    /// Up to so much of a balance.
    Amount(Money),
    /// Pieces of an order, all lines in their order.
    Lines(Vec<LineView>),
}

/// The strip that is always visible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StripView {
    /// Shop and branch, such as `Café Anker · Harbour`.
    pub shop: String,
    /// Terminal, such as `Till 3`.
    pub terminal: String,
    /// Who works at the counter; empty when nobody signed in.
    pub operator: String,
    /// Whether the platform answered last time it was tried.
    pub online: Link,
    /// Entries the platform has not acknowledged.
    pub to_send: u64,
    /// Such as `synced 3 min ago` or `never synced`.
    pub last_sync: String,
    /// Double redemptions the platform reported.
    pub conflicts: u64,
    /// Set when the queue or its age asks for attention.
    pub warning: bool,
    /// Set when this program is too old for the platform.
    pub outdated: bool,
}

/// State of the link to the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not tried since the start.
    #[default]
    Unknown,
    /// The last exchange worked.
    Online,
    /// The last attempt failed.
    Offline,
    /// Switched off by a person.
    SwitchedOff,
}

/// What the undo key would take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoView {
    /// Its journal entry.
    pub entry: u64,
    /// Such as `Undo €10.00 off (Lunch for two)`.
    pub label: String,
    /// Seconds left in the window.
    pub seconds_left: u64,
}
