//! Vouchers and status lists.

use super::fixture::*;
use crate::platform::store::*;

pub(super) fn a_voucher_is_unique_in_every_way(store: &dyn Store) {
    let id = campaign(store);
    let row = |key, short_code| VoucherRow {
        key,
        merchant: MerchantId(1),
        short_code,
        text: "CS1:".to_owned(),
        standing: Status::Valid,
    };
    let add = |key, code| write(store, |txn| txn.add_voucher(&row(key, code)));
    add(voucher(id, 1, 1), 100).unwrap();
    assert!(is_duplicate(&add(voucher(id, 1, 1), 101)), "the same id");
    assert!(is_duplicate(&add(voucher(id, 1, 2), 102)), "the same index");
    assert!(is_duplicate(&add(voucher(id, 2, 3), 100)), "the same short code");
    add(voucher(id, 2, 3), (1 << 55) - 1).unwrap();
    let own = voucher(id, 1, 1);
    write(store, |txn| txn.set_standing(&own, Status::Suspended)).unwrap();
    let found = write(store, |txn| txn.voucher(&own)).unwrap().unwrap();
    assert_eq!(found, VoucherRow { standing: Status::Suspended, ..row(own, 100) });
    let by_code = write(store, |txn| txn.voucher_by_code((1 << 55) - 1)).unwrap();
    assert_eq!(by_code, Some(row(voucher(id, 2, 3), (1 << 55) - 1)));
    assert_eq!(write(store, |txn| txn.voucher_by_code(u64::MAX)).unwrap(), None);
}

pub(super) fn chunks_begin_valid_and_are_replaced(store: &dyn Store) {
    let id = campaign(store);
    let mut chunk = write(store, |txn| txn.chunk(id, 3)).unwrap();
    assert_eq!(chunk, Chunk::default());
    for status in [Status::Revoked, Status::Redeemed] {
        chunk.set(9, status);
        write(store, |txn| txn.put_chunk(id, 3, &chunk)).unwrap();
        assert_eq!(write(store, |txn| txn.chunk(id, 3)).unwrap().get(9), status);
    }
    assert_eq!(write(store, |txn| txn.chunk(id, 2)).unwrap(), Chunk::default());
}
