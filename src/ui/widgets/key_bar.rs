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
    /// Clear the screen, leave a question or a dialog.
    Clear,
    /// Confirm an answer.
    Confirm,
}

impl BarKey {
    /// All keys from left to right.
    pub const ALL: [Self; 6] =
        [Self::Typed, Self::Recent, Self::Undo, Self::Sync, Self::Clear, Self::Confirm];

    /// The key on the keyboard.
    pub fn key(self) -> Key {
        match self {
            Self::Typed => Key::F2,
            Self::Recent => Key::F3,
            Self::Undo => Key::F4,
            Self::Sync => Key::F5,
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
            Self::Clear => "ui.cap_escape",
            Self::Confirm => "ui.cap_enter",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Typed => "ui.key_typed",
            Self::Recent => "ui.key_recent",
            Self::Undo => "ui.key_undo",
            Self::Sync => "ui.key_sync",
            Self::Clear => "ui.key_clear",
            Self::Confirm => "ui.key_confirm",
        }
    }

    fn words(self, view: &View, texts: &Texts) -> String {
        match (self, &view.undo) {
            (Self::Undo, Some(undo)) => {
                texts.fill("ui.key_undo_left", &[("n", &undo.seconds_left.to_string())])
            }
            _ => texts.get(self.label()).to_owned(),
        }
    }

    /// Whether the key does something on this view.
    fn enabled(self, view: &View) -> bool {
        match self {
            Self::Typed | Self::Recent | Self::Sync => true,
            Self::Undo => view.undo.is_some(),
            Self::Clear => !matches!(view.scan, ScanView::Ready | ScanView::Asking),
            Self::Confirm => matches!(view.scan, ScanView::Question(_)),
        }
    }
}

/// Paints the bar over the whole of `ui`; returns the key that was clicked.
pub fn key_bar_ui(ui: &mut Ui, view: &View, texts: &Texts) -> Option<BarKey> {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    ui.painter().hline(rect.x_range(), rect.min.y + 0.5, Stroke::new(1.0, theme::LINE));
    let inner = rect.shrink2(vec2(12.0, GAP));
    let width = (inner.width() - GAP * 5.0) / 6.0;
    let mut clicked = None;
    let builder = egui::UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for key in BarKey::ALL {
            let enabled = key.enabled(view);
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
