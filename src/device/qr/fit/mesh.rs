//! How crumpled paper leaves the plane: followed from the finder patterns outwards.
//!
//! Where a grid lies on the modules, their grey values differ most, and the modules that every symbol has
//! alike have their colours. A window of modules is moved until that is so, beginning where its neighbours
//! lie: paper has no steps, so that a window is never a whole module beside them.

use super::pattern::known;
use super::plane::{Plane, Spot, grey};
use crate::device::picture::Luma;

/// Modules between two nodes of the mesh, and from the symbol's edge to the first one.
const GAP: u8 = 3;
/// Where in a module it is looked at, in modules from its middle.
const POINTS: [(f32, f32); 4] = [(-0.2, -0.2), (0.2, -0.2), (-0.2, 0.2), (0.2, 0.2)];
/// How far from where its neighbours lie a window is searched for, in modules: at first, once every node has
/// been placed, and around the best place found so.
const FAR: [f32; 5] = [0.0, 0.3, -0.3, 0.6, -0.6];
const NEAR: [f32; 3] = [0.0, 0.3, -0.3];
const FINE: [f32; 3] = [0.0, 0.15, -0.15];
/// A window must gain this share to move by a module.
const STIFF: f32 = 0.25;
/// How much modules of known colour count beside the others.
const KNOWN: f32 = 4.0;

/// The mesh over a symbol: the lines on which its nodes lie, and where they are beside the plane.
pub(super) struct Mesh {
    /// The rows and columns of nodes, in modules.
    pub(super) lines: Vec<f32>,
    /// The offsets of the nodes from the plane, row after row.
    pub(super) offsets: Vec<Spot>,
}

impl Mesh {
    /// The mesh that the picture shows; none when time runs out.
    pub(super) fn measured(
        picture: &Luma,
        plane: &Plane,
        out_of_time: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut net = Net::over(picture, plane);
        let nodes = net.outwards();
        let passes: [(i8, &[f32]); 4] = [(4, &FAR), (3, &NEAR), (3, &NEAR), (2, &NEAR)];
        for (reach, steps) in passes {
            for node in &nodes {
                if out_of_time() {
                    return None;
                }
                net.settle(*node, reach, steps);
            }
        }
        let offsets = net.places.into_iter().map(Option::unwrap_or_default).collect();
        Some(Self { lines: net.lines, offsets })
    }
}

fn lines(side: u8) -> Vec<f32> {
    let last = side.saturating_sub(GAP).saturating_sub(1);
    let steps = (GAP..last).step_by(GAP.into());
    steps.chain(std::iter::once(last)).map(|at| f32::from(at) + 0.5).collect()
}

/// The modules around a node.
struct Window {
    /// Where their middles lie in the plane, and their colours as in [`Net::known`].
    modules: Vec<(Spot, f32)>,
    /// The way from one module to the next one on the right, and to the one below.
    sides: [Spot; 2],
}

impl Window {
    /// A way given in modules, in pixels.
    fn by(&self, (x, y): (f32, f32)) -> Spot {
        let [right, down] = self.sides;
        right * x + down * y
    }
}

/// A mesh whose nodes find their places.
struct Net<'a> {
    picture: &'a Luma,
    plane: &'a Plane,
    /// The colour of every module, row after row: -1 dark, 1 light, 0 not known.
    known: Vec<f32>,
    lines: Vec<f32>,
    places: Vec<Option<Spot>>,
}

impl<'a> Net<'a> {
    fn over(picture: &'a Luma, plane: &'a Plane) -> Self {
        let lines = lines(plane.side());
        let places = vec![None; lines.len().saturating_pow(2)];
        Self { picture, plane, known: known(plane.side()), lines, places }
    }

    /// The nodes, those nearest to a finder pattern first.
    fn outwards(&self) -> Vec<(usize, usize)> {
        let last = self.lines.len().saturating_sub(1);
        let far = |(x, y): (usize, usize)| {
            let corners = [(0, 0), (last, 0), (0, last)];
            corners.map(|(cx, cy)| x.abs_diff(cx).saturating_add(y.abs_diff(cy))).into_iter().min()
        };
        let mut nodes: Vec<_> = (0..=last).flat_map(|y| (0..=last).map(move |x| (x, y))).collect();
        nodes.sort_by_key(|node| far(*node));
        nodes
    }

    /// Moves a node to where the window around it agrees best with itself and with what is known.
    fn settle(&mut self, (column, row): (usize, usize), reach: i8, steps: &[f32]) {
        let start = self.around(column, row);
        let window = self.window((column, row), reach);
        let judge = |from: (f32, f32), steps: &[f32]| {
            let ways =
                steps.iter().flat_map(|dy| steps.iter().map(move |dx| (from.0 + dx, from.1 + dy)));
            let judged = ways.map(|way| (self.contrast(&window, start, way), way));
            judged.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(from, |(_, way)| way)
        };
        let way = judge(judge((0.0, 0.0), steps), &FINE);
        let at = row.saturating_mul(self.lines.len()).saturating_add(column);
        if let Some(place) = self.places.get_mut(at) {
            *place = Some(start + window.by(way));
        }
    }

    fn window(&self, (column, row): (usize, usize), reach: i8) -> Window {
        let line = |at: usize| self.lines.get(at).copied().unwrap_or_default();
        let (x, y) = (line(column), line(row));
        let middle = self.plane.at(x, y);
        let sides = [self.plane.at(x + 1.0, y) - middle, self.plane.at(x, y + 1.0) - middle];
        let span = (reach.saturating_neg()..=reach).map(f32::from);
        let places = span.clone().flat_map(|dy| span.clone().map(move |dx| (x + dx, y + dy)));
        let modules = places.map(|(x, y)| (self.plane.at(x, y), self.colour(x, y))).collect();
        Window { modules, sides }
    }

    /// The mean offset of a node and those around it, as far as they have a place.
    fn around(&self, column: usize, row: usize) -> Spot {
        let near = |at: usize| at.saturating_sub(1)..at.saturating_add(2).min(self.lines.len());
        let nodes = near(row).flat_map(|y| near(column).map(move |x| (x, y)));
        let at = |(x, y): (usize, usize)| y.saturating_mul(self.lines.len()).saturating_add(x);
        let placed = nodes.filter_map(|node| *self.places.get(at(node))?);
        let (sum, count) = placed.fold((Spot::default(), 0.0), |(sum, n), by| (sum + by, n + 1.0));
        if count > 0.0 { sum * f32::recip(count) } else { sum }
    }

    /// How much the modules of a window differ from each other, the more so where they do as they should.
    fn contrast(&self, window: &Window, start: Spot, way: (f32, f32)) -> f32 {
        let by = start + window.by(way);
        let points = POINTS.map(|point| window.by(point) + by);
        let module =
            |at: Spot| points.iter().map(|by| grey(self.picture, at + *by)).sum::<f32>() / 4.0;
        let greys: Vec<(f32, f32)> =
            window.modules.iter().map(|(at, colour)| (module(*at), *colour)).collect();
        let count: f32 = greys.iter().map(|_| 1.0).sum();
        let mean = greys.iter().map(|(grey, _)| grey).sum::<f32>() / count;
        let spread = greys.iter().map(|(grey, _)| (grey - mean).powi(2)).sum::<f32>() / count;
        let agree = greys.iter().map(|(grey, colour)| (grey - mean) * colour).sum::<f32>() / count;
        (spread + KNOWN * agree * spread.sqrt()) * (1.0 - STIFF * way.0.hypot(way.1))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a negative place saturates at 0 and is told apart before"
    )]
    fn colour(&self, x: f32, y: f32) -> f32 {
        let side = f32::from(self.plane.side());
        let inside = (0.0..side).contains(&x) && (0.0..side).contains(&y);
        let at = (y as usize).saturating_mul(self.plane.side().into()).saturating_add(x as usize);
        if inside { self.known.get(at).copied().unwrap_or_default() } else { 0.0 }
    }
}
