//! From three finder patterns to the view that agrees best with all fixed patterns.

use super::pattern::{
    ASIDE, Mark, Probe, agreement, agreement_beside, agreement_of_all, alignment_at,
    alignment_lines, finders, groups, timing,
};
use super::plane::{Bow, Centres, Plane, Spot};
use super::{Paper, Scope};
use crate::device::picture::Luma;

/// Sides tried to the end for one set of finder patterns.
const SIDES_MAX: usize = 2;
/// The second side is tried only when its timing patterns agree nearly as well as those of the first.
const RIVAL_MIN: f32 = 0.8;
/// Sides whose timing patterns are looked at for one set of finder patterns.
const SIZED_MAX: usize = 5;
/// Those of them that are looked at as if the paper curled.
const BOWED_SIDES_MAX: usize = 3;
/// Least agreement of the finder patterns with a side; a tilt not yet known lowers it.
const SIZED_MIN: f32 = 0.3;
/// Tilts with which the finder patterns are judged.
const ROUGH: [(f32, f32); 5] = [(0.0, 0.0), (0.25, 0.0), (-0.2, 0.0), (0.0, 0.25), (0.0, -0.2)];
/// Least width of a module, in pixels.
const MODULE_MIN: f32 = 1.2;
/// Least agreement of the timing patterns; among the modules of a symbol or in noise it is lower.
const TIMING_MIN: f32 = 0.3;
/// Where the timing patterns of a flat view agree less than this, the paper may curl.
const FLAT_MIN: f32 = 0.7;
/// Least agreement of all fixed patterns at the end; below it there is hardly a symbol.
const AGREE_MIN: f32 = 0.35;
/// A finder pattern is searched for so many modules around its place: a tilt moves it.
const FINDER_SEARCH: Search = Search { reach: 9.0, step: 0.75 };
/// A fit that agrees less than this after its first steps is given up.
const HOPELESS: f32 = 0.25;
/// Where the fixed patterns agree less than this, the tilt may be wrong.
const SURE_MIN: f32 = 0.7;
/// Strongest tilt tried: the far edge lies this share further away than the near one.
const TILT_MAX: f32 = 0.4;

/// The most likely views, best first, until time runs out: flat ones, and then those of paper that curls.
pub(super) fn views<'a>(
    picture: &'a Luma,
    centres: Centres,
    module: f32,
    Scope { paper, out_of_time }: Scope<'a>,
) -> impl Iterator<Item = Plane> + 'a {
    let sizes = sized(picture, centres, module);
    let timed = move |most: usize, bows: &[f32]| {
        let in_time = sizes.iter().take(most).take_while(|_| !out_of_time());
        likely(in_time.map(|side| by_timing(picture, centres, *side, bows)))
    };
    let flat = timed(SIZED_MAX, &[0.0]);
    let thorough = paper == Paper::Crumpled;
    // On a frame only where the timing patterns are seen at all: most sets are chance.
    let curls = (thorough || !flat.is_empty()) && flat.iter().all(|(agree, _)| *agree < FLAT_MIN);
    let curled = curls.then(|| std::iter::once_with(move || timed(BOWED_SIDES_MAX, &BOWS)));
    let curled = curled.into_iter().flatten();
    // Wide modules want the points aside, narrow and blurred ones the middles.
    let looks = [ASIDE, 0.0].map(|aside| Probe { picture, aside });
    let pairs = std::iter::once(flat).chain(curled).flat_map(move |views| {
        looks.into_iter().flat_map(move |look| views.clone().into_iter().map(move |v| (look, v.1)))
    });
    let pairs = pairs.take_while(|_| !out_of_time());
    pairs.filter_map(move |(look, view)| refined(look, centres, &view, thorough))
}

/// The views whose timing patterns agree, best first.
fn likely(judged: impl Iterator<Item = (f32, Plane)>) -> Vec<(f32, Plane)> {
    let mut views: Vec<(f32, Plane)> = judged.filter(|(agree, _)| *agree >= TIMING_MIN).collect();
    views.sort_by(|a, b| b.0.total_cmp(&a.0));
    views.truncate(SIDES_MAX);
    let best = views.first().map_or(0.0, |(agree, _)| *agree);
    views.retain(|(agree, _)| *agree >= best * RIVAL_MIN);
    views
}

/// The sides for which the finder patterns are as large as they should be, the best ones first.
///
/// Cheap beside all that follows, and most chance sets end here.
fn sized(picture: &Luma, centres: Centres, module: f32) -> Vec<u8> {
    let judge = |side: u8| {
        let finders = finders(side);
        let view = |(right, below)| Plane::tilted(side, centres, right, below);
        let judged = ROUGH
            .map(|tilt| agreement_of_all(Probe { picture, aside: 0.0 }, &view(tilt), &finders));
        (judged.into_iter().fold(0.0, f32::max), side)
    };
    let mut judged: Vec<(f32, u8)> = sides(centres, module).map(judge).collect();
    judged.retain(|(agree, _)| *agree >= SIZED_MIN);
    judged.sort_by(|a, b| b.0.total_cmp(&a.0));
    judged.truncate(SIZED_MAX);
    judged.into_iter().map(|(_, side)| side).collect()
}

/// The sides of the standard around the one that the distances of the finder patterns suggest.
///
/// A finder pattern measured along a pixel row seems up to 1.4 times as wide as it is.
fn sides([tl, tr, bl]: Centres, module: f32) -> impl Iterator<Item = u8> {
    let span = f32::midpoint((tr - tl).length(), (bl - tl).length()) / module;
    let most = (1.55 * span + 4.0).min(span * module / MODULE_MIN);
    let likely = move |side: u8| (0.7 * span..most).contains(&(f32::from(side) - 7.0));
    (21..=177).step_by(4).filter(move |side| likely(*side))
}

/// The view of `side` modules in which the timing patterns agree best, and how well they do.
///
/// `bows` are the heights of curled paper to try, in modules.
fn by_timing(picture: &Luma, centres: Centres, side: u8, bows: &[f32]) -> (f32, Plane) {
    let (top, left) = (timing(side, false), timing(side, true));
    let ways: Vec<(f32, f32)> =
        tilts(side).into_iter().flat_map(|tilt| bows.iter().map(move |bow| (tilt, *bow))).collect();
    let best = |marks: &[Mark], view: &dyn Fn(f32, f32) -> Plane| {
        // Among views that agree alike, the one with less tilt and bow is the likelier one.
        let judge = |(tilt, bow): (f32, f32)| {
            let agree = agreement(Probe { picture, aside: 0.0 }, &view(tilt, bow), marks);
            agree - tilt.abs() * 0.1 - bow.abs() * 0.01
        };
        let judged = ways.iter().map(|&way| (judge(way), way));
        judged.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    };
    let flat = Plane::tilted(side, centres, 0.0, 0.0);
    let (right, down) = (flat.step(1.0, 0.0), flat.step(0.0, 1.0));
    let (top, (across, over)) = best(&top, &|tilt, bow| {
        Plane::tilted(side, centres, tilt, 0.0).bowed([down * bow, Spot::default()])
    });
    let curled =
        |tilt, bow| Plane::tilted(side, centres, across, tilt).bowed([down * over, right * bow]);
    let (left, (below, beside)) = best(&left, &curled);
    (f32::midpoint(top, left), curled(below, beside))
}

/// Tilts so close to each other that the middle of a timing pattern moves by a third of a module.
fn tilts(side: u8) -> Vec<f32> {
    let step = 1.4 / (f32::from(side) - 7.0);
    let steps = std::iter::successors(Some(0.0_f32), |tilt| Some(tilt + step));
    let one_way = steps.take_while(|tilt| *tilt <= TILT_MAX);
    one_way.flat_map(|tilt| [tilt, -tilt]).skip(1).collect()
}

/// Heights of curled paper tried where no flat view shows the timing patterns, in modules.
const BOWS: [f32; 17] =
    [0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 2.5, -2.5, 3.0, -3.0, 3.5, -3.5, 4.0, -4.0];

/// The view that agrees best, pulled there from its tilt and, where that does not convince, from a level one.
fn refined(look: Probe<'_>, centres: Centres, rough: &Plane, thorough: bool) -> Option<Plane> {
    let groups = groups(rough.side());
    let tilted = pulled(look, &groups, centres, rough);
    let surely = !thorough || tilted.is_some_and(|(agree, _)| agree >= SURE_MIN);
    let level = Plane::tilted(rough.side(), centres, 0.0, 0.0).bowed(rough.bow());
    let level = (!surely).then(|| pulled(look, &groups, centres, &level)).flatten();
    let best = tilted.into_iter().chain(level).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= AGREE_MIN).then_some(best.1)
}

/// The view pulled to where the fixed patterns agree best, and how well they do; none when it is hopeless.
fn pulled(
    look: Probe<'_>,
    groups: &[Vec<Mark>],
    centres: Centres,
    rough: &Plane,
) -> Option<(f32, Plane)> {
    let held = [centres[0], centres[1], centres[2], fourth(look.picture, rough)];
    let mut fit = Fit::new(look, groups, rough.side(), held, rough.bow())?;
    let module = rough.module();
    for share in [0.4, 0.2, 0.1] {
        if fit.pull(share * module) {
            fit.pull(share * module);
        }
        if fit.agree < HOPELESS {
            return None;
        }
    }
    Some((fit.agree, fit.plane))
}

/// Where the alignment pattern on the lower right is, or else where the plane has that point.
fn fourth(picture: &Luma, plane: &Plane) -> Spot {
    let at = Plane::fourth(plane.side());
    let flat = plane.flat(at, at);
    if alignment_lines(plane.side()).is_empty() {
        return flat;
    }
    let reach = 3.0 + f32::from(plane.side()) * 0.04;
    let marks = alignment_at(at, at);
    let (agree, by) = nearby(picture, plane, &marks, (at, at), Search { reach, step: 0.5 });
    if agree > 0.5 { flat + by } else { flat }
}

/// Where the finder pattern near a place most likely is, and how well the picture shows it there: 1 exactly,
/// 0 not at all. `right` and `down` are the sides of a module.
pub(in super::super) fn finder(
    picture: &Luma,
    near: Spot,
    [right, down]: [Spot; 2],
) -> (f32, Spot) {
    const SIDE: u8 = 21;
    let centres = [near, near + right * 14.0, near + down * 14.0];
    let plane = Plane::tilted(SIDE, centres, 0.0, 0.0);
    let [marks, ..] = finders(SIDE);
    let (agree, by) = nearby(picture, &plane, &marks, (3.5, 3.5), FINDER_SEARCH);
    (agree, near + by)
}

/// How far around a place, and in which steps, a pattern is searched for, in modules.
#[derive(Clone, Copy)]
pub(super) struct Search {
    pub(super) reach: f32,
    pub(super) step: f32,
}

/// Where the marks of a pattern agree best near its place: how well, and how many pixels beside it.
pub(super) fn nearby(
    picture: &Luma,
    plane: &Plane,
    marks: &[Mark],
    (x, y): (f32, f32),
    search: Search,
) -> (f32, Spot) {
    let flat = plane.at(x, y);
    let look = Probe { picture, aside: ASIDE };
    let (right, down) = (plane.at(x + 1.0, y) - flat, plane.at(x, y + 1.0) - flat);
    let steps = std::iter::successors(Some(-search.reach), |at| Some(at + search.step));
    let steps = steps.take_while(|at| *at <= search.reach + 0.01);
    let offsets = steps.clone().flat_map(|dy| steps.clone().map(move |dx| (dx, dy)));
    let judged = offsets.map(|(dx, dy)| {
        let by = right * dx + down * dy;
        // Data look like a pattern here and there; the nearer one is the likelier one.
        let far = dx.hypot(dy) / search.reach * 0.15;
        (agreement_beside(look, plane, marks, by) - far, by)
    });
    judged.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
}

/// A plane held by four points, and its agreement with the picture.
struct Fit<'a> {
    look: Probe<'a>,
    groups: &'a [Vec<Mark>],
    held: [Spot; 4],
    plane: Plane,
    agree: f32,
}

impl<'a> Fit<'a> {
    fn new(
        look: Probe<'a>,
        groups: &'a [Vec<Mark>],
        side: u8,
        held: [Spot; 4],
        bow: Bow,
    ) -> Option<Self> {
        let [tl, tr, bl, fourth] = held;
        let plane = Plane::through(side, [tl, tr, bl], fourth)?.bowed(bow);
        let agree = agreement_of_all(look, &plane, groups);
        Some(Self { look, groups, held, plane, agree })
    }

    /// Moves each point by `step` pixels in the directions that help, and each bow there is; whether any did.
    fn pull(&mut self, step: f32) -> bool {
        let before = self.agree;
        let ways = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)];
        let curls = self.plane.bow() != Bow::default();
        for handle in 0..if curls { 6 } else { 4 } {
            for (x, y) in ways {
                if let Some(better) = self.moved(handle, Spot { x, y }) {
                    *self = better;
                }
            }
        }
        self.agree > before
    }

    fn moved(&self, handle: usize, by: Spot) -> Option<Self> {
        let (mut held, mut bow) = (self.held, self.plane.bow());
        let spot = held.iter_mut().chain(&mut bow).nth(handle)?;
        *spot = *spot + by;
        let moved = Self::new(self.look, self.groups, self.plane.side(), held, bow)?;
        (moved.agree > self.agree).then_some(moved)
    }
}
