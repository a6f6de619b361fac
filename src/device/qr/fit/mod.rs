//! The modules of a symbol by its grey values.
//!
//! Sampling a black and white picture loses a symbol when one in ten modules falls on the wrong side of
//! the threshold, or when the grid lies half a module off. Here the grid is moved until the patterns that
//! every symbol has agree best with the grey picture, and only then each module is judged, by several
//! points and by the modules around it.

#[expect(clippy::arithmetic_side_effects, reason = "places in a picture are floats")]
mod bend;
mod modules;
#[expect(clippy::arithmetic_side_effects, reason = "places in a picture are floats")]
mod pattern;
#[expect(clippy::arithmetic_side_effects, reason = "places in a picture are floats")]
mod place;
#[expect(clippy::arithmetic_side_effects, reason = "places in a picture are floats")]
mod plane;

use self::bend::Bend;
pub(super) use self::modules::Modules;
pub(super) use self::plane::{Centres, Spot};
use crate::device::picture::Luma;

/// What `decode` makes of the symbol that the finder patterns belong to.
///
/// `module` is the width of a module in pixels, roughly. The likely grids are tried one after the other.
pub(super) fn read<T>(
    picture: &Luma,
    centres: Centres,
    module: f32,
    decode: impl Fn(&Modules) -> Option<T>,
) -> Option<T> {
    let judge = |grid: &Bend| {
        let modules = Modules::sampled(picture, grid);
        decode(&modules).or_else(|| decode(&modules.deblurred()))
    };
    let mut views = place::views(picture, centres, module).into_iter();
    views.find_map(|plane| {
        let bent = || Bend::measured(picture, plane);
        judge(&Bend::flat(plane)).or_else(|| judge(&bent()?))
    })
}
