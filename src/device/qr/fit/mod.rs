//! The modules of a symbol by its grey values.
//!
//! Sampling a black and white picture loses a symbol when one in ten modules falls on the wrong side of
//! the threshold, or when the grid lies half a module off. Here the grid is moved until the patterns that
//! every symbol has agree best with the grey picture, and only then each module is judged, by several
//! points and by the modules around it.

mod bend;
mod mesh;
mod modules;
mod pattern;
mod place;
mod plane;
mod soft;

use self::bend::Bend;
use self::modules::Modules;
pub(super) use self::place::finder;
pub(super) use self::plane::{Centres, Spot};
pub(super) use self::soft::Soft;
use crate::device::picture::Luma;

/// Least share of the fixed modules that show their colour where there is a symbol; half of them do by chance.
const LIKELY: f32 = 0.75;

/// How far the grid is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    /// On flat paper.
    Flat,
    /// Also on paper that curls, is seen from far aside, or is crumpled; that takes ten times as long.
    Crumpled,
}

/// How a symbol is looked for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// How far grids are looked for.
    pub(super) paper: Paper,
    /// Whether the search has to end.
    pub(super) out_of_time: &'a dyn Fn() -> bool,
}

/// What is made of modules that may as well be dark as light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubts {
    /// They count as what they look like.
    Ignored,
    /// Where it does not read so, the most doubtful ones count as erased.
    Erased,
}

/// What `decode` makes of the symbol that the finder patterns belong to.
///
/// `module` is the width of a module in pixels, roughly. The likely grids are tried one after the other,
/// until time runs out.
pub(super) fn read<T>(
    picture: &Luma,
    centres: Centres,
    module: f32,
    scope: Scope<'_>,
    decode: impl Fn(&Soft, Doubts) -> Option<T>,
) -> Option<T> {
    let judge = |grid: &Bend| {
        let seen = Modules::sampled(picture, grid).soft();
        let plain = decode(&seen, Doubts::Ignored);
        if plain.is_some() || seen.agrees() < LIKELY {
            return plain;
        }
        decode(&seen.equalised()?, Doubts::Erased)
    };
    let views = place::views(picture, centres, module, scope);
    let mut tried = Vec::new();
    let smooth = views.inspect(|plane| tried.push(*plane)).find_map(|plane| {
        let bent = || Bend::measured(picture, plane);
        judge(&Bend::flat(plane)).or_else(|| judge(&bent()?))
    });
    let crumpled = |plane| judge(&Bend::crumpled(picture, plane, scope.out_of_time)?);
    smooth
        .or_else(|| tried.into_iter().filter(|_| scope.paper == Paper::Crumpled).find_map(crumpled))
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the sizes in the tests are small and fixed"
)]
mod tests {
    use std::f32::consts::PI;

    use qrcode::{Color, EcLevel, QrCode, Version};

    use super::*;

    /// Modules from the upper left corner of the symbol for a place in a picture of 600 by 600.
    type Lens = fn(f32, f32) -> (f32, f32);

    #[test]
    fn a_grid_is_found_from_rough_centres() {
        for version in [1, 2, 5, 8, 14] {
            let code = code(version);
            let scale = 420.0 / side(&code);
            let spot = |x: f32, y: f32| Spot { x: 80.0 + x * scale, y: 100.0 + y * scale };
            let picture = drawn(&code, |x, y| ((x - 80.0) / 420.0, (y - 100.0) / 420.0));
            assert!(found(&picture, &code, spot, scale), "version {version}");
        }
    }

    #[test]
    fn a_tilted_grid_is_found() {
        let code = code(7);
        let side = side(&code);
        // The lens and its inverse, worked out by hand: shares of the side over 1 + x / 3.
        let lens: Lens = |x, y| {
            let right = (x - 100.0) / 500.0;
            let across = right / (1.0 - right / 3.0);
            (across, (y - 100.0) / 400.0 * (1.0 + across / 3.0))
        };
        let spot = |x: f32, y: f32| {
            let (x, y) = (x / side, y / side);
            let depth = 1.0 + x / 3.0;
            Spot { x: 100.0 + 500.0 * x / depth, y: 100.0 + 400.0 * y / depth }
        };
        assert!(found(&drawn(&code, lens), &code, spot, 8.0));
    }

    #[test]
    fn a_bent_grid_is_found() {
        let code = code(10);
        let side = side(&code);
        // The middle columns lie 0.8 modules lower than the edges.
        let bulge = |x: f32| 0.8 / 57.0 * (1.0 - (2.0 * x - 1.0).powi(2)).max(0.0);
        let lens = move |x: f32, y: f32| {
            let across = (x - 80.0) / 440.0;
            (across, (y - 80.0) / 440.0 - bulge(across))
        };
        let spot = |x: f32, y: f32| Spot {
            x: 80.0 + 440.0 * x / side,
            y: 80.0 + 440.0 * (y / side + bulge(x / side)),
        };
        assert!(found(&drawn(&code, lens), &code, spot, 7.7));
    }

    #[test]
    fn a_crumpled_grid_is_found() {
        let code = code(10);
        let side = side(&code);
        // Folds both ways, of up to a module in the middle and none at the edges.
        let fold = |along: f32, x: f32, y: f32| {
            let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
            let held = ((x * PI).sin() * (y * PI).sin()).powi(2);
            if inside { 1.0 / 57.0 * held * (along * 3.0 * PI).sin() } else { 0.0 }
        };
        let lens = move |x: f32, y: f32| {
            let (x, y) = ((x - 80.0) / 440.0, (y - 80.0) / 440.0);
            (x + fold(y, x, y), y + fold(x, x, y))
        };
        let spot = |x: f32, y: f32| Spot { x: 80.0 + 440.0 * x / side, y: 80.0 + 440.0 * y / side };
        let picture = drawn(&code, lens);
        assert!(found(&picture, &code, spot, 7.7));
        assert!(!found_on(Paper::Flat, &picture, &code, spot, 7.7), "the test must be hard enough");
    }

    #[test]
    fn noise_has_no_grid() {
        let noise = (0..360_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
        let picture = Luma::new(600, 600, noise.collect()).unwrap();
        let spot = |x: f32, y: f32| Spot { x, y };
        let centres = [spot(100.0, 100.0), spot(300.0, 100.0), spot(100.0, 300.0)];
        let scope = Scope { paper: Paper::Crumpled, out_of_time: &|| false };
        assert!(read(&picture, centres, 6.0, scope, |_, _| Some(())).is_none());
    }

    fn code(version: i16) -> QrCode {
        QrCode::with_version(b"0123456789", Version::Normal(version), EcLevel::M).unwrap()
    }

    fn side(code: &QrCode) -> f32 {
        u8::try_from(code.width()).unwrap().into()
    }

    /// The code through a lens that gives shares of its side.
    fn drawn(code: &QrCode, lens: impl Fn(f32, f32) -> (f32, f32)) -> Luma {
        let dark = |x: u16, y: u16| {
            let (x, y) = lens(f32::from(x) + 0.5, f32::from(y) + 0.5);
            let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
            inside && code[((x * side(code)) as usize, (y * side(code)) as usize)] == Color::Dark
        };
        let places = (0..600).flat_map(|y| (0..600).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| if dark(x, y) { 40 } else { 210 }).collect();
        Luma::new(600, 600, pixels).unwrap()
    }

    /// Whether the grid is read, module for module, from centres that are a pixel off.
    fn found(picture: &Luma, code: &QrCode, spot: impl Fn(f32, f32) -> Spot, module: f32) -> bool {
        found_on(Paper::Crumpled, picture, code, spot, module)
    }

    fn found_on(
        paper: Paper,
        picture: &Luma,
        code: &QrCode,
        spot: impl Fn(f32, f32) -> Spot,
        module: f32,
    ) -> bool {
        let far = side(code) - 3.5;
        let rough = |x: f32, y: f32, by: f32| Spot { x: spot(x, y).x + by, y: spot(x, y).y - by };
        let centres = [rough(3.5, 3.5, 1.0), rough(far, 3.5, -1.0), rough(3.5, far, 1.0)];
        let expected: Vec<bool> =
            code.to_colors().iter().map(|color| *color == Color::Dark).collect();
        // Error correction of level M repairs seven of a hundred codewords, so of two hundred modules more
        // than one may be wrong.
        let same = |modules: &Soft, _| {
            let wrong = modules.dark().zip(&expected).filter(|(a, b)| a != *b).count();
            let side = usize::from(modules.side());
            (side.pow(2) == expected.len() && wrong <= expected.len() / 200).then_some(())
        };
        read(picture, centres, module * 1.15, Scope { paper, out_of_time: &|| false }, same)
            .is_some()
    }
}
