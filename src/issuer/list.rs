//! The list of issued vouchers as CSV (RFC 4180), for a mail merge or a spreadsheet.
//!
//! Whoever has the list has the vouchers: it holds their texts.

use std::{borrow::Cow, io};

use csv::{Terminator, WriterBuilder};

use crate::domain::voucher::{AmountOff, Claims, Terms};

/// The first line of every list.
pub const HEADER: [&str; 10] = [
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

/// Writes the header and one line a voucher, and flushes.
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
        writer.write_record(cells(&row).iter().map(|cell| safe(cell).into_owned()))?;
    }
    Ok(writer.flush()?)
}

fn cells(row: &Row<'_>) -> [String; HEADER.len()] {
    let Claims { issuer, id, from, until, terms, .. } = row.claims;
    [
        id.to_string(),
        issuer.to_string(),
        id.campaign.to_string(),
        row.short_code.to_owned(),
        terms.kind().to_string(),
        value_minor(terms).map_or_else(String::new, |minor| minor.to_string()),
        terms.currency().to_string(),
        from.to_string(),
        until.to_string(),
        row.token.to_owned(),
    ]
}

/// What the voucher is worth in all; nothing for a share of a bill that is not known yet.
fn value_minor(terms: &Terms) -> Option<i64> {
    match terms {
        Terms::PrepaidDeal { value } => Some(value.minor),
        Terms::AmountOff(AmountOff { off, .. }) => Some(off.minor),
        Terms::PercentOff(_) => None,
        Terms::Pass { uses, value_each } => value_each.minor.checked_mul(i64::from(*uses)),
        Terms::StoredValue { balance } => Some(balance.minor),
    }
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
        id::{BranchId, CampaignId, MerchantId, VoucherId},
        money::{Currency, Money},
        time::Timestamp,
        voucher::{PercentOff, Scope},
    };

    fn claims(issuer: &str, terms: Terms) -> Claims {
        Claims {
            issuer: issuer.parse().unwrap(),
            id: VoucherId { campaign: CampaignId(7), index: 5, random: 0xaabb },
            from: Timestamp(1_443_944_944),
            until: Timestamp(1_443_944_945),
            scope: Scope { merchant: MerchantId(101), branches: vec![BranchId(1001)] },
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
        let header =
            "voucher_id,issuer,campaign,short_code,kind,value_minor,currency,from,until,token\r\n";
        assert_eq!(written(&[]), header);
    }

    #[test]
    fn a_voucher_is_one_line() {
        let value = Terms::PrepaidDeal { value: euros(2500) };
        assert_eq!(
            one("demo", value, "ABCD-EFGH", "CS1:BB8 $%*+-./:"),
            "0000000700000005000000000000aabb,demo,7,ABCD-EFGH,prepaid_deal,2500,EUR,\
             2015-10-04T07:49:04Z,2015-10-04T07:49:05Z,CS1:BB8 $%*+-./:"
        );
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
