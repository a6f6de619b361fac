//! The bar of keys at the bottom: every key that does something, to press or to click.

use egui::{Align, Key, Layout, Stroke, Ui, vec2};

use super::button::{Look, key_button_ui};
use crate::{
    terminal::{
        text::Texts,
        view::{ScanView, View},
    },
    ui::theme::{self, GAP},
};

/// A key of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKey {
    /// Type a code.
    Typed,
    /// Last scans.
    Recent,
    /// Undo the last acceptance.
    Undo,
    /// Synchronise.
    Sync,
    /// Put several vouchers on one bill.
    Bill,
    /// Look before anything is consumed; on a bill, take off the voucher that was added last.
    Look,
    /// Show the last receipt.
    Receipt,
    /// Clear the screen, leave a question or a dialog.
    Clear,
    /// Confirm an answer.
    Confirm,
}

impl BarKey {
    /// All keys from left to right.
    pub const ALL: [Self; 9] = [
        Self::Typed,
        Self::Recent,
        Self::Undo,
        Self::Sync,
        Self::Bill,
        Self::Look,
        Self::Receipt,
        Self::Clear,
        Self::Confirm,
    ];

    /// The keys that work in every screen; Esc and Enter belong to what is in front.
    pub const FUNCTIONS: [Self; 7] =
        [Self::Typed, Self::Recent, Self::Undo, Self::Sync, Self::Bill, Self::Look, Self::Receipt];

    /// The key on the keyboard.
    pub fn key(self) -> Key {
        match self {
            Self::Typed => Key::F2,
            Self::Recent => Key::F3,
            Self::Undo => Key::F4,
            Self::Sync => Key::F5,
            Self::Bill => Key::F10,
            Self::Look => Key::F11,
            Self::Receipt => Key::F12,
            Self::Clear => Key::Escape,
            Self::Confirm => Key::Enter,
        }
    }

    fn cap(self) -> &'static str {
        match self {
            Self::Typed => "F2",
            Self::Recent => "F3",
            Self::Undo => "F4",
            Self::Sync => "F5",
            Self::Bill => "F10",
            Self::Look => "F11",
            Self::Receipt => "F12",
            Self::Clear => "ui.cap_escape",
            Self::Confirm => "ui.cap_enter",
        }
    }

    fn label(self, view: &View) -> &'static str {
        let bill = matches!(view.scan, ScanView::Bill(_));
        match self {
            Self::Typed => "ui.key_typed",
            Self::Recent => "ui.key_recent",
            Self::Undo => "ui.key_undo",
            Self::Sync => "ui.key_sync",
            Self::Bill => "ui.key_bill",
            Self::Look if bill => "ui.bill_remove_last",
            Self::Look if view.look_first => "ui.key_look_off",
            Self::Look => "ui.key_look",
            Self::Receipt => "ui.key_receipt",
            Self::Clear if bill => "ui.bill_leave",
            Self::Clear => "ui.key_clear",
            Self::Confirm => "ui.key_confirm",
        }
    }

    fn words(self, view: &View, texts: &Texts) -> String {
        match (self, &view.undo) {
            (Self::Undo, Some(undo)) => {
                texts.fill("ui.key_undo_left", &[("n", &undo.seconds_left.to_string())])
            }
            _ => texts.get(self.label(view)).to_owned(),
        }
    }

    /// Whether the key does something on this view; `receipt` is set while there is one to show.
    pub fn enabled(self, view: &View, receipt: bool) -> bool {
        match self {
            Self::Typed | Self::Recent | Self::Sync => true,
            Self::Undo => view.undo.is_some(),
            Self::Bill => matches!(view.scan, ScanView::Ready | ScanView::Verdict(_)),
            Self::Look => match &view.scan {
                ScanView::Bill(bill) => !bill.rows.is_empty(),
                ScanView::Ready
                | ScanView::Asking
                | ScanView::Verdict(_)
                | ScanView::Question(_) => true,
            },
            Self::Receipt => receipt,
            Self::Clear => !matches!(view.scan, ScanView::Ready | ScanView::Asking),
            Self::Confirm => matches!(view.scan, ScanView::Question(_) | ScanView::Bill(_)),
        }
    }
}

/// Paints the bar over the whole of `ui`; returns the key that was clicked.
///
/// `receipt` is set while there is one to show.
pub fn key_bar_ui(ui: &mut Ui, view: &View, texts: &Texts, receipt: bool) -> Option<BarKey> {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    ui.painter().hline(rect.x_range(), rect.min.y + 0.5, Stroke::new(1.0, theme::LINE));
    let inner = rect.shrink2(vec2(12.0, GAP));
    let width = (inner.width() - GAP * 8.0) / 9.0;
    let mut clicked = None;
    let builder = egui::UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for key in BarKey::ALL {
            let enabled = key.enabled(view, receipt);
            let size = vec2(width, inner.height());
            let cap = texts.get(key.cap());
            let label = key.words(view, texts);
            if key_button_ui(ui, cap, &label, size, (Look::Normal, enabled)).clicked() {
                clicked = Some(key);
            }
        }
    });
    clicked
}
