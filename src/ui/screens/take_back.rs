//! Taking a redemption of the list back: how much of it, then why.

use egui::{Context, Key, Ui, vec2};

use super::{
    dialog::{dialog_ui, text_ui},
    undo::{Answer, pressed_reason, reasons_ui},
};
use crate::{
    domain::{money::Money, redeem::Part, voucher::Lines},
    terminal::{
        command::Command,
        text::Texts,
        view::{BackView, RecentRow},
    },
    ui::{
        theme::{self, Face, GAP, PRIMARY},
        widgets::{
            button::{Look, key_button_ui},
            field::{Field, Purpose, Typing, field_ui},
            fit::Line,
            ground::Ground,
            pieces::{self, Pieces, pieces_ui},
            press,
        },
    },
};

#[cfg(test)]
mod tests;

const WIDTH: f32 = 680.0;

/// What is being taken back.
#[derive(Clone, Debug)]
pub struct TakeBack {
    entry: u64,
    /// How much; none while that is still asked.
    part: Option<Part>,
    typing: Typing,
    pieces: Pieces,
    problem: Option<String>,
}

impl TakeBack {
    /// Begins with all of it; none where nothing of the row can be taken back.
    pub fn of(row: &RecentRow) -> Option<Self> {
        let (part, offered, lines) = match row.back.as_ref()? {
            BackView::Whole => (Some(Part::All), String::new(), &[][..]),
            BackView::Uses(uses) => (None, uses.to_string(), &[][..]),
            BackView::Amount(amount) => (None, amount.number(), &[][..]),
            BackView::Lines(lines) => (None, String::new(), lines.as_slice()),
        };
        let (typing, pieces) = (Typing::of(&offered), Pieces::all(lines));
        Some(Self { entry: row.entry, part, typing, pieces, problem: None })
    }

    /// How much was chosen of what can be taken back; what is wrong with it otherwise.
    fn chosen(&self, back: &BackView, texts: &Texts) -> Result<Part, String> {
        let too_much = |most: &str| texts.fill("ui.back_at_most", &[("amount", most)]);
        match back {
            BackView::Whole => Ok(Part::All),
            BackView::Uses(most) => match self.typing.text.trim().parse::<u32>() {
                Ok(uses) if uses == *most => Ok(Part::All),
                Ok(uses) if uses > *most => Err(too_much(&most.to_string())),
                Ok(uses) if uses > 0 => Ok(Part::Uses(uses)),
                Ok(_) | Err(_) => Err(texts.get("question.positive").to_owned()),
            },
            BackView::Amount(most) => {
                let amount = Money::parse(&self.typing.text, most.currency)
                    .map_err(|error| error.to_string())?;
                match amount.minor {
                    0 => Err(texts.get("question.positive").to_owned()),
                    minor if minor > most.minor => Err(too_much(&most.to_string())),
                    minor if minor == most.minor => Ok(Part::All),
                    minor => Ok(Part::Amount(minor)),
                }
            }
            BackView::Lines(lines) => {
                let counts = self.pieces.counts();
                let all = counts.iter().zip(lines).all(|(count, line)| *count == line.most);
                let some = Lines::from_slice(counts).filter(|lines| lines.total() > 0);
                let none = || texts.get("question.pieces").to_owned();
                if all { Ok(Part::All) } else { some.map(Part::Lines).ok_or_else(none) }
            }
        }
    }
}

/// Shows the dialog for the row it is about, if that is still there; pushes the roll back; returns whether to close.
pub fn take_back_ui(
    ctx: &Context,
    texts: &Texts,
    rows: &[RecentRow],
    state: &mut TakeBack,
    commands: &mut Vec<Command>,
) -> bool {
    let row = rows.iter().find(|row| row.entry == state.entry);
    let Some((row, back)) = row.and_then(|row| Some((row, row.back.as_ref()?))) else {
        return true;
    };
    match state.part {
        None => how_much_ui(ctx, texts, (row, back), state),
        Some(part) => why_ui(ctx, texts, (row, part), commands),
    }
}

/// Asks how much; Enter goes on to the reason.
fn how_much_ui(
    ctx: &Context,
    texts: &Texts,
    (row, back): (&RecentRow, &BackView),
    state: &mut TakeBack,
) -> bool {
    let entered = press::pressed(ctx, Key::Enter);
    match back {
        BackView::Uses(_) => state.typing.step_keys(ctx),
        BackView::Lines(lines) => state.pieces.keys(ctx, lines),
        BackView::Whole | BackView::Amount(_) => {}
    }
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.back_how_much"), WIDTH, |ui| {
        let width = ui.available_width();
        row_text_ui(ui, row, width);
        ui.add_space(8.0);
        part_ui(ui, back, texts, (&mut state.typing, &mut state.pieces));
        if let Some(problem) = &state.problem {
            let line = Line::new(problem, Face::Strong, 18.0, theme::BAD).rows(2);
            text_ui(ui, &line, problem, width);
        }
        ui.add_space(8.0);
        buttons_ui(ui, texts, width)
    });
    if entered || clicked == Some(true) {
        match state.chosen(back, texts) {
            Ok(part) => state.part = Some(part),
            Err(problem) => {
                state.problem = Some(problem);
                state.typing.select = true;
            }
        }
    }
    left || clicked == Some(false)
}

/// Asks why; one key a reason.
fn why_ui(
    ctx: &Context,
    texts: &Texts,
    (row, part): (&RecentRow, Part),
    commands: &mut Vec<Command>,
) -> bool {
    let pressed = pressed_reason(ctx);
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.back_why"), WIDTH, |ui| {
        let width = ui.available_width();
        row_text_ui(ui, row, width);
        ui.add_space(8.0);
        reasons_ui(ui, texts, width)
    });
    match pressed.map(Answer::Reason).or(clicked) {
        Some(Answer::Reason(reason)) => {
            commands.push(Command::RollBack { entry: row.entry, reason, part });
            true
        }
        Some(Answer::Keep) => true,
        None => left,
    }
}

/// Which redemption it is.
fn row_text_ui(ui: &mut Ui, row: &RecentRow, width: f32) {
    let parts = [&row.title, &row.amount, &row.time, &row.code].map(String::as_str);
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = parts.join("  ·  ");
    text_ui(ui, &Line::new(&text, Face::Plain, 20.0, theme::MUTED).rows(2), &text, width);
}

/// The field or the rows for how much.
fn part_ui(
    ui: &mut Ui,
    back: &BackView,
    texts: &Texts,
    (typing, pieces): (&mut Typing, &mut Pieces),
) {
    let width = ui.available_width();
    let most = (ui.ctx().content_rect().height() - 310.0).max(PRIMARY * 1.5);
    let lines = if let BackView::Lines(lines) = back { lines.as_slice() } else { &[] };
    let height = if lines.is_empty() { PRIMARY } else { pieces::height(lines).min(most) };
    let (_, rect) = ui.allocate_space(vec2(width, height));
    let (purpose, unit) = match back {
        BackView::Whole => return,
        BackView::Lines(lines) => {
            pieces.follow(lines);
            return pieces_ui(ui, rect, lines, texts, (pieces, Ground::Panel));
        }
        BackView::Uses(_) => (Purpose::Count, ""),
        BackView::Amount(most) => (Purpose::Amount, most.currency.code()),
    };
    let field = Field { purpose, name: texts.get("ui.back_field"), unit, ground: Ground::Panel };
    field_ui(ui, rect, &field, texts, (typing, false));
}

/// Go on, or leave it; which of them was clicked.
fn buttons_ui(ui: &mut Ui, texts: &Texts, width: f32) -> Option<bool> {
    let size = vec2((width - GAP * 2.0) / 2.0, PRIMARY);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let mut button = |cap: &str, label: &str, look: Look| {
            let (cap, label) = (texts.get(cap), texts.get(label));
            key_button_ui(ui, cap, label, size, (look, true)).clicked()
        };
        let on = button("ui.cap_enter", "ui.back_go_on", Look::Primary);
        let keep = button("ui.cap_escape", "ui.undo_keep", Look::Normal);
        if on { Some(true) } else { keep.then_some(false) }
    })
    .inner
}
