//! A question the cashier answers: a number, pieces of an order, yes or no, a PIN.

use egui::{Align, Rect, Ui, pos2, vec2};

use crate::{
    terminal::{
        command::Command,
        text::Texts,
        view::{QuestionView, VerdictState, Wanted},
    },
    ui::{
        theme::{CAUTION, Face, PRIMARY, Sizes, TOUCH},
        widgets::{
            field::{Field, Purpose, Typing, field_ui, forget},
            fit::{Line, column_size, column_ui},
            ground::Ground,
            mark::mark_ui,
            pieces::{self, Pieces, pieces_ui},
            problem::problem_ui,
        },
    },
};

mod choice;
#[cfg(test)]
mod tests;

use choice::{Act, buttons_ui, pressed};

/// Details that are shown one below the other; further ones share the last lines.
const DETAILS_MAX: usize = 4;

/// The answer being given.
#[derive(Clone, Debug, Default)]
pub struct QuestionState {
    serial: Option<u64>,
    problem: Option<String>,
    typing: Typing,
    pieces: Pieces,
}

impl QuestionState {
    /// What the confirming key says to `question`; none while there is nothing to say.
    pub fn confirm(&mut self, ctx: &egui::Context, question: &QuestionView) -> Option<Command> {
        self.follow(question);
        let command = match question.wants {
            Wanted::Bill | Wanted::Amount | Wanted::Uses => {
                Command::Answer(self.typing.text.trim().to_owned())
            }
            Wanted::Lines => Command::Pieces(self.pieces.counts().to_vec()),
            Wanted::Product | Wanted::Confirmation | Wanted::HandedOver => Command::Say(true),
            Wanted::Approval if self.typing.text.is_empty() => return None,
            Wanted::Approval => {
                let pin = std::mem::take(&mut self.typing.text);
                forget(ctx, Purpose::Pin, &mut self.typing);
                Command::Answer(pin)
            }
        };
        Some(command)
    }

    /// What the leaving key says to `question`.
    pub fn leave(&mut self, ctx: &egui::Context, question: &QuestionView) -> Command {
        match question.wants {
            Wanted::Confirmation => Command::Say(false),
            Wanted::Approval => {
                forget(ctx, Purpose::Pin, &mut self.typing);
                Command::Dismiss
            }
            Wanted::Bill
            | Wanted::Amount
            | Wanted::Uses
            | Wanted::Lines
            | Wanted::Product
            | Wanted::HandedOver => Command::Dismiss,
        }
    }

    /// Starts over with a new question; selects what was typed when it was not taken.
    fn follow(&mut self, question: &QuestionView) {
        if self.serial != Some(question.serial) {
            self.serial = Some(question.serial);
            self.typing = Typing::of(&question.offered);
            self.pieces = Pieces::all(&question.lines);
        } else if self.problem != question.problem {
            self.typing.select = true;
        }
        self.pieces.follow(&question.lines);
        self.problem.clone_from(&question.problem);
    }

    /// Takes the keys that change the answer.
    fn keys(&mut self, ctx: &egui::Context, question: &QuestionView) {
        match question.wants {
            Wanted::Uses => self.typing.step_keys(ctx),
            Wanted::Lines => self.pieces.keys(ctx, &question.lines),
            Wanted::Bill
            | Wanted::Amount
            | Wanted::Product
            | Wanted::Approval
            | Wanted::Confirmation
            | Wanted::HandedOver => {}
        }
    }
}

/// Draws the question over the whole of `ui`; the flag beside the state is set while a dialog lies above.
pub fn question_ui(
    ui: &mut Ui,
    question: &QuestionView,
    texts: &Texts,
    (state, covered): (&mut QuestionState, bool),
    commands: &mut Vec<Command>,
) {
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, CAUTION.fill);
    state.follow(question);
    let pressed = if covered { None } else { pressed(ui.ctx(), question.wants) };
    if !covered {
        state.keys(ui.ctx(), question);
    }
    let inset = vec2(sizes.margin, sizes.margin * if is_tall(question) { 0.4 } else { 0.9 });
    let side = if is_tall(question) { 72.0 } else { f32::INFINITY };
    let room = head_ui(ui, rect.shrink2(inset), texts, (&sizes, side));
    let lines = lines(question, texts, &sizes);
    let rows = Rows::of(ui, room, (question, &lines), &sizes);
    words_ui(ui, rows.words, &lines);
    answer_ui(ui, rows.answer, question, texts, (state, covered));
    if let Some(problem) = &question.problem {
        problem_ui(ui, rows.problem, problem, sizes.body);
    }
    let clicked = buttons_ui(ui, rows.buttons, question.wants, texts);
    if let Some(act) = pressed.or(clicked) {
        commands.extend(state.act(ui.ctx(), question, act));
    }
}

impl QuestionState {
    fn act(&mut self, ctx: &egui::Context, question: &QuestionView, act: Act) -> Option<Command> {
        match act {
            Act::Confirm => self.confirm(ctx, question),
            Act::No => Some(Command::Say(false)),
            Act::Leave => Some(self.leave(ctx, question)),
            Act::Nothing => {
                self.pieces.set_nothing();
                None
            }
            Act::Everything => {
                self.pieces.set_all(&question.lines);
                None
            }
        }
    }
}

/// Whether a question needs most of the height for its answer.
fn is_tall(question: &QuestionView) -> bool {
    question.wants == Wanted::Lines
}

/// The shape at the left, at most `most` wide; returns the room for words.
fn head_ui(ui: &Ui, body: Rect, texts: &Texts, (sizes, most): (&Sizes, f32)) -> Rect {
    let side = (body.height() * 0.34).min(body.width() * 0.2).min(most);
    let square =
        Rect::from_min_size(pos2(body.min.x, body.center().y - side / 2.0), vec2(side, side));
    mark_ui(ui, square, VerdictState::NeedsInput, texts, [CAUTION.ink, CAUTION.fill]);
    Rect::from_min_max(pos2(square.max.x + sizes.margin * 0.9, body.min.y), body.max)
}

/// The parts of a question from top to bottom.
struct Rows {
    words: Rect,
    answer: Rect,
    problem: Rect,
    buttons: Rect,
}

impl Rows {
    /// One block around the middle of `room`; the words give way first.
    fn of(ui: &Ui, room: Rect, (question, lines): (&QuestionView, &[Line]), sizes: &Sizes) -> Self {
        let tall = is_tall(question);
        let gap = sizes.body * if tall { 0.35 } else { 0.7 };
        let wanted = answer_height(question, sizes);
        let told = question.problem.is_some() || wanted > 0.0 && !tall;
        let plate = sizes.body * if tall { 1.6 } else { 1.9 };
        let problem = if told { plate + gap } else { 0.0 };
        let others = problem + PRIMARY + gap * 2.0 + sizes.body * 1.4;
        let answer = wanted.min((room.height() - others).max(TOUCH));
        let below = answer + problem + PRIMARY + gap * 2.0;
        let space = vec2(room.width(), (room.height() - below).max(0.0));
        let words = column_size(ui, lines, space, Align::Min);
        let mut top = room.center().y - f32::midpoint(words, below);
        let mut row = |height: f32, gap: f32| {
            let rect = Rect::from_min_size(pos2(room.min.x, top), vec2(room.width(), height));
            top += height + gap;
            rect
        };
        Self {
            words: row(words, gap),
            answer: row(answer, gap),
            problem: row((problem - gap).max(0.0), if told { gap } else { 0.0 }),
            buttons: row(PRIMARY, 0.0),
        }
    }
}

fn answer_height(question: &QuestionView, sizes: &Sizes) -> f32 {
    match question.wants {
        Wanted::Bill | Wanted::Amount | Wanted::Uses | Wanted::Approval => sizes.amount * 1.3,
        Wanted::Lines => pieces::height(&question.lines),
        Wanted::Product | Wanted::Confirmation | Wanted::HandedOver => 0.0,
    }
}

/// Headline and what the voucher is; few large lines rather than many small ones.
fn lines(question: &QuestionView, texts: &Texts, sizes: &Sizes) -> Vec<Line> {
    let headline = Line::new(&question.headline, Face::Strong, sizes.headline, CAUTION.ink);
    let mut lines = vec![headline.rows(2).keep()];
    let soft = |text: &str, rows: usize| {
        let line = Line::new(text, Face::Plain, sizes.body * 1.1, CAUTION.soft);
        line.rows(rows).gap(sizes.body * 0.4)
    };
    let (first, rest) = question.details.split_at(question.details.len().min(DETAILS_MAX));
    lines.extend(first.iter().map(|text| soft(text, 2)));
    if !rest.is_empty() {
        lines.push(soft(&rest.join(" · "), 6));
    }
    if question.wants == Wanted::Product {
        lines.push(soft(texts.get("ui.product_hint"), 2));
    }
    lines
}

fn words_ui(ui: &Ui, rect: Rect, lines: &[Line]) {
    let responses = column_ui(ui, rect, lines, Align::Min, "question");
    if let Some(headline) = responses.first() {
        ui.ctx().accesskit_node_builder(headline.id, |node| {
            node.set_live(egui::accesskit::Live::Assertive);
        });
    }
}

/// The field or the rows that hold the answer.
fn answer_ui(
    ui: &mut Ui,
    rect: Rect,
    question: &QuestionView,
    texts: &Texts,
    (state, covered): (&mut QuestionState, bool),
) {
    let (purpose, name) = match question.wants {
        Wanted::Bill => (Purpose::Amount, "ui.field_bill"),
        Wanted::Amount => (Purpose::Amount, "ui.field_amount"),
        Wanted::Uses => (Purpose::Count, "ui.field_uses"),
        Wanted::Approval => (Purpose::Pin, "ui.field_pin"),
        Wanted::Lines => {
            let rows = (&mut state.pieces, Ground::Amber);
            return pieces_ui(ui, rect, &question.lines, texts, rows);
        }
        Wanted::Product | Wanted::Confirmation | Wanted::HandedOver => return,
    };
    let (name, unit) = (texts.get(name), question.unit.as_str());
    let field = Field { purpose, name, unit, ground: Ground::Amber };
    field_ui(ui, rect, &field, texts, (&mut state.typing, covered));
}
