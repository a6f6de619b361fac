//! Every kind of question, by the keyboard alone and by the mouse alone.

use egui::{Key, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::{
    terminal::view::LineView,
    ui::testing::{
        Desk, WINDOWS, assert_apart, assert_touchable, assert_uncut, burst, click, desk, desk_at,
        press_key, question, ready, texts_of, type_text, with_question,
    },
};

fn line(name: &str, most: u16) -> LineView {
    LineView { name: name.into(), most }
}

fn of(wants: Wanted, headline: &str) -> QuestionView {
    QuestionView {
        headline: headline.into(),
        details: vec!["Family brunch".into()],
        wants,
        unit: String::new(),
        offered: String::new(),
        ..question()
    }
}

fn people() -> QuestionView {
    QuestionView { offered: "4".into(), ..of(Wanted::Uses, "HOW MANY PEOPLE?") }
}

fn order() -> QuestionView {
    let lines = vec![line("Bread", 3), line("Milk", 12), line("Cheese", 1)];
    QuestionView { lines, ..of(Wanted::Lines, "WHAT IS HANDED OVER?") }
}

fn approval() -> QuestionView {
    of(Wanted::Approval, "SUPERVISOR'S PIN?")
}

fn asked(question: QuestionView) -> Desk {
    desk(with_question(question))
}

/// What a desk sends after these keys.
fn sent(question: QuestionView, keys: &[Key]) -> Vec<Command> {
    let mut desk = asked(question);
    for key in keys {
        press_key(&mut desk, *key);
    }
    desk.state().commands.clone()
}

#[test]
fn a_count_is_offered_selected_and_stepped() {
    let mut desk = asked(people());
    assert!(desk.query_by_label("HOW MANY PEOPLE?").is_some());
    assert_eq!(desk.get_by_label("How many").value().as_deref(), Some("4"));
    press_key(&mut desk, Key::Enter);
    for sign in ["-", "-", "-", "-", "+"] {
        type_text(&mut desk, sign);
    }
    press_key(&mut desk, Key::Enter);
    press_key(&mut desk, Key::ArrowUp);
    press_key(&mut desk, Key::Enter);
    type_text(&mut desk, "12");
    press_key(&mut desk, Key::Enter);
    press_key(&mut desk, Key::ArrowDown);
    press_key(&mut desk, Key::Enter);
    let answers = ["4", "2", "3", "12", "11"].map(|count| Command::Answer(count.into()));
    assert_eq!(desk.state().commands, answers, "never below one");
}

#[test]
fn a_count_is_stepped_and_answered_by_the_mouse() {
    let mut desk = asked(people());
    click(&mut desk, "One less");
    click(&mut desk, "One less");
    click(&mut desk, "One more");
    let confirm = desk.get_all_by_label("Confirm").find(|node| node.rect().height() >= 60.0);
    confirm.unwrap().click();
    desk.run_ok();
    click(&mut desk, "Do not redeem");
    assert_eq!(desk.state().commands, [Command::Answer("3".into()), Command::Dismiss]);
}

#[test]
fn an_order_is_handed_over_whole_with_one_key() {
    assert_eq!(sent(order(), &[Key::Enter]), [Command::Pieces(vec![3, 12, 1])]);
    assert_eq!(sent(order(), &[Key::Escape]), [Command::Dismiss]);
}

#[test]
fn lines_are_chosen_and_changed_by_keys() {
    let keys = [Key::ArrowLeft, Key::ArrowDown, Key::ArrowLeft, Key::ArrowLeft, Key::Enter];
    assert_eq!(sent(order(), &keys), [Command::Pieces(vec![2, 10, 1])]);
    let keys = [Key::Home, Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::ArrowRight];
    let more = [keys.as_slice(), &[Key::ArrowRight, Key::Enter]].concat();
    assert_eq!(sent(order(), &more), [Command::Pieces(vec![0, 0, 1])], "no more than there are");
    let keys = [Key::Home, Key::Enter, Key::End, Key::Enter];
    let answers = [Command::Pieces(vec![0, 0, 0]), Command::Pieces(vec![3, 12, 1])];
    assert_eq!(sent(order(), &keys), answers);
}

#[test]
fn digits_change_the_chosen_line_and_stay_within_it() {
    let mut desk = asked(order());
    type_text(&mut desk, "2");
    press_key(&mut desk, Key::ArrowDown);
    type_text(&mut desk, "1");
    type_text(&mut desk, "1");
    press_key(&mut desk, Key::ArrowDown);
    type_text(&mut desk, "9");
    press_key(&mut desk, Key::Enter);
    press_key(&mut desk, Key::ArrowUp);
    type_text(&mut desk, "1");
    type_text(&mut desk, "5");
    press_key(&mut desk, Key::Enter);
    let answers = [Command::Pieces(vec![2, 11, 1]), Command::Pieces(vec![2, 5, 1])];
    assert_eq!(desk.state().commands, answers, "15 of 12 are none: the digit starts over");
}

#[test]
fn lines_are_changed_by_the_mouse_and_told_to_a_screen_reader() {
    let mut desk = asked(order());
    click(&mut desk, "One less: Milk");
    assert!(desk.query_by_label("Milk: 11 of 12").is_some());
    click(&mut desk, "Cheese: 1 of 1");
    press_key(&mut desk, Key::ArrowLeft);
    click(&mut desk, "Hand over");
    click(&mut desk, "Nothing");
    click(&mut desk, "One more: Bread");
    click(&mut desk, "Hand over");
    click(&mut desk, "Everything");
    click(&mut desk, "Hand over");
    let answers = [vec![3, 11, 0], vec![1, 0, 0], vec![3, 12, 1]].map(Command::Pieces);
    assert_eq!(desk.state().commands, answers);
}

#[test]
fn lines_that_were_picked_up_before_cannot_be_chosen() {
    let lines = vec![line("Bread", 0), line("Milk", 2)];
    let mut desk = asked(QuestionView { lines, ..order() });
    type_text(&mut desk, "7");
    press_key(&mut desk, Key::ArrowRight);
    press_key(&mut desk, Key::Enter);
    assert_eq!(desk.state().commands, [Command::Pieces(vec![0, 2])]);
}

#[test]
fn a_product_is_confirmed_or_denied_by_one_key_each() {
    let product = || QuestionView {
        details: vec!["2 for 1".into(), "Espresso 250 g".into(), "Espresso 1 kg".into()],
        ..of(Wanted::Product, "IS ONE OF THESE ON THE BILL?")
    };
    let mut desk = asked(product());
    for label in ["Espresso 250 g", "Espresso 1 kg", "Or scan the product's barcode"] {
        assert!(desk.query_by_label(label).is_some(), "{label}");
    }
    click(&mut desk, "Yes, it is on the bill");
    click(&mut desk, "No");
    click(&mut desk, "Do not redeem");
    let answers = [Command::Say(true), Command::Say(false), Command::Dismiss];
    assert_eq!(desk.state().commands, answers);
    let keys = [Key::Num1, Key::Num2, Key::Enter, Key::Escape];
    let answers = [Command::Say(true), Command::Say(false), Command::Say(true), Command::Dismiss];
    assert_eq!(sent(product(), &keys), answers);
}

#[test]
fn a_confirmation_is_yes_or_no() {
    let look = || QuestionView {
        details: vec!["Lunch for two".into(), "€10.00 off".into()],
        ..of(Wanted::Confirmation, "REDEEM IT?")
    };
    assert_eq!(sent(look(), &[Key::Enter, Key::Escape]), [Command::Say(true), Command::Say(false)]);
    assert!(sent(look(), &[Key::Num1, Key::Space, Key::Y]).is_empty(), "no other key says yes");
    let mut desk = asked(look());
    assert!(desk.query_by_label("€10.00 off").is_some(), "what would happen is told");
    for label in ["Redeem", "Do not redeem", "Confirm", "Clear"] {
        click(&mut desk, label);
    }
    let answers = [true, false, true, false].map(Command::Say);
    assert_eq!(desk.state().commands, answers, "the bar does the same");
}

#[test]
fn a_pin_is_digits_and_never_shown() {
    let mut desk = asked(approval());
    press_key(&mut desk, Key::Enter);
    assert!(desk.state().commands.is_empty(), "an empty PIN is no wrong one");
    for typed in ["4", "a", "7", "-", "1", "1"] {
        type_text(&mut desk, typed);
    }
    let field = desk.get_by_label("Supervisor's PIN");
    assert!(field.is_focused());
    assert_eq!(field.value().map(|value| value.chars().count()), Some(4));
    let told = format!("{:?}", desk.root().accesskit_node().data());
    let painted: String =
        texts_of(&desk).iter().map(|(_, text)| text.galley.text().to_owned()).collect();
    for shown in [field.value().unwrap(), painted, told] {
        assert!(!shown.contains("47"), "{shown}");
    }
    let state = format!("{:?}", desk.state().counter.scan_state());
    assert!(!state.contains("4711"), "{state}");
    press_key(&mut desk, Key::Enter);
    assert_eq!(desk.state().commands, [Command::Answer("4711".into())]);
}

#[test]
fn a_wrong_pin_is_told_and_nothing_of_it_stays() {
    let mut desk = asked(approval());
    type_text(&mut desk, "4711");
    press_key(&mut desk, Key::Enter);
    let problem = Some("That is no supervisor's PIN of this branch.".to_owned());
    desk.state_mut().view = with_question(QuestionView { problem, ..approval() });
    desk.run_ok();
    assert!(desk.query_by_label_contains("no supervisor's PIN").is_some());
    assert_eq!(desk.get_by_label("Supervisor's PIN").value().unwrap_or_default(), "");
    desk.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    desk.run_ok();
    press_key(&mut desk, Key::Enter);
    type_text(&mut desk, "0815");
    click(&mut desk, "Approve");
    type_text(&mut desk, "99");
    click(&mut desk, "Cancel");
    let answers = ["4711", "0815"].map(|pin| Command::Answer(pin.into()));
    assert_eq!(desk.state().commands[..2], answers, "undoing brings no PIN back");
    assert_eq!(desk.state().commands[2..], [Command::Dismiss]);
    desk.state_mut().view = with_question(QuestionView { serial: 8, ..approval() });
    desk.run_ok();
    assert_eq!(desk.get_by_label("Supervisor's PIN").value().unwrap_or_default(), "");
}

#[test]
fn a_pin_does_not_come_back_in_another_field() {
    let mut desk = asked(approval());
    type_text(&mut desk, "4711");
    desk.state_mut().view = ready();
    desk.run_ok();
    desk.state_mut().view = with_question(QuestionView { serial: 9, ..people() });
    desk.run_ok();
    desk.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    desk.run_ok();
    assert_eq!(desk.get_by_label("How many").value().as_deref(), Some("4"));
}

#[test]
fn a_reader_changes_no_answer() {
    for (question, answer) in [
        (people(), vec![Command::Answer("4".into())]),
        (order(), vec![Command::Pieces(vec![3, 12, 1])]),
        (approval(), vec![]),
    ] {
        let mut desk = asked(question);
        burst(&mut desk, "4006381333931\n");
        let commands = std::mem::take(&mut desk.state_mut().commands);
        assert!(matches!(commands.as_slice(), [Command::Scan { .. }]), "{commands:?}");
        press_key(&mut desk, Key::Enter);
        assert_eq!(desk.state().commands, answer);
    }
}

#[test]
fn keys_of_a_dialog_above_change_nothing_below() {
    let mut desk = asked(order());
    press_key(&mut desk, Key::F3);
    for key in [Key::ArrowLeft, Key::Home, Key::Enter, Key::Escape, Key::Enter] {
        press_key(&mut desk, key);
    }
    assert_eq!(desk.state().commands, [Command::Pieces(vec![3, 12, 1])]);
}

/// Questions of every kind with words as long as they come.
fn wordy() -> Vec<QuestionView> {
    let long = "Kolmannen kerroksen kahvilan henkilökuntalahjakortti";
    let lines: Vec<_> = (0..8).map(|_| line("Henkilökuntalahjakortti 50 EUR", 9_999)).collect();
    let products = vec!["Kahvipapu, tumma paahto, 1.000 g".to_owned(); 12];
    let details = vec![long.to_owned(), "Restguthaben: 1.112,50 €".to_owned()];
    [
        Wanted::Bill,
        Wanted::Uses,
        Wanted::Lines,
        Wanted::Product,
        Wanted::Confirmation,
        Wanted::HandedOver,
        Wanted::Approval,
    ]
    .map(|wants| QuestionView {
        headline: "WIEVIEL VOM GUTHABEN EINLÖSEN?".into(),
        details: if wants == Wanted::Product { products.clone() } else { details.clone() },
        lines: if wants == Wanted::Lines { lines.clone() } else { Vec::new() },
        unit: if wants == Wanted::Bill { "CHF".into() } else { String::new() },
        problem: Some("Das Guthaben beträgt nur noch 1.112,50 €".into()),
        held: true,
        ..of(wants, "")
    })
    .to_vec()
}

#[test]
fn every_question_fits_every_window() {
    for window in WINDOWS {
        let mut desk = desk_at(window, ready(), None);
        for (question, serial) in wordy().into_iter().zip(100..) {
            desk.state_mut().view = with_question(QuestionView { serial, ..question });
            desk.run_ok();
            assert_uncut(&desk);
            assert_apart(&desk);
            assert_touchable(&desk);
        }
    }
}

#[test]
fn in_a_very_low_window_the_chosen_line_and_the_buttons_stay_in_sight() {
    let lines = (1..=8).map(|number| line(&format!("Line {number}"), 3)).collect();
    let order = QuestionView { lines, ..order() };
    let mut desk = desk_at((vec2(683.0, 384.0), 2.0), with_question(order), None);
    assert_touchable_within(&desk, &["Hand over", "Do not redeem"]);
    for _ in 0..3 {
        press_key(&mut desk, Key::ArrowDown);
    }
    desk.run_ok();
    let chosen = desk.get_by_label("Line 4: 3 of 3").rect();
    let below = desk.get_by_label("Hand over").rect();
    assert!(chosen.min.y > 52.0 && chosen.max.y <= below.min.y, "{chosen:?} {below:?}");
}

fn assert_touchable_within(desk: &Desk, labels: &[&str]) {
    let bar = desk.ctx.content_rect().max.y - crate::ui::theme::BAR_HEIGHT;
    for label in labels {
        let rect = desk.get_by_label(label).rect();
        assert!(rect.max.y <= bar && rect.height() >= 48.0, "{label}: {rect:?}");
    }
}

#[test]
fn the_headline_keeps_its_size_where_there_is_room() {
    let desk = desk_at((vec2(1366.0, 768.0), 1.0), with_question(people()), None);
    let texts = texts_of(&desk);
    let (_, headline) =
        texts.iter().find(|(_, text)| text.galley.text() == "HOW MANY PEOPLE?").unwrap();
    assert!(headline.galley.job.sections[0].format.font_id.size >= 64.0);
}
