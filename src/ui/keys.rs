//! Takes the bursts of a reader that types like a keyboard out of the window's input.
//!
//! Runs before any widget sees a key, so a scan works from every screen and never types into a
//! field; keys of a person are handed on in their order, at most a blink later.

use std::{collections::BTreeSet, time::Duration};

use egui::{Context, Event, Key, Modifiers, RawInput};

use crate::domain::scan::{Burst, BurstOutput, KeyPress, PACE_MS, Pace, Paced, PhysicalKey};

/// What a reader delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captured {
    /// A text.
    Scan(String),
    /// A text longer than any voucher; it was dropped.
    Overlong,
    /// More texts at once than a person scans; those that waited were dropped.
    Replayed,
}

/// Stands between the window and egui.
#[derive(Debug, Default)]
pub struct KeyCapture {
    burst: Burst<Withheld>,
    pace: Pace,
    /// Keys that are down on the keyboard.
    down: BTreeSet<Key>,
    /// Keys whose press egui has seen and whose release it has not.
    delivered: BTreeSet<Key>,
}

/// A press with the text it made, held back until it is clear who typed it.
#[derive(Clone, Debug)]
struct Withheld {
    key: Option<Key>,
    events: Vec<Event>,
}

impl KeyCapture {
    /// Replaces the events of `raw` by those of persons and returns what a reader delivered.
    pub fn filter(&mut self, ctx: &Context, raw: &mut RawInput) -> Vec<Captured> {
        let now_ms = millis(raw.time.unwrap_or_else(|| ctx.input(|input| input.time)));
        let mut out = Sorted { now_ms, events: Vec::new(), captured: Vec::new() };
        while let Some(paced) = self.pace.due(now_ms) {
            out.captured.push(captured(paced));
        }
        let ripe = self.burst.poll(now_ms);
        self.sort(ripe, &mut out);
        let mut events = std::mem::take(&mut raw.events).into_iter().peekable();
        while let Some(event) = events.next() {
            let Some(press) = self.press_of(&event) else {
                self.pass(event, &mut out);
                continue;
            };
            let key = key_of(&event);
            let mut group = vec![event];
            while let Some(text) = events.next_if(|next| matches!(next, Event::Text(_))) {
                group.push(text);
            }
            self.down.extend(key);
            let outputs = self.burst.press(press, Withheld { key, events: group }, now_ms);
            self.sort(outputs, &mut out);
        }
        raw.events = out.events;
        self.wake(ctx, now_ms);
        out.captured
    }

    /// The press the detector should judge; none for what it has no opinion on.
    fn press_of(&self, event: &Event) -> Option<KeyPress> {
        if let Event::Key { key, physical_key, pressed: true, modifiers, .. } = event {
            let place = physical_key.unwrap_or(*key);
            let repeat = self.down.contains(&place);
            return key_press(place, *modifiers, repeat);
        }
        if matches!(event, Event::Text(_)) {
            return Some(foreign());
        }
        clipboard_key(event).and_then(|key| key_press(key, Modifiers::CTRL, false))
    }

    /// Hands on an event that is no press; drops the release of a press that was never handed on.
    fn pass(&mut self, event: Event, out: &mut Sorted) {
        if let Event::WindowFocused(false) = event {
            self.down.clear();
            self.delivered.clear();
        }
        if let (Some(key), Event::Key { pressed: false, .. }) = (key_of(&event), &event) {
            self.down.remove(&key);
            if !self.delivered.remove(&key) {
                return;
            }
        }
        out.events.push(event);
    }

    fn sort(&mut self, outputs: impl IntoIterator<Item = BurstOutput<Withheld>>, out: &mut Sorted) {
        for output in outputs {
            match output {
                BurstOutput::Scan(text) => {
                    out.captured.extend(self.pace.note(text, out.now_ms).map(captured));
                }
                BurstOutput::Overlong => out.captured.push(Captured::Overlong),
                BurstOutput::Typed(items) => {
                    for item in items {
                        self.deliver(item, out);
                    }
                }
            }
        }
    }

    /// Hands on a press; with its release where the key is already up, so that no key stays down.
    fn deliver(&mut self, item: Withheld, out: &mut Sorted) {
        let release = item.events.first().and_then(release_of);
        out.events.extend(item.events);
        let Some(key) = item.key else { return };
        if self.down.contains(&key) {
            self.delivered.insert(key);
        } else {
            out.events.extend(release);
        }
    }

    /// Asks for a frame at the time the detector decides.
    fn wake(&self, ctx: &Context, now_ms: u64) {
        let paced = self.pace.is_holding().then(|| now_ms.saturating_add(PACE_MS));
        if let Some(due_ms) = self.burst.timeout_ms().into_iter().chain(paced).min() {
            let wait_ms = due_ms.saturating_sub(now_ms).max(1);
            ctx.request_repaint_after(Duration::from_millis(wait_ms));
        }
    }
}

/// Events for egui and scans for the engine.
struct Sorted {
    now_ms: u64,
    events: Vec<Event>,
    captured: Vec<Captured>,
}

fn captured(paced: Paced) -> Captured {
    match paced {
        Paced::Scan(text) => Captured::Scan(text),
        Paced::Replayed => Captured::Replayed,
    }
}

fn millis(seconds: f64) -> u64 {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|time| u64::try_from(time.as_millis()).ok())
        .unwrap_or(0)
}

/// The key by its place; what it is called on this layout only where the place is unknown.
fn key_of(event: &Event) -> Option<Key> {
    if let Event::Key { key, physical_key, .. } = event {
        return Some(physical_key.unwrap_or(*key));
    }
    None
}

fn key_press(place: Key, modifiers: Modifiers, repeat: bool) -> Option<KeyPress> {
    let key = PhysicalKey::from_name(place.name())?;
    let key = if modifiers.alt || modifiers.mac_cmd { PhysicalKey::Other } else { key };
    Some(KeyPress { key, shift: modifiers.shift, ctrl: modifiers.ctrl, repeat })
}

/// Text without a key, such as from an input method, is a person's.
fn foreign() -> KeyPress {
    KeyPress { key: PhysicalKey::Other, shift: false, ctrl: false, repeat: false }
}

/// The window turns these three control characters into clipboard events before anyone sees a key.
fn clipboard_key(event: &Event) -> Option<Key> {
    if matches!(event, Event::Copy) {
        Some(Key::C)
    } else if matches!(event, Event::Cut) {
        Some(Key::X)
    } else if matches!(event, Event::Paste(_)) {
        Some(Key::V)
    } else {
        None
    }
}

fn release_of(event: &Event) -> Option<Event> {
    if let Event::Key { key, physical_key, modifiers, .. } = event {
        return Some(Event::Key {
            key: *key,
            physical_key: *physical_key,
            pressed: false,
            repeat: false,
            modifiers: *modifiers,
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Window {
        ctx: Context,
        capture: KeyCapture,
        now_ms: u32,
        events: Vec<Event>,
        captured: Vec<Captured>,
    }

    impl Window {
        fn new() -> Self {
            Self {
                ctx: Context::default(),
                capture: KeyCapture::default(),
                now_ms: 5_000,
                events: Vec::new(),
                captured: Vec::new(),
            }
        }

        fn frame(&mut self, wait_ms: u32, events: Vec<Event>) {
            self.now_ms = self.now_ms.saturating_add(wait_ms);
            let time = Some(f64::from(self.now_ms) / 1000.0);
            let mut raw = RawInput { events, time, ..RawInput::default() };
            self.captured.extend(self.capture.filter(&self.ctx, &mut raw));
            self.events.extend(raw.events);
        }

        fn presses(&self, wanted: bool) -> usize {
            let matches =
                |event: &&Event| matches!(event, Event::Key { pressed, .. } if *pressed == wanted);
            self.events.iter().filter(matches).count()
        }

        fn text(&self) -> String {
            let text = |event: &Event| {
                if let Event::Text(text) | Event::Paste(text) = event {
                    return text.clone();
                }
                String::new()
            };
            self.events.iter().map(text).collect()
        }
    }

    fn key(name: &str, place: &str, pressed: bool) -> Event {
        Event::Key {
            key: Key::from_name(name).unwrap(),
            physical_key: Key::from_name(place),
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        }
    }

    fn stroke(name: &str, place: &str) -> Vec<Event> {
        vec![key(name, place, true), Event::Text(name.to_lowercase()), key(name, place, false)]
    }

    #[test]
    fn places_count_and_not_the_layout() {
        let mut window = Window::new();
        for _ in 0..5 {
            window.frame(5, stroke("Z", "Y"));
            window.frame(5, stroke("Q", "A"));
        }
        window.frame(500, Vec::new());
        assert_eq!(window.captured, [Captured::Scan("yayayayaya".into())]);
        assert_eq!(window.events, []);
    }

    #[test]
    fn a_whole_scan_in_one_frame_is_a_scan() {
        let mut window = Window::new();
        let keys = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
        let mut events: Vec<Event> = keys.iter().flat_map(|name| stroke(name, name)).collect();
        events.push(key("Enter", "Enter", true));
        events.push(key("Enter", "Enter", false));
        window.frame(0, events);
        window.frame(500, Vec::new());
        assert_eq!(window.captured, [Captured::Scan("abcdefghi".into())]);
        assert_eq!(window.presses(true), 0, "not even the Enter");
    }

    #[test]
    fn a_held_key_is_a_person_and_is_let_go_once() {
        let mut window = Window::new();
        for _ in 0..40 {
            window.frame(30, vec![key("0", "0", true), Event::Text("0".into())]);
        }
        window.frame(30, vec![key("0", "0", false)]);
        window.frame(500, Vec::new());
        assert_eq!((window.captured.len(), window.text()), (0, "0".repeat(40)));
        assert_eq!((window.presses(true), window.presses(false)), (40, 1));
    }

    #[test]
    fn every_press_handed_on_is_followed_by_its_release() {
        let mut window = Window::new();
        for name in ["A", "B", "A", "C"] {
            window.frame(20, stroke(name, name));
        }
        window.frame(500, Vec::new());
        assert_eq!(window.text(), "abac");
        assert_eq!(window.presses(true), window.presses(false));
    }

    #[test]
    fn pasted_text_keeps_its_place_among_keys() {
        let mut window = Window::new();
        window.frame(0, stroke("A", "A"));
        window.frame(10, vec![Event::Paste("XY".into())]);
        window.frame(10, stroke("B", "B"));
        window.frame(500, Vec::new());
        assert_eq!(window.text(), "aXYb");
    }

    #[test]
    fn text_without_a_key_and_the_mouse_pass() {
        let mut window = Window::new();
        let events = vec![Event::Text("漢字".into()), Event::PointerGone];
        window.frame(0, events.clone());
        assert_eq!(window.events, events);
    }

    #[test]
    fn an_endless_code_is_told_once_and_swallowed() {
        let mut window = Window::new();
        for _ in 0..5_000 {
            window.frame(1, stroke("A", "A"));
        }
        window.frame(500, Vec::new());
        assert_eq!(window.captured, [Captured::Overlong]);
        assert_eq!(window.events, []);
    }
}
