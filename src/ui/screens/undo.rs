//! Taking back the last acceptance, with one of three reasons.

use egui::{Context, Ui, vec2};

use super::dialog::{dialog_ui, text_ui};
use crate::{
    terminal::{
        command::{Command, UndoReason},
        text::Texts,
        view::UndoView,
    },
    ui::{
        theme::{self, Face, GAP, PRIMARY},
        widgets::{
            button::{Look, key_button_ui},
            fit::Line,
            press,
        },
    },
};

const WIDTH: f32 = 640.0;

/// Shows the dialog; pushes the roll back on a choice; returns whether to close.
pub fn undo_ui(ctx: &Context, texts: &Texts, undo: &UndoView, commands: &mut Vec<Command>) -> bool {
    let typed = choices().find(|(index, _)| press::pressed_choice(ctx, *index));
    let (clicked, left) =
        dialog_ui(ctx, texts.get("ui.undo_title"), WIDTH, |ui| contents_ui(ui, texts, undo));
    let chosen = typed.map(|(_, reason)| reason).or(clicked.and_then(|choice| match choice {
        Choice::Reason(reason) => Some(reason),
        Choice::Leave => None,
    }));
    if let Some(reason) = chosen {
        commands.push(Command::Undo { entry: undo.entry, reason });
        return true;
    }
    left || clicked == Some(Choice::Leave)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Reason(UndoReason),
    Leave,
}

fn choices() -> impl Iterator<Item = (usize, UndoReason)> {
    UndoReason::ALL.into_iter().enumerate()
}

fn contents_ui(ui: &mut Ui, texts: &Texts, undo: &UndoView) -> Option<Choice> {
    let width = ui.available_width();
    let label = Line::new(&undo.label, Face::Plain, 22.0, theme::TEXT).rows(2);
    text_ui(ui, &label, &undo.label, width);
    let left = texts.fill("ui.undo_left", &[("n", &undo.seconds_left.to_string())]);
    text_ui(ui, &Line::new(&left, Face::Plain, 18.0, theme::MUTED), &left, width);
    ui.add_space(12.0);
    let mut chosen = None;
    ui.spacing_mut().item_spacing.y = GAP * 1.5;
    for (cap, reason) in ["1", "2", "3"].into_iter().zip(UndoReason::ALL) {
        let label = texts.get(reason_key(reason));
        let size = vec2(width, PRIMARY);
        if key_button_ui(ui, cap, label, size, (Look::Normal, true)).clicked() {
            chosen = Some(Choice::Reason(reason));
        }
    }
    ui.add_space(4.0);
    let size = vec2(width, PRIMARY * 0.875);
    let cap = texts.get("ui.cap_escape");
    if key_button_ui(ui, cap, texts.get("ui.undo_keep"), size, (Look::Normal, true)).clicked() {
        chosen = Some(Choice::Leave);
    }
    chosen
}

fn reason_key(reason: UndoReason) -> &'static str {
    match reason {
        UndoReason::WrongScan => "ui.undo_wrong_scan",
        UndoReason::CustomerChanged => "ui.undo_customer_changed",
        UndoReason::NotDelivered => "ui.undo_not_delivered",
    }
}
