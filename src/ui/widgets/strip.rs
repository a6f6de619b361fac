//! The strip that is always visible: who, where, and how the link is.

use egui::{Align, Color32, Id, Rect, Stroke, Ui, Vec2, pos2, vec2};

use super::{
    fit::{Line, line_ui, name},
    mark::Mark,
};
use crate::{
    terminal::{
        text::Texts,
        view::{Link, StripView},
    },
    ui::{
        readers::ReadersView,
        theme::{self, Face},
    },
};

const TEXT: f32 = 16.0;
const ICON: f32 = 18.0;
const SPACE: f32 = 22.0;

/// Paints the strip over the whole of `ui`.
pub fn strip_ui(ui: &Ui, strip: &StripView, readers: &ReadersView, texts: &Texts) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    ui.painter().hline(rect.x_range(), rect.max.y - 0.5, Stroke::new(1.0, theme::LINE));
    let inner = rect.shrink2(vec2(20.0, 6.0));
    let right = facts_ui(ui, inner, &facts(strip, readers, texts));
    let place = Rect::from_min_max(inner.min, pos2(right - SPACE, inner.max.y));
    who_ui(ui, place, strip);
}

/// One entry on the right: an icon that works without colour, and words.
struct Fact {
    icon: Icon,
    text: String,
    color: Color32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Icon {
    None,
    Link(Link),
    Warning,
}

fn facts(strip: &StripView, readers: &ReadersView, texts: &Texts) -> Vec<Fact> {
    let mut facts = Vec::new();
    let camera = readers.camera.as_ref().is_some_and(|camera| camera.trouble.is_some());
    for (lost, key) in
        [(camera, "ui.camera_lost"), (!readers.troubles.is_empty(), "ui.reader_lost")]
    {
        if lost {
            let text = texts.get(key).to_owned();
            facts.push(Fact { icon: Icon::Warning, text, color: theme::WARN });
        }
    }
    if strip.outdated {
        let text = texts.get("ui.outdated").to_owned();
        facts.push(Fact { icon: Icon::Warning, text, color: theme::WARN });
    }
    if strip.conflicts > 0 {
        let text = counted(texts, strip.conflicts, ["ui.conflict_one", "ui.conflict_many"]);
        facts.push(Fact { icon: Icon::Warning, text, color: theme::WARN });
    }
    if !strip.clock.is_empty() {
        let text = strip.clock.clone();
        facts.push(Fact { icon: Icon::Warning, text, color: theme::WARN });
    }
    let (color, icon) =
        if strip.warning { (theme::WARN, Icon::Warning) } else { (theme::MUTED, Icon::None) };
    if strip.to_send > 0 {
        let text = counted(texts, strip.to_send, ["ui.to_send_one", "ui.to_send_many"]);
        facts.push(Fact { icon, text, color });
    }
    if !strip.last_sync.is_empty() {
        let icon = if strip.to_send > 0 { Icon::None } else { icon };
        facts.push(Fact { icon, text: strip.last_sync.clone(), color });
    }
    let (key, color) = link_words(strip.online);
    facts.push(Fact { icon: Icon::Link(strip.online), text: texts.get(key).to_owned(), color });
    facts
}

fn link_words(link: Link) -> (&'static str, Color32) {
    match link {
        Link::Unknown => ("ui.link_unknown", theme::MUTED),
        Link::Online => ("ui.link_online", theme::GOOD),
        Link::Offline => ("ui.link_offline", theme::WARN),
        Link::SwitchedOff => ("ui.link_off", theme::MUTED),
    }
}

fn counted(texts: &Texts, count: u64, [one, many]: [&str; 2]) -> String {
    texts.fill(if count == 1 { one } else { many }, &[("n", &count.to_string())])
}

/// Paints the facts from the right edge and returns where they begin.
fn facts_ui(ui: &Ui, rect: Rect, facts: &[Fact]) -> f32 {
    let mut right = rect.max.x;
    for (index, fact) in facts.iter().enumerate().rev() {
        let line = Line::new(&fact.text, Face::Plain, TEXT, fact.color);
        let galley = line.layout(ui, rect.width() * 0.3, 1.0, Align::Min);
        let left = right - galley.size().x;
        let top = rect.center().y - galley.size().y / 2.0;
        let place = Rect::from_min_size(pos2(left, top), galley.size());
        ui.painter().galley(place.min, galley, fact.color);
        name(ui, place, ui.scope_id().with(("fact", index)), &fact.text);
        right = icon_ui(ui, fact, left, rect.center().y) - SPACE;
    }
    right
}

fn icon_ui(ui: &Ui, fact: &Fact, left: f32, middle: f32) -> f32 {
    let center = pos2(left - ICON / 2.0 - 8.0, middle);
    let square = Rect::from_center_size(center, Vec2::splat(ICON));
    match fact.icon {
        Icon::None => return left,
        Icon::Warning => {
            Mark::ExclamationInTriangle.paint(ui.painter(), square, fact.color, theme::PANEL);
        }
        Icon::Link(link) => paint_link(ui, square, link, fact.color),
    }
    square.min.x
}

/// Full disc, ring with a stroke through it, plain ring: three outlines for the link.
fn paint_link(ui: &Ui, square: Rect, link: Link, color: Color32) {
    let radius = square.width() * 0.36;
    let pen = Stroke::new(2.5, color);
    match link {
        Link::Online => {
            ui.painter().circle_filled(square.center(), radius, color);
        }
        Link::Unknown => {
            ui.painter().circle_stroke(square.center(), radius, pen);
        }
        Link::Offline | Link::SwitchedOff => {
            ui.painter().circle_stroke(square.center(), radius, pen);
            let ends = [square.left_bottom(), square.right_top()];
            ui.painter().line_segment(ends, pen);
        }
    }
}

fn who_ui(ui: &Ui, rect: Rect, strip: &StripView) {
    let words = [&strip.shop, &strip.terminal, &strip.operator];
    let text: Vec<&str> = words.into_iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
    let line = Line::new(&text.join("  ·  "), Face::Strong, TEXT, theme::TEXT).rows(2);
    line_ui(ui, rect, &line, Align::Min, Id::unique((ui.scope_id(), "who")));
}
