//! A bill, by the keyboard alone and by the mouse alone.

use egui::Key;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::{
    domain::scan::EntryMethod,
    terminal::view::{QuestionView, RecentRow, ScanView, VerdictState, View},
    ui::{
        phone::PhoneView,
        testing::{
            Desk, WINDOWS, assert_apart, assert_touchable, assert_uncut, burst, click, desk,
            desk_at, press_key, question, ready, type_text, verdict, with_question, with_verdict,
        },
    },
};

fn row(title: &str, step: &str) -> BillRow {
    BillRow { title: title.into(), kind: "15 % off".into(), step: step.into() }
}

fn empty() -> BillView {
    BillView {
        serial: 3,
        sum: None,
        unit: "EUR".into(),
        rows: Vec::new(),
        due: None,
        problem: None,
    }
}

/// 15 % of 42.00 are 6.30.
fn summed() -> BillView {
    BillView {
        sum: Some("€42.00".into()),
        rows: vec![row("Lunch", "€42.00 − €6.30 = €35.70")],
        due: Some("To pay: €35.70".into()),
        ..empty()
    }
}

fn on(bill: BillView) -> View {
    View { scan: ScanView::Bill(bill), ..ready() }
}

fn show(desk: &mut Desk, view: View) {
    desk.state_mut().view = view;
    desk.run_ok();
}

#[test]
fn a_key_opens_a_bill_unless_something_must_be_finished() {
    for view in [ready(), with_verdict(verdict(VerdictState::NotValid, "NOT VALID"))] {
        let mut desk = desk(view);
        press_key(&mut desk, Key::F10);
        click(&mut desk, "Bill");
        assert_eq!(desk.state().commands, [Command::OpenBill, Command::OpenBill]);
    }
    for view in
        [with_question(question()), on(summed()), View { scan: ScanView::Asking, ..ready() }]
    {
        let mut desk = desk(view);
        press_key(&mut desk, Key::F10);
        assert!(desk.state().commands.is_empty());
    }
}

#[test]
fn enter_sets_the_sum_and_then_redeems_all() {
    let mut desk = desk(on(empty()));
    assert!(desk.get_by_label("Sum of the bill").is_focused());
    type_text(&mut desk, "42");
    assert!(desk.query_by_label("Set the sum").is_some());
    press_key(&mut desk, Key::Enter);
    show(&mut desk, on(summed()));
    assert!(desk.query_by_label("Redeem all").is_some());
    press_key(&mut desk, Key::Enter);
    let commands = [Command::Answer("42".into()), Command::ConfirmBill];
    assert_eq!(desk.state().commands, commands);
}

#[test]
fn nothing_is_redeemed_by_a_sum_that_the_field_contradicts() {
    let mut desk = desk(on(empty()));
    type_text(&mut desk, "42");
    press_key(&mut desk, Key::Enter);
    show(&mut desk, on(summed()));
    for wrong in ["43", "42.000", "x", "0"] {
        type_text(&mut desk, wrong);
        assert!(desk.query_by_label("Set the sum").is_some(), "{wrong}");
        press_key(&mut desk, Key::Enter);
        press_key(&mut desk, Key::Enter);
        click(&mut desk, "Set the sum");
        click(&mut desk, "Confirm");
        assert!(!desk.state().commands.contains(&Command::ConfirmBill), "{wrong}");
    }
    type_text(&mut desk, "42,00");
    press_key(&mut desk, Key::Enter);
    assert_eq!(desk.state().commands.last(), Some(&Command::ConfirmBill), "the same sum");
}

#[test]
fn an_empty_bill_is_asked_for_and_the_answer_is_shown() {
    let mut desk = desk(on(empty()));
    press_key(&mut desk, Key::Enter);
    assert_eq!(desk.state().commands, [Command::ConfirmBill], "the engine says what is missing");
    let problem = Some("Type the sum of the bill and scan at least one voucher.".to_owned());
    show(&mut desk, on(BillView { problem, ..empty() }));
    assert!(desk.query_by_label_contains("at least one voucher").is_some());
    assert!(desk.query_by_label_contains("Scan the vouchers").is_some());
}

#[test]
fn the_vouchers_are_listed_in_their_order_with_what_they_do() {
    let rows =
        vec![row("Lunch", "€42.00 − €6.30 = €35.70"), row("Gift card", "€35.70 − €5.00 = €30.70")];
    let due = Some("To pay: €30.70".to_owned());
    let desk = desk(on(BillView { rows, due, ..summed() }));
    let first = desk.get_by_label("1, Lunch, 15 % off, €42.00 − €6.30 = €35.70").rect();
    let second = desk.get_by_label("2, Gift card, 15 % off, €35.70 − €5.00 = €30.70").rect();
    assert!(first.max.y <= second.min.y + 1.0);
    assert!(desk.query_by_label("To pay: €30.70").is_some());
    assert!(desk.query_by_label("Bill: €42.00").is_some());
}

#[test]
fn the_last_voucher_is_taken_off_by_key_and_by_mouse() {
    let mut desk = desk(on(summed()));
    press_key(&mut desk, Key::F11);
    desk.get_all_by_label("Take last off").next().unwrap().click();
    desk.run_ok();
    assert_eq!(desk.state().commands, [Command::RemoveLast, Command::RemoveLast]);
    show(&mut desk, on(empty()));
    desk.state_mut().commands.clear();
    press_key(&mut desk, Key::F11);
    assert!(desk.state().commands.is_empty(), "nothing is on it, and looking first stays as it is");
}

#[test]
fn correcting_the_sum_takes_no_voucher_off() {
    let mut desk = desk(on(summed()));
    type_text(&mut desk, "421");
    press_key(&mut desk, Key::Backspace);
    press_key(&mut desk, Key::Delete);
    assert_eq!(desk.get_by_label("Sum of the bill").value().as_deref(), Some("42"));
    assert!(desk.state().commands.is_empty());
}

#[test]
fn escape_leaves_the_bill() {
    let mut desk = desk(on(summed()));
    press_key(&mut desk, Key::Escape);
    desk.get_all_by_label("Leave the bill").next().unwrap().click();
    desk.run_ok();
    assert_eq!(desk.state().commands, [Command::Dismiss, Command::Dismiss]);
}

#[test]
fn scans_work_while_the_sum_is_typed() {
    let mut desk = desk(on(empty()));
    type_text(&mut desk, "4");
    burst(&mut desk, "CS1:6BFOXN\n");
    type_text(&mut desk, "2");
    let scan = Command::Scan { text: "CS1:6BFOXN".into(), method: EntryMethod::Keyboard };
    assert_eq!(desk.state().commands, [scan]);
    assert_eq!(desk.get_by_label("Sum of the bill").value().as_deref(), Some("42"));
}

#[test]
fn a_verdict_between_keeps_the_sum_and_a_fresh_bill_starts_over() {
    let mut desk = desk(on(empty()));
    type_text(&mut desk, "42");
    press_key(&mut desk, Key::Enter);
    show(&mut desk, on(summed()));
    show(&mut desk, with_verdict(verdict(VerdictState::NotValid, "NOT VALID")));
    show(&mut desk, on(BillView { serial: 5, ..summed() }));
    assert_eq!(desk.get_by_label("Sum of the bill").value().as_deref(), Some("42"));
    press_key(&mut desk, Key::Enter);
    assert_eq!(desk.state().commands.last(), Some(&Command::ConfirmBill));
    show(&mut desk, ready());
    show(&mut desk, on(BillView { serial: 6, ..empty() }));
    assert_eq!(desk.get_by_label("Sum of the bill").value().unwrap_or_default(), "");
}

#[test]
fn a_question_about_a_voucher_of_the_bill_has_its_own_field() {
    let mut desk = desk(on(summed()));
    type_text(&mut desk, "42");
    show(&mut desk, with_question(QuestionView { serial: 4, ..question() }));
    assert_eq!(desk.get_by_label("Bill amount").value().as_deref(), Some("12.50"));
}

/// Ten vouchers with words and sums as long as they come.
fn wordy() -> View {
    let row = BillRow {
        title: "Kolmannen kerroksen kahvilan lahjakortti".into(),
        kind: "15 % Ermäßigung ab 1.000,00 €, höchstens 1.200,00 €".into(),
        step: "CHF 11042.00 − CHF 1056.30 = CHF 9985.70".into(),
    };
    let recent = RecentRow {
        entry: 1,
        time: "14:02:31".into(),
        state: VerdictState::Accepted,
        title: "Frühstücksgutschein für zwei".into(),
        amount: "1.112,50 €".into(),
        code: "4F7Q".into(),
        synced: false,
        rolled_back: false,
        back: None,
    };
    let bill = BillView {
        sum: Some("CHF 11042.00".into()),
        unit: "CHF".into(),
        rows: vec![row; 10],
        due: Some("Noch zu zahlen: CHF 10232.50".into()),
        problem: Some("Geben Sie die Rechnungssumme ein und scannen Sie einen Gutschein.".into()),
        ..empty()
    };
    View { recent: vec![recent; 12], look_first: true, ..on(bill) }
}

#[test]
fn ten_vouchers_fit_every_window() {
    for window in WINDOWS {
        let phone = Some(PhoneView::default()).filter(|_| window.0.x > 1024.0);
        for phone in [None, phone] {
            let desk = desk_at(window, wordy(), phone);
            let rows = (1..=10).filter(|number| {
                let start = format!("{number}, Kolmannen");
                desk.query_all_by_label_contains(&start).count() > 0
            });
            assert_eq!(rows.count(), 10);
            assert_uncut(&desk);
            assert_apart(&desk);
            assert_touchable(&desk);
        }
    }
}

#[test]
fn in_a_very_low_window_the_field_and_the_main_key_stay_in_sight() {
    let desk = desk_at((egui::vec2(683.0, 384.0), 2.0), wordy(), None);
    let field = desk.get_by_label("Sum of the bill").rect();
    let enter = desk.get_by_label("Redeem all").rect();
    assert!(field.min.y >= 52.0 && field.max.y <= enter.min.y, "{field:?} {enter:?}");
    assert_touchable(&desk);
}
