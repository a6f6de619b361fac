//! How a symbol on curved paper leaves the plane: the offsets of its alignment patterns.

use super::mesh::Mesh;
use super::pattern::{alignment_at, alignment_centres, alignment_lines};
use super::place::{Search, nearby};
use super::plane::{Plane, Spot};
use crate::device::picture::Luma;

/// Least agreement of an alignment pattern whose offset is believed.
const AGREE_MIN: f32 = 0.5;
/// An alignment pattern is searched for this many modules around its place.
const SEARCH: Search = Search { reach: 1.5, step: 0.25 };

/// A plane and the offsets from it where rows and columns of alignment patterns cross.
pub(super) struct Bend {
    plane: Plane,
    lines: Vec<f32>,
    offsets: Vec<Spot>,
}

impl Bend {
    /// No bend at all.
    pub(super) fn flat(plane: Plane) -> Self {
        Self { plane, lines: Vec::new(), offsets: Vec::new() }
    }

    /// The bend that the alignment patterns show; none when they show none.
    pub(super) fn measured(picture: &Luma, plane: Plane) -> Option<Self> {
        let lines = alignment_lines(plane.side());
        let centres = alignment_centres(plane.side());
        let offset = |at: (u8, u8)| {
            let known = centres.contains(&at).then(|| offset(picture, &plane, at));
            known.unwrap_or_default()
        };
        let crossings = lines.iter().flat_map(|&y| lines.iter().map(move |&x| (x, y)));
        let offsets: Vec<Spot> = crossings.map(offset).collect();
        let bent = offsets.iter().any(|by| by.length() > 0.2 * plane.module());
        let lines = lines.iter().map(|&line| f32::from(line) + 0.5).collect();
        bent.then_some(Self { plane, lines, offsets })
    }

    /// The bend of crumpled paper; none when time runs out.
    pub(super) fn crumpled(
        picture: &Luma,
        plane: Plane,
        out_of_time: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let Mesh { lines, offsets } = Mesh::measured(picture, &plane, out_of_time)?;
        Some(Self { plane, lines, offsets })
    }

    /// The modules on a side.
    pub(super) fn side(&self) -> u8 {
        self.plane.side()
    }

    /// The place of a point given in modules from the symbol's upper left corner.
    pub(super) fn at(&self, x: f32, y: f32) -> Spot {
        let flat = self.plane.at(x, y);
        if self.lines.is_empty() {
            return flat;
        }
        let ((column, right), (row, below)) = (self.cell(x), self.cell(y));
        let upper = self.along(row, column, right);
        let lower = self.along(row.saturating_add(1), column, right);
        flat + upper + (lower - upper) * below
    }

    fn along(&self, row: usize, column: usize, right: f32) -> Spot {
        let start = row.saturating_mul(self.lines.len()).saturating_add(column);
        match self.offsets.get(start..) {
            Some(&[left, next, ..]) => left + (next - left) * right,
            _ => Spot::default(),
        }
    }

    /// The line before a coordinate and the share of the way to the next line; beyond the outermost
    /// lines the way goes on as it was.
    fn cell(&self, coordinate: f32) -> (usize, f32) {
        let inner = self.lines.iter().skip(1).take(self.lines.len().saturating_sub(2));
        let before = inner.filter(|line| **line <= coordinate).count();
        match self.lines.get(before..) {
            Some(&[from, to, ..]) => (before, ((coordinate - from) / (to - from)).clamp(-0.3, 1.3)),
            _ => (before, 0.0),
        }
    }
}

fn offset(picture: &Luma, plane: &Plane, (x, y): (u8, u8)) -> Spot {
    let (x, y) = (f32::from(x) + 0.5, f32::from(y) + 0.5);
    let (agree, by) = nearby(picture, plane, &alignment_at(x, y), (x, y), SEARCH);
    if agree > AGREE_MIN { by } else { Spot::default() }
}
