//! Between columns and the values they hold.

use rusqlite::{Row, types::FromSql};

use super::{
    super::{EntryAt, Home, StoreError, Stored},
    from_sqlite,
};
use crate::domain::{
    crypto::{self, PublicKey},
    envelope::{Envelope, decode, encode},
    id::{Epoch, GroupId, Hash, IssuerName, MerchantId, Seq, TerminalId, VoucherId, VoucherKey},
    journal::SignedEntry,
    voucher::{Customer, Lines, Used},
};

/// A column by its name.
pub(super) fn get<T: FromSql>(row: &Row<'_>, name: &str) -> Stored<T> {
    row.get(name).map_err(from_sqlite)
}

/// A number that is never negative, as `SQLite` has it.
pub(super) fn to_sql(number: u64) -> Stored<i64> {
    i64::try_from(number).map_err(|_error| StoreError::TooLarge)
}

/// A column of a number that is never negative.
pub(super) fn whole<T: TryFrom<i64>>(row: &Row<'_>, name: &str) -> Stored<T> {
    narrow(get(row, name)?)
}

/// A number that fits another type.
pub(super) fn narrow<T: TryFrom<i64>>(number: i64) -> Stored<T> {
    T::try_from(number).map_err(|_error| StoreError::Damaged("a number is out of range"))
}

/// A column of 32 bytes that is a hash.
pub(super) fn hash(row: &Row<'_>, name: &str) -> Stored<Hash> {
    get(row, name).map(Hash)
}

/// A column of 32 bytes that is a public key.
pub(super) fn public_key(row: &Row<'_>, name: &str) -> Stored<PublicKey> {
    PublicKey::from_bytes(&get(row, name)?)
        .map_err(|_error| StoreError::Damaged("a public key is none"))
}

/// The columns `issuer` and `voucher`.
pub(super) fn voucher_key(row: &Row<'_>) -> Stored<VoucherKey> {
    let id = VoucherId::from_bytes(get(row, "voucher")?);
    Ok(VoucherKey { issuer: issuer(row)?, id })
}

/// The column `issuer`.
pub(super) fn issuer(row: &Row<'_>) -> Stored<IssuerName> {
    let name = get::<String>(row, "issuer")?;
    name.parse().map_err(|_error| StoreError::Damaged("an issuer's name is none"))
}

/// The column `customer`.
pub(super) fn customer(row: &Row<'_>) -> Stored<Option<Customer>> {
    let name = get::<Option<String>>(row, "customer")?;
    let read = name.map(|name| name.parse()).transpose();
    read.map_err(|_error| StoreError::Damaged("a customer's pseudonym is none"))
}

/// The columns `merchant` and `group_id`.
pub(super) fn home(row: &Row<'_>) -> Stored<Home> {
    let merchant: Option<u32> = get(row, "merchant")?;
    let group: Option<u32> = get(row, "group_id")?;
    let home = merchant.map(|id| Home::Merchant(MerchantId(id)));
    home.or(group.map(|id| Home::Group(GroupId(id))))
        .ok_or(StoreError::Damaged("something has no home"))
}

/// The columns `merchant` and `group_id` of a home.
pub(super) fn home_columns(home: Home) -> (Option<u32>, Option<u32>) {
    match home {
        Home::Merchant(id) => (Some(id.0), None),
        Home::Group(id) => (None, Some(id.0)),
    }
}

/// The columns `terminal`, `epoch` and `seq`.
pub(super) fn entry_at(row: &Row<'_>) -> Stored<EntryAt> {
    Ok(EntryAt {
        terminal: TerminalId(whole(row, "terminal")?),
        epoch: Epoch(whole(row, "epoch")?),
        seq: Seq(whole(row, "seq")?),
    })
}

/// The columns `uses`, `minor` and `lines`.
pub(super) fn used(row: &Row<'_>) -> Stored<Used> {
    let lines = get::<Option<Vec<u8>>>(row, "lines")?;
    let lines = lines.map_or(Ok(Lines::NONE), |bytes| decode(&bytes));
    let lines = lines.map_err(|_error| StoreError::Damaged("the pieces of an order are none"))?;
    Ok(Used { uses: whole(row, "uses")?, minor: get(row, "minor")?, lines })
}

/// The column `lines` of a use; null for what is no order.
pub(super) fn lines_column(used: &Used) -> Option<Vec<u8>> {
    (used.lines != Lines::NONE).then(|| encode(&used.lines))
}

/// The columns `bytes` and `hash`: the entry that was verified before it was stored.
pub(super) fn signed_entry(row: &Row<'_>) -> Stored<SignedEntry> {
    let bytes = get::<Vec<u8>>(row, "bytes")?;
    let stored = hash(row, "hash")?;
    if crypto::hash(&bytes) != stored {
        return Err(StoreError::Damaged("an entry is not the one that was stored"));
    }
    let entry = Envelope::parse(&bytes).ok();
    let entry = entry.and_then(|envelope| decode(envelope.unverified_payload()).ok());
    let entry = entry.ok_or(StoreError::Damaged("an entry cannot be read"))?;
    Ok(SignedEntry { entry, bytes, hash: stored })
}
