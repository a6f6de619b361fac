//! What a control stands on: the amber of a question, or a dark panel.

use egui::{Color32, Stroke};

use super::button::Look;
use crate::ui::theme;

/// The area under a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A question.
    Amber,
    /// A dialog or a panel.
    Panel,
}

impl Ground {
    /// Text.
    pub fn ink(self) -> Color32 {
        match self {
            Self::Amber => theme::CAUTION.ink,
            Self::Panel => theme::TEXT,
        }
    }

    /// Secondary text.
    pub fn soft(self) -> Color32 {
        match self {
            Self::Amber => theme::CAUTION.soft,
            Self::Panel => theme::MUTED,
        }
    }

    /// The line around a field.
    pub fn edge(self) -> Stroke {
        match self {
            Self::Amber => Stroke::new(3.0, theme::CAUTION.ink),
            Self::Panel => Stroke::new(2.0, theme::ACCENT),
        }
    }

    /// The row that keys change.
    pub fn chosen(self) -> Color32 {
        match self {
            Self::Amber => theme::CAUTION.shade,
            Self::Panel => theme::HOVER,
        }
    }

    /// A button that is not the main one.
    pub fn look(self) -> Look {
        match self {
            Self::Amber => Look::AnswerQuiet,
            Self::Panel => Look::Normal,
        }
    }
}
