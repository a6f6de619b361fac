//! The verdict that fills the counter: colour, shape, words and layout say the same.

use egui::{Align, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::{
    fit::{Line, column_size, column_ui, line_ui},
    mark::{band, mark_ui},
};
use crate::{
    terminal::{
        text::Texts,
        view::{VerdictState, VerdictView},
    },
    ui::theme::{self, Face, Sizes, Tone},
};

/// Details that stand below each other; more of them share lines.
const DETAILS_MAX: usize = 4;

/// Paints `verdict` over `rect`; `left` is the share of its time that is left, where it has one.
pub fn verdict_ui(ui: &Ui, rect: Rect, verdict: &VerdictView, texts: &Texts, left: Option<f32>) {
    let tone = theme::tone(verdict.state);
    let sizes = Sizes::of(ui.ctx().content_rect().size());
    ui.painter().rect_filled(rect, 0.0, tone.fill);
    let body = Rect::from_min_max(
        pos2(rect.min.x + sizes.margin, rect.min.y + sizes.margin * 0.6),
        pos2(rect.max.x - sizes.margin, rect.max.y - sizes.margin - sizes.small * 1.6),
    );
    match arrangement(verdict.state) {
        Arrangement::Centred => centred_ui(ui, body, verdict, texts, &sizes),
        Arrangement::Banded => {
            band(ui.painter(), rect, tone.shade, tone.ink.gamma_multiply(0.1));
            beside_ui(ui, body, verdict, texts, &sizes);
        }
        Arrangement::Framed => {
            frame(ui, rect, tone, &sizes);
            let body = body.shrink2(vec2(sizes.margin * 0.5, 0.0));
            beside_ui(ui, body, verdict, texts, &sizes);
        }
        Arrangement::Beside => beside_ui(ui, body, verdict, texts, &sizes),
    }
    support_ui(ui, rect, verdict, tone, &sizes);
    countdown(ui, rect, tone, left);
}

/// Layouts differ too, because dark red and dark green look alike to one man in twelve.
enum Arrangement {
    /// Everything on the middle axis.
    Centred,
    /// Shape at the left, a thick diagonal band behind the words.
    Banded,
    /// Shape at the left, a heavy frame inside the edge.
    Framed,
    /// Shape at the left.
    Beside,
}

fn arrangement(state: VerdictState) -> Arrangement {
    match state {
        VerdictState::Accepted | VerdictState::NotAVoucher => Arrangement::Centred,
        VerdictState::AlreadyUsed | VerdictState::NotValid => Arrangement::Banded,
        VerdictState::NeedsInput => Arrangement::Beside,
        VerdictState::CannotCheck => Arrangement::Framed,
    }
}

/// Shape and words as one block around the middle.
fn centred_ui(ui: &Ui, body: Rect, verdict: &VerdictView, texts: &Texts, sizes: &Sizes) {
    let tone = theme::tone(verdict.state);
    let side = (body.height() * 0.27).min(body.width() * 0.4);
    let gap = sizes.margin * 0.5;
    let room = vec2(body.width(), body.height() - side - gap);
    let height = column_size(ui, &lines(verdict, sizes), room, Align::Center);
    let top = body.center().y - (side + gap + height) / 2.0;
    let square = Rect::from_min_size(pos2(body.center().x - side / 2.0, top), vec2(side, side));
    mark_ui(ui, square, verdict.state, texts, [tone.ink, tone.fill]);
    let words = Rect::from_min_size(pos2(body.min.x, square.max.y + gap), vec2(room.x, height));
    words_ui(ui, words, verdict, sizes, Align::Center);
}

fn beside_ui(ui: &Ui, body: Rect, verdict: &VerdictView, texts: &Texts, sizes: &Sizes) {
    let tone = theme::tone(verdict.state);
    let side = (body.height() * 0.34).min(body.width() * 0.2);
    let square =
        Rect::from_min_size(pos2(body.min.x, body.center().y - side / 2.0), vec2(side, side));
    mark_ui(ui, square, verdict.state, texts, [tone.ink, tone.fill]);
    let words = Rect::from_min_max(pos2(square.max.x + sizes.margin * 0.9, body.min.y), body.max);
    words_ui(ui, words, verdict, sizes, Align::Min);
}

fn words_ui(ui: &Ui, rect: Rect, verdict: &VerdictView, sizes: &Sizes, align: Align) {
    let lines = lines(verdict, sizes);
    let responses = column_ui(ui, rect, &lines, align, "verdict");
    if let Some(headline) = responses.first() {
        ui.ctx().accesskit_node_builder(headline.id, |node| {
            node.set_live(egui::accesskit::Live::Assertive);
        });
    }
}

fn lines(verdict: &VerdictView, sizes: &Sizes) -> Vec<Line> {
    let tone = theme::tone(verdict.state);
    let strong = |text: &str, size: f32| Line::new(text, Face::Strong, size, tone.ink);
    let plain = |text: &str, size: f32| Line::new(text, Face::Plain, size, tone.soft);
    let mut lines = vec![strong(&verdict.headline, sizes.headline).rows(2).keep()];
    let near = sizes.body * 0.35;
    lines.extend(verdict.amount.iter().map(|text| strong(text, sizes.amount).rows(2).keep()));
    lines.extend(verdict.reason.iter().map(|text| strong(text, sizes.lead).rows(2).gap(near)));
    lines.extend(verdict.due.iter().map(|text| strong(text, sizes.lead).gap(near)));
    lines.extend(
        verdict.advice.iter().map(|text| plain(text, sizes.body).rows(3).gap(sizes.body * 0.9)),
    );
    let details = |text: &str, gap: f32| plain(text, sizes.body * 0.86).rows(2).gap(gap);
    if verdict.details.len() > DETAILS_MAX {
        let all = verdict.details.join(" · ");
        lines.push(details(&all, sizes.body * 0.8).rows(5));
        return lines;
    }
    lines.extend(verdict.details.iter().enumerate().map(|(index, text)| {
        let gap = if index == 0 { sizes.body * 0.8 } else { 4.0 };
        details(text, gap)
    }));
    lines
}

fn frame(ui: &Ui, rect: Rect, tone: Tone, sizes: &Sizes) {
    let pen = Stroke::new(sizes.margin * 0.22, tone.soft.gamma_multiply(0.55));
    let inset = rect.shrink(sizes.margin * 0.32);
    ui.painter().rect_stroke(inset, 0.0, pen, StrokeKind::Inside);
}

fn support_ui(ui: &Ui, rect: Rect, verdict: &VerdictView, tone: Tone, sizes: &Sizes) {
    let place = Rect::from_min_max(
        pos2(
            rect.min.x + sizes.margin * support_inset(verdict.state),
            rect.max.y - sizes.margin * 0.7 - sizes.small * 1.4,
        ),
        pos2(rect.max.x - sizes.margin, rect.max.y - sizes.margin * 0.7),
    );
    let line = Line::new(&verdict.support, Face::Plain, sizes.small, tone.soft);
    let align = match arrangement(verdict.state) {
        Arrangement::Centred => Align::Center,
        Arrangement::Banded | Arrangement::Framed | Arrangement::Beside => Align::Min,
    };
    line_ui(ui, place, &line, align, ui.scope_id().with("support"));
}

/// The support code stands under the shape, which a frame moves inwards.
fn support_inset(state: VerdictState) -> f32 {
    match arrangement(state) {
        Arrangement::Framed => 1.5,
        Arrangement::Centred | Arrangement::Banded | Arrangement::Beside => 1.0,
    }
}

/// A bar along the bottom edge that empties while the verdict clears itself.
fn countdown(ui: &Ui, rect: Rect, tone: Tone, left: Option<f32>) {
    let Some(left) = left else { return };
    let height = 12.0;
    let track = Rect::from_min_max(pos2(rect.min.x, rect.max.y - height), rect.max);
    ui.painter().rect_filled(track, 0.0, tone.shade);
    let width = track.width() * left.clamp(0.0, 1.0);
    let full = Rect::from_min_size(track.min, vec2(width, height));
    ui.painter().rect_filled(full, 0.0, tone.ink);
}
