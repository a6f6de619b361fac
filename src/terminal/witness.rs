//! Codes that let a customer's phone tell the platform of a redemption it has not acknowledged.

use qrcode::{Color, EcLevel, QrCode};

use super::{
    engine::Engine,
    view::{CodeView, View},
};
use crate::{
    domain::{
        id::Seq,
        journal::{Body, Redeemed},
        sync::witness_url,
    },
    store::StoreError,
};

impl Engine {
    /// The address that hands in a redemption; none where the entry is none, is acknowledged, or is too long to be shown.
    pub fn witness_url(&self, entry: Seq) -> Result<Option<String>, StoreError> {
        let store = self.store().ok_or(StoreError::GivenUp)?;
        if entry <= store.identity().acked || store.redemption(entry)?.is_none() {
            return Ok(None);
        }
        let bytes = store.bytes_at(entry)?;
        Ok(bytes.and_then(|bytes| witness_url(&store.identity().url, &bytes)))
    }

    /// A code for each redemption of the last act that the platform has not acknowledged; none while nobody looks.
    pub(super) fn witness_codes(&self) -> Vec<CodeView> {
        if !self.carrying.witnessing {
            return Vec::new();
        }
        let entries = self.last_act().into_iter();
        let urls = entries.filter_map(|entry| self.witness_url(entry).ok().flatten());
        urls.filter_map(|url| code(&url)).collect()
    }

    /// The entries of the last redemption, or of all that were redeemed with it.
    fn last_act(&self) -> Vec<Seq> {
        let mut redeemed = self.recent.iter().take(View::RECENT_MAX).filter_map(|row| {
            if let Body::Redeemed(redeemed) = &row.entry.body {
                Some((row.entry.seq, redeemed))
            } else {
                None
            }
        });
        let Some((last, Redeemed { act, .. })) = redeemed.next() else {
            return Vec::new();
        };
        let first = act.map_or(last, |act| act.first);
        (first.0..=last.0).map(Seq).collect()
    }
}

/// The QR code of an address, with as little redundancy as there is: it is read from a screen.
pub fn code(text: &str) -> Option<CodeView> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let modules = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
    Some(CodeView { modules, width })
}
