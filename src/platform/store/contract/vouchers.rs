//! Vouchers and status lists.

use super::fixture::*;
use crate::platform::store::*;

fn row(key: VoucherKey, short_code: u64) -> VoucherRow {
    VoucherRow {
        key,
        home: Home::Merchant(MerchantId(1)),
        branches: Vec::new(),
        short_code,
        text: "CS1:".to_owned(),
        standing: Status::Valid,
        loaded: 0,
    }
}

pub(super) fn a_voucher_is_unique_in_every_way(store: &dyn Store) {
    let id = campaign(store);
    let add = |key, code| write(store, |txn| txn.add_voucher(&row(key, code)));
    add(voucher(id, 1, 1), 100).unwrap();
    assert!(is_duplicate(&add(voucher(id, 1, 1), 101)), "the same id");
    assert!(is_duplicate(&add(voucher(id, 1, 2), 102)), "the same index");
    assert!(is_duplicate(&add(voucher(id, 2, 3), 100)), "the same short code");
    add(voucher(id, 2, 3), (1 << 55) - 1).unwrap();
    let own = voucher(id, 1, 1);
    write(store, |txn| txn.set_standing(&own, Status::Suspended)).unwrap();
    write(store, |txn| txn.set_loaded(&own, 250)).unwrap();
    let found = write(store, |txn| txn.voucher(&own)).unwrap().unwrap();
    let expected = VoucherRow { standing: Status::Suspended, loaded: 250, ..row(own, 100) };
    assert_eq!(found, expected);
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

pub(super) fn vouchers_of_a_campaign_come_by_their_index(store: &dyn Store) {
    let (one, two) = (campaign(store), campaign(store));
    for (id, index, code) in [(one, 7, 1), (one, 0, 2), (two, 3, 3), (one, 3, 4)] {
        let row = row(voucher(id, index, u64::from(index)), code);
        write(store, |txn| txn.add_voucher(&row)).unwrap();
    }
    let page = |after, limit| {
        let rows = write(store, |txn| txn.vouchers_of(one, after, limit)).unwrap();
        rows.iter().map(|row| row.key.id.index).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 9), [0, 3, 7]);
    assert_eq!(page(None, 2), [0, 3]);
    assert_eq!(page(Some(3), 9), [7]);
    assert_eq!(page(Some(7), 9), Vec::<u32>::new());
}

pub(super) fn listed_vouchers_are_found_by_campaign_branch_and_number(store: &dyn Store) {
    let (one, two) = (campaign(store), campaign(store));
    let named =
        VoucherRow { branches: vec![BranchId(3), BranchId(12)], ..row(voucher(one, 2, 2), 2) };
    let rows = [row(voucher(one, 1, 1), 1), named, row(voucher(two, 1, 3), 3)];
    for row in &rows {
        write(store, |txn| txn.add_voucher(row)).unwrap();
    }
    let list = |campaigns: &[_], branch, after, limit| {
        let branch = BranchId(branch);
        let filter = ListedFilter { campaigns: campaigns.to_vec(), branch, after, limit };
        let rows = write(store, |txn| txn.listed(&filter)).unwrap();
        rows.iter().map(|(number, row)| (*number, row.short_code)).collect::<Vec<_>>()
    };
    assert_eq!(list(&[one, two], 3, 0, 9), [], "nothing is listed by itself");
    write(store, |txn| txn.list_voucher(&rows[2].key)).unwrap();
    write(store, |txn| txn.list_campaign(one)).unwrap();
    assert_eq!(list(&[one, two], 3, 0, 9), [(1, 3), (2, 1), (3, 2)]);
    assert_eq!(list(&[one, two], 3, 1, 1), [(2, 1)]);
    assert_eq!(list(&[one], 12, 0, 9), [(2, 1), (3, 2)]);
    for other in [1, 2, 31] {
        assert_eq!(list(&[one], other, 0, 9), [(2, 1)], "branch {other} is not named");
    }
    assert_eq!(list(&[], 3, 0, 9), []);
    assert_eq!(list(&[one], 3, u64::MAX, 9), []);
    write(store, |txn| txn.list_voucher(&rows[0].key)).unwrap();
    assert_eq!(list(&[one, two], 3, 0, 9), [(1, 3), (3, 2), (4, 1)], "listed again");
    write(store, |txn| txn.list_campaign(one)).unwrap();
    assert_eq!(list(&[one, two], 3, 0, 9), [(1, 3), (5, 1), (6, 2)]);
    let found = write(store, |txn| txn.voucher(&rows[1].key)).unwrap();
    assert_eq!(found, Some(rows[1].clone()), "with its branches");
}
