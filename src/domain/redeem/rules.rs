//! The rules of a campaign: when, for what, how often and beside what its vouchers are honoured.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

use super::local::{Day, LocalMoment};
use crate::domain::{id::CampaignId, voucher::Tier};

/// What a campaign demands beyond what its vouchers say; data in the signed bundle.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rules {
    /// When vouchers are honoured, by the branch's clock; at any time where none is named.
    #[n(1)]
    #[cbor(default)]
    pub windows: Vec<Window>,
    /// Days on which they are not.
    #[n(2)]
    #[cbor(default)]
    pub blackouts: Vec<Days>,
    /// One of these must be on the bill; anything may where none is named.
    #[n(3)]
    #[cbor(default)]
    pub products: Vec<Product>,
    /// How often.
    #[n(4)]
    #[cbor(default)]
    pub caps: Caps,
    /// Whether only customers are honoured who never redeemed at this merchant before.
    #[n(5)]
    #[cbor(default)]
    pub first_visit: bool,
    /// Worth above which a supervisor must approve, in minor units; 0 where none must.
    #[n(6)]
    #[cbor(default)]
    pub approval_above: i64,
    /// Beside which other vouchers on one bill.
    #[n(7)]
    #[cbor(default)]
    pub stacking: Stacking,
    /// Whether the cashier confirms before anything is consumed.
    #[n(8)]
    #[cbor(default)]
    pub flow: Flow,
    /// How much a voucher must prove about being here now.
    #[n(9)]
    #[cbor(default)]
    pub presence: Tier,
    /// For how long a cashier may take a redemption back without approval, in seconds.
    #[n(10)]
    #[cbor(default)]
    pub rollback_s: u32,
    /// Share of a ticket's worth that is owed when nobody came, in hundredths of a percent.
    #[n(11)]
    #[cbor(default)]
    pub no_show_basis_points: u16,
    /// Whether terminals hold the vouchers themselves, so that short codes can be typed without a network.
    #[n(12)]
    #[cbor(default)]
    pub listed: bool,
}

impl Default for Rules {
    /// No rule, and a day to take redemptions back.
    fn default() -> Self {
        Self {
            windows: Vec::new(),
            blackouts: Vec::new(),
            products: Vec::new(),
            caps: Caps::default(),
            first_visit: false,
            approval_above: 0,
            stacking: Stacking::default(),
            flow: Flow::OneScan,
            presence: Tier::Static,
            rollback_s: 86_400,
            no_show_basis_points: 0,
            listed: false,
        }
    }
}

impl Rules {
    /// Whether there is a rule that a terminal must know to honour a voucher.
    pub fn restrict(&self) -> bool {
        let silent = Self {
            rollback_s: self.rollback_s,
            no_show_basis_points: self.no_show_basis_points,
            listed: self.listed,
            flow: self.flow,
            ..Self::default()
        };
        *self != silent
    }

    /// Whether a customer must be known to tell.
    pub fn concern_customers(&self) -> bool {
        self.first_visit || self.caps.customer > 0 || self.caps.customer_day > 0
    }

    /// Whether vouchers are honoured at this hour.
    pub fn open_at(&self, moment: LocalMoment) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.holds(moment))
    }

    /// Whether vouchers are not honoured on this day.
    pub fn blacked_out(&self, day: Day) -> bool {
        self.blackouts.iter().any(|days| (days.from..=days.until).contains(&day))
    }
}

/// A time of the week, such as `Mon-Fri 11:00-14:30`; one that ends at or before it begins ends the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Window {
    /// The days on which it begins: bit 0 is Monday.
    #[n(0)]
    pub days: u8,
    /// Minutes since midnight at which it begins.
    #[n(1)]
    pub from: u16,
    /// Minutes since midnight of the same day at which it is over; beyond 1440 on the next.
    #[n(2)]
    pub until: u16,
}

/// Minutes of a day.
const DAY_MINUTES: u16 = 1440;

impl Window {
    fn holds(self, LocalMoment { weekday, minute, .. }: LocalMoment) -> bool {
        let begins = |weekday: u8| self.days & (1 << (weekday % 7)) != 0;
        let span = self.from..self.until;
        let began_today = begins(weekday) && span.contains(&minute);
        let from_midnight_before = minute.saturating_add(DAY_MINUTES);
        let eve = weekday.saturating_add(6);
        began_today || (begins(eve) && span.contains(&from_midnight_before))
    }
}

const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = (0_u8..).zip(DAY_NAMES).filter(|(day, _)| self.days & (1 << day) != 0);
        let names: Vec<_> = begins.map(|(_, name)| name).collect();
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let until = if self.until > DAY_MINUTES {
            self.until.saturating_sub(DAY_MINUTES)
        } else {
            self.until
        };
        write!(f, "{} {}-{}", names.join(","), clock(self.from), clock(until))
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no window; write it as Mon-Fri 11:00-14:30");
        let (days, hours) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (from, until) = hours.trim().split_once('-').ok_or_else(wrong)?;
        let days = days.split(',').try_fold(0, |all, part| Some(all | days_of(part)?));
        let (days, from, until) = (days.ok_or_else(wrong)?, clock(from), clock(until));
        let (from, until) = (from.ok_or_else(wrong)?, until.ok_or_else(wrong)?);
        let overnight = until <= from;
        let until = if overnight { until.saturating_add(DAY_MINUTES) } else { until };
        if from >= DAY_MINUTES { Err(wrong()) } else { Ok(Self { days, from, until }) }
    }
}

/// The bits of `Fri` or `Mon-Fri`; `Sat-Mon` goes over the end of the week.
fn days_of(text: &str) -> Option<u8> {
    let number = |name: &str| DAY_NAMES.iter().position(|day| *day == name.trim());
    let (from, until) = text.split_once('-').unwrap_or((text, text));
    let (from, until) = (number(from)?, number(until)?);
    let mut days = (0_usize..7).cycle().skip(from);
    let mut all = 0;
    loop {
        let day = days.next()?;
        all |= 1_u8 << day;
        if day == until {
            return Some(all);
        }
    }
}

/// `11:00` in minutes, up to `24:00`.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes): (u16, u16) = match (digits(hours), digits(minutes)) {
        (true, true) => (hours.parse().ok()?, minutes.parse().ok()?),
        _other => return None,
    };
    let all = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

/// Days in a row, both ends among them, such as `2026-12-24..2026-12-26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Days {
    /// The first.
    #[n(0)]
    pub from: Day,
    /// The last.
    #[n(1)]
    pub until: Day,
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, until) = text.split_once("..").unwrap_or((text, text));
        let (from, until) = (from.parse()?, until.parse()?);
        if from <= until {
            Ok(Self { from, until })
        } else {
            Err(format!("{text:?} ends before it begins"))
        }
    }
}

/// A thing that is sold, as a bill has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Product {
    /// What the cashier calls it.
    #[n(0)]
    pub name: String,
    /// The number of its barcode (GTIN); empty where it has none.
    #[n(1)]
    pub gtin: String,
}

/// How often; 0 where there is no cap. Days are those of the branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Caps {
    /// Uses of one voucher a day.
    #[n(1)]
    #[cbor(default)]
    pub voucher_day: u32,
    /// Uses of the campaign's vouchers by one customer in all.
    #[n(2)]
    #[cbor(default)]
    pub customer: u32,
    /// Uses of the campaign's vouchers by one customer a day.
    #[n(3)]
    #[cbor(default)]
    pub customer_day: u32,
    /// Uses of the campaign's vouchers at one terminal a day.
    #[n(4)]
    #[cbor(default)]
    pub terminal_day: u32,
    /// Uses of the campaign's vouchers in all, everywhere.
    #[n(5)]
    #[cbor(default)]
    pub campaign: u32,
}

/// Beside which other vouchers a voucher is honoured on one bill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stacking {
    /// Whether only alone.
    #[n(1)]
    #[cbor(default)]
    pub alone: bool,
    /// Most vouchers of this campaign on one bill; 0 for as many as an act takes.
    #[n(2)]
    #[cbor(default)]
    pub most: u8,
    /// Coupons of a lower rank come off the bill before those of a higher.
    #[n(3)]
    #[cbor(default)]
    pub rank: u8,
    /// Campaigns whose vouchers it is never beside.
    #[n(4)]
    #[cbor(default)]
    pub not_with: Vec<CampaignId>,
}

/// How a voucher is redeemed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Flow {
    /// The scan redeems.
    #[n(0)]
    #[default]
    OneScan,
    /// The scan shows what would happen; the cashier confirms.
    #[n(1)]
    Confirm,
}

impl Flow {
    /// Stable code, such as `one_scan`.
    pub fn code(self) -> &'static str {
        match self {
            Self::OneScan => "one_scan",
            Self::Confirm => "confirm",
        }
    }
}

impl FromStr for Flow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::OneScan, Self::Confirm].into_iter().find(|flow| flow.code() == text);
        found.ok_or_else(|| "use one_scan or confirm".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::time::Timestamp;

    fn at(text: &str, zone: &str) -> LocalMoment {
        let time: Timestamp = text.parse().unwrap();
        LocalMoment::of(time, &TimeZone::get(zone).unwrap())
    }

    #[test]
    fn a_window_is_spelled_and_read_alike() {
        for text in ["Mon,Tue,Wed,Thu,Fri 11:00-14:30", "Fri,Sat 22:00-02:00", "Sun 00:00-24:00"] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        let week: Window = "Sat-Mon 08:00-09:00".parse().unwrap();
        assert_eq!(week.to_string(), "Mon,Sat,Sun 08:00-09:00");
        for bad in [
            "",
            "Mon",
            "Mon 11-12",
            "Mon 11:00-25:00",
            "Noday 11:00-12:00",
            "Mon 11:60-12:00",
            "Mon 24:00-01:00",
            "Mon 1:00-2:00",
        ] {
            assert!(bad.parse::<Window>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_begins() {
        let late: Window = "Fri 22:00-02:00".parse().unwrap();
        // 27 November 2026 is a Friday; Berlin is an hour ahead of UTC in winter.
        let open = |text| late.holds(at(text, "Europe/Berlin"));
        assert!(!open("2026-11-27T20:59:59Z") && open("2026-11-27T21:00:00Z"));
        assert!(open("2026-11-28T00:59:59Z") && !open("2026-11-28T01:00:00Z"));
        assert!(!open("2026-11-27T00:30:00Z"), "the night from Thursday to Friday");
    }

    #[test]
    fn the_clock_on_the_wall_jumps_with_daylight_saving() {
        // Berlin 2026: forward on 29 March at 01:00 UTC, back on 25 October at 01:00 UTC (IANA tzdata).
        assert_eq!(at("2026-03-29T00:59:00Z", "Europe/Berlin").minute, 60 + 59);
        assert_eq!(at("2026-03-29T01:00:00Z", "Europe/Berlin").minute, 3 * 60);
        assert_eq!(at("2026-10-25T00:30:00Z", "Europe/Berlin").minute, 2 * 60 + 30);
        assert_eq!(at("2026-10-25T01:30:00Z", "Europe/Berlin").minute, 2 * 60 + 30);
    }

    #[test]
    fn days_are_those_of_the_branch() {
        let eve = "2026-12-23T23:30:00Z";
        assert_eq!(at(eve, "Europe/Berlin").day, "2026-12-24".parse().unwrap());
        assert_eq!(at(eve, "America/New_York").day, "2026-12-23".parse().unwrap());
        assert_eq!(at("1970-01-01T00:00:00Z", "UTC").day, Day(0));
        assert_eq!(at("1969-12-31T00:00:00Z", "UTC").day, Day(-1));
        let holidays: Days = "2026-12-24..2026-12-26".parse().unwrap();
        assert_eq!(holidays.to_string(), "2026-12-24..2026-12-26");
        assert!("2026-12-26..2026-12-24".parse::<Days>().is_err());
    }

    #[test]
    fn times_beyond_the_calendar_are_no_panic() {
        for time in [i64::MIN, i64::MAX] {
            LocalMoment::of(Timestamp(time), &TimeZone::UTC);
        }
        assert!(Day(i32::MAX).to_string().starts_with("9999"));
    }
}
