//! The copies of one picture that the steps look at, each made once.

use std::cell::RefCell;
use std::rc::Rc;

use super::filter::{Filter, heighten, invert, middle, shrink, widen};
use crate::device::picture::Luma;

/// How large the copy is that a step looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Every pixel of a picture too large for [`FULL_AREA`]; smaller ones skip the step.
    Whole,
    /// The working copy: the picture, or as much of it as fits into [`FULL_AREA`].
    Full,
    /// The middle of the working copy, where a code is held; all of it up to [`MIDDLE`].
    Middle,
    /// Half the working copy each way.
    Half,
    /// A third of the working copy each way.
    Third,
    /// A quarter of the working copy each way.
    Quarter,
    /// Twice the working copy each way; pictures wider than [`DOUBLE_MAX`] skip the step.
    Double,
    /// The working copy drawn out from left to right, for codes seen from far aside.
    Wide,
    /// The working copy drawn out from top to bottom, for codes seen from far above or below.
    Tall,
}

/// Largest area of the working copy, in pixels: a camera frame of 1920 by 1080 fits.
const FULL_AREA: usize = 1920 * 1200;
/// Width and height of the middle, in pixels.
const MIDDLE: (usize, usize) = (1280, 720);
/// Longest side of a working copy that is doubled, in pixels.
const DOUBLE_MAX: usize = 800;

/// What of a picture a step looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub(super) scale: Scale,
    pub(super) light_on_dark: bool,
    pub(super) filter: Filter,
}

/// A picture and the copies made of it so far.
pub(super) struct Views<'a> {
    picture: &'a Luma,
    factor: u8,
    made: RefCell<Vec<(View, Rc<Luma>)>>,
}

impl<'a> Views<'a> {
    pub(super) fn of(picture: &'a Luma) -> Option<Self> {
        let factor = (1..=16).find(|factor| fits(picture, *factor))?;
        Some(Self { picture, factor, made: RefCell::default() })
    }

    /// The copy; none when the picture is too small or too large for it.
    pub(super) fn get(&self, view: View) -> Option<Rc<Luma>> {
        if let Some(made) = self.find(view) {
            return Some(made);
        }
        let copy = Rc::new(self.make(view)?);
        self.made.borrow_mut().push((view, Rc::clone(&copy)));
        Some(copy)
    }

    /// How many pixels of the working copy one of a copy is wide, and where the copy's corner lies in it;
    /// none of a copy that is drawn out.
    pub(super) fn frame(&self, scale: Scale) -> Option<(f32, (f32, f32))> {
        let corner = (0.0, 0.0);
        let frame = match scale {
            Scale::Whole => (f32::from(self.factor).recip(), corner),
            Scale::Full => (1.0, corner),
            Scale::Middle => (1.0, self.middle_corner()),
            Scale::Half => (2.0, corner),
            Scale::Third => (3.0, corner),
            Scale::Quarter => (4.0, corner),
            Scale::Double => (0.5, corner),
            Scale::Wide | Scale::Tall => return None,
        };
        Some(frame)
    }

    fn middle_corner(&self) -> (f32, f32) {
        let before = |side: usize, middle: usize| {
            let full = side.checked_div(self.factor.into()).unwrap_or_default();
            u16::try_from(full.saturating_sub(middle) / 2).map_or(0.0, f32::from)
        };
        (before(self.picture.width(), MIDDLE.0), before(self.picture.height(), MIDDLE.1))
    }

    fn find(&self, view: View) -> Option<Rc<Luma>> {
        let made = self.made.borrow();
        made.iter().find(|(of, _)| *of == view).map(|(_, copy)| Rc::clone(copy))
    }

    fn make(&self, view: View) -> Option<Luma> {
        let plain = View { filter: Filter::Plain, ..view };
        if view != plain {
            return view.filter.apply(&*self.get(plain)?);
        }
        let upright = View { light_on_dark: false, ..view };
        if view != upright {
            return invert(&*self.get(upright)?);
        }
        self.scaled(view.scale)
    }

    fn scaled(&self, scale: Scale) -> Option<Luma> {
        if scale == Scale::Whole {
            return (self.factor > 1).then(|| self.picture.clone());
        }
        if scale == Scale::Full {
            return if self.factor > 1 {
                shrink(self.picture, self.factor)
            } else {
                Some(self.picture.clone())
            };
        }
        let full =
            self.get(View { scale: Scale::Full, light_on_dark: false, filter: Filter::Plain })?;
        match scale {
            Scale::Half => shrink(&full, 2),
            Scale::Third => shrink(&full, 3),
            Scale::Quarter => shrink(&full, 4),
            Scale::Double => {
                (full.width().max(full.height()) <= DOUBLE_MAX).then(|| heighten(&widen(&full)?))?
            }
            Scale::Wide => widen(&full),
            Scale::Tall => heighten(&full),
            Scale::Middle | Scale::Full | Scale::Whole => middle(&full, MIDDLE.0, MIDDLE.1),
        }
    }
}

fn fits(picture: &Luma, factor: u8) -> bool {
    let square = usize::from(factor).saturating_pow(2);
    picture.pixels().len() <= FULL_AREA.saturating_mul(square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_copy_is_made_once() {
        let picture = Luma::new(40, 20, vec![7; 800]).unwrap();
        let views = Views::of(&picture).unwrap();
        let view = View { scale: Scale::Half, light_on_dark: true, filter: Filter::Blur };
        let (first, again) = (views.get(view).unwrap(), views.get(view).unwrap());
        assert!(Rc::ptr_eq(&first, &again));
        assert_eq!((first.width(), first.height(), first.pixels()[0]), (20, 10, 248));
    }

    #[test]
    fn scales_are_those_of_their_names() {
        let sides = |width: usize, height: usize| {
            use Scale::{Double, Full, Half, Middle, Quarter, Tall, Third, Whole, Wide};
            let picture = Luma::new(width, height, vec![0; width * height]).unwrap();
            let views = Views::of(&picture).unwrap();
            [Whole, Full, Middle, Half, Third, Quarter, Double, Wide, Tall].map(|scale| {
                let view = View { scale, light_on_dark: false, filter: Filter::Plain };
                views.get(view).map_or((0, 0), |copy| (copy.width(), copy.height()))
            })
        };
        let small = [
            (0, 0),
            (640, 480),
            (640, 480),
            (320, 240),
            (213, 160),
            (160, 120),
            (1280, 960),
            (1280, 480),
            (640, 960),
        ];
        assert_eq!(sides(640, 480), small);
        // A third of 4000 by 3000 is the largest copy that is no larger than 1920 by 1200.
        let large = [
            (4000, 3000),
            (1333, 1000),
            (1280, 720),
            (666, 500),
            (444, 333),
            (333, 250),
            (0, 0),
            (2666, 1000),
            (1333, 2000),
        ];
        assert_eq!(sides(4000, 3000), large);
    }
}
