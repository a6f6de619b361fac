//! Rows to fill a store with.

use crate::{
    domain::{
        crypto::SecretKey,
        id::{
            BranchId, CampaignId, Epoch, Hash, MerchantId, OperatorId, Seq, TerminalId, VoucherId,
            VoucherKey,
        },
        journal::{Body, Entry, Opened, SignedEntry, append},
        redeem::Policy,
        time::Timestamp,
        trust::{Branch, Campaign, CampaignState},
        voucher::Used,
    },
    platform::store::{
        BranchRow, CampaignRow, EntryAt, Home, JournalRow, Store, StoreError, Stored,
        TerminalKeyRow, TerminalRow, Txn, transact,
    },
};

pub(super) const NOW: Timestamp = Timestamp(1_795_338_000);

pub(super) fn write<T>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn Txn) -> Stored<T>,
) -> Stored<T> {
    transact(store, work)
}

pub(super) fn is_duplicate<T: std::fmt::Debug>(done: &Stored<T>) -> bool {
    matches!(done, Err(StoreError::Duplicate))
}

pub(super) fn merchant(store: &dyn Store) -> MerchantId {
    write(store, |txn| txn.add_merchant("Corner")).unwrap()
}

pub(super) fn branch(store: &dyn Store, merchant: MerchantId) -> BranchId {
    let row = BranchRow {
        merchant,
        branch: Branch {
            id: BranchId(0),
            name: "North".to_owned(),
            time_zone: "UTC".to_owned(),
            place: None,
        },
    };
    write(store, |txn| txn.add_branch(&row)).unwrap()
}

pub(super) fn campaign_row(merchant: MerchantId) -> CampaignRow {
    CampaignRow {
        campaign: Campaign {
            id: CampaignId(0),
            issuer: "demo".parse().unwrap(),
            title: "Opening week".to_owned(),
            state: CampaignState::Active,
            policy: Policy::default(),
        },
        home: Home::Merchant(merchant),
        capacity: 100,
        next_ordinal: 0,
        scramble: [7; 32],
        list_version: 1,
    }
}

pub(super) fn campaign(store: &dyn Store) -> CampaignId {
    let row = campaign_row(merchant(store));
    write(store, |txn| txn.add_campaign(&row)).unwrap()
}

pub(super) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(super) fn voucher(campaign: CampaignId, index: u32, random: u64) -> VoucherKey {
    VoucherKey { issuer: "demo".parse().unwrap(), id: VoucherId { campaign, index, random } }
}

pub(super) fn terminal_row(merchant: MerchantId, branch: BranchId) -> TerminalRow {
    TerminalRow {
        id: TerminalId(0),
        merchant,
        branch,
        name: "Till 1".to_owned(),
        epoch: Epoch(1),
        last_contact: None,
        software: None,
    }
}

pub(super) fn key_row(terminal: TerminalId, epoch: u32) -> TerminalKeyRow {
    TerminalKeyRow {
        terminal,
        epoch: Epoch(epoch),
        key: key(40).public(),
        enrolled_at: NOW,
        revoked: false,
    }
}

/// A terminal with a key, and its merchant.
pub(super) fn terminal(store: &dyn Store) -> (TerminalId, MerchantId) {
    let merchant = merchant(store);
    let row = terminal_row(merchant, branch(store, merchant));
    let id = write(store, |txn| {
        let id = txn.add_terminal(&row)?;
        txn.add_terminal_key(&key_row(id, 1))?;
        Ok(id)
    });
    (id.unwrap(), merchant)
}

pub(super) fn signed(terminal: TerminalId, seq: u64, body: Body) -> SignedEntry {
    let entry = Entry {
        terminal,
        epoch: Epoch(1),
        seq: Seq(seq),
        prev: Hash::ZERO,
        at: NOW.plus(i64::try_from(seq).unwrap()),
        time_floor: NOW,
        branch: BranchId(1),
        operator: Some(OperatorId(3)),
        body,
    };
    append(&key(40), entry)
}

pub(super) fn opened() -> Body {
    Body::Opened(Opened { software: "test".to_owned(), continues: Hash::ZERO })
}

pub(super) fn back() -> Body {
    Body::RolledBack(crate::domain::journal::RolledBack {
        of: Seq(1),
        voucher: voucher(CampaignId(1), 1, 1),
        used: Used::new(1, 5),
        currency: crate::domain::money::Currency::EUR,
        reason: "wrong_scan".to_owned(),
        of_epoch: Epoch(1),
        approved_by: None,
    })
}

pub(super) fn journal_row(merchant: MerchantId, signed: SignedEntry) -> JournalRow {
    JournalRow { signed, merchant, received: NOW, note: None }
}

pub(super) fn at(terminal: TerminalId, seq: u64) -> EntryAt {
    EntryAt { terminal, epoch: Epoch(1), seq: Seq(seq) }
}

/// Appends entries 1 to `count`.
pub(super) fn fill(store: &dyn Store, (terminal, merchant): (TerminalId, MerchantId), count: u64) {
    for seq in 1..=count {
        let row = journal_row(merchant, signed(terminal, seq, opened()));
        write(store, |txn| txn.append(&row)).unwrap();
    }
}
