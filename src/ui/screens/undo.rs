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
    let pressed = pressed_reason(ctx);
    let (clicked, left) =
        dialog_ui(ctx, texts.get("ui.undo_title"), WIDTH, |ui| contents_ui(ui, texts, undo));
    match pressed.map(Answer::Reason).or(clicked) {
        Some(Answer::Reason(reason)) => {
            commands.push(Command::Undo { entry: undo.entry, reason });
            true
        }
        Some(Answer::Keep) => true,
        None => left,
    }
}

/// What was said to a question why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This is why.
    Reason(UndoReason),
    /// Nothing is taken back.
    Keep,
}

/// The reason whose key was pressed.
pub(super) fn pressed_reason(ctx: &Context) -> Option<UndoReason> {
    let mut choices = UndoReason::ALL.into_iter().enumerate();
    choices.find(|(index, _)| press::pressed_choice(ctx, *index)).map(|(_, reason)| reason)
}

fn contents_ui(ui: &mut Ui, texts: &Texts, undo: &UndoView) -> Option<Answer> {
    let width = ui.available_width();
    let label = Line::new(&undo.label, Face::Plain, 22.0, theme::TEXT).rows(2);
    text_ui(ui, &label, &undo.label, width);
    let left = texts.fill("ui.undo_left", &[("n", &undo.seconds_left.to_string())]);
    text_ui(ui, &Line::new(&left, Face::Plain, 18.0, theme::MUTED), &left, width);
    ui.add_space(12.0);
    reasons_ui(ui, texts, width)
}

/// A button for each reason, and one to keep the redemption.
pub(super) fn reasons_ui(ui: &mut Ui, texts: &Texts, width: f32) -> Option<Answer> {
    let mut chosen = None;
    ui.spacing_mut().item_spacing.y = GAP * 1.5;
    for (cap, reason) in ["1", "2", "3"].into_iter().zip(UndoReason::ALL) {
        let label = texts.get(reason_key(reason));
        let size = vec2(width, PRIMARY);
        if key_button_ui(ui, cap, label, size, (Look::Normal, true)).clicked() {
            chosen = Some(Answer::Reason(reason));
        }
    }
    ui.add_space(4.0);
    let size = vec2(width, PRIMARY * 0.875);
    let cap = texts.get("ui.cap_escape");
    if key_button_ui(ui, cap, texts.get("ui.undo_keep"), size, (Look::Normal, true)).clicked() {
        chosen = Some(Answer::Keep);
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
