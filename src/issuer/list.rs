//! The list of issued vouchers: as CSV (RFC 4180) for a mail merge or a spreadsheet, or as lines for a program to
//! write as JSON.
//!
//! Whoever has the list has the vouchers: it holds their texts.

use std::{borrow::Cow, io};

use csv::{Terminator, WriterBuilder};
use serde::Serialize;

use super::words;
use crate::domain::{
    id::Hex,
    voucher::{AmountOff, Claims, Item, Limit, OrderLine, Scope, Terms, Used},
};

/// The first line of every list as CSV; the names of a [`Line`]'s fields.
pub const HEADER: [&str; 22] = [
    "voucher_id",
    "issuer",
    "campaign",
    "short_code",
    "kind",
    "value_minor",
    "currency",
    "from",
    "until",
    "token",
    "gives",
    "uses",
    "price_minor",
    "starts",
    "opens",
    "closes",
    "merchant",
    "branches",
    "group",
    "customer",
    "holder",
    "conditional",
];

/// One issued voucher.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// What it says.
    pub claims: &'a Claims,
    /// Its short code as it is printed.
    pub short_code: &'a str,
    /// The text of its QR code.
    pub token: &'a str,
}

/// One issued voucher in plain values; times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its id, 32 hexadecimal digits.
    pub voucher_id: String,
    /// Who minted it.
    pub issuer: String,
    /// Its campaign's number.
    pub campaign: u32,
    /// Its short code as it is printed.
    pub short_code: String,
    /// Its kind.
    pub kind: &'static str,
    /// What the merchant is owed when all of it is consumed, in minor units; none for a share of a bill.
    pub value_minor: Option<i64>,
    /// Currency of all amounts, as ISO 4217 letters.
    pub currency: &'static str,
    /// First second it is valid.
    pub from: String,
    /// First second it is no longer valid.
    pub until: String,
    /// The text of its QR code.
    pub token: String,
    /// What it gives, in words.
    pub gives: String,
    /// How often it is consumed in all: uses, people or pieces; none for a balance.
    pub uses: Option<u32>,
    /// What the customer pays at the counter for an item, in minor units; none where that is nothing.
    pub price_minor: Option<i64>,
    /// When a ticket's slot begins.
    pub starts: Option<String>,
    /// First second its party may come.
    pub opens: Option<String>,
    /// Last second it may come.
    pub closes: Option<String>,
    /// The merchant that accepts; none where a group of branches does.
    pub merchant: Option<u32>,
    /// The branches that accept; none named means all.
    pub branches: Vec<u32>,
    /// The group of branches that accepts.
    pub group: Option<u32>,
    /// Whose it is, by a pseudonym.
    pub customer: Option<String>,
    /// The key of the phone it lives on, 64 hexadecimal digits.
    pub holder: Option<String>,
    /// Whether its campaign has rules that the voucher does not carry.
    pub conditional: bool,
}

impl Line {
    /// A voucher's values.
    pub fn of(row: &Row<'_>) -> Self {
        let Claims { issuer, customer, id, from, until, holder, conditional, scope, terms } =
            row.claims;
        let ticket = if let Terms::Ticket(ticket) = terms { Some(ticket) } else { None };
        let (branches, group) = match scope {
            Scope::Merchant { branches, .. } => (branches.iter().map(|id| id.0).collect(), None),
            Scope::Group(group) => (Vec::new(), Some(group.0)),
        };
        Self {
            voucher_id: id.to_string(),
            issuer: issuer.to_string(),
            campaign: id.campaign.0,
            short_code: row.short_code.to_owned(),
            kind: terms.kind().code(),
            value_minor: value_minor(terms),
            currency: terms.currency().code(),
            from: from.to_string(),
            until: until.to_string(),
            token: row.token.to_owned(),
            gives: words::gives(terms),
            uses: uses(terms.limit()),
            price_minor: price_minor(terms),
            starts: ticket.map(|ticket| ticket.starts.to_string()),
            opens: ticket.map(|ticket| ticket.opens().to_string()),
            closes: ticket.map(|ticket| ticket.closes().to_string()),
            merchant: scope.merchant().map(|id| id.0),
            branches,
            group,
            customer: customer.as_ref().map(ToString::to_string),
            holder: holder.map(|key| Hex(&key.0).to_string()),
            conditional: *conditional,
        }
    }

    /// The cells of a line of CSV; branches are parted by blanks.
    fn cells(self) -> [String; HEADER.len()] {
        let number = |number: Option<i64>| number.map_or_else(String::new, |it| it.to_string());
        let branches: Vec<_> = self.branches.iter().map(ToString::to_string).collect();
        [
            self.voucher_id,
            self.issuer,
            self.campaign.to_string(),
            self.short_code,
            self.kind.to_owned(),
            number(self.value_minor),
            self.currency.to_owned(),
            self.from,
            self.until,
            self.token,
            self.gives,
            number(self.uses.map(i64::from)),
            number(self.price_minor),
            self.starts.unwrap_or_default(),
            self.opens.unwrap_or_default(),
            self.closes.unwrap_or_default(),
            number(self.merchant.map(i64::from)),
            branches.join(" "),
            number(self.group.map(i64::from)),
            self.customer.unwrap_or_default(),
            self.holder.unwrap_or_default(),
            self.conditional.to_string(),
        ]
    }
}

/// Writes the header and one line a voucher as CSV, and flushes.
pub fn write<'a>(
    out: impl io::Write,
    rows: impl IntoIterator<Item = Row<'a>>,
) -> Result<(), ListError> {
    write_all(out, rows).map_err(ListError)
}

fn write_all<'a>(
    out: impl io::Write,
    rows: impl IntoIterator<Item = Row<'a>>,
) -> Result<(), csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    writer.write_record(HEADER)?;
    for row in rows {
        let cells = Line::of(&row).cells();
        writer.write_record(cells.iter().map(|cell| safe(cell).into_owned()))?;
    }
    Ok(writer.flush()?)
}

/// What the voucher is worth in all; nothing for a share of a bill that is not known yet.
fn value_minor(terms: &Terms) -> Option<i64> {
    let each = |minor: i64, count: u16| minor.checked_mul(i64::from(count));
    match terms {
        Terms::PrepaidDeal { value } | Terms::Item(Item { value, .. }) => Some(value.minor),
        Terms::AmountOff(AmountOff { off, .. }) => Some(off.minor),
        Terms::PercentOff(_) => None,
        Terms::Pass { uses, value_each } => each(value_each.minor, *uses),
        Terms::StoredValue { balance } => Some(balance.minor),
        Terms::Ticket(ticket) => each(ticket.value_each.minor, ticket.party),
        Terms::PickUp { lines, .. } => {
            let worth = |line: &OrderLine| each(line.value_each, line.count);
            lines.iter().map(worth).try_fold(0_i64, |sum, worth| sum.checked_add(worth?))
        }
    }
}

fn uses(limit: Limit) -> Option<u32> {
    match limit {
        Limit::Uses(_) | Limit::Lines(_) => u32::try_from(limit.left_after(Used::default())).ok(),
        Limit::Balance(_) => None,
    }
}

fn price_minor(terms: &Terms) -> Option<i64> {
    if let Terms::Item(item) = terms { Some(item.price).filter(|price| *price > 0) } else { None }
}

/// A spreadsheet takes cells that begin so for formulas.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
#[error("the list could not be written")]
pub struct ListError(#[source] csv::Error);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        crypto::HolderKey,
        id::{BranchId, CampaignId, GroupId, MerchantId, VoucherId},
        money::{Currency, Money},
        time::Timestamp,
        voucher::{PercentOff, Ticket},
    };

    fn claims(issuer: &str, terms: Terms) -> Claims {
        Claims {
            issuer: issuer.parse().unwrap(),
            customer: None,
            id: VoucherId { campaign: CampaignId(7), index: 5, random: 0xaabb },
            from: Timestamp(1_443_944_944),
            until: Timestamp(1_443_944_945),
            holder: None,
            conditional: false,
            scope: Scope::Merchant {
                merchant: MerchantId(101),
                branches: vec![BranchId(1001), BranchId(1004)],
            },
            terms,
        }
    }

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn written(rows: &[Row<'_>]) -> String {
        let mut out = Vec::new();
        write(&mut out, rows.iter().copied()).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn one(issuer: &str, terms: Terms, short_code: &str, token: &str) -> String {
        let claims = claims(issuer, terms);
        let row = Row { claims: &claims, short_code, token };
        written(&[row]).lines().nth(1).unwrap().to_owned()
    }

    #[test]
    fn an_empty_list_has_its_header() {
        let header = "voucher_id,issuer,campaign,short_code,kind,value_minor,currency,from,until,token,\
            gives,uses,price_minor,starts,opens,closes,merchant,branches,group,customer,holder,conditional\r\n";
        assert_eq!(written(&[]), header);
    }

    #[test]
    fn a_voucher_is_one_line() {
        let value = Terms::PrepaidDeal { value: euros(2500) };
        assert_eq!(
            one("demo", value, "ABCD-EFGH", "CS1:BB8 $%*+-./:"),
            "0000000700000005000000000000aabb,demo,7,ABCD-EFGH,prepaid_deal,2500,EUR,\
             2015-10-04T07:49:04Z,2015-10-04T07:49:05Z,CS1:BB8 $%*+-./:,\
             worth €25.00,1,,,,,101,1001 1004,,,,false"
        );
    }

    #[test]
    fn a_ticket_of_a_customer_says_all_of_it() {
        let starts = Timestamp(1_443_944_944);
        let (early_s, late_s) = (4, 56);
        let ticket = Ticket { starts, early_s, late_s, party: 4, value_each: euros(6500) };
        let claims = Claims {
            customer: Some("anna".parse().unwrap()),
            holder: Some(HolderKey([0xab; 32])),
            conditional: true,
            scope: Scope::Group(GroupId(9)),
            ..claims("demo", Terms::Ticket(ticket))
        };
        let row = Row { claims: &claims, short_code: "A", token: "T" };
        let line = written(&[row]).lines().nth(1).unwrap().to_owned();
        let (_, rest) = line.split_once(",T,").unwrap();
        let expected = format!(
            "admits 4 people,4,,2015-10-04T07:49:04Z,2015-10-04T07:49:00Z,2015-10-04T07:50:00Z,\
             ,,9,anna,{},true",
            "ab".repeat(32)
        );
        assert_eq!(rest, expected);
        assert_eq!(Line::of(&row).value_minor, Some(26_000), "four times 65.00");
        let json = serde_json::to_value(Line::of(&row)).unwrap();
        let names: std::collections::BTreeSet<_> = json.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), HEADER.len());
        assert!(HEADER.iter().all(|name| json.get(name).is_some()), "the same names in both");
    }

    #[test]
    fn orders_and_items_say_pieces_and_prices() {
        let line = |count, value_each, name: &str| OrderLine {
            count,
            value_each,
            name: name.parse().unwrap(),
        };
        let lines = vec![line(2, 320, "=Bread"), line(1, 450, "Cake, sliced")];
        let claims_of = |terms| claims("demo", terms);
        let order = claims_of(Terms::PickUp { currency: Currency::EUR, lines });
        let found = Line::of(&Row { claims: &order, short_code: "A", token: "T" });
        // 2 times 3.20 and 4.50.
        assert_eq!((found.value_minor, found.uses), (Some(1090), Some(3)));
        let name = "Cappuccino".parse().unwrap();
        let item = Item { count: 2, name, value: euros(500), price: 100 };
        let item = claims_of(Terms::Item(item));
        let found = Line::of(&Row { claims: &item, short_code: "A", token: "T" });
        assert_eq!(
            (found.value_minor, found.uses, found.price_minor),
            (Some(500), Some(1), Some(100))
        );
        let balance = claims_of(Terms::StoredValue { balance: euros(1) });
        let found = Line::of(&Row { claims: &balance, short_code: "A", token: "T" });
        assert_eq!((found.uses, found.price_minor), (None, None));
    }

    #[test]
    fn lines_end_as_rfc_4180_has_it() {
        let claims = claims("demo", Terms::StoredValue { balance: euros(1) });
        let row = Row { claims: &claims, short_code: "A", token: "T" };
        let list = written(&[row, row]);
        assert_eq!(list.matches("\r\n").count(), 3);
        assert_eq!(list.matches('\n').count(), 3);
    }

    #[test]
    fn commas_quotes_and_line_ends_stay_in_their_cell() {
        let value = || Terms::PrepaidDeal { value: euros(2500) };
        assert!(one("demo", value(), "a,b", "T").contains(",\"a,b\","));
        assert!(one("demo", value(), "a\"b", "T").contains(",\"a\"\"b\","));
        let claims = claims("demo", value());
        let row = Row { claims: &claims, short_code: "a\r\nb", token: "T" };
        assert!(written(&[row]).contains(",\"a\r\nb\","));
    }

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        let value = || Terms::PrepaidDeal { value: euros(2500) };
        for start in ["=", "+", "-", "@", "\t"] {
            let line = one("demo", value(), &format!("{start}1"), "T");
            assert!(line.contains(&format!(",'{start}1,")), "{line}");
        }
        assert!(one("demo", value(), "\r1", "T").contains("\"'\r1\""));
        assert!(one("-demo", value(), "A", "T").contains(",'-demo,"));
        assert!(one("demo", value(), "1=1", "T").contains(",1=1,"));
    }

    #[test]
    fn the_value_is_what_the_voucher_is_worth_in_all() {
        let pass = Terms::Pass { uses: 10, value_each: euros(350) };
        assert!(one("demo", pass, "A", "T").contains(",pass,3500,EUR,"));
        let percent = Terms::PercentOff(PercentOff {
            basis_points: 1000,
            cap: 500,
            minimum_spend: 0,
            currency: Currency::EUR,
        });
        assert!(one("demo", percent, "A", "T").contains(",percent_off,,EUR,"));
    }

    #[test]
    fn a_full_disk_is_reported() {
        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(write(Full, []).is_err());
    }
}
