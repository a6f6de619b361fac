//! Keys a screen listens to: taken out of the input, so that one press has one effect.

use egui::{Context, Event, Key};

/// Takes every press of `key` without Ctrl, Alt or Command; true for a fresh press, not for a held key.
pub fn pressed(ctx: &Context, key: Key) -> bool {
    taken(ctx, key).into_iter().any(|repeat| !repeat)
}

/// Takes every press of `key` without Ctrl, Alt or Command; how many there were, a held key's repeats included.
pub fn steps(ctx: &Context, key: Key) -> usize {
    taken(ctx, key).len()
}

/// Takes text made of `signs` alone out of the input, so that no field sees it; its characters in their order.
pub fn typed(ctx: &Context, signs: &str) -> Vec<char> {
    let mut found = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            if let Event::Text(text) = event
                && text.chars().all(|sign| signs.contains(sign))
            {
                found.extend(text.chars());
                return false;
            }
            true
        });
    });
    found
}

/// Takes the plain presses of `key`; of each, whether it was a repeat.
fn taken(ctx: &Context, key: Key) -> Vec<bool> {
    let mut found = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| match plain_press(event) {
            Some((pressed, repeat)) if pressed == key => {
                found.push(repeat);
                false
            }
            Some(_) | None => true,
        });
    });
    found
}

/// Takes every press of `key` together with Alt; true for a fresh press.
pub fn pressed_with_alt(ctx: &Context, key: Key) -> bool {
    ctx.input_mut(|input| input.consume_key(egui::Modifiers::ALT, key))
}

/// True when the digit `1`, `2` or `3` at `index` 0, 1 or 2 was pressed, on any layout.
pub fn pressed_choice(ctx: &Context, index: usize) -> bool {
    let keys = [Key::Num1, Key::Num2, Key::Num3];
    keys.get(index).is_some_and(|key| pressed(ctx, *key))
}

/// True when any key went down that is neither a function key nor a modifier nor a step of the focus.
pub fn any_pressed(ctx: &Context) -> bool {
    ctx.input(|input| {
        input
            .events
            .iter()
            .filter_map(plain_press)
            .any(|(key, repeat)| !repeat && key != Key::Tab && !is_function(key) && !is_shift(key))
    })
}

fn plain_press(event: &Event) -> Option<(Key, bool)> {
    if let Event::Key { key, pressed: true, repeat, modifiers, .. } = event
        && !modifiers.ctrl
        && !modifiers.alt
        && !modifiers.command
    {
        return Some((*key, *repeat));
    }
    None
}

fn is_function(key: Key) -> bool {
    (Key::F1..=Key::F35).contains(&key)
}

fn is_shift(key: Key) -> bool {
    key >= Key::ShiftLeft
}

#[cfg(test)]
mod tests {
    use egui::{Modifiers, RawInput};

    use super::*;

    fn press(key: Key, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    fn with_events(events: Vec<Event>, check: impl Fn(&Context)) {
        let ctx = Context::default();
        let input = RawInput { events, ..RawInput::default() };
        let output = ctx.run_ui(input, |ui| check(ui.ctx()));
        output.drop_without_applying_deltas();
    }

    #[test]
    fn a_press_is_taken_once() {
        with_events(vec![press(Key::F2, Modifiers::NONE)], |ctx| {
            assert!(pressed(ctx, Key::F2));
            assert!(!pressed(ctx, Key::F2));
        });
    }

    #[test]
    fn a_held_key_is_one_press_and_many_steps() {
        let repeat = Event::Key {
            key: Key::ArrowUp,
            physical_key: None,
            pressed: true,
            repeat: true,
            modifiers: Modifiers::NONE,
        };
        let events = vec![press(Key::ArrowUp, Modifiers::NONE), repeat.clone(), repeat.clone()];
        with_events(events, |ctx| {
            assert_eq!(taken(ctx, Key::ArrowUp), [false, true, true]);
            assert_eq!(steps(ctx, Key::ArrowUp), 0, "they are taken out");
        });
        let events = vec![press(Key::ArrowUp, Modifiers::NONE), repeat];
        with_events(events, |ctx| assert_eq!(steps(ctx, Key::ArrowUp), 2));
    }

    #[test]
    fn signs_are_taken_and_other_text_stays() {
        let events = ["+", "12", "-", "1+"].map(|text| Event::Text(text.into()));
        with_events(events.to_vec(), |ctx| {
            assert_eq!(typed(ctx, "+-"), ['+', '-']);
            let left = ctx.input(|input| input.events.clone());
            assert_eq!(left, [Event::Text("12".into()), Event::Text("1+".into())]);
        });
    }

    #[test]
    fn a_shortcut_is_not_a_press() {
        with_events(vec![press(Key::Enter, Modifiers::CTRL)], |ctx| {
            assert!(!pressed(ctx, Key::Enter));
            assert!(!any_pressed(ctx));
        });
    }

    #[test]
    fn function_keys_and_modifiers_do_not_clear_a_screen() {
        for key in [Key::F1, Key::F12, Key::Tab, Key::ShiftLeft, Key::ControlRight] {
            with_events(vec![press(key, Modifiers::NONE)], |ctx| {
                assert!(!any_pressed(ctx), "{key:?}");
            });
        }
        for key in [Key::Space, Key::Enter, Key::A, Key::Num0, Key::ArrowDown] {
            with_events(vec![press(key, Modifiers::NONE)], |ctx| {
                assert!(any_pressed(ctx), "{key:?}");
            });
        }
    }
}
