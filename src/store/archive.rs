//! Reading a journal without the device's key: what was signed can be verified by anyone.

use rusqlite::Connection;

use super::{
    identity::Identity,
    journal::verify_journal,
    lives::Lives,
    open::{Store, StoreError, connect, run_pragma},
    place::Place,
    recount::recount,
};
use crate::domain::{
    crypto::PublicKey,
    id::Epoch,
    journal::{Head, SignedEntry},
    trust::TrustBundle,
};

/// A store that is only read.
pub struct Archive {
    conn: Connection,
    identity: Identity,
    lives: Lives,
}

impl Archive {
    /// Opens the store of a folder, whoever may have its key.
    pub fn open(place: impl Into<Place>) -> Result<Self, StoreError> {
        let place = place.into();
        if !place.holds(Store::FILE) {
            return Err(StoreError::NotEnrolled);
        }
        let conn = connect(&place)?;
        let identity = Identity::read(&conn)?.ok_or(StoreError::NotEnrolled)?;
        let lives = Lives::read(&conn)?;
        Ok(Self { conn, identity, lives })
    }

    /// Whose journal it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The keys of the journal's lives.
    pub fn keys(&self) -> impl Iterator<Item = (Epoch, PublicKey)> {
        self.lives.keys()
    }

    /// The trust bundle in force.
    pub fn bundle(&self) -> Result<TrustBundle, StoreError> {
        let sql = "SELECT bytes FROM bundle";
        let bytes: Vec<u8> = self.conn.query_row(sql, [], |row| row.get(0))?;
        let bundle = TrustBundle::open(&bytes, &self.identity.root);
        bundle.map_err(|_error| StoreError::Damaged("the trust bundle"))
    }

    /// The signed reply that acknowledged the most.
    pub fn last_acknowledgement(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.conn.query_row("SELECT ack FROM terminal", [], |row| row.get(0))?)
    }

    /// Calls `visit` with every signed entry in order and gives the head; stops at the first that does not verify.
    pub fn verify(&self, visit: impl FnMut(&SignedEntry)) -> Result<Head, StoreError> {
        let head = verify_journal(&self.conn, &self.lives, visit)?;
        Ok(head.unwrap_or(Head::start(self.identity.epoch)))
    }

    /// Works the books out anew from the journal; false where they do not agree with it.
    pub fn books_agree(&self) -> Result<bool, StoreError> {
        let zone = self.bundle()?.zone(self.identity.branch);
        match recount(&self.conn, &self.lives, (self.identity.epoch, &zone)) {
            Ok(()) => Ok(true),
            Err(StoreError::Damaged(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Compares all pages; false where the file is damaged.
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        Ok(run_pragma(&self.conn, "PRAGMA integrity_check(1)")? == "ok")
    }
}
