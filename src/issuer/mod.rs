//! Minting vouchers: key files, batches, pictures, sheets, lists.
