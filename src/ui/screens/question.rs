//! A question the cashier answers with a number.

use egui::{
    Align, Align2, CornerRadius, Frame, Id, Key, Margin, Rect, Stroke, TextEdit, Ui, pos2,
    text::{CCursor, CCursorRange},
    vec2,
};

use crate::{
    terminal::{
        command::Command,
        text::Texts,
        view::{QuestionView, VerdictState, Wanted},
    },
    ui::{
        theme::{self, CAUTION, Face, GAP, PRIMARY, REFUSED, Sizes},
        widgets::{
            button::{Look, key_button_ui},
            fit::{Line, column_size, column_ui, line_ui},
            mark::mark_ui,
            press,
        },
    },
};

/// Longest answer that can be typed, in characters.
const ANSWER_MAX: usize = 16;

/// The answer being typed.
#[derive(Clone, Debug, Default)]
pub struct QuestionState {
    serial: Option<u64>,
    problem: Option<String>,
    text: String,
    select: bool,
}

impl QuestionState {
    /// What is typed so far.
    pub fn answer(&self) -> &str {
        self.text.trim()
    }

    /// Starts over with a new question; selects what was typed when it was not taken.
    fn follow(&mut self, question: &QuestionView) {
        if self.serial != Some(question.serial) {
            self.serial = Some(question.serial);
            self.text.clone_from(&question.offered);
            self.select = true;
        } else if self.problem != question.problem {
            self.select = true;
        }
        self.problem.clone_from(&question.problem);
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
    let confirmed = !covered && press::pressed(ui.ctx(), Key::Enter);
    let left = !covered && press::pressed(ui.ctx(), Key::Escape);
    let room = head_ui(ui, rect.shrink2(vec2(sizes.margin, sizes.margin * 0.9)), texts, &sizes);
    let rows = Rows::of(ui, room, question, &sizes);
    words_ui(ui, rows.words, question, &sizes);
    field_ui(ui, rows.field, question, texts, (state, covered));
    problem_ui(ui, rows.problem, question, &sizes);
    let [confirm, leave] = buttons_ui(ui, rows.buttons, texts);
    if confirmed || confirm {
        commands.push(Command::Answer(state.answer().to_owned()));
    } else if left || leave {
        commands.push(Command::Dismiss);
    }
}

/// The shape at the left; returns the room for words.
fn head_ui(ui: &Ui, body: Rect, texts: &Texts, sizes: &Sizes) -> Rect {
    let side = (body.height() * 0.34).min(body.width() * 0.2);
    let square =
        Rect::from_min_size(pos2(body.min.x, body.center().y - side / 2.0), vec2(side, side));
    mark_ui(ui, square, VerdictState::NeedsInput, texts, [CAUTION.ink, CAUTION.fill]);
    Rect::from_min_max(pos2(square.max.x + sizes.margin * 0.9, body.min.y), body.max)
}

/// The parts of a question from top to bottom.
struct Rows {
    words: Rect,
    field: Rect,
    problem: Rect,
    buttons: Rect,
}

impl Rows {
    /// One block around the middle of `room`; the words give way first.
    fn of(ui: &Ui, room: Rect, question: &QuestionView, sizes: &Sizes) -> Self {
        let (field, problem, gap) = (sizes.amount * 1.3, sizes.body * 1.9, sizes.body * 0.7);
        let below = field + problem + PRIMARY + gap * 3.0;
        let space = vec2(room.width(), (room.height() - below).max(0.0));
        let words = column_size(ui, &lines(question, sizes), space, Align::Min);
        let mut top = room.center().y - f32::midpoint(words, below);
        let mut row = |height: f32, gap: f32| {
            let rect = Rect::from_min_size(pos2(room.min.x, top), vec2(room.width(), height));
            top += height + gap;
            rect
        };
        Self {
            words: row(words, gap),
            field: row(field, gap),
            problem: row(problem, gap),
            buttons: row(PRIMARY, 0.0),
        }
    }
}

fn lines(question: &QuestionView, sizes: &Sizes) -> Vec<Line> {
    let headline = Line::new(&question.headline, Face::Strong, sizes.headline, CAUTION.ink);
    let mut lines = vec![headline.rows(2).keep()];
    lines.extend(question.details.iter().map(|text| {
        Line::new(text, Face::Plain, sizes.body * 1.1, CAUTION.soft).rows(2).gap(sizes.body * 0.4)
    }));
    lines
}

/// Headline and what the voucher is.
fn words_ui(ui: &Ui, rect: Rect, question: &QuestionView, sizes: &Sizes) {
    let responses = column_ui(ui, rect, &lines(question, sizes), Align::Min, "question");
    if let Some(headline) = responses.first() {
        ui.ctx().accesskit_node_builder(headline.id, |node| {
            node.set_live(egui::accesskit::Live::Assertive);
        });
    }
}

fn field_ui(
    ui: &mut Ui,
    rect: Rect,
    question: &QuestionView,
    texts: &Texts,
    (state, covered): (&mut QuestionState, bool),
) {
    let size = (rect.height() * 0.6).min(rect.width() * 0.12);
    let unit = Line::new(&question.unit, Face::Strong, size * 0.62, CAUTION.ink);
    let unit_width = unit.layout(ui, rect.width() * 0.3, 1.0, Align::Min).size().x;
    let unit_rect = Rect::from_min_size(rect.min, vec2(unit_width, rect.height()));
    line_ui(ui, unit_rect, &unit, Align::Min, ui.scope_id().with("unit"));
    let left = if question.unit.is_empty() { rect.min.x } else { unit_rect.max.x + 20.0 };
    let right = rect.max.x.min(left + size * 7.5);
    let place = Rect::from_min_max(pos2(left, rect.min.y), pos2(right, rect.max.y));
    let id = Id::unique("answer");
    let edit = TextEdit::singleline(&mut state.text)
        .id(id)
        .font(Face::Strong.at(size))
        .text_color(theme::TEXT)
        .char_limit(ANSWER_MAX)
        .align(Align2::LEFT_CENTER)
        .frame(field_frame());
    let response = ui.put(place, edit).accessible_name(texts.get(field_key(question.wants)));
    if !covered && !response.has_focus() && !ui.ctx().text_edit_focused() {
        response.request_focus();
    }
    if std::mem::take(&mut state.select) {
        select_all(ui, id, &state.text);
    }
}

fn field_frame() -> Frame {
    Frame::new()
        .fill(theme::CALM.fill)
        .inner_margin(Margin::symmetric(20, 4))
        .stroke(Stroke::new(3.0, CAUTION.ink))
        .corner_radius(CornerRadius::same(theme::RADIUS))
}

fn field_key(wants: Wanted) -> &'static str {
    match wants {
        Wanted::Bill => "ui.field_bill",
        Wanted::Amount => "ui.field_amount",
        Wanted::Uses => "ui.field_uses",
    }
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut edit = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let end = CCursor::new(text.chars().count());
    edit.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
    edit.store(ui.ctx(), id);
}

fn problem_ui(ui: &Ui, rect: Rect, question: &QuestionView, sizes: &Sizes) {
    let Some(problem) = &question.problem else {
        return;
    };
    let line = Line::new(problem, Face::Strong, sizes.body, REFUSED.ink);
    let galley = line.layout(ui, rect.width() - 32.0, 1.0, Align::Min);
    let plate = Rect::from_min_size(rect.min, vec2(galley.size().x + 32.0, rect.height()));
    ui.painter().rect_filled(plate, CornerRadius::same(theme::RADIUS), REFUSED.fill);
    let text = plate.shrink2(vec2(16.0, 0.0));
    line_ui(ui, text, &line, Align::Min, ui.scope_id().with("problem"));
}

fn buttons_ui(ui: &mut Ui, rect: Rect, texts: &Texts) -> [bool; 2] {
    let width = ((rect.width() - GAP * 2.0) / 2.0).min(280.0);
    let builder =
        egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let size = vec2(width, PRIMARY);
        let mut button = |cap: &str, label: &str, look: Look| {
            key_button_ui(ui, texts.get(cap), texts.get(label), size, (look, true)).clicked()
        };
        [
            button("ui.cap_enter", "ui.question_confirm", Look::Answer),
            button("ui.cap_escape", "ui.question_leave", Look::AnswerQuiet),
        ]
    })
    .inner
}
