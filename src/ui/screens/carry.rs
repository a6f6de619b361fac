//! Carrying by hand: which stick, and what came of it, in words.

use egui::{Align2, Context, CornerRadius, Frame, Id, Key, Margin, Stroke, TextEdit, Ui, vec2};

use super::dialog::{dialog_ui, text_ui};
use crate::{
    terminal::{command::Command, text::Texts, view::CarryView},
    ui::{
        theme::{self, Face, GAP, PRIMARY},
        widgets::{
            button::{Look, key_button_ui},
            fit::Line,
            press,
        },
    },
};

const WIDTH: f32 = 760.0;

/// Sticks that have a key.
const STICKS_SHOWN: usize = 3;

/// Shows the dialog; `folder` is what was typed. Returns whether to close.
pub fn carry_ui(
    ctx: &Context,
    texts: &Texts,
    view: &CarryView,
    folder: &mut String,
    commands: &mut Vec<Command>,
) -> bool {
    let free = !view.busy;
    let shown = view.sticks.get(..STICKS_SHOWN).unwrap_or(&view.sticks);
    // A digit of a folder's name is no choice.
    let typing = ctx.memory(|memory| memory.has_focus(field()));
    let by_key = (0..shown.len()).find(|index| !typing && press::pressed_choice(ctx, *index));
    let entered = press::pressed(ctx, Key::Enter);
    let title = texts.get("ui.carry_title");
    let (choice, left) = dialog_ui(ctx, title, WIDTH, |ui| {
        let width = ui.available_width();
        told_ui(ui, texts, view, width);
        ui.add_space(8.0);
        let stick = sticks_ui(ui, texts, (shown, free), width);
        field_ui(ui, texts, folder, width);
        ui.add_space(12.0);
        let typed = free && !folder.trim().is_empty();
        buttons_ui(ui, texts, typed, width).or(stick.map(Choice::Stick))
    });
    let choice = choice.or(by_key.map(Choice::Stick)).or(entered.then_some(Choice::Typed));
    let chosen = match choice {
        Some(Choice::Stick(index)) => shown.get(index).cloned(),
        Some(Choice::Typed) => Some(folder.trim().to_owned()).filter(|folder| !folder.is_empty()),
        Some(Choice::Leave) | None => None,
    };
    commands.extend(chosen.filter(|_| free).map(Command::Carry));
    left || choice == Some(Choice::Leave)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Stick(usize),
    Typed,
    Leave,
}

/// What came of it, that it is being done, or what to do.
fn told_ui(ui: &mut Ui, texts: &Texts, view: &CarryView, width: f32) {
    let hint = match (view.busy, view.lines.is_empty(), view.sticks.is_empty()) {
        (true, ..) => "ui.carry_busy",
        (false, false, _) => "ui.carry_done",
        (false, true, true) => "ui.carry_no_stick",
        (false, true, false) => "ui.carry_hint",
    };
    let hint = texts.get(hint);
    text_ui(ui, &Line::new(hint, Face::Strong, 18.0, theme::TEXT).rows(3), hint, width);
    for (index, text) in view.lines.iter().enumerate() {
        let line = Line::new(text, Face::Plain, 16.0, theme::MUTED).rows(3);
        ui.push_id(index, |ui| text_ui(ui, &line, text, width));
    }
}

fn sticks_ui(
    ui: &mut Ui,
    texts: &Texts,
    (sticks, free): (&[String], bool),
    width: f32,
) -> Option<usize> {
    let mut clicked = None;
    for (index, stick) in sticks.iter().enumerate() {
        let cap = index.saturating_add(1).to_string();
        let label = texts.fill("ui.carry_stick", &[("folder", stick)]);
        let size = vec2(width, PRIMARY);
        if key_button_ui(ui, &cap, &label, size, (Look::Primary, free)).clicked() {
            clicked = Some(index);
        }
        ui.add_space(8.0);
    }
    clicked
}

fn field() -> Id {
    Id::unique("stick folder")
}

fn field_ui(ui: &mut Ui, texts: &Texts, folder: &mut String, width: f32) {
    let frame = Frame::new()
        .fill(theme::CALM.fill)
        .inner_margin(Margin::symmetric(16, 10))
        .stroke(Stroke::new(2.0, theme::ACCENT))
        .corner_radius(CornerRadius::same(theme::RADIUS));
    let edit = TextEdit::singleline(folder)
        .id(field())
        .font(Face::Plain.at(20.0))
        .text_color(theme::TEXT)
        .hint_text(texts.get("ui.carry_field"))
        .char_limit(1024)
        .align(Align2::LEFT_CENTER)
        .frame(frame);
    ui.add_sized(vec2(width, theme::TOUCH), edit).accessible_name(texts.get("ui.carry_field"));
}

fn buttons_ui(ui: &mut Ui, texts: &Texts, typed: bool, width: f32) -> Option<Choice> {
    let size = vec2((width - GAP * 2.0) / 2.0, PRIMARY);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP * 2.0;
        let cap = texts.get("ui.cap_enter");
        let go = key_button_ui(ui, cap, texts.get("ui.carry_go"), size, (Look::Normal, typed));
        let cap = texts.get("ui.cap_escape");
        let leave = key_button_ui(ui, cap, texts.get("ui.close"), size, (Look::Normal, true));
        match (go.clicked(), leave.clicked()) {
            (true, _) => Some(Choice::Typed),
            (false, true) => Some(Choice::Leave),
            (false, false) => None,
        }
    })
    .inner
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::{
        terminal::view::{Link, StripView, View},
        ui::testing::{
            Desk, WINDOWS, assert_apart, assert_touchable, assert_uncut, desk, desk_at, press_key,
            ready, type_text,
        },
    };

    fn offline(carry: CarryView) -> View {
        let strip = StripView { online: Link::Offline, ..StripView::default() };
        View { strip, carry, ..ready() }
    }

    fn sticks(names: &[&str]) -> CarryView {
        let sticks = names.iter().map(|name| (*name).to_owned()).collect();
        CarryView { sticks, ..CarryView::default() }
    }

    fn opened(carry: CarryView) -> Desk {
        let mut desk = desk(offline(carry));
        press_key(&mut desk, Key::F5);
        let commands = std::mem::take(&mut desk.state_mut().commands);
        assert_eq!(commands, [Command::SyncNow, Command::FindSticks]);
        desk
    }

    #[test]
    fn with_the_network_the_key_only_syncs() {
        let strip = StripView { online: Link::Online, ..StripView::default() };
        let mut desk = desk(View { strip, ..ready() });
        press_key(&mut desk, Key::F5);
        assert_eq!(desk.state().commands, [Command::SyncNow]);
        assert!(desk.query_by_label("Close").is_none());
    }

    #[test]
    fn without_it_a_stick_is_one_key_away() {
        let mut desk = opened(sticks(&["/media/mira/STICK", "/media/mira/OTHER"]));
        assert!(desk.query_by_label_contains("/media/mira/OTHER").is_some());
        press_key(&mut desk, Key::Num2);
        let carry = Command::Carry("/media/mira/OTHER".into());
        assert_eq!(desk.state().commands, [carry]);
        let lines = vec!["Entries that the platform acknowledged: 3.".to_owned()];
        desk.state_mut().view = offline(CarryView { lines, ..sticks(&["/media/mira/STICK"]) });
        desk.run_ok();
        assert!(desk.query_by_label("Entries that the platform acknowledged: 3.").is_some());
        press_key(&mut desk, Key::Escape);
        assert!(desk.query_by_label("Close").is_none());
    }

    #[test]
    fn a_folder_is_typed_and_its_digits_choose_no_stick() {
        let mut desk = opened(sticks(&["/media/mira/STICK"]));
        press_key(&mut desk, Key::Enter);
        assert!(desk.state().commands.is_empty(), "nothing was typed");
        desk.get_by_label("Folder of the stick").click();
        desk.run_ok();
        type_text(&mut desk, "/mnt/usb");
        press_key(&mut desk, Key::Num1);
        type_text(&mut desk, "1");
        press_key(&mut desk, Key::Enter);
        assert_eq!(desk.state().commands, [Command::Carry("/mnt/usb1".into())]);
    }

    #[test]
    fn nothing_is_begun_while_a_stick_is_being_worked_on() {
        let mut desk = opened(CarryView { busy: true, ..sticks(&["/media/mira/STICK"]) });
        press_key(&mut desk, Key::Num1);
        assert!(desk.state().commands.is_empty());
        assert!(desk.query_by_label_contains("Leave the stick in").is_some());
    }

    #[test]
    fn everything_fits_every_window() {
        let long = "Entries packed for the platform: 1234, in \
                    countersign-terminal-4294967295-2026-11-22-1a2b3c4d.to-platform.";
        let lines = vec![long.to_owned(); 3];
        for window in WINDOWS {
            let carry = CarryView { lines: lines.clone(), ..sticks(&["/media/mira/STICK", "/x"]) };
            let mut desk = desk_at(window, offline(carry), None);
            press_key(&mut desk, Key::F5);
            assert_uncut(&desk);
            let dialog = desk.get_by_label("Close").rect();
            assert!(dialog.max.y <= window.0.y, "{window:?}");
        }
        let desk = opened(sticks(&["/media/mira/STICK"]));
        assert_apart(&desk);
        assert_touchable(&desk);
    }
}
