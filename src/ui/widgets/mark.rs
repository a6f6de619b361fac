//! The shapes that tell the verdicts apart without colour; drawn, not taken from a font.

use egui::{Color32, Id, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2};

use crate::{terminal::text::Texts, terminal::view::VerdictState};

/// One shape for each of the six verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A tick in a circle.
    TickInCircle,
    /// A cross in an octagon with a second outline: the same thing again.
    CrossInDoubleOctagon,
    /// A cross in an octagon.
    CrossInOctagon,
    /// An exclamation mark in a triangle.
    ExclamationInTriangle,
    /// A question mark in a square.
    QuestionInSquare,
    /// The bars of a product code.
    Barcode,
}

impl Mark {
    /// The shape of a verdict.
    pub fn of(state: VerdictState) -> Self {
        match state {
            VerdictState::Accepted => Self::TickInCircle,
            VerdictState::AlreadyUsed => Self::CrossInDoubleOctagon,
            VerdictState::NotValid => Self::CrossInOctagon,
            VerdictState::NeedsInput => Self::ExclamationInTriangle,
            VerdictState::CannotCheck => Self::QuestionInSquare,
            VerdictState::NotAVoucher => Self::Barcode,
        }
    }

    /// The catalogue key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::TickInCircle => "ui.shape_accepted",
            Self::CrossInDoubleOctagon => "ui.shape_already_used",
            Self::CrossInOctagon => "ui.shape_not_valid",
            Self::ExclamationInTriangle => "ui.shape_needs_input",
            Self::QuestionInSquare => "ui.shape_cannot_check",
            Self::Barcode => "ui.shape_not_a_voucher",
        }
    }

    /// Paints the shape into the square around the centre of `rect`: a body of `ink`, the sign in `ground`.
    pub fn paint(self, painter: &Painter, rect: Rect, ink: Color32, ground: Color32) {
        let pen = Pen::new(painter, rect, ink, ground);
        match self {
            Self::TickInCircle => pen.tick_in_circle(),
            Self::CrossInDoubleOctagon => pen.cross_in_double_octagon(),
            Self::CrossInOctagon => pen.cross_in_octagon(1.0),
            Self::ExclamationInTriangle => pen.exclamation_in_triangle(),
            Self::QuestionInSquare => pen.question_in_square(),
            Self::Barcode => pen.barcode(),
        }
    }
}

/// Paints the shape of `state` and names it for screen readers.
pub fn mark_ui(ui: &Ui, rect: Rect, state: VerdictState, texts: &Texts, colors: [Color32; 2]) {
    let mark = Mark::of(state);
    let [ink, ground] = colors;
    mark.paint(ui.painter(), rect, ink, ground);
    let response = ui.interact(rect, Id::unique((ui.scope_id(), "mark")), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, texts.get(mark.key())));
}

/// Paints in a unit square: coordinates run from -1 to 1.
struct Pen<'a> {
    painter: &'a Painter,
    center: Pos2,
    radius: f32,
    ink: Color32,
    ground: Color32,
}

impl<'a> Pen<'a> {
    fn new(painter: &'a Painter, rect: Rect, ink: Color32, ground: Color32) -> Self {
        let radius = rect.width().min(rect.height()) / 2.0;
        Self { painter, center: rect.center(), radius, ink, ground }
    }

    fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(self.center.x + x * self.radius, self.center.y + y * self.radius)
    }

    /// A line with round ends and joints.
    fn line(&self, points: &[(f32, f32)], width: f32, color: Color32) {
        let width = width * self.radius;
        let points: Vec<Pos2> = points.iter().map(|(x, y)| self.at(*x, *y)).collect();
        for point in &points {
            self.painter.circle_filled(*point, width / 2.0, color);
        }
        for pair in points.windows(2) {
            if let [from, to] = pair {
                self.painter.line_segment([*from, *to], Stroke::new(width, color));
            }
        }
    }

    fn polygon(&self, corners: &[(f32, f32)], color: Color32) {
        let points = corners.iter().map(|(x, y)| self.at(*x, *y)).collect();
        self.painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    }

    fn octagon(&self, radius: f32, color: Color32) {
        let corners: Vec<(f32, f32)> = (0..8_u8)
            .map(|corner| (f32::from(corner) + 0.5) * std::f32::consts::FRAC_PI_4)
            .map(|angle| (radius * angle.cos(), radius * angle.sin()))
            .collect();
        self.polygon(&corners, color);
    }

    fn tick_in_circle(&self) {
        self.painter.circle_filled(self.center, self.radius, self.ink);
        self.line(&[(-0.44, 0.04), (-0.12, 0.36), (0.46, -0.32)], 0.22, self.ground);
    }

    fn cross_in_octagon(&self, scale: f32) {
        self.octagon(1.04 * scale, self.ink);
        let reach = 0.38 * scale;
        self.line(&[(-reach, -reach), (reach, reach)], 0.24 * scale, self.ground);
        self.line(&[(-reach, reach), (reach, -reach)], 0.24 * scale, self.ground);
    }

    fn cross_in_double_octagon(&self) {
        self.octagon(1.04, self.ink);
        self.octagon(0.92, self.ground);
        self.cross_in_octagon(0.76);
    }

    fn exclamation_in_triangle(&self) {
        let corners = [(0.0, -0.82), (0.92, 0.78), (-0.92, 0.78)];
        self.polygon(&corners, self.ink);
        let [top, right, left] = corners;
        self.line(&[top, right, left, top], 0.16, self.ink);
        self.polygon(&[(-0.12, -0.38), (0.12, -0.38), (0.08, 0.24), (-0.08, 0.24)], self.ground);
        self.painter.circle_filled(self.at(0.0, 0.52), 0.125 * self.radius, self.ground);
    }

    fn question_in_square(&self) {
        let body = Rect::from_center_size(self.center, egui::Vec2::splat(1.84 * self.radius));
        self.painter.rect_filled(body, 0.2 * self.radius, self.ink);
        let mut hook: Vec<(f32, f32)> = (0..=14_u8)
            .map(|step| std::f32::consts::PI * (1.0 + f32::from(step) * 1.42 / 14.0))
            .map(|angle| (0.34 * angle.cos(), -0.26 + 0.34 * angle.sin()))
            .collect();
        hook.push((0.0, 0.22));
        self.line(&hook, 0.2, self.ground);
        self.painter.circle_filled(self.at(0.0, 0.56), 0.13 * self.radius, self.ground);
    }

    fn barcode(&self) {
        let bars = [
            (-0.92, 0.16),
            (-0.66, 0.08),
            (-0.46, 0.24),
            (-0.12, 0.08),
            (0.06, 0.16),
            (0.34, 0.08),
            (0.54, 0.08),
            (0.74, 0.18),
        ];
        for (left, width) in bars {
            let bar = Rect::from_min_max(self.at(left, -0.72), self.at(left + width, 0.72));
            self.painter.rect_filled(bar, 0.0, self.ink);
        }
    }
}

/// Paints the diagonal band of a refusal across `rect`.
pub fn band(painter: &Painter, rect: Rect, color: Color32, edge: Color32) {
    let painter = painter.with_clip_rect(rect);
    let width = rect.height() * 0.42;
    let stripe = |offset: f32, width: f32, color: Color32| {
        let (low, high) = (rect.max.x - rect.height() * 0.95 + offset, rect.max.x + offset);
        let corners = vec![
            pos2(low, rect.max.y),
            pos2(low + width, rect.max.y),
            pos2(high + width, rect.min.y),
            pos2(high, rect.min.y),
        ];
        painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
    };
    stripe(-width, width, color);
    stripe(-width - rect.height() * 0.035, rect.height() * 0.012, edge);
    stripe(rect.height() * 0.023, rect.height() * 0.012, edge);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use egui::vec2;

    use super::*;

    const STATES: [VerdictState; 6] = [
        VerdictState::Accepted,
        VerdictState::AlreadyUsed,
        VerdictState::NotValid,
        VerdictState::NeedsInput,
        VerdictState::CannotCheck,
        VerdictState::NotAVoucher,
    ];

    #[test]
    fn six_states_have_six_shapes_with_six_names() {
        let texts = Texts::english();
        let shapes: BTreeSet<Mark> = STATES.into_iter().map(Mark::of).collect();
        let names: BTreeSet<&str> = shapes.iter().map(|mark| texts.get(mark.key())).collect();
        assert_eq!((shapes.len(), names.len()), (6, 6));
        assert!(names.iter().all(|name| !name.starts_with("ui.")), "{names:?}");
    }

    #[test]
    fn every_shape_stays_inside_its_square_and_draws_something_else() {
        let mut drawings = BTreeSet::new();
        for state in STATES {
            let ctx = egui::Context::default();
            let output = ctx.run_ui(egui::RawInput::default(), |ui| {
                let square = Rect::from_min_size(pos2(100.0, 100.0), vec2(200.0, 200.0));
                Mark::of(state).paint(ui.painter(), square, Color32::WHITE, Color32::BLACK);
            });
            let painted: Vec<Rect> =
                output.shapes.iter().map(|s| s.shape.visual_bounding_rect()).collect();
            let square = Rect::from_min_size(pos2(92.0, 92.0), vec2(216.0, 216.0));
            let drawn: Vec<&Rect> = painted.iter().filter(|r| r.is_positive()).collect();
            assert!(!drawn.is_empty());
            assert!(drawn.iter().all(|r| square.contains_rect(**r)), "{state:?}: {drawn:?}");
            drawings.insert(format!("{drawn:?}"));
            output.drop_without_applying_deltas();
        }
        assert_eq!(drawings.len(), 6);
    }
}
