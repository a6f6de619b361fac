//! Other exposures while a code is in view and does not read: a camera finds its own for the whole picture, in which a bright phone
//! in a dark shop burns out and a slip before a window drowns.

/// How a camera is to expose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// As it finds itself.
    #[default]
    Auto,
    /// A quarter of the time.
    Darker,
    /// Four times as long.
    Brighter,
}

/// How long a code must be in view without being read, in milliseconds; a hint comes later.
const PATIENCE_MS: u64 = 1_500;
/// How long each exposure is tried, in milliseconds: cameras need a few frames to follow.
const LASTS_MS: u64 = 700;
/// Longest time without a code in view that does not begin anew, in milliseconds: another exposure may hide it.
const PAUSE_MS: u64 = 1_000;
/// How long the exposure at which a code was read stays, in milliseconds: for those that are told only once they were held.
const STAYS_MS: u64 = 2_000;
/// What is tried, in turn; between two the camera finds itself again.
const TRIED: [Exposure; 4] = [Exposure::Darker, Exposure::Auto, Exposure::Brighter, Exposure::Auto];

/// Decides how to expose; times are milliseconds of one monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bracket {
    wanted: Exposure,
    since_ms: Option<u64>,
    seen_ms: u64,
    read_ms: Option<u64>,
}

impl Bracket {
    /// How the next frames are to be exposed.
    pub fn wanted(&self) -> Exposure {
        self.wanted
    }

    /// Notes a frame that was not read, in which something like a code was `seen` or not.
    pub fn unread(&mut self, seen: bool, now_ms: u64) {
        if self.read_ms.is_some_and(|read_ms| now_ms.saturating_sub(read_ms) <= STAYS_MS) {
            return;
        }
        self.read_ms = None;
        if seen {
            let fresh = now_ms.saturating_sub(self.seen_ms) > PAUSE_MS;
            self.since_ms = self.since_ms.filter(|_| !fresh).or(Some(now_ms));
            self.seen_ms = now_ms;
        } else if now_ms.saturating_sub(self.seen_ms) > PAUSE_MS {
            self.since_ms = None;
        }
        self.wanted = self.since_ms.map_or(Exposure::Auto, |since_ms| tried(since_ms, now_ms));
    }

    /// Notes that a code was read.
    pub fn read(&mut self, now_ms: u64) {
        (self.since_ms, self.read_ms) = (None, Some(now_ms));
    }
}

fn tried(since_ms: u64, now_ms: u64) -> Exposure {
    let waited_ms = now_ms.saturating_sub(since_ms);
    let turn = waited_ms.checked_sub(PATIENCE_MS).and_then(|tried_ms| {
        let turn = tried_ms.checked_div(LASTS_MS)?;
        usize::try_from(turn).ok()?.checked_rem(TRIED.len())
    });
    turn.and_then(|turn| TRIED.get(turn)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter for each tenth of a second: `s` a code is seen, `r` one is read, `-` nothing; what is wanted then.
    fn play(frames: &str) -> String {
        let mut bracket = Bracket::default();
        let wanted = (5_000_u64..).step_by(100).zip(frames.chars()).map(|(now_ms, frame)| {
            match frame {
                'r' => bracket.read(now_ms),
                other => bracket.unread(other == 's', now_ms),
            }
            match bracket.wanted() {
                Exposure::Auto => '.',
                Exposure::Darker => 'd',
                Exposure::Brighter => 'b',
            }
        });
        wanted.collect()
    }

    #[test]
    fn exposures_are_tried_in_turn_once_a_code_does_not_read() {
        let wanted = play(&"s".repeat(44));
        assert_eq!(wanted, "...............ddddddd.......bbbbbbb.......d");
    }

    #[test]
    fn a_code_that_another_exposure_hides_is_still_in_view() {
        let wanted = play("ssssssssssssssss-------sssss");
        assert_eq!(wanted, "...............ddddddd......");
    }

    #[test]
    fn an_empty_counter_is_left_to_the_camera() {
        assert_eq!(play(&"-".repeat(40)), ".".repeat(40));
        let left = play(&format!("{}{}", "s".repeat(17), "-".repeat(14)));
        assert_eq!(left, "...............ddddddd.........");
    }

    #[test]
    fn the_exposure_at_which_a_code_was_read_stays_a_while() {
        let frames = format!("{}r{}", "s".repeat(17), "s".repeat(24));
        assert_eq!(play(&frames), format!("{}{}{}", ".".repeat(15), "d".repeat(23), "...."));
    }
}
