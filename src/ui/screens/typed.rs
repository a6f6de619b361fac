//! Typing or pasting a code by hand.

use egui::{Align2, Context, CornerRadius, Frame, Id, Key, Margin, Stroke, TextEdit, Ui, vec2};

use super::dialog::{dialog_ui, text_ui};
use crate::{
    domain::scan::{EntryMethod, ShortCode, TEXT_MAX},
    terminal::{command::Command, text::Texts},
    ui::{
        theme::{self, Face, GAP, PRIMARY},
        widgets::{
            button::{Look, key_button_ui},
            fit::Line,
            press,
        },
    },
};

const WIDTH: f32 = 720.0;

/// Characters of a short code.
const SHORT_CODE_SIGNS: usize = 12;

/// Shows the dialog; pushes the scan on Enter; returns whether to close.
pub fn typed_ui(
    ctx: &Context,
    texts: &Texts,
    text: &mut String,
    commands: &mut Vec<Command>,
) -> bool {
    let entered = press::pressed(ctx, Key::Enter);
    let title = texts.get("ui.typed_title");
    let (clicked, left) = dialog_ui(ctx, title, WIDTH, |ui| {
        let width = ui.available_width();
        let problem = problem(text);
        let hint = problem.as_deref().unwrap_or(texts.get("ui.typed_hint"));
        let colour = if problem.is_some() { theme::TEXT } else { theme::MUTED };
        text_ui(ui, &Line::new(hint, Face::Plain, 18.0, colour).rows(3), hint, width);
        ui.add_space(4.0);
        field_ui(ui, texts, text, width);
        ui.add_space(12.0);
        buttons_ui(ui, texts, !text.trim().is_empty(), width)
    });
    let code = text.trim();
    if (entered || clicked == Some(Choice::Check)) && !code.is_empty() {
        commands.push(Command::Scan { text: code.to_owned(), method: EntryMethod::Typed });
        return true;
    }
    left || clicked == Some(Choice::Leave)
}

/// What is wrong with a short code that looks finished; a whole voucher text has a colon and is none.
fn problem(text: &str) -> Option<String> {
    let signs = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').count();
    let finished = signs >= SHORT_CODE_SIGNS && !text.contains(':');
    ShortCode::parse(text).err().filter(|_| finished).map(|error| error.to_string())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Check,
    Leave,
}

fn field_ui(ui: &mut Ui, texts: &Texts, text: &mut String, width: f32) {
    let frame = Frame::new()
        .fill(theme::CALM.fill)
        .inner_margin(Margin::symmetric(16, 12))
        .stroke(Stroke::new(2.0, theme::ACCENT))
        .corner_radius(CornerRadius::same(theme::RADIUS));
    let edit = TextEdit::singleline(text)
        .id(Id::unique("typed code"))
        .font(Face::Strong.at(30.0))
        .text_color(theme::TEXT)
        .char_limit(TEXT_MAX)
        .align(Align2::LEFT_CENTER)
        .frame(frame);
    let response =
        ui.add_sized(vec2(width, PRIMARY), edit).accessible_name(texts.get("ui.typed_field"));
    if !response.has_focus() {
        response.request_focus();
    }
}

fn buttons_ui(ui: &mut Ui, texts: &Texts, ready: bool, width: f32) -> Option<Choice> {
    let size = vec2((width - GAP * 2.0) / 2.0, PRIMARY);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let cap = texts.get("ui.cap_enter");
        let check =
            key_button_ui(ui, cap, texts.get("ui.typed_check"), size, (Look::Primary, ready));
        let cap = texts.get("ui.cap_escape");
        let leave = key_button_ui(ui, cap, texts.get("ui.close"), size, (Look::Normal, true));
        match (check.clicked(), leave.clicked()) {
            (true, _) => Some(Choice::Check),
            (false, true) => Some(Choice::Leave),
            (false, false) => None,
        }
    })
    .inner
}
