//! Design tokens: the only place that names colours, fonts and sizes.
//!
//! The verdict colours are chosen by contrast (WCAG 2.2, 1.4.3 and 1.4.6); the tests compute it.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, Theme,
    Vec2, Visuals,
};

use crate::terminal::view::VerdictState;

/// Paint for one full-bleed area and what is written on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// The area itself.
    pub fill: Color32,
    /// Headline and icons.
    pub ink: Color32,
    /// Secondary text.
    pub soft: Color32,
    /// Bands and inset boxes on the area; text on them stays readable.
    pub shade: Color32,
}

/// Honour the voucher.
pub const ACCEPTED: Tone = Tone {
    fill: rgb(0x0000_662E),
    ink: Color32::WHITE,
    soft: rgb(0x00E3_F5EA),
    shade: rgb(0x0000_4F23),
};
/// Do not honour the voucher.
pub const REFUSED: Tone = Tone {
    fill: rgb(0x00A3_0015),
    ink: Color32::WHITE,
    soft: rgb(0x00FF_E9EA),
    shade: rgb(0x007A_000F),
};
/// A person has to choose something.
pub const CAUTION: Tone = Tone {
    fill: rgb(0x00FF_C107),
    ink: rgb(0x0014_1104),
    soft: rgb(0x0033_2A05),
    shade: rgb(0x00FF_D24D),
};
/// Neither yes nor no.
pub const CANNOT_CHECK: Tone = Tone {
    fill: rgb(0x0037_474F),
    ink: Color32::WHITE,
    soft: rgb(0x00E4_EBEE),
    shade: rgb(0x0026_333A),
};
/// Nothing on the counter.
pub const CALM: Tone =
    Tone { fill: rgb(0x000E_1519), ink: rgb(0x00F3_F6F7), soft: rgb(0x00A9_B8C0), shade: PANEL };

/// Strip, bar and side panels.
pub const PANEL: Color32 = rgb(0x0015_1E23);
/// Buttons and fields on a panel.
pub const RAISED: Color32 = rgb(0x0022_2E35);
/// A button under the pointer.
pub const HOVER: Color32 = rgb(0x002F_3E47);
/// Hairlines between panels.
pub const LINE: Color32 = rgb(0x002C_3A42);
/// Text on panels.
pub const TEXT: Color32 = rgb(0x00F3_F6F7);
/// Secondary text on panels.
pub const MUTED: Color32 = rgb(0x00A9_B8C0);
/// Text of controls that do nothing at the moment.
pub const FAINT: Color32 = rgb(0x0067_7881);
/// Focus rings, selections and the primary action.
pub const ACCENT: Color32 = rgb(0x0056_B8F0);
/// Text on [`ACCENT`].
pub const ON_ACCENT: Color32 = rgb(0x0006_1A26);
/// A working link, on panels.
pub const GOOD: Color32 = rgb(0x0057_D08F);
/// Something to look at, on panels.
pub const WARN: Color32 = CAUTION.fill;
/// A refusal in a list, on panels.
pub const BAD: Color32 = rgb(0x00FF_8B85);
/// The light modules and quiet zone of a QR code.
pub const PAPER: Color32 = Color32::WHITE;
/// The dark modules of a QR code.
pub const MODULE: Color32 = Color32::BLACK;
/// The rim of the customer's phone.
pub const BEZEL: Color32 = rgb(0x0004_0708);
/// The page the phone shows around the code.
pub const PHONE_PAGE: Color32 = PAPER;
/// Text on [`PHONE_PAGE`].
pub const PHONE_TEXT: Color32 = rgb(0x0014_1C21);
/// Secondary text on [`PHONE_PAGE`].
pub const PHONE_SOFT: Color32 = rgb(0x004A_5860);
/// Behind a dialog, so that the screen below steps back.
pub const BACKDROP: Color32 = Color32::from_black_alpha(170);

/// Height of the status strip, in points.
pub const STRIP_HEIGHT: f32 = 52.0;
/// Height of the bar of keys, in points; its buttons are at least 48 high.
pub const BAR_HEIGHT: f32 = 68.0;
/// Smallest height of anything that can be touched, in points.
pub const TOUCH: f32 = 48.0;
/// Height of a primary action, in points.
pub const PRIMARY: f32 = 64.0;
/// Gap between neighbouring controls, in points.
pub const GAP: f32 = 8.0;
/// Width of the list of last scans beside the counter, in points.
pub const LIST_WIDTH: f32 = 320.0;
/// Width of the phone of the demo, in points.
pub const PHONE_WIDTH: f32 = 360.0;
/// Corner radius of buttons and fields, in points.
pub const RADIUS: u8 = 10;
/// Smallest text, in points; below it text is shortened with an ellipsis.
pub const SMALLEST: f32 = 11.0;

/// Text sizes that grow with the window, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// The one large line.
    pub headline: f32,
    /// Amount in large type.
    pub amount: f32,
    /// Reason, what is still to pay.
    pub lead: f32,
    /// Advice, questions, details.
    pub body: f32,
    /// Support code, hints.
    pub small: f32,
    /// Distance of content from the edge of its area.
    pub margin: f32,
}

impl Sizes {
    /// The sizes for a window of this size, in points.
    pub fn of(window: Vec2) -> Self {
        let height = window.y.clamp(480.0, 2160.0);
        Self {
            headline: height * 0.098,
            amount: height * 0.088,
            lead: height * 0.045,
            body: (height * 0.032).max(18.0),
            small: (height * 0.019).max(13.0),
            margin: (height * 0.052).max(20.0),
        }
    }
}

/// The tone of a verdict.
pub fn tone(state: VerdictState) -> Tone {
    match state {
        VerdictState::Accepted => ACCEPTED,
        VerdictState::AlreadyUsed | VerdictState::NotValid => REFUSED,
        VerdictState::NeedsInput => CAUTION,
        VerdictState::CannotCheck | VerdictState::NotAVoucher => CANNOT_CHECK,
    }
}

/// The colour of a verdict's icon in a list on a panel.
pub fn mark(state: VerdictState) -> Color32 {
    match state {
        VerdictState::Accepted => GOOD,
        VerdictState::AlreadyUsed | VerdictState::NotValid => BAD,
        VerdictState::NeedsInput => WARN,
        VerdictState::CannotCheck | VerdictState::NotAVoucher => MUTED,
    }
}

/// The two faces of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Running text.
    Plain,
    /// Headlines, amounts and key caps.
    Strong,
}

impl Face {
    /// This face at `size` points.
    pub fn at(self, size: f32) -> FontId {
        match self {
            Self::Plain => FontId::new(size, FontFamily::Proportional),
            Self::Strong => FontId::new(size, FontFamily::Name(STRONG.into())),
        }
    }
}

const STRONG: &str = "strong";

/// Sets fonts and visuals; call it before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(Theme::Dark);
    ctx.set_visuals_of(Theme::Dark, visuals());
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = Vec2::splat(GAP);
        style.animation_time = 0.1;
        style.interaction.selectable_labels = false;
    });
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, data) in [
        ("Inter Medium", &include_bytes!("../../assets/fonts/Inter-Medium.otf")[..]),
        ("Inter Bold", &include_bytes!("../../assets/fonts/Inter-Bold.otf")[..]),
    ] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    let plain = fonts.families.entry(FontFamily::Proportional).or_default();
    let fallback = plain.clone();
    plain.insert(0, "Inter Medium".to_owned());
    let strong = ["Inter Bold".to_owned()].into_iter().chain(fallback).collect();
    fonts.families.insert(FontFamily::Name(STRONG.into()), strong);
    fonts
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = CALM.fill;
    visuals.window_fill = PANEL;
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.window_corner_radius = CornerRadius::same(16);
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = ACCENT;
    visuals.selection.stroke = Stroke::new(2.0, ON_ACCENT);
    visuals.text_cursor.stroke = Stroke::new(3.0, ACCENT);
    visuals.extreme_bg_color = CALM.fill;
    visuals
}

#[expect(clippy::disallowed_methods, reason = "the tokens themselves are made here")]
const fn rgb(hex: u32) -> Color32 {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn assert_contrast(what: &str, text: Color32, ground: Color32, least: f64) {
        let found = contrast(text, ground);
        assert!(found >= least, "{what}: {found:.2}:1, wanted {least}:1");
    }

    #[test]
    fn contrast_agrees_with_the_published_pairs() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 0.01);
        assert!((contrast(rgb(0x0076_7676), Color32::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn headlines_reach_seven_and_text_reaches_four_and_a_half() {
        for (name, tone) in [
            ("accepted", ACCEPTED),
            ("refused", REFUSED),
            ("caution", CAUTION),
            ("cannot check", CANNOT_CHECK),
            ("calm", CALM),
        ] {
            assert_contrast(name, tone.ink, tone.fill, 7.0);
            assert_contrast(name, tone.soft, tone.fill, 4.5);
            assert_contrast(name, tone.ink, tone.shade, 7.0);
            assert_contrast(name, tone.soft, tone.shade, 4.5);
        }
    }

    #[test]
    fn panels_are_readable() {
        for ground in [PANEL, RAISED, HOVER, CALM.fill] {
            for text in [TEXT, MUTED, GOOD, WARN, BAD] {
                assert_contrast("panel text", text, ground, 4.5);
            }
            assert_contrast("focus ring", ACCENT, ground, 3.0);
        }
        assert_contrast("accent", ON_ACCENT, ACCENT, 4.5);
        assert_contrast("phone", PHONE_TEXT, PHONE_PAGE, 7.0);
        assert_contrast("phone", PHONE_SOFT, PHONE_PAGE, 4.5);
    }

    #[test]
    fn the_verdict_fills_are_the_agreed_ones() {
        let hex = |color: Color32| format!("{:02X}{:02X}{:02X}", color.r(), color.g(), color.b());
        assert_eq!(hex(ACCEPTED.fill), "00662E");
        assert_eq!(hex(REFUSED.fill), "A30015");
        assert_eq!(hex(CAUTION.fill), "FFC107");
        assert_eq!(hex(CANNOT_CHECK.fill), "37474F");
    }

    #[test]
    fn sizes_reach_the_reading_distance() {
        let full = Sizes::of(Vec2::new(1920.0, 1080.0));
        assert!(full.headline >= 96.0 && full.amount >= 72.0, "{full:?}");
        for window in [Vec2::new(1366.0, 768.0), Vec2::new(1024.0, 768.0)] {
            assert!(Sizes::of(window).headline >= 64.0, "{window:?}");
        }
        const { assert!(BAR_HEIGHT >= TOUCH && TOUCH >= 48.0 && PRIMARY >= 64.0) };
    }
}
