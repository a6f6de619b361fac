//! Where the modules of a flat symbol lie in the picture.

use std::ops::{Add, Mul, Sub};

use crate::device::picture::Luma;

/// A place in the picture, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Spot {
    pub(in super::super) x: f32,
    pub(in super::super) y: f32,
}

impl Add for Spot {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }
}

impl Sub for Spot {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }
}

impl Mul<f32> for Spot {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self { x: self.x * factor, y: self.y * factor }
    }
}

impl Spot {
    /// The distance to the upper left corner.
    pub(super) fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }
}

/// The centres of the finder patterns: upper left, upper right, lower left.
pub(in super::super) type Centres = [Spot; 3];

/// How far the paper curls out of its plane, in pixels, in the middle between two finder patterns: the first
/// where it curls from left to right, the second from top to bottom.
pub(super) type Bow = [Spot; 2];

/// A perspective view of a symbol, held by the centres of its finder patterns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    side: u8,
    origin: Spot,
    across: Spot,
    down: Spot,
    shrink_across: f32,
    shrink_down: f32,
    bow: Bow,
}

impl Plane {
    /// A view of `side` modules, further away by the two shares where it ends on the right and below.
    pub(super) fn tilted(side: u8, centres: Centres, right: f32, below: f32) -> Self {
        let [origin, across, down] = centres;
        Self {
            side,
            origin,
            across: across * (1.0 + right) - origin,
            down: down * (1.0 + below) - origin,
            shrink_across: right,
            shrink_down: below,
            bow: Bow::default(),
        }
    }

    /// The same view of paper that curls.
    pub(super) fn bowed(self, bow: Bow) -> Self {
        Self { bow, ..self }
    }

    /// How far the paper curls.
    pub(super) fn bow(&self) -> Bow {
        self.bow
    }

    /// The view in which [`Self::fourth`] lies at `fourth`; none when no camera could see it so.
    pub(super) fn through(side: u8, centres: Centres, fourth: Spot) -> Option<Self> {
        let [origin, across, down] = centres;
        let span = f32::from(side) - 7.0;
        let share = (span - 3.0) / span;
        let rest = origin * (1.0 - 2.0 * share) + (across + down) * share - fourth;
        let (right, below) = ((fourth - across) * share, (fourth - down) * share);
        let area = right.cross(below);
        let tilt = (rest.cross(below) / area, right.cross(rest) / area);
        let seen = area != 0.0 && tilt.0 > -0.8 && tilt.1 > -0.8 && tilt.0 + tilt.1 > -0.8;
        seen.then(|| Self::tilted(side, centres, tilt.0, tilt.1))
    }

    /// The point that holds the plane besides the finder patterns: the centre of the alignment pattern on
    /// the lower right, where there is one.
    pub(super) fn fourth(side: u8) -> f32 {
        f32::from(side) - 6.5
    }

    /// The modules on a side.
    pub(super) fn side(&self) -> u8 {
        self.side
    }

    /// The place of a point given in modules from the symbol's upper left corner.
    pub(super) fn at(&self, x: f32, y: f32) -> Spot {
        let (u, v) = self.shares(x, y);
        let [right, below] = self.bow;
        self.flat(x, y) + right * arch(u) + below * arch(v)
    }

    /// Where the point would be if the paper did not curl.
    pub(super) fn flat(&self, x: f32, y: f32) -> Spot {
        let (u, v) = self.shares(x, y);
        let depth = 1.0 + self.shrink_across * u + self.shrink_down * v;
        (self.origin + self.across * u + self.down * v) * depth.recip()
    }

    /// The way of some modules beside the upper left finder pattern, in pixels.
    pub(super) fn step(&self, right: f32, down: f32) -> Spot {
        self.flat(3.5 + right, 3.5 + down) - self.flat(3.5, 3.5)
    }

    /// Shares of the way from the upper left finder pattern to the other two.
    fn shares(&self, x: f32, y: f32) -> (f32, f32) {
        let span = f32::from(self.side) - 7.0;
        ((x - 3.5) / span, (y - 3.5) / span)
    }

    /// The width of a module in pixels around the middle of the symbol.
    pub(super) fn module(&self) -> f32 {
        let middle = f32::from(self.side) / 2.0;
        let diagonal = self.at(middle + 1.0, middle + 1.0) - self.at(middle, middle);
        diagonal.length() * std::f32::consts::FRAC_1_SQRT_2
    }
}

/// A parabola that is 0 at both finder patterns and 1 in the middle between them.
fn arch(share: f32) -> f32 {
    4.0 * share * (1.0 - share)
}

/// The grey value at a place, between the pixels along straight lines.
pub(super) fn grey(picture: &Luma, at: Spot) -> f32 {
    let (x, right) = cell(at.x, picture.width());
    let (y, below) = cell(at.y, picture.height());
    let start = y.saturating_mul(picture.width()).saturating_add(x);
    let pair = |start: usize| match picture.pixels().get(start..) {
        Some(&[left, next, ..]) => {
            let (left, next) = (f32::from(left), f32::from(next));
            left + (next - left) * right
        }
        _ => 0.0,
    };
    let (upper, lower) = (pair(start), pair(start.saturating_add(picture.width())));
    upper + (lower - upper) * below
}

/// The pixel before a coordinate and how far the coordinate lies past that pixel's centre.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of a picture are small, and a cast from float saturates at 0"
)]
fn cell(coordinate: f32, side: usize) -> (usize, f32) {
    let last = side.saturating_sub(2) as f32;
    let from = (coordinate - 0.5).clamp(0.0, last + 0.999);
    let cell = from as usize;
    (cell, from - cell as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_points_hold_every_other_one() {
        // A view of the standard form (a x + b y + c) / (g x + h y + 1).
        let view = |x: f32, y: f32| {
            let depth = 0.004 * x - 0.003 * y + 1.0;
            Spot { x: (5.0 * x + y + 40.0) / depth, y: (4.0 * y - x + 90.0) / depth }
        };
        let side = 45;
        let centres = [view(3.5, 3.5), view(41.5, 3.5), view(3.5, 41.5)];
        let fourth = view(Plane::fourth(side), Plane::fourth(side));
        let plane = Plane::through(side, centres, fourth).unwrap();
        for (x, y) in [(0.0, 0.0), (45.0, 45.0), (3.5, 41.5), (20.0, 30.0), (44.0, 1.0)] {
            let off = plane.at(x, y) - view(x, y);
            assert!(off.length() < 0.01, "{x}, {y}: off by {off:?}");
        }
    }

    #[test]
    fn curled_paper_leaves_the_plane_between_the_finder_patterns() {
        let spot = |x: f32, y: f32| Spot { x, y };
        let flat =
            Plane::tilted(27, [spot(0.0, 0.0), spot(200.0, 0.0), spot(0.0, 200.0)], 0.0, 0.0);
        let curled = flat.bowed([spot(0.0, 16.0), spot(8.0, 0.0)]);
        let off = |x: f32, y: f32| curled.at(x, y) - flat.at(x, y);
        // Three quarters of the height a quarter of the way along a parabola.
        let expected = [
            (3.5, 3.5, spot(0.0, 0.0)),
            (23.5, 3.5, spot(0.0, 0.0)),
            (13.5, 3.5, spot(0.0, 16.0)),
            (3.5, 13.5, spot(8.0, 0.0)),
            (8.5, 13.5, spot(8.0, 12.0)),
        ];
        assert!(expected.iter().all(|(x, y, by)| (off(*x, *y) - *by).length() < 0.001));
    }

    #[test]
    fn no_camera_sees_the_fourth_point_inside_out() {
        let spot = |x: f32, y: f32| Spot { x, y };
        let centres = [spot(0.0, 0.0), spot(100.0, 0.0), spot(0.0, 100.0)];
        assert!(Plane::through(25, centres, spot(79.0, 79.0)).is_some());
        for fourth in [spot(20.0, 20.0), spot(-50.0, -50.0), spot(100.0, 0.0), spot(500.0, 20.0)] {
            assert!(Plane::through(25, centres, fourth).is_none(), "{fourth:?}");
        }
    }

    #[test]
    fn grey_lies_between_the_pixels_and_goes_on_beyond_the_edge() {
        let picture = Luma::new(2, 2, vec![0, 100, 200, 100]).unwrap();
        let at = |x: f32, y: f32| grey(&picture, Spot { x, y });
        // A pixel's own value is at its centre, half a pixel from its corner.
        let expected = [(0.5, 0.5, 0.0), (1.0, 0.5, 50.0), (0.5, 1.0, 100.0), (1.0, 1.0, 100.0)];
        assert!(expected.iter().all(|(x, y, grey)| (at(*x, *y) - grey).abs() < 0.01));
        assert!(at(-9.0, -9.0).abs() < 1.0 && (at(9.0, -9.0) - 100.0).abs() < 1.0);
    }
}
