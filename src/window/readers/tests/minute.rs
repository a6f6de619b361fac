//! A minute at the counter, as a camera and a reader recorded it, played into the running program.

#![expect(clippy::arithmetic_side_effects, reason = "numbers of a recording that is known")]

use std::{fs::File, io::BufWriter, path::PathBuf};

use super::*;
use crate::domain::redeem::Request;

/// Seconds, who delivers, and what. A camera shows it until its next line; a reader sends it in so many pieces.
const MINUTE: &str = "
 0  camera  nothing
 4  camera  good 1
 8  camera  nothing
10  reader  noise
11  reader  good 2 in 5
14  camera  good 2
18  camera  menu
22  camera  nothing
24  reader  half of 3
27  reader  good 3 in 1
31  camera  good 4 dark
35  camera  good 1
39  camera  nothing
42  reader  memory 5 6 7 1
50  camera  good 6
54  camera  nothing
";

/// What the cashier sees, in turn, and when it was held or sent.
const SEEN: [(VerdictState, &str); 12] = [
    (VerdictState::Accepted, "4: the first, by camera"),
    (VerdictState::NotAVoucher, "10: bytes that are no text"),
    (VerdictState::Accepted, "11: the second, by the reader, in pieces"),
    (VerdictState::AlreadyUsed, "14: the same, by camera"),
    (VerdictState::NotAVoucher, "18: the menu"),
    (VerdictState::NotValid, "24: half a voucher"),
    (VerdictState::Accepted, "27: the third, by the reader"),
    (VerdictState::Accepted, "31: the fourth, on a dark screen"),
    (VerdictState::AlreadyUsed, "35: the first, again"),
    (VerdictState::Accepted, "42: the first of a memory that is emptied"),
    (VerdictState::NotAVoucher, "42: the rest of it"),
    (VerdictState::Accepted, "50: one of that rest, whose customer is here"),
];

const FRAMES_A_SECOND: u64 = 4;
const SECONDS: u64 = 60;
const SIDES: (usize, usize) = (480, 270);

/// The lines of the recording of one of the two.
fn lines(who: &str) -> impl Iterator<Item = (u64, Vec<&str>)> {
    let lines = MINUTE.lines().filter(|line| !line.is_empty());
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let own = words.filter(move |words| words[1] == who);
    own.map(|words| (words[0].parse().unwrap(), words[2..].to_vec()))
}

/// Whatever lies on the counter: grey, uneven and never twice the same.
fn counter(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state % 13).unwrap()
    };
    let grey = |at: usize| u8::try_from(90 + (at % SIDES.0) / 10 + (at / SIDES.0) / 12).unwrap();
    (0..SIDES.0 * SIDES.1).map(|at| grey(at) + noise()).collect()
}

/// Holds a code before the counter, in a hand that is not quite still.
fn hold(frame: &mut [u8], code: &Luma, (number, dark): (u64, bool)) {
    let side = 232;
    let drift = usize::try_from(number % 7).unwrap();
    let (left, top) = (112 + 3 * drift, 18 + 2 * drift);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let (from_x, from_y) = (x * code.width() / side, y * code.height() / side);
        let grey = code.pixels()[from_y * code.width() + from_x];
        let grey = if dark { 255 - grey } else { grey };
        frame[(top + y) * SIDES.0 + left + x] = 20 + grey / 5 * 4;
    }
}

/// The camera's half of the recording, as a film.
fn film(path: &Path, codes: &BTreeMap<String, Luma>) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let (width, height) = SIDES;
    writeln!(out, "YUV4MPEG2 W{width} H{height} F{FRAMES_A_SECOND}:1 Cmono").unwrap();
    for number in 0..SECONDS * FRAMES_A_SECOND {
        let second = number / FRAMES_A_SECOND;
        let shown = lines("camera").take_while(|(from, _)| *from <= second).last().unwrap().1;
        let mut frame = counter(number);
        let dark = shown.last() == Some(&"dark");
        let name = shown[..shown.len() - usize::from(dark)].join(" ");
        if let Some(code) = codes.get(&name) {
            hold(&mut frame, code, (number, dark));
        }
        out.write_all(b"FRAME\n").unwrap();
        out.write_all(&frame).unwrap();
    }
}

/// What a reader writes for a line of the recording, piece by piece.
fn bytes(words: &[&str], text: impl Fn(&str) -> String) -> Vec<Vec<u8>> {
    match words {
        ["noise"] => vec![vec![0xff, 0x00, 0xfe, b'\r']],
        ["half", "of", number] => {
            let text = text(number);
            vec![[&text.as_bytes()[..text.len() / 2], b"\r\n"].concat()]
        }
        ["good", number, "in", pieces] => {
            let line = format!("{}\r\n", text(number)).into_bytes();
            let length = line.len().div_ceil(pieces.parse().unwrap());
            line.chunks(length).map(<[u8]>::to_vec).collect()
        }
        ["memory", numbers @ ..] => {
            vec![numbers.iter().flat_map(|one| format!("{}\r\n", text(one)).into_bytes()).collect()]
        }
        other => panic!("{other:?}"),
    }
}

/// The reader's half of the recording, at its own times.
fn play(mut wire: TTYPort, clock: &dyn Clock, text: impl Fn(&str) -> String) {
    let start = clock.now().millis;
    for (second, words) in lines("reader") {
        let due = Duration::from_secs(second);
        let past = Duration::from_millis(clock.now().millis - start);
        thread::park_timeout(due.saturating_sub(past));
        for piece in bytes(&words, &text) {
            wire.write_all(&piece).unwrap();
            thread::park_timeout(Duration::from_millis(15));
        }
    }
    let past = Duration::from_millis(clock.now().millis - start);
    thread::park_timeout(Duration::from_secs(SECONDS).saturating_sub(past));
}

fn redemptions(shop: &Shop) -> usize {
    let filter = crate::platform::store::RedemptionFilter { limit: 500, ..Default::default() };
    shop.platform().redemptions(&filter).unwrap().redemptions.len()
}

#[test]
fn a_recorded_minute_is_redeemed_as_it_was_held_and_sent() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let shop = Shop::open(Arc::clone(&clock)).unwrap();
    let plain = Request::plain(EntryMethod::Camera);
    let good = shop.cards.iter().filter(|card| card.request == plain && !card.code.is_empty());
    let good = good.filter(|card| card.expected.state == "accepted");
    let menu = shop.cards.iter().filter(|card| card.title == "Menu");
    let names = (1..).map(|number| format!("good {number}")).zip(good);
    let cards = names.chain(menu.map(|card| ("menu".to_owned(), card)));
    let pictures: BTreeMap<_, _> =
        cards.map(|(name, card)| (name, shop.show(card).unwrap().png)).collect();
    let codes = pictures.iter().map(|(name, png)| (name.clone(), picture::load(png).unwrap()));
    let (codes, before) = (codes.collect(), redemptions(&shop));
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("minute.y4m");
    film(&path, &codes);

    let mut engine = Engine::open(&shop.counter_dir(), random, clock.now()).unwrap();
    shop.sign_in(&mut engine).unwrap();
    let runtime = Runtime::start(engine, shop.transport().unwrap(), Arc::clone(&clock)).unwrap();
    let (wire, far_end) = TTYPort::pair().unwrap();
    let cell = runtime.handle().view;
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let (view, noted) = (cell.clone(), Arc::clone(&seen));
    cell.on_change(move || {
        if let ScanView::Verdict(verdict) = &view.get().scan {
            let what = (verdict.state, verdict.support.clone());
            noted.lock().unwrap().insert(verdict.serial, what);
        }
    });
    let args = args(&path, &far_end.name().unwrap());
    let _readers = start(&args, folder.path(), &runtime.handle(), &clock).unwrap();
    play(wire, &*clock, |number| text_of(&pictures[&format!("good {number}")]));

    let mut seen: Vec<_> = seen.lock().unwrap().values().cloned().collect();
    // Where the machine is slow, a code that stays before the camera may be told again.
    seen.dedup_by_key(|(state, support)| {
        (*state, support.rsplit_once('#').map(|(what, _number)| what.to_owned()))
    });
    let states: Vec<_> = seen.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, SEEN.map(|(state, _)| state), "{seen:#?}");
    until("all redemptions at the platform", || redemptions(&shop) == before + 6);
}
