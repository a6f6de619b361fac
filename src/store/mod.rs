//! The terminal's SQLite: one writer, one transaction from check to append.
