//! Readers before the running counter of the demo shop.

mod minute;

use std::{
    cell::RefCell,
    io::{Read as _, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use clap::Parser as _;
use serialport::{SerialPort as _, TTYPort};

use super::*;
use crate::{
    console::{Args, random},
    demo::Shop,
    device::{picture, qr::reader::Reader},
    terminal::{clock::SystemClock, engine::Engine, runtime::Runtime, view::View},
};

/// Asks twenty times a second until it is so, for half a minute.
fn until(what: &str, so: impl Fn() -> bool) {
    let patience = (0..600).map(|_| thread::park_timeout(Duration::from_millis(50)));
    assert!(patience.into_iter().any(|()| so()), "{what} did not come");
}

fn accepted(view: &View) -> Option<u64> {
    let ScanView::Verdict(verdict) = &view.scan else {
        return None;
    };
    (verdict.state == VerdictState::Accepted).then_some(verdict.serial)
}

fn text_of(png: &[u8]) -> String {
    let luma = picture::load(png).unwrap();
    let texts = Reader::start().unwrap().read(luma, Duration::from_mins(1)).unwrap();
    texts.first().unwrap().clone()
}

fn args(camera: &Path, serial: &str) -> ReaderArgs {
    let camera = format!("file:{}", camera.display());
    let line = ["countersign", "--camera", &camera, "--serial", serial, "--feedback"];
    Args::parse_from(line).readers
}

#[test]
fn what_a_camera_sees_and_a_reader_sends_is_redeemed_at_the_counter() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let shop = Shop::open(Arc::clone(&clock)).unwrap();
    let mut engine = Engine::open(&shop.counter_dir(), random, clock.now()).unwrap();
    shop.sign_in(&mut engine).unwrap();
    let transport = shop.transport().unwrap();
    let runtime = Runtime::start(engine, transport, Arc::clone(&clock)).unwrap();
    let [first, second] = [0, 1].map(|card| shop.show(&shop.cards[card]).unwrap().png);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("card.png"), &first).unwrap();
    let (mut wire, far_end) = TTYPort::pair().unwrap();
    let port = far_end.name().unwrap();

    let args = args(folder.path(), &port);
    let readers = start(&args, folder.path(), &runtime.handle(), &clock).unwrap();
    let view = || runtime.handle().view.get();
    until("the camera's redemption", || accepted(&view()).is_some());
    let shown = readers.cell.get();
    assert!(shown.camera.as_ref().is_some_and(|camera| camera.picture.is_some()), "{shown:?}");
    assert!(shown.troubles.is_empty(), "{shown:?}");

    let by_camera = accepted(&view());
    wire.write_all(format!("{}\r", text_of(&second)).as_bytes()).unwrap();
    until("the reader's redemption", || {
        accepted(&view()).is_some_and(|serial| Some(serial) != by_camera)
    });
    drop((wire, far_end));
    until("the word that the reader is gone", || !readers.cell.get().troubles.is_empty());

    readers.send(ReaderCommand::Use { method: EntryMethod::Serial, id: port, used: false });
    until("the reader to be let go", || readers.cell.get().troubles.is_empty());
    let camera = format!("file:{}", folder.path().display());
    let shown = || readers.cell.get().plugged.iter().any(|one| one.id == camera && one.used);
    until("the camera in the list", shown);
    let id = camera.clone();
    readers.send(ReaderCommand::Use { method: EntryMethod::Camera, id, used: false });
    until("the camera to be let go", || readers.cell.get().camera.is_none() && !shown());
    let id = camera.clone();
    readers.send(ReaderCommand::Use { method: EntryMethod::Camera, id, used: true });
    let seen = |view: &CameraView| view.picture.is_some();
    until("the camera's picture", || readers.cell.get().camera.as_ref().is_some_and(seen));
    let kept = Kept::load(folder.path()).unwrap();
    let plain = Args::parse_from(["countersign"]).readers;
    let again = kept.applied(&plain);
    assert_eq!(again.camera.map(|choice| choice.to_string()), Some(camera));
    assert_eq!(again.serial, [""; 0]);
}

/// The bytes of the page about the maker: `~`, 01, `0000#BEEPON1000F500T20V;`, 03.
#[test]
fn a_refusal_sounds_at_the_reader_that_scanned_and_an_acceptance_does_not() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let shop = Shop::open(Arc::clone(&clock)).unwrap();
    let mut engine = Engine::open(&shop.counter_dir(), random, clock.now()).unwrap();
    shop.sign_in(&mut engine).unwrap();
    let runtime = Runtime::start(engine, shop.transport().unwrap(), Arc::clone(&clock)).unwrap();
    let good = shop.show(&shop.cards[0]).unwrap().png;
    let expired = shop.cards.iter().find(|card| card.expected.code == "voucher_expired").unwrap();
    let expired = shop.show(expired).unwrap().png;
    let (mut wire, far_end) = TTYPort::pair().unwrap();
    wire.set_timeout(Duration::from_millis(20)).unwrap();
    let port = far_end.name().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let line = ["countersign", "--serial", &port, "--feedback", "--driver", "newland"];
    let args = Args::parse_from(line).readers;
    let _readers = start(&args, folder.path(), &runtime.handle(), &clock).unwrap();

    let view = || runtime.handle().view.get();
    let beep = b"~\x010000#BEEPON1000F500T20V;\x03";
    let ear = RefCell::new((wire.try_clone_native().unwrap(), Vec::<u8>::new()));
    let beeps = || {
        let (wire, heard) = &mut *ear.borrow_mut();
        let mut bytes = [0; 64];
        let count = wire.read(&mut bytes).unwrap_or(0);
        heard.extend(&bytes[..count]);
        heard.windows(beep.len()).filter(|bytes| *bytes == beep).count()
    };
    wire.write_all(format!("{}\r", text_of(&good)).as_bytes()).unwrap();
    until("the redemption", || accepted(&view()).is_some());
    assert_eq!(beeps(), 0);
    wire.write_all(format!("{}\r", text_of(&expired)).as_bytes()).unwrap();
    until("the sound of a refusal", || beeps() == 1);
    let view = view();
    let ScanView::Verdict(verdict) = &view.scan else { panic!("{view:?}") };
    assert_eq!(verdict.state, VerdictState::NotValid);
}
