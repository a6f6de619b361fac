//! Text that shrinks until it fits, so that no language is cut.

use std::sync::Arc;

use egui::{
    Align, Color32, Galley, Id, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2,
    text::{LayoutJob, TextFormat},
    vec2,
};

use crate::ui::theme::{Face, SMALLEST};

/// How much one attempt is smaller than the one before.
const STEP: f32 = 0.94;
/// Secondary lines give way down to this share before the headline does.
const GIVE_WAY: f32 = 0.7;
/// Attempts before text is shortened: 0.94⁴⁰ is a twelfth of the wanted size.
const ATTEMPTS: usize = 40;

/// One text as it should look when there is room.
#[derive(Clone, Debug)]
pub struct Line {
    text: String,
    face: Face,
    size: f32,
    color: Color32,
    gap: f32,
    rows: usize,
    keep: bool,
    strike: bool,
}

impl Line {
    /// One row of `text`.
    pub fn new(text: &str, face: Face, size: f32, color: Color32) -> Self {
        let text = text.to_owned();
        Self { text, face, size, color, gap: 0.0, rows: 1, keep: false, strike: false }
    }

    /// Allows up to `rows` rows.
    #[must_use]
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Leaves `gap` points above.
    #[must_use]
    pub fn gap(mut self, gap: f32) -> Self {
        self.gap = gap;
        self
    }

    /// Keeps its size while other lines can still give way.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Draws a line through it when `strike` is set.
    #[must_use]
    pub fn strike(mut self, strike: bool) -> Self {
        self.strike = strike;
        self
    }

    /// Lays the text out at most `width` wide, smaller than wanted where it must be.
    pub fn layout(&self, ui: &Ui, width: f32, scale: f32, align: Align) -> Arc<Galley> {
        let mut size = self.word_size(ui, width, self.size * scale);
        let mut galley = self.galley(ui, width, size, align);
        for _ in 0..ATTEMPTS {
            if !galley.elided || size <= SMALLEST {
                break;
            }
            size = (size * STEP).max(SMALLEST);
            galley = self.galley(ui, width, size, align);
        }
        galley
    }

    fn galley(&self, ui: &Ui, width: f32, size: f32, align: Align) -> Arc<Galley> {
        let mut format = TextFormat::simple(self.face.at(size), self.color);
        if self.strike {
            format.strikethrough = Stroke::new((size * 0.08).max(1.5), self.color);
        }
        let mut job = LayoutJob::single_section(self.text.clone(), format);
        job.wrap.max_width = width;
        job.wrap.max_rows = self.rows;
        job.halign = align;
        ui.painter().layout_job(job)
    }

    /// The largest size up to `wanted` at which no word is wider than `width`.
    fn word_size(&self, ui: &Ui, width: f32, wanted: f32) -> f32 {
        let font = self.face.at(wanted);
        let widest = self
            .text
            .split(|c: char| c.is_whitespace() || breaks_anywhere(c))
            .map(|word| {
                let galley = ui.painter().layout_no_wrap(word.to_owned(), font.clone(), self.color);
                galley.size().x
            })
            .fold(0.0, f32::max);
        if widest <= width { wanted } else { (wanted * width / widest * 0.99).max(SMALLEST) }
    }
}

/// Scripts written without spaces may be broken between any two characters.
fn breaks_anywhere(c: char) -> bool {
    c >= '\u{2E80}'
}

/// Lines below each other, in the largest sizes that fit `area`.
pub fn layout_column(ui: &Ui, lines: &[Line], area: Vec2, align: Align) -> Vec<Arc<Galley>> {
    let (mut kept, mut given) = (1.0_f32, 1.0_f32);
    let mut galleys = Vec::new();
    for _ in 0..ATTEMPTS {
        let scale = |line: &Line| if line.keep { kept } else { given };
        galleys = lines.iter().map(|line| line.layout(ui, area.x, scale(line), align)).collect();
        if column_height(lines, &galleys, given) <= area.y {
            break;
        }
        given *= STEP;
        if given < GIVE_WAY * kept {
            kept *= STEP;
        }
    }
    galleys
}

/// Height of a laid out column with its gaps, in points.
pub fn column_height(lines: &[Line], galleys: &[Arc<Galley>], gap_scale: f32) -> f32 {
    let gaps = lines.iter().skip(1).map(|line| line.gap * gap_scale).sum::<f32>();
    galleys.iter().map(|galley| galley.size().y).sum::<f32>() + gaps
}

/// Height that lines take in `area`, with their gaps, in points.
pub fn column_size(ui: &Ui, lines: &[Line], area: Vec2, align: Align) -> f32 {
    let galleys = layout_column(ui, lines, area, align);
    column_height(lines, &galleys, 1.0).min(area.y)
}

/// Paints lines below each other into `rect` and names each for screen readers.
pub fn column_ui(
    ui: &Ui,
    rect: Rect,
    lines: &[Line],
    align: Align,
    salt: &'static str,
) -> Vec<Response> {
    let galleys = layout_column(ui, lines, rect.size(), align);
    let height = column_height(lines, &galleys, 1.0).min(rect.height());
    let mut top = rect.center().y - height / 2.0;
    let gap_scale = gap_scale(lines, &galleys, rect.height());
    let mut responses = Vec::new();
    for (index, (line, galley)) in lines.iter().zip(galleys).enumerate() {
        top += if index == 0 { 0.0 } else { line.gap * gap_scale };
        let place = row_rect(rect, top, galley.size(), align);
        top += galley.size().y;
        let anchor = match align {
            Align::Min => place.min.x,
            Align::Center => place.center().x,
            Align::Max => place.max.x,
        };
        ui.painter().galley(pos2(anchor, place.min.y), galley, line.color);
        responses.push(name(ui, place, ui.scope_id().with((salt, index)), &line.text));
    }
    responses
}

/// Paints one line into `rect` and names it for screen readers.
pub fn line_ui(ui: &Ui, rect: Rect, line: &Line, align: Align, id: Id) -> Response {
    let galleys = layout_column(ui, std::slice::from_ref(line), rect.size(), align);
    let size = galleys.first().map_or(Vec2::ZERO, |galley| galley.size());
    let place = row_rect(rect, rect.center().y - size.y / 2.0, size, align);
    let anchor = match align {
        Align::Min => place.min.x,
        Align::Center => place.center().x,
        Align::Max => place.max.x,
    };
    for galley in galleys {
        ui.painter().galley(pos2(anchor, place.min.y), galley, line.color);
    }
    name(ui, place, id, &line.text)
}

/// What is left for gaps once the texts have their height, as a share of the wanted gaps.
fn gap_scale(lines: &[Line], galleys: &[Arc<Galley>], height: f32) -> f32 {
    let text = column_height(lines, galleys, 0.0);
    let gaps = column_height(lines, galleys, 1.0) - text;
    if gaps <= 0.0 { 0.0 } else { ((height - text) / gaps).clamp(0.0, 1.0) }
}

fn row_rect(rect: Rect, top: f32, size: Vec2, align: Align) -> Rect {
    let left = match align {
        Align::Min => rect.min.x,
        Align::Center => rect.center().x - size.x / 2.0,
        Align::Max => rect.max.x - size.x,
    };
    Rect::from_min_size(pos2(left, top), vec2(size.x, size.y))
}

/// Registers a painted text as a label.
pub fn name(ui: &Ui, rect: Rect, id: Id, text: &str) -> Response {
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

#[cfg(test)]
mod tests {
    use egui::Context;

    use super::*;
    use crate::ui::theme;

    fn in_ui(check: impl Fn(&Ui)) {
        let ctx = Context::default();
        theme::install(&ctx);
        let output = ctx.run_ui(egui::RawInput::default(), |ui| check(ui));
        output.drop_without_applying_deltas();
    }

    fn headline(text: &str) -> Line {
        Line::new(text, Face::Strong, 80.0, theme::TEXT).rows(2)
    }

    #[test]
    fn short_text_keeps_its_size() {
        in_ui(|ui| {
            let galley = headline("ACCEPTED").layout(ui, 2000.0, 1.0, Align::Min);
            assert_eq!(galley.rows.len(), 1);
            assert!((80.0..110.0).contains(&galley.size().y), "{:?}", galley.size());
        });
    }

    #[test]
    fn a_long_word_shrinks_instead_of_breaking() {
        in_ui(|ui| {
            let line = headline("Käyttöjärjestelmäasennuslevyketehdas");
            for width in [300.0, 700.0] {
                let galley = line.layout(ui, width, 1.0, Align::Center);
                assert_eq!(galley.rows.len(), 1, "{width}");
                assert!(galley.size().x <= width + 0.5, "{} in {width}", galley.size().x);
                assert!(!galley.elided);
            }
        });
    }

    #[test]
    fn a_column_fits_its_area_and_the_headline_gives_way_last() {
        in_ui(|ui| {
            let lines = [
                headline("GUTSCHEIN BEREITS EINGELÖST").keep(),
                Line::new(
                    "Bitte wenden Sie sich an die Filialleitung",
                    Face::Plain,
                    40.0,
                    theme::TEXT,
                )
                .rows(3)
                .gap(20.0),
            ];
            for area in [vec2(600.0, 260.0), vec2(400.0, 160.0), vec2(900.0, 400.0)] {
                let galleys = layout_column(ui, &lines, area, Align::Min);
                let text: f32 = galleys.iter().map(|galley| galley.size().y).sum();
                assert!(text <= area.y, "{text} in {area:?}");
                assert!(galleys.iter().all(|g| !g.elided && g.size().x <= area.x + 0.5));
            }
            let roomy = layout_column(ui, &lines, vec2(2000.0, 150.0), Align::Min);
            assert!(roomy[0].size().y > 90.0, "the headline keeps its size first");
        });
    }

    #[test]
    fn scripts_without_spaces_wrap() {
        in_ui(|ui| {
            let line = headline("优惠券优惠券优惠券优惠券优惠券优惠券");
            assert!((line.word_size(ui, 200.0, 80.0) - 80.0).abs() < 0.1);
        });
    }

    #[test]
    fn text_beyond_all_shrinking_is_shortened_and_stays_inside() {
        in_ui(|ui| {
            let line = Line::new(&"long words ".repeat(400), Face::Plain, 20.0, theme::TEXT);
            let galley = line.layout(ui, 200.0, 1.0, Align::Min);
            assert!(galley.elided && galley.size().x <= 200.5);
        });
    }
}
