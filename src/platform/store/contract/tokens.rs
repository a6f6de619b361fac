//! Secrets that let programs ask.

use super::fixture::*;
use crate::{domain::id::TokenId, platform::store::*};

pub(super) fn tokens_come_back_as_they_were_and_are_revoked_once(store: &dyn Store) {
    let owner = merchant(store);
    let roles =
        [TokenRole::Owner(owner), TokenRole::Settlement, TokenRole::Audit, TokenRole::Wallet];
    let mut rows = Vec::new();
    for (number, role) in (1_u8..).zip(roles) {
        let row = TokenRow {
            id: TokenId(u32::from(number)),
            name: format!("Token {number}"),
            role,
            hash: Hash([number; 32]),
            made: NOW,
            used: None,
            revoked: false,
        };
        assert_eq!(write(store, |txn| txn.add_token(&row)).unwrap(), row.id);
        assert!(is_duplicate(&write(store, |txn| txn.add_token(&row))));
        assert_eq!(write(store, |txn| txn.token(row.hash)).unwrap().as_ref(), Some(&row));
        rows.push(row);
    }
    assert_eq!(write(store, |txn| txn.token(Hash::ZERO)).unwrap(), None);
    write(store, |txn| txn.use_token(TokenId(2), NOW.plus(5))).unwrap();
    assert!(write(store, |txn| txn.revoke_token(TokenId(3))).unwrap());
    assert!(!write(store, |txn| txn.revoke_token(TokenId(3))).unwrap());
    assert!(!write(store, |txn| txn.revoke_token(TokenId(9))).unwrap());
    (rows[1].used, rows[2].revoked) = (Some(NOW.plus(5)), true);
    assert_eq!(write(store, |txn| txn.tokens()).unwrap(), rows);
    let nobody =
        TokenRow { role: TokenRole::Owner(MerchantId(99)), hash: Hash([9; 32]), ..rows[0].clone() };
    let lost = write(store, |txn| txn.add_token(&nobody));
    assert!(matches!(lost, Err(StoreError::Forbidden(_))), "the owner of nothing");
}
