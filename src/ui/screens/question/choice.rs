//! The keys and buttons that answer a question.

use egui::{Align, Key, Layout, Rect, Ui, UiBuilder, vec2};

use crate::{
    terminal::{text::Texts, view::Wanted},
    ui::{
        theme::{GAP, PRIMARY},
        widgets::{
            button::{Look, key_button_ui},
            press,
        },
    },
};

/// What a button or its key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Confirm,
    No,
    Nothing,
    Everything,
    Leave,
}

/// Key cap, label, and what comes of it; the first is the one to press as a rule.
type Choice = (&'static str, &'static str, Act);

/// The buttons under a question.
fn choices(wants: Wanted) -> &'static [Choice] {
    const LEAVE: Choice = ("ui.cap_escape", "ui.question_leave", Act::Leave);
    match wants {
        Wanted::Bill | Wanted::Amount | Wanted::Uses => {
            &[("ui.cap_enter", "ui.question_confirm", Act::Confirm), LEAVE]
        }
        Wanted::Lines => &[
            ("ui.cap_enter", "ui.lines_hand_over", Act::Confirm),
            ("ui.cap_home", "ui.lines_nothing", Act::Nothing),
            ("ui.cap_end", "ui.lines_everything", Act::Everything),
            LEAVE,
        ],
        Wanted::Product => {
            &[("1", "ui.product_yes", Act::Confirm), ("2", "ui.product_no", Act::No), LEAVE]
        }
        Wanted::HandedOver => {
            &[("1", "ui.handed_over_yes", Act::Confirm), ("2", "ui.handed_over_no", Act::No)]
        }
        Wanted::Confirmation => &[("ui.cap_enter", "ui.confirmation_yes", Act::Confirm), LEAVE],
        Wanted::Approval => &[
            ("ui.cap_enter", "ui.approval_approve", Act::Confirm),
            ("ui.cap_escape", "ui.approval_leave", Act::Leave),
        ],
    }
}

/// The key that was pressed; Home and End belong to the rows of an order.
pub(super) fn pressed(ctx: &egui::Context, wants: Wanted) -> Option<Act> {
    let numbered = matches!(wants, Wanted::Product | Wanted::HandedOver);
    if press::pressed(ctx, Key::Enter) || (numbered && press::pressed_choice(ctx, 0)) {
        return Some(Act::Confirm);
    }
    if numbered && press::pressed_choice(ctx, 1) {
        return Some(Act::No);
    }
    press::pressed(ctx, Key::Escape).then_some(Act::Leave)
}

/// Draws the buttons over `rect`; returns the one that was clicked.
pub(super) fn buttons_ui(ui: &mut Ui, rect: Rect, wants: Wanted, texts: &Texts) -> Option<Act> {
    let choices = choices(wants);
    let count = f32::from(u8::try_from(choices.len()).unwrap_or(u8::MAX));
    let width = ((rect.width() - GAP * 2.0 * (count - 1.0)) / count).min(280.0);
    let builder = UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let mut clicked = None;
        for (cap, label, act) in choices {
            let look = if *act == Act::Confirm { Look::Answer } else { Look::AnswerQuiet };
            let (cap, label) = (texts.get(cap), texts.get(label));
            if key_button_ui(ui, cap, label, vec2(width, PRIMARY), (look, true)).clicked() {
                clicked = Some(*act);
            }
        }
        clicked
    })
    .inner
}
