//! What is printed under a code: what the voucher gives and until when, in plain words and the shop's time.

use jiff::tz::TimeZone;

use crate::domain::{
    money::Money,
    redeem::LocalMoment,
    time::Timestamp,
    voucher::{AmountOff, Claims, Item, OrderLine, PercentOff, Terms, Ticket},
};

/// Under a code: the campaign's title, what the voucher gives, and the last day or the time of it.
pub fn lines(title: &str, claims: &Claims, zone: &TimeZone) -> Vec<String> {
    vec![title.to_owned(), gives(&claims.terms), when(claims, zone)]
}

/// What a voucher gives.
pub fn gives(terms: &Terms) -> String {
    match terms {
        Terms::PrepaidDeal { value } => format!("worth {value}"),
        Terms::AmountOff(AmountOff { off, minimum_spend }) => {
            let minimum = Money { minor: *minimum_spend, ..*off };
            if *minimum_spend > 0 {
                format!("{off} off from {minimum}")
            } else {
                format!("{off} off")
            }
        }
        Terms::PercentOff(terms) => percent(terms),
        Terms::Pass { uses, .. } => format!("{uses} uses"),
        Terms::StoredValue { balance } => format!("{balance} to spend"),
        Terms::Item(item) => thing(item),
        Terms::Ticket(Ticket { party: 1, .. }) => "admits one".to_owned(),
        Terms::Ticket(Ticket { party, .. }) => format!("admits {party} people"),
        Terms::PickUp { lines, .. } => order(lines),
    }
}

/// Until which day a voucher is good, or when a party is expected.
pub fn when(claims: &Claims, zone: &TimeZone) -> String {
    let Terms::Ticket(ticket) = &claims.terms else {
        // The last day on which it is good: its end is the first second on which it is not.
        return format!("until {}", clock(claims.until.plus(-1), zone).0);
    };
    let (day, starts) = clock(ticket.starts, zone);
    let (from, until) = (clock(ticket.opens(), zone), clock(ticket.closes(), zone));
    if from.0 == day && until.0 == day {
        format!("{day} {starts}, come from {} to {}", from.1, until.1)
    } else {
        format!("{day} {starts}")
    }
}

fn percent(terms: &PercentOff) -> String {
    let PercentOff { basis_points, cap, minimum_spend, currency } = *terms;
    let (whole, part) = (basis_points / 100, basis_points % 100);
    let share = match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:02}").trim_end_matches('0').to_owned(),
    };
    let bound = |word: &str, minor: i64| match minor {
        0 => String::new(),
        minor => format!("{word}{}", Money::new(minor, currency)),
    };
    format!("{share}% off{}{}", bound(" from ", minimum_spend), bound(", at most ", cap))
}

fn thing(item: &Item) -> String {
    let Item { count, name, value, price } = item;
    let what = if *count == 1 { name.to_string() } else { format!("{count} x {name}") };
    match price {
        0 => what,
        price => format!("{what} for {}", Money { minor: *price, ..*value }),
    }
}

fn order(lines: &[OrderLine]) -> String {
    let lines = lines.iter().map(|line| format!("{} x {}", line.count, line.name));
    lines.collect::<Vec<_>>().join(", ")
}

/// The date and the time by the clock on the shop's wall.
fn clock(time: Timestamp, zone: &TimeZone) -> (String, String) {
    let LocalMoment { day, minute, .. } = LocalMoment::of(time, zone);
    (day.to_string(), format!("{:02}:{:02}", minute / 60, minute % 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{CampaignId, MerchantId, VoucherId},
        money::Currency,
        voucher::Scope,
    };

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn claims(terms: Terms, until: &str) -> Claims {
        Claims {
            issuer: "demo".parse().unwrap(),
            customer: None,
            id: VoucherId { campaign: CampaignId(7), index: 5, random: 0xaabb },
            from: Timestamp(0),
            until: until.parse().unwrap(),
            holder: None,
            conditional: false,
            scope: Scope::of(MerchantId(101)),
            terms,
        }
    }

    #[test]
    fn every_kind_says_what_it_gives() {
        let coupon = |basis_points, cap, minimum_spend| {
            let currency = Currency::EUR;
            Terms::PercentOff(PercentOff { basis_points, cap, minimum_spend, currency })
        };
        let name = "Cappuccino".parse().unwrap();
        let item = Item { count: 1, name, value: euros(250), price: 100 };
        let line =
            |count, name: &str| OrderLine { count, value_each: 320, name: name.parse().unwrap() };
        let lines = vec![line(2, "Bread"), line(1, "Cake")];
        for (terms, words) in [
            (Terms::PrepaidDeal { value: euros(2490) }, "worth €24.90"),
            (Terms::AmountOff(AmountOff { off: euros(500), minimum_spend: 0 }), "€5.00 off"),
            (
                Terms::AmountOff(AmountOff { off: euros(500), minimum_spend: 3000 }),
                "€5.00 off from €30.00",
            ),
            (coupon(1500, 0, 0), "15% off"),
            (coupon(1250, 2000, 0), "12.5% off, at most €20.00"),
            (coupon(1001, 0, 100), "10.01% off from €1.00"),
            (Terms::Pass { uses: 10, value_each: euros(0) }, "10 uses"),
            (Terms::StoredValue { balance: euros(10_000) }, "€100.00 to spend"),
            (Terms::Item(Item { price: 0, count: 2, ..item.clone() }), "2 x Cappuccino"),
            (Terms::Item(item), "Cappuccino for €1.00"),
            (Terms::PickUp { currency: Currency::EUR, lines }, "2 x Bread, 1 x Cake"),
        ] {
            assert_eq!(gives(&terms), words);
        }
    }

    #[test]
    fn days_and_times_are_those_of_the_shop() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // Berlin is an hour ahead of UTC in winter: midnight there after 24 December is 23:00 UTC of that day.
        let deal = claims(Terms::PrepaidDeal { value: euros(1) }, "2026-12-24T23:00:00Z");
        assert_eq!(when(&deal, &berlin), "until 2026-12-24");
        let ticket = |early_s, late_s| {
            let starts = "2026-12-24T18:00:00Z".parse().unwrap();
            let value_each = euros(6500);
            Terms::Ticket(Ticket { starts, early_s, late_s, party: 4, value_each })
        };
        let evening = claims(ticket(1800, 900), "2027-01-01T00:00:00Z");
        assert_eq!(when(&evening, &berlin), "2026-12-24 19:00, come from 18:30 to 19:15");
        assert_eq!(gives(&evening.terms), "admits 4 people");
        // Six hours after 19:00 is another day.
        let night = claims(ticket(0, 6 * 3600), "2027-01-01T00:00:00Z");
        assert_eq!(when(&night, &berlin), "2026-12-24 19:00");
        assert_eq!(lines("Gala", &night, &berlin).len(), 3);
    }
}
