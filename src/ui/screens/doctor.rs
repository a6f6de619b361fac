//! The readers: what is in use, and a test of each by codes whose text is known.

use egui::{Context, Key, Ui, UiBuilder, vec2};

use super::dialog::{dialog_ui, text_ui};
use crate::{
    domain::scan::{Delivered, Diagnosis, EntryMethod, Layout, ScanFailure, diagnose},
    terminal::text::Texts,
    ui::{
        readers::{Heard, ReadersView},
        theme::{self, Face, GAP},
        widgets::{
            button::{Look, key_button_ui},
            code::code_ui,
            fit::Line,
            press,
        },
    },
};

const WIDTH: f32 = 1000.0;
/// Share of the width that the words have beside the code.
const WORDS_SHARE: f32 = 0.52;

/// What the dialog remembers.
#[derive(Clone, Debug, Default)]
pub struct DoctorState {
    /// Which test is shown.
    pub at: usize,
    /// What a reader that types made of a test.
    pub typed: Option<Delivered>,
}

/// Shows the dialog; returns whether to close.
pub fn doctor_ui(
    ctx: &Context,
    texts: &Texts,
    readers: &ReadersView,
    state: &mut DoctorState,
) -> bool {
    let mut next = press::pressed(ctx, Key::ArrowRight);
    let again = press::pressed(ctx, Key::F1);
    let height = (ctx.content_rect().height() - 230.0).max(120.0);
    let (clicked, left) = dialog_ui(ctx, texts.get("ui.doctor_title"), WIDTH, |ui| {
        let size = vec2(ui.available_width(), height);
        let (_, rect) = ui.allocate_space(size);
        let (words, code) = rect.split_left_right_at_fraction(WORDS_SHARE);
        let mut beside = ui.new_child(UiBuilder::new().max_rect(words));
        words_ui(&mut beside, texts, readers, state);
        if let Some(test) = readers.tests.get(state.at) {
            code_ui(ui, code.shrink(GAP), (&test.modules, test.width), texts.get("ui.doctor_code"));
        }
        ui.add_space(12.0);
        let half = vec2((ui.available_width() - GAP) / 2.0, theme::TOUCH + GAP);
        ui.horizontal(|ui| {
            let label = texts.get("ui.doctor_next");
            next |= key_button_ui(ui, "→", label, half, (Look::Normal, true)).clicked();
            let (cap, label) = (texts.get("ui.cap_escape"), texts.get("ui.close"));
            key_button_ui(ui, cap, label, half, (Look::Normal, true)).clicked()
        })
        .inner
    });
    if next {
        state.at = state.at.saturating_add(1).checked_rem(readers.tests.len()).unwrap_or(0);
    }
    again || clicked || left
}

fn words_ui(ui: &mut Ui, texts: &Texts, readers: &ReadersView, state: &DoctorState) {
    let width = ui.available_width() - GAP;
    let mut line = |text: &str, face, color| {
        text_ui(ui, &Line::new(text, face, 20.0, color).rows(4), text, width);
        ui.add_space(GAP);
    };
    line(texts.get("ui.doctor_hint"), Face::Plain, theme::MUTED);
    for (method, name) in &readers.used {
        let used = format!("{}: {name}", texts.get(method_key(*method)));
        line(&used, Face::Plain, theme::TEXT);
    }
    let camera = readers.camera.as_ref().and_then(|camera| camera.trouble.clone());
    for trouble in camera.into_iter().chain(readers.told(texts)) {
        line(&trouble, Face::Strong, theme::WARN);
    }
    let typed = state.typed.as_ref().map(|what| (EntryMethod::Keyboard, what));
    let heard = readers.heard.as_ref().map(|Heard { method, what }| (*method, what));
    if typed.is_none() && heard.is_none() {
        line(texts.get("ui.doctor_silent"), Face::Plain, theme::MUTED);
    }
    for (method, what) in typed.into_iter().chain(heard) {
        let (said, good) = judged(what, texts);
        let color = if good { theme::GOOD } else { theme::WARN };
        line(&format!("{}: {said}", texts.get(method_key(method))), Face::Strong, color);
    }
}

/// What is to be said of what came, and whether it is good.
fn judged(what: &Delivered, texts: &Texts) -> (String, bool) {
    match what {
        Delivered::Text(text) => {
            let diagnosis = diagnose(text);
            let good = matches!(diagnosis, Diagnosis::Right | Diagnosis::Aim);
            (words(&diagnosis, texts), good)
        }
        Delivered::Failed(ScanFailure::Replayed) => {
            (texts.get("ui.doctor_batch").to_owned(), false)
        }
        Delivered::Failed(_) => (texts.get("ui.doctor_unreadable").to_owned(), false),
    }
}

fn method_key(method: EntryMethod) -> &'static str {
    match method {
        EntryMethod::Camera => "ui.doctor_camera",
        EntryMethod::Serial => "ui.doctor_serial",
        EntryMethod::Keyboard | EntryMethod::Typed | EntryMethod::Program => "ui.doctor_keyboard",
    }
}

fn words(diagnosis: &Diagnosis, texts: &Texts) -> String {
    match diagnosis {
        Diagnosis::Right => texts.get("ui.doctor_right").to_owned(),
        Diagnosis::Aim => texts.get("ui.doctor_aim").to_owned(),
        Diagnosis::Case => texts.get("ui.doctor_case").to_owned(),
        Diagnosis::Layout(Layout::French) => texts.get("ui.doctor_french").to_owned(),
        Diagnosis::Layout(Layout::German) => texts.get("ui.doctor_german").to_owned(),
        Diagnosis::Added { before, after } => {
            texts.fill("ui.doctor_added", &[("before", before), ("after", after)])
        }
        Diagnosis::Lost { count } => texts.fill("ui.doctor_lost", &[("n", &count.to_string())]),
        Diagnosis::Garbled => texts.get("ui.doctor_garbled").to_owned(),
        Diagnosis::Another => texts.get("ui.doctor_another").to_owned(),
    }
}
