//! The window's icon: the accepted mark, computed.

use egui::{Color32, IconData};

use super::theme;

const SIDE: u8 = 64;

/// A tick in a circle, 64 by 64 pixels.
pub(super) fn icon() -> IconData {
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    let rgba = pixels.flat_map(|(x, y)| color(f32::from(x), f32::from(y)).to_array()).collect();
    IconData { rgba, width: u32::from(SIDE), height: u32::from(SIDE) }
}

fn color(x: f32, y: f32) -> Color32 {
    let (x, y) = ((x - 31.5) / 32.0, (y - 31.5) / 32.0);
    let tick = distance((x, y), [(-0.44, 0.04), (-0.12, 0.36)])
        .min(distance((x, y), [(-0.12, 0.36), (0.46, -0.32)]));
    if x.hypot(y) > 0.97 {
        Color32::TRANSPARENT
    } else if tick < 0.12 {
        theme::ACCEPTED.ink
    } else {
        theme::ACCEPTED.fill
    }
}

/// Distance of a point from the segment between two others.
fn distance((x, y): (f32, f32), [(ax, ay), (bx, by)]: [(f32, f32); 2]) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_round_and_opaque_in_the_middle() {
        let icon = icon();
        assert_eq!(icon.rgba.len(), 64 * 64 * 4);
        let alpha = |x: usize, y: usize| icon.rgba[(y * 64 + x) * 4 + 3];
        assert_eq!((alpha(0, 0), alpha(63, 63), alpha(32, 32)), (0, 0, 255));
    }
}
