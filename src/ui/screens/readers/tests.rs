//! The dialogs of readers by their labels: what is chosen, what a test says, what is told of a reader.

use std::sync::Arc;

use egui::Key;
use egui_kittest::kittest::Queryable as _;

use crate::{
    domain::scan::{Delivered, EntryMethod, Hint, ReaderTrouble, ScanFailure},
    terminal::command::Command,
    ui::{
        readers::{CameraView, Heard, Plugged, ReaderCommand, ReadersView},
        testing::{WINDOWS, burst, desk, desk_at, press_key, ready},
    },
};

#[test]
fn what_may_help_and_what_is_wrong_with_readers_is_told() {
    let mut desk = desk(ready());
    let camera = Some(CameraView { hint: Some(Hint::Glare), ..CameraView::default() });
    desk.state_mut().counter.readers = Arc::new(ReadersView { camera, ..ReadersView::default() });
    desk.run_ok();
    assert!(desk.query_by_label_contains("A reflection").is_some());
    let troubles = [("COM5".to_owned(), ReaderTrouble::Unplugged)].into();
    desk.state_mut().counter.readers = Arc::new(ReadersView { troubles, ..ReadersView::default() });
    desk.run_ok();
    assert!(desk.query_by_label("Reader unplugged").is_some(), "in the strip");
    assert!(desk.query_by_label("The reader COM5 was unplugged").is_some());
}

#[test]
fn a_reader_is_tested_and_nothing_is_redeemed() {
    let mut desk = desk(ready());
    press_key(&mut desk, Key::F1);
    press_key(&mut desk, Key::F1);
    burst(&mut desk, "CST1:ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\n");
    assert!(desk.query_by_label("Keyboard reader: read without a fault").is_some());
    burst(&mut desk, "CST1:ABCDEFGHIJKLMNOPQRSTUVWXZY0123456789\n");
    assert!(
        desk.query_by_label_contains("set to a German keyboard").is_none(),
        "the colon fits no German one"
    );
    assert!(desk.query_by_label_contains("some signs are wrong").is_some());
    assert_eq!(desk.state().commands, []);
    press_key(&mut desk, Key::F1);
    burst(&mut desk, "1234567890\n");
    assert_eq!(desk.state().commands.len(), 1, "closed, it scans again");
}

#[test]
fn readers_are_chosen_by_keys() {
    let mut desk = desk(ready());
    press_key(&mut desk, Key::F1);
    let camera = Plugged {
        method: EntryMethod::Camera,
        id: "/dev/video0".into(),
        name: "C920".into(),
        used: false,
        sizes: vec!["1280x720".into(), "640x480".into()],
        size: Some("1280x720".into()),
    };
    let port = Plugged {
        method: EntryMethod::Serial,
        id: "0c2e:0b6a".into(),
        name: "Scanner".into(),
        used: true,
        sizes: Vec::new(),
        size: None,
    };
    let plugged = vec![camera, port];
    desk.state_mut().counter.readers = Arc::new(ReadersView { plugged, ..ReadersView::default() });
    desk.run_ok();
    assert!(desk.query_by_label("– Camera: C920").is_some());
    let keys =
        [Key::ArrowRight, Key::Enter, Key::ArrowDown, Key::Enter, Key::ArrowDown, Key::Enter];
    for key in keys {
        press_key(&mut desk, key);
    }
    let chosen = |method, id: &str, used| ReaderCommand::Use { method, id: id.into(), used };
    let expected = [
        ReaderCommand::List,
        ReaderCommand::Size("640x480".into()),
        chosen(EntryMethod::Camera, "/dev/video0", true),
        chosen(EntryMethod::Serial, "0c2e:0b6a", false),
        ReaderCommand::Barcodes(true),
    ];
    assert_eq!(desk.state().chosen, expected);
    burst(&mut desk, "1234567890\n");
    assert_eq!(desk.state().commands.len(), 1, "a scan works from every screen");
    press_key(&mut desk, Key::Escape);
    assert!(desk.query_by_label("– Camera: C920").is_none());
}

#[test]
fn the_dialogs_of_readers_fit_every_window() {
    let long = |n: u8| Plugged {
        method: EntryMethod::Serial,
        id: format!("0c2e:0b6a:SERIALNUMBER{n:012}"),
        name: "Honeywell Xenon Extreme Performance (XP) 1950g cordless area-imaging scanner".into(),
        used: n.is_multiple_of(2),
        sizes: Vec::new(),
        size: None,
    };
    for window in WINDOWS {
        for keys in 1..=2 {
            let mut desk = desk_at(window, ready(), None);
            let plugged = (0..9).map(long).collect();
            let troubles = [("COM5".to_owned(), ReaderTrouble::ModemManager)].into();
            desk.state_mut().counter.readers =
                Arc::new(ReadersView { troubles, plugged, ..ReadersView::default() });
            for _ in 0..keys {
                press_key(&mut desk, Key::F1);
            }
            desk.run_ok();
            let close = desk.get_by_label("Close").rect();
            assert!(close.max.y <= window.0.y, "{window:?} {keys}");
        }
    }
}

#[test]
fn the_test_of_readers_says_what_came_instead_of_a_text() {
    let mut desk = desk(ready());
    press_key(&mut desk, Key::F1);
    press_key(&mut desk, Key::F1);
    assert!(desk.query_by_label_contains("Nothing has come yet").is_some());
    burst(&mut desk, "CS1:AAAAAA\nCS1:BBBBBB\nCS1:CCCCCC\nCS1:DDDDDD\n");
    assert!(desk.query_by_label_contains("batch mode").is_some());
    assert!(desk.query_by_label_contains("Nothing has come yet").is_none());
    let heard =
        Heard { method: EntryMethod::Serial, what: Delivered::Failed(ScanFailure::Unreadable) };
    let troubles = [("COM5".to_owned(), ReaderTrouble::ModemManager)].into();
    desk.state_mut().counter.readers =
        Arc::new(ReadersView { heard: Some(heard), troubles, ..ReadersView::default() });
    desk.run_ok();
    assert!(desk.query_by_label_contains("Serial reader: no text").is_some());
    assert!(desk.query_all_by_label_contains("ModemManager holds COM5").count() > 0);
}

#[test]
fn a_memory_that_is_typed_out_redeems_no_more_than_its_first_code() {
    let mut desk = desk(ready());
    burst(&mut desk, "1000000001\n1000000002\n1000000003\n1000000004\n1000000005\n");
    let first = Command::Scan { text: "1000000001".to_owned(), method: EntryMethod::Keyboard };
    let (why, method) = (ScanFailure::Replayed, EntryMethod::Keyboard);
    assert_eq!(desk.state().commands, [first, Command::ScanFailed { why, method }]);
}
