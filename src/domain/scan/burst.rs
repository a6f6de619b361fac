//! Tells a reader that types like a keyboard from a person who types.
//!
//! A reader presses keys faster than any hand. While a run of fast keys may still become a code its
//! keys are held back; a run that stays short or turns slow goes to the focused field as typing.

use std::mem;

use super::{KeyPress, TEXT_MAX, key::Meaning};

/// Fewest characters of a scan; a shorter run is typing.
pub const SCAN_KEYS_MIN: usize = 8;
/// Longest average gap between the keys of a run that may become a scan, in milliseconds.
pub const GAP_MS: u64 = 50;
/// A run under way may stumble this long, in milliseconds, if its average stays within [`GAP_MS`]:
/// a window sees keys only once per picture.
pub const STUMBLE_MS: u64 = 75;
/// Silence that ends a scan without a suffix, in milliseconds.
pub const SILENCE_MS: u64 = 150;

/// Most keys held back at once; line ends inside a run do not count as characters.
const HELD_MAX: usize = 16;

/// What became of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BurstOutput<T> {
    /// A reader typed this text; the fields of the screen never see its keys.
    ///
    /// Line feeds stand for line ends inside the code. At most [`TEXT_MAX`] characters.
    Scan(String),
    /// A person typed: hand these on to the focused field, in this order.
    Typed(Vec<T>),
    /// A reader types more than [`TEXT_MAX`] characters; said once, and the rest is swallowed.
    Overlong,
}

/// The detector, for one keyboard queue; `T` is what is held back for each key, such as the window
/// events that must reach a text field if the key was typed by hand.
///
/// Times are milliseconds of one monotonic clock. A key pressed by hand within [`GAP_MS`] of a
/// reader's first key cannot be told from it and becomes part of the scan.
#[derive(Clone, Debug)]
pub struct Burst<T> {
    state: State<T>,
    /// Line ends before this time belong to the scan before them.
    swallow_until_ms: u64,
    /// A run that starts before this time is the next line of the code before it.
    chain_until_ms: u64,
}

impl<T> Burst<T> {
    /// A detector that has seen no key.
    pub fn new() -> Self {
        Self { state: State::Idle, swallow_until_ms: 0, chain_until_ms: 0 }
    }

    /// Takes one key press at `at_ms`, holding `item` back for it.
    pub fn press(&mut self, key: KeyPress, item: T, at_ms: u64) -> Vec<BurstOutput<T>> {
        let ripe = self.poll(at_ms);
        let output = match key.meaning() {
            Meaning::Char(typed) => self.press_char(typed, item, at_ms),
            Meaning::End => self.press_end(item, at_ms),
            Meaning::Foreign => Some(self.press_foreign(item)),
        };
        ripe.into_iter().chain(output).collect()
    }

    /// Decides what has waited long enough at `now_ms`.
    pub fn poll(&mut self, now_ms: u64) -> Option<BurstOutput<T>> {
        if now_ms < self.timeout_ms()? {
            return None;
        }
        match mem::replace(&mut self.state, State::Idle) {
            State::Idle => None,
            State::Forming(run) => run.release(),
            State::Scanning(scan) => {
                let silent_ms = scan.last_ms.saturating_add(SILENCE_MS);
                self.swallow_until_ms = silent_ms.saturating_add(SILENCE_MS);
                scan.finish()
            }
        }
    }

    /// When [`Burst::poll`] has something to decide, if no key comes before.
    pub fn timeout_ms(&self) -> Option<u64> {
        match &self.state {
            State::Idle => None,
            State::Forming(run) => Some(run.due_ms()),
            State::Scanning(scan) => Some(scan.last_ms.saturating_add(SILENCE_MS)),
        }
    }

    fn press_char(&mut self, typed: char, item: T, at_ms: u64) -> Option<BurstOutput<T>> {
        match mem::replace(&mut self.state, State::Idle) {
            State::Idle => {
                let run = Run::starting(at_ms, at_ms < self.chain_until_ms);
                self.extend(run, typed, item, at_ms)
            }
            State::Forming(run) => self.extend(run, typed, item, at_ms),
            State::Scanning(mut scan) => {
                let output = scan.push(typed, at_ms);
                self.state = State::Scanning(scan);
                output
            }
        }
    }

    /// A line end closes a scan at once. In a run it waits like any key, because a person's Enter
    /// and the first line of a code of many short lines look the same.
    fn press_end(&mut self, item: T, at_ms: u64) -> Option<BurstOutput<T>> {
        match mem::replace(&mut self.state, State::Idle) {
            State::Idle if at_ms < self.swallow_until_ms => {
                self.end_seen(at_ms);
                None
            }
            State::Idle => Some(BurstOutput::Typed(vec![item])),
            State::Forming(run) => self.extend(run, '\n', item, at_ms),
            State::Scanning(scan) => {
                self.end_seen(at_ms);
                scan.finish()
            }
        }
    }

    /// A key that no reader types: a person's, who may press Escape while a scan runs.
    fn press_foreign(&mut self, item: T) -> BurstOutput<T> {
        let mut items = match mem::replace(&mut self.state, State::Idle) {
            State::Forming(run) if !run.chained => run.items,
            State::Idle | State::Forming(_) => Vec::new(),
            State::Scanning(scan) => {
                self.state = State::Scanning(scan);
                Vec::new()
            }
        };
        items.push(item);
        BurstOutput::Typed(items)
    }

    /// Adds a key to a run: one that is long enough is a scan, one of too many line ends is none.
    fn extend(
        &mut self,
        mut run: Run<T>,
        typed: char,
        item: T,
        at_ms: u64,
    ) -> Option<BurstOutput<T>> {
        run.push(typed, item, at_ms);
        if run.chars >= SCAN_KEYS_MIN {
            self.state = State::Scanning(run.into_scan());
            return None;
        }
        if run.items.len() >= HELD_MAX {
            return run.release();
        }
        self.state = State::Forming(run);
        None
    }

    fn end_seen(&mut self, at_ms: u64) {
        self.swallow_until_ms = at_ms.saturating_add(SILENCE_MS);
        self.chain_until_ms = at_ms.saturating_add(GAP_MS).saturating_add(1);
    }
}

impl<T> Default for Burst<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Debug)]
enum State<T> {
    Idle,
    Forming(Run<T>),
    Scanning(Scan),
}

/// Fast keys that may become a scan.
#[derive(Clone, Debug)]
struct Run<T> {
    start_ms: u64,
    last_ms: u64,
    /// Follows the end of a scan at once: no hand is that fast, so it never goes to a field.
    chained: bool,
    /// Characters in `text` that are no line ends.
    chars: usize,
    text: String,
    items: Vec<T>,
}

impl<T> Run<T> {
    fn starting(at_ms: u64, chained: bool) -> Self {
        Self {
            start_ms: at_ms,
            last_ms: at_ms,
            chained,
            chars: 0,
            text: String::new(),
            items: Vec::new(),
        }
    }

    fn push(&mut self, typed: char, item: T, at_ms: u64) {
        self.last_ms = self.last_ms.max(at_ms);
        self.text.push(typed);
        self.items.push(item);
        if typed != '\n' {
            self.chars = self.chars.saturating_add(1);
        }
    }

    /// The first moment at which a further key is too late.
    fn due_ms(&self) -> u64 {
        let keys = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        let by_average = self.start_ms.saturating_add(GAP_MS.saturating_mul(keys));
        let by_gap = self.last_ms.saturating_add(STUMBLE_MS);
        by_average.min(by_gap).saturating_add(1)
    }

    fn release(self) -> Option<BurstOutput<T>> {
        (!self.chained).then_some(BurstOutput::Typed(self.items))
    }

    fn into_scan(self) -> Scan {
        Scan { last_ms: self.last_ms, text: self.text, overlong: false }
    }
}

/// A scan under way.
#[derive(Clone, Debug)]
struct Scan {
    last_ms: u64,
    text: String,
    overlong: bool,
}

impl Scan {
    fn push<T>(&mut self, typed: char, at_ms: u64) -> Option<BurstOutput<T>> {
        self.last_ms = self.last_ms.max(at_ms);
        if self.overlong {
            return None;
        }
        if self.text.len() >= TEXT_MAX {
            self.overlong = true;
            self.text = String::new();
            return Some(BurstOutput::Overlong);
        }
        self.text.push(typed);
        None
    }

    fn finish<T>(self) -> Option<BurstOutput<T>> {
        (!self.overlong).then_some(BurstOutput::Scan(self.text))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of these tests are small")]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{super::PhysicalKey, *};

    /// Every key holds its own number back, so that order and loss show.
    struct Keyboard {
        burst: Burst<usize>,
        now_ms: u64,
        pressed: usize,
        outputs: Vec<BurstOutput<usize>>,
    }

    impl Keyboard {
        fn new() -> Self {
            Self { burst: Burst::new(), now_ms: 1_000, pressed: 0, outputs: Vec::new() }
        }

        fn press(&mut self, gap_ms: u64, key: KeyPress) -> &mut Self {
            self.now_ms += gap_ms;
            self.outputs.extend(self.burst.press(key, self.pressed, self.now_ms));
            self.pressed += 1;
            self
        }

        fn text(&mut self, gap_ms: u64, text: &str) -> &mut Self {
            for typed in text.chars() {
                self.press(gap_ms, KeyPress::of_char(typed).unwrap());
            }
            self
        }

        fn wait(&mut self, gap_ms: u64) -> &mut Self {
            self.now_ms += gap_ms;
            self.outputs.extend(self.burst.poll(self.now_ms));
            self
        }

        fn typed(&self) -> Vec<usize> {
            self.outputs.iter().flat_map(typed).copied().collect()
        }

        fn scans(&self) -> Vec<&str> {
            self.outputs.iter().filter_map(scan).collect()
        }
    }

    fn typed(output: &BurstOutput<usize>) -> &[usize] {
        match output {
            BurstOutput::Typed(items) => items,
            BurstOutput::Scan(_) | BurstOutput::Overlong => &[],
        }
    }

    fn scan(output: &BurstOutput<usize>) -> Option<&str> {
        match output {
            BurstOutput::Scan(text) => Some(text),
            BurstOutput::Typed(_) | BurstOutput::Overlong => None,
        }
    }

    fn other() -> KeyPress {
        KeyPress { key: PhysicalKey::Other, shift: false, ctrl: false, repeat: false }
    }

    #[test]
    fn eight_fast_keys_and_enter_are_a_scan_and_seven_are_typing() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "12345678\n").wait(500);
        assert_eq!(keyboard.outputs, [BurstOutput::Scan("12345678".into())]);

        let mut keyboard = Keyboard::new();
        keyboard.text(8, "1234567\n").wait(500);
        assert_eq!(keyboard.outputs, [BurstOutput::Typed((0..8).collect())]);
    }

    #[test]
    fn silence_ends_a_scan_without_a_suffix() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "CS1:ABCDEF").wait(149);
        assert_eq!(keyboard.outputs, []);
        assert_eq!(keyboard.burst.timeout_ms(), Some(keyboard.now_ms + 1));
        keyboard.wait(1);
        assert_eq!(keyboard.outputs, [BurstOutput::Scan("CS1:ABCDEF".into())]);
        keyboard.text(200, "ab").wait(200);
        assert_eq!(keyboard.typed(), [10, 11]);
    }

    #[test]
    fn a_single_key_reaches_the_field_after_fifty_milliseconds() {
        let mut keyboard = Keyboard::new();
        keyboard.text(0, "a");
        assert_eq!(keyboard.burst.timeout_ms(), Some(keyboard.now_ms + 51));
        keyboard.wait(50);
        assert_eq!(keyboard.outputs, []);
        keyboard.wait(1);
        assert_eq!(keyboard.outputs, [BurstOutput::Typed(vec![0])]);
        assert_eq!(keyboard.burst.timeout_ms(), None);
    }

    #[test]
    fn enter_alone_and_foreign_keys_pass_at_once_and_in_order() {
        let mut keyboard = Keyboard::new();
        keyboard.text(0, "\n");
        assert_eq!(keyboard.typed(), [0]);
        keyboard.text(60, "ab").press(10, other());
        assert_eq!(keyboard.typed(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_second_line_end_belongs_to_the_scan_before_it() {
        for ends in ["\n\t", "\t\n", "\n\n\t"] {
            let mut keyboard = Keyboard::new();
            keyboard.text(20, &format!("4006381333931{ends}")).wait(500);
            assert_eq!(keyboard.outputs, [BurstOutput::Scan("4006381333931".into())], "{ends:?}");
            keyboard.text(0, "\n");
            assert_eq!(keyboard.typed().len(), 1, "a later Enter is a person's");
        }
    }

    #[test]
    fn a_code_of_many_lines_types_nothing_into_a_field() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "BCD\n001\n1\nSCT\nBFSWDE33BER\nWikimedia\nEUR5\n\nOk\n").wait(500);
        assert_eq!(keyboard.typed(), Vec::<usize>::new());
        assert_eq!(keyboard.scans(), ["BCD\n001\n1\nSCT", "BFSWDE33BER", "Wikimedia"]);
    }

    #[test]
    fn two_scans_close_together_are_two_scans() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "CS1:ABCDEF\nCS1:GHIJKL\n");
        assert_eq!(keyboard.scans(), ["CS1:ABCDEF", "CS1:GHIJKL"]);
    }

    #[test]
    fn a_window_that_is_busy_for_a_moment_does_not_tear_a_scan() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "CS1").text(70, ":").text(0, "ABCDE").text(140, "F").text(8, "GH\n");
        assert_eq!(keyboard.outputs, [BurstOutput::Scan("CS1:ABCDEFGH".into())]);
    }

    #[test]
    fn the_average_gap_decides_at_fifty_milliseconds() {
        let mut keyboard = Keyboard::new();
        keyboard.text(50, "CS1:ABCDEFGH\n");
        assert_eq!(keyboard.scans(), ["CS1:ABCDEFGH"]);

        let mut keyboard = Keyboard::new();
        keyboard.text(51, "CS1:ABCDEFGH\n").wait(51);
        assert_eq!(keyboard.typed(), (0..13).collect::<Vec<_>>());
    }

    #[test]
    fn escape_during_a_scan_reaches_the_screen_and_the_scan_goes_on() {
        let mut keyboard = Keyboard::new();
        keyboard.text(8, "CS1:ABCDEF").press(8, other()).text(8, "GH\n");
        assert_eq!(keyboard.typed(), [10]);
        assert_eq!(keyboard.scans(), ["CS1:ABCDEFGH"]);
    }

    #[test]
    fn a_book_on_the_keyboard_is_typing() {
        let mut keyboard = Keyboard::new();
        let held = KeyPress { repeat: true, ..KeyPress::of_char('x').unwrap() };
        keyboard.text(0, "x");
        for _ in 0..200 {
            keyboard.press(33, held);
        }
        assert_eq!(keyboard.typed(), (0..=200).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_code_fits_and_a_longer_one_is_reported_once() {
        let longest = "7".repeat(4296);
        let mut keyboard = Keyboard::new();
        keyboard.text(1, &longest).text(1, "\n");
        assert_eq!(keyboard.outputs, [BurstOutput::Scan(longest.clone())]);

        let mut keyboard = Keyboard::new();
        keyboard.text(1, &longest).text(1, "7\n");
        assert_eq!(keyboard.outputs, [BurstOutput::Overlong]);

        let mut keyboard = Keyboard::new();
        keyboard.text(1, &longest).text(1, &longest).text(1, "77\n").wait(500);
        assert_eq!(keyboard.outputs, [BurstOutput::Overlong]);
        keyboard.text(8, "CS1:ABCDEF\n");
        assert_eq!(keyboard.scans(), ["CS1:ABCDEF"], "works again afterwards");
    }

    #[test]
    fn line_ends_alone_are_not_held_without_bound() {
        let mut keyboard = Keyboard::new();
        keyboard.text(1, "a").text(1, &"\n".repeat(40));
        assert_eq!(keyboard.typed(), (0..41).collect::<Vec<_>>());
    }

    #[test]
    fn a_clock_that_jumps_does_no_harm() {
        let mut burst = Burst::new();
        let key = KeyPress::of_char('a').unwrap();
        assert_eq!(burst.press(key, 0, u64::MAX), []);
        assert_eq!(burst.press(key, 1, 0), []);
        assert_eq!(burst.poll(u64::MAX), Some(BurstOutput::Typed(vec![0, 1])));
    }

    fn any_press() -> impl Strategy<Value = KeyPress> {
        let typed: Vec<char> = (' '..='~').chain(['\n', '\t']).collect();
        prop_oneof![
            8 => (select(typed), any::<bool>(), prop::bool::weighted(0.1)).prop_map(
                |(typed, shift, ctrl)| KeyPress { shift, ctrl, ..KeyPress::of_char(typed).unwrap() }
            ),
            1 => Just(other()),
        ]
    }

    fn by_hand() -> impl Strategy<Value = Vec<(u64, KeyPress)>> {
        vec((60_u64..400, any_press()), 0..40)
    }

    proptest! {
        #[test]
        fn a_hand_is_never_a_reader(hand in by_hand(), polls in any::<bool>()) {
            let mut keyboard = Keyboard::new();
            for (gap_ms, key) in &hand {
                if polls { keyboard.wait(gap_ms / 2).press(gap_ms - gap_ms / 2, *key); }
                else { keyboard.press(*gap_ms, *key); }
            }
            keyboard.wait(60);
            prop_assert_eq!(keyboard.typed(), (0..hand.len()).collect::<Vec<_>>());
            prop_assert!(keyboard.scans().is_empty());
        }

        #[test]
        fn a_reader_is_one_scan_whatever_came_before_by_hand(
            hand in by_hand(),
            text in "[ -~]{8,300}",
            gaps in vec(0_u64..=30, 301),
            pause_ms in 60_u64..400,
        ) {
            let mut keyboard = Keyboard::new();
            for (gap_ms, key) in &hand {
                keyboard.press(*gap_ms, *key);
            }
            keyboard.wait(pause_ms);
            for (typed, gap_ms) in text.chars().chain(['\n']).zip(gaps) {
                keyboard.press(gap_ms, KeyPress::of_char(typed).unwrap());
            }
            keyboard.wait(500);
            prop_assert_eq!(keyboard.scans(), [text.as_str()]);
            prop_assert_eq!(keyboard.typed(), (0..hand.len()).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_is_held_for_ever_or_without_bound(
            keys in vec((0_u64..200, any_press()), 0..200),
        ) {
            let mut keyboard = Keyboard::new();
            for (gap_ms, key) in keys {
                keyboard.press(gap_ms, key);
                if let State::Forming(run) = &keyboard.burst.state {
                    prop_assert!(run.items.len() <= HELD_MAX);
                    prop_assert!(run.due_ms() <= run.last_ms + STUMBLE_MS + 1);
                }
            }
            keyboard.wait(SILENCE_MS);
            prop_assert_eq!(keyboard.burst.timeout_ms(), None);
            let typed = keyboard.typed();
            prop_assert!(typed.is_sorted(), "typed keys stay in order");
        }
    }
}
