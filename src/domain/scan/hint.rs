//! What a cashier can do when a camera sees a code and does not read it.

/// What might help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// More light, or a brighter screen.
    Brighter,
    /// The screen is too pale, or the print too faint: brighter, and out of the light.
    Contrast,
    /// Light is reflected: tilt it.
    Glare,
    /// Out of focus: farther away.
    Farther,
    /// Nothing is wrong with the light: hold still, and show the whole code.
    Still,
}
