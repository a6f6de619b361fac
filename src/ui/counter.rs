//! The counter screen as a whole: state between frames, panels, dialogs, keys; no window, no engine.

use std::sync::Arc;

use egui::{Context, Frame, Id, Key, Panel, RawInput, Rect, Ui, UiBuilder, vec2};

use super::{
    keys::{Captured, KeyCapture},
    phone::{PhoneCommand, PhoneState, PhoneView, phone_keys, phone_ui},
    readers::{Preview, ReaderCommand, ReadersView},
    screens::{
        carry::carry_ui,
        doctor::{DoctorState, doctor_ui},
        readers::{ReadersAct, ReadersState, readers_ui},
        receipt::receipt_ui,
        recent::{RecentAct, RecentState, recent_dialog_ui, recent_side_ui},
        scan::{ScanState, scan_ui},
        take_back::{TakeBack, take_back_ui},
        typed::typed_ui,
        undo::undo_ui,
    },
    theme::{self, Face, Sizes},
    widgets::{
        fit::{Line, line_ui},
        key_bar::{BarKey, key_bar_ui},
        look_first::{self, look_first_ui},
        press,
        strip::strip_ui,
    },
};
use crate::{
    domain::scan::{Delivered, EntryMethod, ScanFailure},
    terminal::{
        command::Command,
        text::Texts,
        view::{Link, ScanView, View},
    },
};

/// Share of the window that the verdict must keep for the list of last scans to stand beside it.
const VERDICT_SHARE: f32 = 0.6;

/// Everything the counter screen remembers between frames.
pub struct Counter {
    /// The texts of the operator's language.
    pub texts: Texts,
    /// Set while the engine does not take commands.
    pub stuck: bool,
    /// The camera's picture, and what is wrong with readers.
    pub readers: Arc<ReadersView>,
    preview: Preview,
    scan: ScanState,
    dialog: Option<Dialog>,
    phone: PhoneState,
    keys: KeyCapture,
    answered: Option<u64>,
    /// What the last receipt says; empty before there is one.
    receipt: Vec<String>,
    /// Whether the engine was asked for the codes of the receipt.
    witnessing: bool,
}

/// What lies above the counter.
#[derive(Clone, Debug)]
enum Dialog {
    Typed(String),
    Recent(RecentState),
    TakeBack(TakeBack),
    Undo,
    /// Which of its codes is shown.
    Receipt(usize),
    /// The folder that was typed.
    Carry(String),
    Doctor(DoctorState),
    Readers(ReadersState),
}

/// What a frame asks for.
#[derive(Debug, Default)]
pub struct Wishes {
    /// For the engine, in order.
    pub commands: Vec<Command>,
    /// For the phone of the demo, in order.
    pub phone: Vec<PhoneCommand>,
    /// For the readers, in order.
    pub readers: Vec<ReaderCommand>,
}

impl Counter {
    /// A counter that shows its words from `texts`.
    pub fn new(texts: Texts) -> Self {
        Self {
            texts,
            stuck: false,
            readers: Arc::default(),
            preview: Preview::default(),
            scan: ScanState::default(),
            dialog: None,
            phone: PhoneState::default(),
            keys: KeyCapture::default(),
            answered: None,
            receipt: Vec::new(),
            witnessing: false,
        }
    }

    /// Takes the scans of a keyboard reader out of the input of the coming frame.
    pub fn capture(&mut self, ctx: &Context, raw: &mut RawInput) -> Vec<Command> {
        let captured = self.keys.filter(ctx, raw);
        if let Some(Dialog::Doctor(state)) = &mut self.dialog {
            for captured in captured {
                state.typed = Some(match captured {
                    Captured::Scan(text) => Delivered::Text(text),
                    Captured::Overlong => Delivered::Failed(ScanFailure::Overlong),
                    Captured::Replayed => Delivered::Failed(ScanFailure::Replayed),
                });
            }
            return Vec::new();
        }
        captured.into_iter().map(Self::scan_command).collect()
    }

    /// Whether readers are being tested: what they deliver is no voucher.
    pub fn testing(&self) -> bool {
        matches!(self.dialog, Some(Dialog::Doctor(_)))
    }

    fn scan_command(captured: Captured) -> Command {
        let method = EntryMethod::Keyboard;
        match captured {
            Captured::Scan(text) => Command::Scan { text, method },
            Captured::Overlong => Command::ScanFailed { why: ScanFailure::Overlong, method },
            Captured::Replayed => Command::ScanFailed { why: ScanFailure::Replayed, method },
        }
    }

    /// What the middle of the screen remembers.
    #[cfg(test)]
    pub(crate) fn scan_state(&self) -> &ScanState {
        &self.scan
    }

    /// Draws one frame over the whole of `ui`.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, phone: Option<&PhoneView>) -> Wishes {
        let mut wishes = Wishes::default();
        self.follow(view);
        let ctx = ui.ctx().clone();
        self.dialog_ui(&ctx, view, &mut wishes);
        self.function_keys(&ctx, view, &mut wishes);
        if let Some(phone) = phone {
            self.phone_panel(ui, view, phone, &mut wishes.phone);
        }
        self.panels(ui, view, &mut wishes.commands);
        self.ask_for_codes(&mut wishes.commands);
        wishes
    }

    /// Codes for the customer's phone are drawn only while the receipt is open.
    fn ask_for_codes(&mut self, commands: &mut Vec<Command>) {
        let wanted = matches!(self.dialog, Some(Dialog::Receipt(_)));
        if wanted != self.witnessing {
            self.witnessing = wanted;
            commands.push(Command::ShowWitness(wanted));
        }
    }

    /// A new answer, question or bill comes to the front: dialogs close.
    fn follow(&mut self, view: &View) {
        let serial = match &view.scan {
            ScanView::Verdict(verdict) => Some(verdict.serial),
            ScanView::Question(question) => Some(question.serial),
            ScanView::Bill(bill) => Some(bill.serial),
            ScanView::Ready | ScanView::Asking => None,
        };
        if serial.is_some() && serial != self.answered {
            self.dialog = None;
        }
        self.answered = serial.or(self.answered);
        if let ScanView::Verdict(verdict) = &view.scan
            && !verdict.receipt.is_empty()
        {
            self.receipt.clone_from(&verdict.receipt);
        }
        if view.undo.is_none() && matches!(self.dialog, Some(Dialog::Undo)) {
            self.dialog = None;
        }
    }

    fn dialog_ui(&mut self, ctx: &Context, view: &View, wishes: &mut Wishes) {
        let (texts, commands) = (&self.texts, &mut wishes.commands);
        let close = match &mut self.dialog {
            None => false,
            Some(Dialog::Typed(text)) => typed_ui(ctx, texts, text, commands),
            Some(Dialog::Recent(state)) => {
                let again = press::pressed(ctx, Key::F3);
                let free = matches!(view.scan, ScanView::Ready | ScanView::Verdict(_));
                match recent_dialog_ui(ctx, &view.recent, texts, (state, free)) {
                    Some(RecentAct::TakeBack(entry)) => {
                        let row = view.recent.iter().find(|row| row.entry == entry);
                        self.dialog = row.and_then(TakeBack::of).map(Dialog::TakeBack);
                        false
                    }
                    Some(RecentAct::Close) => true,
                    None => again,
                }
            }
            Some(Dialog::TakeBack(state)) => {
                take_back_ui(ctx, texts, &view.recent, state, commands)
            }
            Some(Dialog::Undo) => {
                let undo = view.undo.as_ref();
                undo.is_none_or(|undo| undo_ui(ctx, texts, undo, commands))
            }
            Some(Dialog::Receipt(at)) => receipt_ui(ctx, texts, &self.receipt, (&view.witness, at)),
            Some(Dialog::Carry(folder)) => carry_ui(ctx, texts, &view.carry, folder, commands),
            Some(Dialog::Doctor(state)) => doctor_ui(ctx, texts, &self.readers, state),
            Some(Dialog::Readers(state)) => {
                match readers_ui(ctx, texts, &self.readers, state, &mut wishes.readers) {
                    Some(ReadersAct::Test) => {
                        self.dialog = Some(Dialog::Doctor(DoctorState::default()));
                        false
                    }
                    Some(ReadersAct::Close) => true,
                    None => false,
                }
            }
        };
        if close {
            self.dialog = None;
        }
    }

    fn function_keys(&mut self, ctx: &Context, view: &View, wishes: &mut Wishes) {
        if press::pressed(ctx, Key::F1) {
            wishes.readers.push(ReaderCommand::List);
            self.dialog = Some(Dialog::Readers(ReadersState::default()));
        }
        for key in BarKey::FUNCTIONS {
            if press::pressed(ctx, key.key()) && key.enabled(view, !self.receipt.is_empty()) {
                self.act(ctx, key, view, &mut wishes.commands);
            }
        }
    }

    /// What a key of the bar does, pressed or clicked.
    fn act(&mut self, ctx: &Context, key: BarKey, view: &View, commands: &mut Vec<Command>) {
        match key {
            BarKey::Typed => self.dialog = Some(Dialog::Typed(String::new())),
            BarKey::Recent => self.dialog = Some(Dialog::Recent(RecentState::default())),
            BarKey::Undo => self.dialog = Some(Dialog::Undo),
            BarKey::Receipt => self.dialog = Some(Dialog::Receipt(0)),
            BarKey::Sync => {
                commands.push(Command::SyncNow);
                if matches!(view.strip.online, Link::Offline | Link::SwitchedOff) {
                    // Where the network does not help, a stick may.
                    commands.push(Command::FindSticks);
                    self.dialog = Some(Dialog::Carry(String::new()));
                }
            }
            BarKey::Bill => commands.push(Command::OpenBill),
            BarKey::Look if matches!(view.scan, ScanView::Bill(_)) => {
                commands.push(Command::RemoveLast);
            }
            BarKey::Look => commands.push(Command::LookFirst(!view.look_first)),
            BarKey::Clear => commands.push(self.scan.leave(ctx, &view.scan)),
            BarKey::Confirm => commands.extend(self.scan.confirm(ctx, &view.scan)),
        }
    }

    fn phone_panel(
        &mut self,
        ui: &mut Ui,
        view: &View,
        phone: &PhoneView,
        commands: &mut Vec<PhoneCommand>,
    ) {
        let typing =
            self.dialog.is_some() || matches!(view.scan, ScanView::Question(_) | ScanView::Bill(_));
        phone_keys(ui.ctx(), phone, view.strip.online, (&mut self.phone, typing), commands);
        let width = theme::PHONE_WIDTH.min(ui.max_rect().width() * 0.3);
        Panel::left("phone").exact_size(width).resizable(false).frame(Frame::NONE).show(ui, |ui| {
            phone_ui(ui, phone, view, &self.texts, (&mut self.phone, commands));
        });
    }

    fn panels(&mut self, ui: &mut Ui, view: &View, commands: &mut Vec<Command>) {
        let whole = ui.available_rect_before_wrap();
        let [strip, middle, bar] = rows(whole);
        part(ui, "strip", strip, |ui| {
            strip_ui(ui, &view.strip, &self.readers, &self.texts);
        });
        let receipt = !self.receipt.is_empty();
        let clicked = part(ui, "bar", bar, |ui| key_bar_ui(ui, view, &self.texts, receipt));
        if let Some(key) = clicked {
            let ctx = ui.ctx().clone();
            self.act(&ctx, key, view, commands);
        }
        let middle = self.look_first_band(ui, middle, view);
        let (middle, list) = columns(middle, ui.ctx().content_rect());
        if let Some(list) = list {
            part(ui, "list", list, |ui| {
                recent_side_ui(ui, &view.recent, &self.texts);
            });
        }
        let middle = part(ui, "notice", middle, |ui| self.notice_ui(ui, view));
        self.scan.covered = self.dialog.is_some();
        part(ui, "scan", middle, |ui| {
            let eye = (&*self.readers, &mut self.preview);
            scan_ui(ui, view, &self.texts, (&mut self.scan, eye), commands);
        });
    }

    /// A band while scans only look; returns the room below.
    fn look_first_band(&self, ui: &mut Ui, middle: Rect, view: &View) -> Rect {
        if !view.look_first {
            return middle;
        }
        let (band, below) = middle.split_top_bottom_at_y(middle.min.y + look_first::HEIGHT);
        part(ui, "look first", band, |ui| look_first_ui(ui, &self.texts));
        below
    }

    /// A band for what is wrong with the terminal itself; returns the room that is left.
    fn notice_ui(&self, ui: &Ui, view: &View) -> Rect {
        let rect = ui.max_rect();
        let fault = view.fault.as_deref().filter(|_| view.scan != ScanView::Ready);
        let stuck = self.stuck.then(|| self.texts.get("ui.not_answering"));
        let Some(notice) = stuck.or(fault) else {
            return rect;
        };
        let sizes = Sizes::of(ui.ctx().content_rect().size());
        let (plate, below) = rect.split_top_bottom_at_y(rect.min.y + sizes.body * 2.0);
        ui.painter().rect_filled(plate, 0.0, theme::WARN);
        let line = Line::new(notice, Face::Strong, sizes.body * 0.8, theme::CAUTION.ink).rows(2);
        line_ui(
            ui,
            plate.shrink2(vec2(20.0, 4.0)),
            &line,
            egui::Align::Min,
            ui.scope_id().with("notice"),
        );
        below
    }
}

/// Strip, middle and key bar of the counter.
fn rows(whole: Rect) -> [Rect; 3] {
    let (strip, rest) = whole.split_top_bottom_at_y(whole.min.y + theme::STRIP_HEIGHT);
    let (middle, bar) = rest.split_top_bottom_at_y(rest.max.y - theme::BAR_HEIGHT);
    [strip, middle, bar]
}

/// The middle, and the list beside it where the verdict still fills its share of the window.
fn columns(middle: Rect, window: Rect) -> (Rect, Option<Rect>) {
    let (left, list) = middle.split_left_right_at_x(middle.max.x - theme::LIST_WIDTH);
    if left.area() >= window.area() * VERDICT_SHARE { (left, Some(list)) } else { (middle, None) }
}

/// Runs `contents` in exactly `rect`.
fn part<T>(ui: &mut Ui, name: &str, rect: Rect, contents: impl FnOnce(&mut Ui) -> T) -> T {
    let builder = UiBuilder::new().id_salt(Id::unique(name)).max_rect(rect);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(rect);
        contents(ui)
    })
    .inner
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use egui::Event;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::{
        terminal::{
            command::UndoReason,
            view::{QuestionView, UndoView, VerdictState},
        },
        ui::{
            phone::PhoneCard,
            testing::{
                burst, desk, desk_of, press_key, question, raw, ready, stroke, type_text, verdict,
                with_question, with_verdict,
            },
        },
    };

    #[test]
    fn a_question_offers_a_value_that_typing_replaces_and_enter_sends() {
        let mut desk = desk(with_question(question()));
        assert!(desk.get_by_label("Bill amount").is_focused());
        press_key(&mut desk, Key::Enter);
        type_text(&mut desk, "8");
        type_text(&mut desk, "0");
        press_key(&mut desk, Key::Enter);
        let answers = [Command::Answer("12.50".into()), Command::Answer("80".into())];
        assert_eq!(desk.state().commands, answers);
    }

    #[test]
    fn a_problem_is_shown_and_keeps_what_was_typed_selected() {
        let mut desk = desk(with_question(question()));
        type_text(&mut desk, "99");
        let problem = Some("the balance is €12.50".into());
        desk.state_mut().view = with_question(QuestionView { problem, held: true, ..question() });
        desk.run_ok();
        assert!(desk.query_by_label("the balance is €12.50").is_some());
        assert!(desk.query_by_label_contains("Finish this one first").is_some());
        press_key(&mut desk, Key::Enter);
        type_text(&mut desk, "5");
        press_key(&mut desk, Key::Enter);
        let answers = [Command::Answer("99".into()), Command::Answer("5".into())];
        assert_eq!(desk.state().commands, answers);
    }

    #[test]
    fn escape_leaves_a_question() {
        let mut desk = desk(with_question(question()));
        press_key(&mut desk, Key::Escape);
        assert_eq!(desk.state().commands, [Command::Dismiss]);
        assert!(desk.get_by_label("Bill amount").is_focused(), "the field keeps the focus");
    }

    #[test]
    fn a_typed_code_is_sent_with_enter() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F2);
        type_text(&mut desk, "4F7Q-");
        desk.event(Event::Paste("9K2M\n".into()));
        desk.run_ok();
        press_key(&mut desk, Key::Enter);
        let scan = Command::Scan { text: "4F7Q-9K2M".into(), method: EntryMethod::Typed };
        assert_eq!(desk.state().commands, [scan]);
        assert!(desk.query_by_label("Voucher code").is_none(), "the dialog closes");
    }

    #[test]
    fn escape_closes_a_dialog_and_asks_nothing() {
        for key in [Key::F2, Key::F3] {
            let mut desk = desk(with_verdict(verdict(VerdictState::NotValid, "NOT VALID")));
            press_key(&mut desk, key);
            assert!(desk.query_by_label("Close").is_some(), "{key:?}");
            press_key(&mut desk, Key::Escape);
            assert!(desk.query_by_label("Close").is_none(), "{key:?}");
            assert!(desk.state().commands.is_empty(), "{key:?}");
        }
    }

    #[test]
    fn undo_takes_one_key_a_reason_and_an_open_window() {
        let mut closed = desk(ready());
        press_key(&mut closed, Key::F4);
        press_key(&mut closed, Key::Num1);
        assert!(closed.state().commands.is_empty());

        for (key, reason) in [Key::Num1, Key::Num2, Key::Num3].into_iter().zip(UndoReason::ALL) {
            let undo = Some(UndoView { entry: 7, label: "Undo €10.00".into(), seconds_left: 42 });
            let mut desk = desk(View { undo, ..ready() });
            press_key(&mut desk, Key::F4);
            assert!(desk.query_by_label("Undo €10.00").is_some());
            assert!(desk.query_by_label_contains("another 42 s").is_some());
            press_key(&mut desk, key);
            assert_eq!(desk.state().commands, [Command::Undo { entry: 7, reason }]);
        }
    }

    #[test]
    fn the_bar_shows_every_key_and_clicks_do_the_same() {
        let mut desk = desk(ready());
        for label in [
            "Type a code",
            "Last scans",
            "Undo",
            "Sync now",
            "Bill",
            "Look first",
            "Receipt",
            "Clear",
            "Confirm",
        ] {
            let rects: Vec<Rect> = desk.query_all_by_label(label).map(|node| node.rect()).collect();
            assert!(rects.iter().any(|rect| rect.height() >= 48.0), "{label}: {rects:?}");
        }
        desk.get_by_label("Sync now").click();
        desk.run_ok();
        press_key(&mut desk, Key::F5);
        assert_eq!(desk.state().commands, [Command::SyncNow, Command::SyncNow]);
    }

    #[test]
    fn a_reader_scans_over_a_dialog_and_types_nothing() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F2);
        burst(&mut desk, "CS1:6BFOXN\n");
        let scan = Command::Scan { text: "CS1:6BFOXN".into(), method: EntryMethod::Keyboard };
        assert_eq!(desk.state().commands, [scan]);
        assert_eq!(desk.get_by_label("Voucher code").value().unwrap_or_default(), "");
    }

    #[test]
    fn a_reader_answers_no_question() {
        let mut desk = desk(with_question(question()));
        burst(&mut desk, "1234567890\n");
        let scan = Command::Scan { text: "1234567890".into(), method: EntryMethod::Keyboard };
        assert_eq!(desk.state().commands, [scan]);
        assert_eq!(desk.get_by_label("Bill amount").value().as_deref(), Some("12.50"));
    }

    #[test]
    fn a_person_types_through_the_reader_capture() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F2);
        for (typed, at_ms) in "ab9k2m7xq".chars().zip((10_000..).step_by(130)) {
            raw(&mut desk, stroke(typed), at_ms);
            raw(&mut desk, Vec::new(), at_ms.saturating_add(100));
        }
        assert_eq!(desk.get_by_label("Voucher code").value().as_deref(), Some("ab9k2m7xq"));
        raw(&mut desk, stroke('\n'), 20_000);
        raw(&mut desk, Vec::new(), 20_100);
        let scan = Command::Scan { text: "ab9k2m7xq".into(), method: EntryMethod::Typed };
        assert_eq!(desk.state().commands, [scan]);
    }

    #[test]
    fn a_new_verdict_closes_dialogs() {
        let mut desk = desk(ready());
        press_key(&mut desk, Key::F3);
        desk.state_mut().view = with_verdict(verdict(VerdictState::Accepted, "ACCEPTED"));
        desk.run_ok();
        assert!(desk.query_by_label("Close").is_none());
        press_key(&mut desk, Key::F3);
        assert!(desk.query_by_label("Close").is_some(), "it can be opened again");
    }

    #[test]
    fn faults_and_a_silent_engine_are_told() {
        let fault = Some("the disk is full".to_owned());
        let mut desk = desk(View { fault, ..ready() });
        assert!(desk.query_by_label("the disk is full").is_some());
        desk.state_mut().counter.stuck = true;
        desk.run_ok();
        assert!(desk.query_by_label_contains("does not answer").is_some());
    }

    #[test]
    fn the_phone_is_held_switched_and_leafed_by_keys() {
        let card = |title: &str| PhoneCard {
            title: title.into(),
            modules: vec![true; 441],
            width: 21,
            ..PhoneCard::default()
        };
        let phone = PhoneView { cards: vec![card("First"), card("Second")] };
        let mut desk = desk_of(vec2(1366.0, 768.0), ready(), Some(phone));
        press_key(&mut desk, Key::F6);
        press_key(&mut desk, Key::F8);
        press_key(&mut desk, Key::Space);
        press_key(&mut desk, Key::F8);
        desk.get_by_label("Hold to the reader").click();
        desk.run_ok();
        press_key(&mut desk, Key::F9);
        let asked = [
            PhoneCommand::Hold(0),
            PhoneCommand::Hold(1),
            PhoneCommand::Hold(0),
            PhoneCommand::Network(false),
        ];
        assert_eq!(desk.state().asked, asked);
    }

    #[test]
    fn every_text_on_the_screens_is_in_the_catalogue_and_every_one_there_is_used() {
        let mut sources = String::new();
        read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui"), &mut sources);
        let used: BTreeSet<&str> = sources
            .split('"')
            .filter(|part| part.starts_with("ui.") || part.starts_with("phone."))
            .filter(|part| {
                part.len() > 6 && part.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))
            })
            .collect();
        let catalogue = Texts::parse(include_str!("../../assets/i18n/en/ui.toml"));
        let there: BTreeSet<&str> = catalogue.keys().collect();
        assert_eq!(used, there);
    }

    fn read_sources(folder: &Path, sources: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_sources(&path, sources);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
}
