//! Choosing a redemption of the list and taking it back.

use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::{
    domain::money::Currency,
    terminal::{
        command::UndoReason,
        view::{LineView, VerdictState, View},
    },
    ui::testing::{
        Desk, WINDOWS, assert_uncut, click, desk, desk_at, press_key, question, ready, type_text,
        with_question,
    },
};

fn row(entry: u64, title: &str, back: Option<BackView>) -> RecentRow {
    RecentRow {
        entry,
        time: "14:02:31".into(),
        state: VerdictState::Accepted,
        title: title.into(),
        amount: "€12.50".into(),
        code: "4F7Q".into(),
        synced: true,
        rolled_back: false,
        back,
    }
}

fn with_rows(recent: Vec<RecentRow>) -> View {
    View { recent, ..ready() }
}

/// The list is open on a single row that can be taken back so.
fn on(back: BackView) -> Desk {
    let mut desk = desk(with_rows(vec![row(9, "Lunch", Some(back))]));
    press_key(&mut desk, Key::F3);
    press_key(&mut desk, Key::Enter);
    desk
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn order() -> BackView {
    let line = |name: &str, most| LineView { name: name.into(), most };
    BackView::Lines(vec![line("Bread", 3), line("Milk", 2)])
}

fn roll_back(part: Part) -> Command {
    Command::RollBack { entry: 9, reason: UndoReason::WrongScan, part }
}

#[test]
fn a_row_is_chosen_by_arrows_and_taken_back_with_a_reason() {
    let rows = vec![
        row(12, "Newest", Some(BackView::Whole)),
        row(11, "Refused", None),
        row(9, "Oldest", Some(BackView::Whole)),
    ];
    for (key, reason) in [Key::Num1, Key::Num2, Key::Num3].into_iter().zip(UndoReason::ALL) {
        let mut desk = desk(with_rows(rows.clone()));
        press_key(&mut desk, Key::F3);
        press_key(&mut desk, Key::ArrowDown);
        press_key(&mut desk, Key::Enter);
        assert!(desk.query_by_label("Why is it taken back?").is_none(), "nothing to take back");
        press_key(&mut desk, Key::ArrowDown);
        press_key(&mut desk, Key::ArrowDown);
        press_key(&mut desk, Key::Enter);
        assert!(desk.query_by_label_contains("Oldest  ·").is_some());
        press_key(&mut desk, key);
        let command = Command::RollBack { entry: 9, reason, part: Part::All };
        assert_eq!(desk.state().commands, [command]);
        assert!(desk.query_by_label("Why is it taken back?").is_none(), "the dialog closes");
    }
}

#[test]
fn a_row_is_chosen_by_tab_or_click_and_taken_back_by_the_mouse() {
    let rows = vec![row(12, "Newest", None), row(9, "Oldest", Some(BackView::Whole))];
    let mut desk = desk(with_rows(rows));
    press_key(&mut desk, Key::F3);
    press_key(&mut desk, Key::Tab);
    press_key(&mut desk, Key::Enter);
    assert!(desk.query_by_label("Why is it taken back?").is_some());
    click(&mut desk, "Keep the redemption");
    assert!(desk.state().commands.is_empty());
    press_key(&mut desk, Key::F3);
    let chosen = desk
        .get_all_by_label_contains("Oldest")
        .find(|node| node.accesskit_node().role() == egui::Role::RadioButton);
    chosen.unwrap().click();
    desk.run_ok();
    click(&mut desk, "Take back");
    click(&mut desk, "Wrong voucher or amount");
    assert_eq!(desk.state().commands, [roll_back(Part::All)]);
}

#[test]
fn the_chosen_row_stays_chosen_when_another_comes_above_it() {
    let old = row(9, "Oldest", Some(BackView::Whole));
    let mut desk = desk(with_rows(vec![row(10, "Newer", Some(BackView::Whole)), old.clone()]));
    press_key(&mut desk, Key::F3);
    press_key(&mut desk, Key::ArrowDown);
    let newest = row(11, "Newest", Some(BackView::Whole));
    let rows = vec![newest, row(10, "Newer", Some(BackView::Whole)), old];
    desk.state_mut().view = with_rows(rows);
    desk.run_ok();
    press_key(&mut desk, Key::Enter);
    press_key(&mut desk, Key::Num1);
    assert_eq!(desk.state().commands, [roll_back(Part::All)]);
}

#[test]
fn uses_are_stepped_or_typed_and_bounded() {
    let mut desk = on(BackView::Uses(3));
    assert_eq!(desk.get_by_label("How much").value().as_deref(), Some("3"));
    type_text(&mut desk, "-");
    press_key(&mut desk, Key::Enter);
    press_key(&mut desk, Key::Num1);
    assert_eq!(desk.state().commands, [roll_back(Part::Uses(2))]);
    for (typed, problem) in
        [("4", "At most 3."), ("0", "Type more than 0."), ("x", "Type more than 0.")]
    {
        let mut desk = on(BackView::Uses(3));
        type_text(&mut desk, typed);
        press_key(&mut desk, Key::Enter);
        assert!(desk.query_by_label(problem).is_some(), "{typed}");
        press_key(&mut desk, Key::Num1);
        assert!(desk.state().commands.is_empty(), "{typed}: no reason is asked for yet");
    }
    let mut whole = on(BackView::Uses(3));
    press_key(&mut whole, Key::Enter);
    press_key(&mut whole, Key::Num1);
    assert_eq!(whole.state().commands, [roll_back(Part::All)]);
}

#[test]
fn an_amount_is_typed_in_the_currency_and_bounded() {
    for (typed, part) in [("5", Part::Amount(500)), ("0,01", Part::Amount(1)), ("12.50", Part::All)]
    {
        let mut desk = on(BackView::Amount(euro(1250)));
        type_text(&mut desk, typed);
        press_key(&mut desk, Key::Enter);
        press_key(&mut desk, Key::Num1);
        assert_eq!(desk.state().commands, [roll_back(part)], "{typed}");
    }
    for typed in ["12.51", "0", "1.234", "-1", "x"] {
        let mut desk = on(BackView::Amount(euro(1250)));
        type_text(&mut desk, typed);
        press_key(&mut desk, Key::Enter);
        press_key(&mut desk, Key::Num1);
        assert!(desk.state().commands.is_empty(), "{typed}");
    }
    let mut desk = on(BackView::Amount(euro(1250)));
    type_text(&mut desk, "12.51");
    press_key(&mut desk, Key::Enter);
    assert!(desk.query_by_label("At most €12.50.").is_some());
    press_key(&mut desk, Key::Escape);
    assert!(desk.query_by_label("How much is taken back?").is_none());
}

#[test]
fn pieces_are_chosen_line_by_line() {
    let mut desk = on(order());
    press_key(&mut desk, Key::Home);
    press_key(&mut desk, Key::Enter);
    assert!(desk.query_by_label("Choose at least one piece.").is_some());
    press_key(&mut desk, Key::ArrowDown);
    press_key(&mut desk, Key::ArrowRight);
    click(&mut desk, "Go on");
    press_key(&mut desk, Key::Num1);
    let milk = Lines([0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(desk.state().commands, [roll_back(Part::Lines(milk))]);
    let mut whole = on(order());
    press_key(&mut whole, Key::Enter);
    press_key(&mut whole, Key::Num1);
    assert_eq!(whole.state().commands, [roll_back(Part::All)]);
}

#[test]
fn what_was_taken_back_meanwhile_closes_the_dialog() {
    for rows in [vec![], vec![row(9, "Lunch", None)]] {
        let mut desk = on(BackView::Whole);
        assert!(desk.query_by_label("Why is it taken back?").is_some());
        desk.state_mut().view = with_rows(rows);
        desk.run_ok();
        press_key(&mut desk, Key::Num1);
        assert!(desk.state().commands.is_empty());
        assert!(desk.query_by_label("Why is it taken back?").is_none());
    }
}

#[test]
fn nothing_is_taken_back_while_something_must_be_finished() {
    let recent = vec![row(9, "Lunch", Some(BackView::Whole))];
    let mut desk = desk(View { recent, ..with_question(question()) });
    press_key(&mut desk, Key::F3);
    press_key(&mut desk, Key::Enter);
    assert!(desk.query_by_label("Why is it taken back?").is_none());
    assert!(desk.get_by_label("Take back").accesskit_node().is_disabled());
    assert!(desk.state().commands.is_empty());
}

#[test]
fn the_dialogs_fit_every_window() {
    let long = "Kolmannen kerroksen kahvilan lahjakortti";
    let line = LineView { name: "Henkilökuntalahjakortti 50 EUR".into(), most: 9_999 };
    let lines = vec![line; 8];
    for window in WINDOWS {
        let mut desk = desk_at(window, ready(), None);
        for back in [
            BackView::Whole,
            BackView::Uses(10),
            BackView::Amount(euro(999)),
            BackView::Lines(lines.clone()),
        ] {
            let rows = vec![row(9, long, Some(back)), row(8, long, None)];
            desk.state_mut().view = with_rows(rows);
            for key in [Key::F3, Key::Enter, Key::Home, Key::Enter] {
                press_key(&mut desk, key);
                assert_dialog(&desk);
            }
            type_text(&mut desk, "0");
            press_key(&mut desk, Key::Enter);
            assert_dialog(&desk);
            press_key(&mut desk, Key::Escape);
        }
    }
}

/// The buttons of a dialog lie above those of the bar, which a dialog covers.
fn assert_dialog(desk: &Desk) {
    assert_uncut(desk);
    let window = desk.ctx.content_rect();
    for label in ["Close", "Keep the redemption", "Go on", "Take back"] {
        for node in desk.query_all_by_label(label) {
            let rect = node.rect();
            assert!(window.contains_rect(rect), "{window:?}: {label} {rect:?}");
            assert!(rect.height() >= 48.0, "{label} {rect:?}");
        }
    }
}
