//! The modules every symbol of a version has alike (ISO/IEC 18004): what a fit can hold on to.

use super::plane::{Plane, Spot, grey};
use crate::device::picture::Luma;

/// A picture, and how far from their middles its modules are looked at.
#[derive(Clone, Copy)]
pub(super) struct Probe<'a> {
    pub(super) picture: &'a Luma,
    pub(super) aside: f32,
}

/// A module whose colour is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    x: f32,
    y: f32,
    dark: bool,
    turn: u8,
}

/// How far from its middle a module is looked at. In the middle itself a wide module would look right
/// even where the grid is nearly half a module off.
pub(super) const ASIDE: f32 = 0.22;

impl Mark {
    /// The module around a point.
    fn new(x: f32, y: f32, dark: bool, turn: u8) -> Self {
        Self { x, y, dark, turn: turn % 4 }
    }

    /// Where it is looked at: one of four points `aside` of its middle.
    fn place(&self, aside: f32) -> (f32, f32) {
        match self.turn {
            0 => (self.x - aside, self.y - aside),
            1 => (self.x + aside, self.y - aside),
            2 => (self.x + aside, self.y + aside),
            _ => (self.x - aside, self.y + aside),
        }
    }
}

/// The middles of the rows and columns that carry alignment patterns, in modules.
pub(super) fn alignment_lines(side: u8) -> Vec<u8> {
    let version = side.saturating_sub(17) / 4;
    if version < 2 {
        return Vec::new();
    }
    let gaps = (version / 7).saturating_add(1);
    let last = side.saturating_sub(7);
    // The standard's table: equal even steps counted from the end, and one exception.
    let step = match version {
        32 => 26,
        _ => last.saturating_sub(6).div_ceil(gaps).next_multiple_of(2),
    };
    let mut lines: Vec<u8> =
        (0..gaps).map(|n| last.saturating_sub(n.saturating_mul(step))).collect();
    lines.push(6);
    lines.reverse();
    lines
}

/// The centres of the alignment patterns, in modules.
pub(super) fn alignment_centres(side: u8) -> Vec<(u8, u8)> {
    let lines = alignment_lines(side);
    let far = side.saturating_sub(7);
    let free = |x: u8, y: u8| !matches!((x, y), (6, 6)) && (x, y) != (6, far) && (x, y) != (far, 6);
    let all = lines.iter().flat_map(|&y| lines.iter().map(move |&x| (x, y)));
    all.filter(|&(x, y)| free(x, y)).collect()
}

/// All known modules: one group for each finder pattern, timing pattern and alignment pattern.
pub(super) fn groups(side: u8) -> Vec<Vec<Mark>> {
    let timing = [timing(side, false), timing(side, true)];
    let alignment = alignment_centres(side).into_iter();
    let alignment = alignment.map(|(x, y)| alignment_at(f32::from(x) + 0.5, f32::from(y) + 0.5));
    finders(side).into_iter().chain(timing).chain(alignment).collect()
}

/// The colour of each module of a symbol, row after row: -1 dark, 1 light, 0 where it is not known.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "marks outside the symbol are left out before, and a symbol has at most 177 modules a side"
)]
pub(super) fn known(side: u8) -> Vec<f32> {
    let mut known = vec![0.0; usize::from(side).saturating_pow(2)];
    let inside = |at: f32| (0.0..f32::from(side)).contains(&at);
    let marks = groups(side).into_iter().flatten().filter(|mark| inside(mark.x) && inside(mark.y));
    for mark in marks {
        let at = (mark.y as usize).saturating_mul(side.into()).saturating_add(mark.x as usize);
        if let Some(colour) = known.get_mut(at) {
            *colour = if mark.dark { -1.0 } else { 1.0 };
        }
    }
    known
}

/// The three finder patterns.
pub(super) fn finders(side: u8) -> [Vec<Mark>; 3] {
    let far = f32::from(side) - 3.5;
    [(3.5, 3.5), (far, 3.5), (3.5, far)].map(|(x, y)| finder(x, y))
}

/// The finder pattern around a point, with the light modules around it.
fn finder(x: f32, y: f32) -> Vec<Mark> {
    rings(x, y, &[true, true, false, true, false])
}

/// The alignment pattern around a point.
pub(super) fn alignment_at(x: f32, y: f32) -> Vec<Mark> {
    rings(x, y, &[true, false, true])
}

/// Square rings of one module around a point, from the middle outwards.
fn rings(x: f32, y: f32, dark: &[bool]) -> Vec<Mark> {
    let (reach, offsets) = (dark.len(), [-4_i8, -3, -2, -1, 0, 1, 2, 3, 4]);
    let within = offsets.into_iter().filter(move |o| usize::from(o.unsigned_abs()) < reach);
    let pairs = within.clone().flat_map(|dy| within.clone().map(move |dx| (dx, dy)));
    let mark = |(dx, dy): (i8, i8)| {
        let ring = usize::from(dx.unsigned_abs().max(dy.unsigned_abs()));
        let dark = dark.get(ring).copied().unwrap_or_default();
        let turn = dx.wrapping_add(dy.wrapping_mul(2)).unsigned_abs();
        Mark::new(x + f32::from(dx), y + f32::from(dy), dark, turn)
    };
    pairs.map(mark).collect()
}

/// The timing pattern between the finder patterns, along the top or down the left side.
pub(super) fn timing(side: u8, down: bool) -> Vec<Mark> {
    let mark = |at: u8| {
        let middle = f32::from(at) + 0.5;
        let (x, y) = if down { (6.5, middle) } else { (middle, 6.5) };
        Mark::new(x, y, at.is_multiple_of(2), at)
    };
    (8..side.saturating_sub(8)).map(mark).collect()
}

/// How well the picture shows a group where the plane has it: 1 exactly, 0 not at all, -1 inverted.
pub(super) fn agreement(look: Probe<'_>, plane: &Plane, marks: &[Mark]) -> f32 {
    agreement_beside(look, plane, marks, Spot::default())
}

/// [`agreement`] of a group that lies some pixels beside its place.
pub(super) fn agreement_beside(look: Probe<'_>, plane: &Plane, marks: &[Mark], by: Spot) -> f32 {
    let (mut light, mut dark) = (Class::default(), Class::default());
    for mark in marks {
        let class = if mark.dark { &mut dark } else { &mut light };
        let (x, y) = mark.place(look.aside);
        class.add(grey(look.picture, plane.at(x, y) + by));
    }
    let (n, sum) = (light.n + dark.n, light.sum + dark.sum);
    let spread = (light.squares + dark.squares) / n - (sum / n).powi(2);
    let contrast = light.sum / light.n - dark.sum / dark.n;
    // Even paper has no spread; a grey level of noise must not look like a pattern.
    contrast * (light.n * dark.n).sqrt() / n / (spread + 1.0).sqrt()
}

/// [`agreement`] of all groups, each weighing as much as it has modules.
pub(super) fn agreement_of_all(look: Probe<'_>, plane: &Plane, groups: &[Vec<Mark>]) -> f32 {
    let weigh = |marks: &Vec<Mark>| u16::try_from(marks.len()).map_or(0.0, f32::from);
    let all: f32 = groups.iter().map(weigh).sum();
    let agree = groups.iter().map(|marks| weigh(marks) * agreement(look, plane, marks));
    agree.sum::<f32>() / all
}

#[derive(Default)]
struct Class {
    n: f32,
    sum: f32,
    squares: f32,
}

impl Class {
    fn add(&mut self, grey: f32) {
        self.n += 1.0;
        self.sum += grey;
        self.squares += grey * grey;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignment_lines_are_those_of_the_standard() {
        // ISO/IEC 18004, table E.1.
        let expected: [(u8, &[u8]); 8] = [
            (1, &[]),
            (2, &[6, 18]),
            (7, &[6, 22, 38]),
            (14, &[6, 26, 46, 66]),
            (22, &[6, 26, 50, 74, 98]),
            (30, &[6, 26, 52, 78, 104, 130]),
            (32, &[6, 34, 60, 86, 112, 138]),
            (40, &[6, 30, 58, 86, 114, 142, 170]),
        ];
        for (version, lines) in expected {
            assert_eq!(alignment_lines(version * 4 + 17), lines, "version {version}");
        }
    }

    #[test]
    fn alignment_patterns_keep_off_the_finder_patterns() {
        // ISO/IEC 18004, table E.1: 0, 1, 6 and 46 patterns.
        let counts = [21, 25, 45, 177].map(|side| alignment_centres(side).len());
        assert_eq!(counts, [0, 1, 6, 46]);
    }
}
