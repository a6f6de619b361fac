//! The customer's phone of the demo: cards with a code to hold to the reader, and the network switch.

use egui::{
    Align, Color32, CornerRadius, Key, Layout, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind,
    Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::{
    terminal::{
        text::Texts,
        view::{Link, View},
    },
    ui::{
        theme::{self, Face, TOUCH},
        widgets::{
            button::{Look, key_button_ui},
            code::code_ui,
            fit::{Line, column_ui, line_ui},
            press,
        },
    },
};

/// Height of the line under the code.
const TYPED_HEIGHT: f32 = 18.0;

/// The cards on the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneView {
    /// In the order they are shown.
    pub cards: Vec<PhoneCard>,
}

/// One voucher on the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneCard {
    /// Such as `Lunch for two`.
    pub title: String,
    /// Such as `€10.00 off`.
    pub subtitle: String,
    /// What is typed when the code cannot be read; may be empty.
    pub code: String,
    /// Dark modules of the QR code, row by row, without quiet zone.
    pub modules: Vec<bool>,
    /// Modules in a row.
    pub width: usize,
}

/// The phone's content and what its keys do.
pub struct PhoneSource {
    /// The cards.
    pub view: PhoneView,
    /// Called from the window for every action; must return at once. A card that was held comes back as it was shown: one that
    /// the phone signs each time looks different each time.
    pub act: Box<dyn Fn(PhoneCommand) -> Option<PhoneCard> + Send>,
}

/// What a person does with the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneCommand {
    /// Holds the card at this index to the reader.
    Hold(usize),
    /// Switches the network on or off.
    Network(bool),
}

/// The card in front.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhoneState {
    selected: usize,
    moved: bool,
}

/// Takes the phone's keys; `typing` is set while a field or dialog needs Space.
pub fn phone_keys(
    ctx: &egui::Context,
    phone: &PhoneView,
    online: Link,
    (state, typing): (&mut PhoneState, bool),
    commands: &mut Vec<PhoneCommand>,
) {
    let last = phone.cards.len().saturating_sub(1);
    let before = state.selected;
    if press::pressed(ctx, Key::F8) || press::pressed_with_alt(ctx, Key::ArrowDown) {
        state.selected = if state.selected >= last { 0 } else { state.selected.saturating_add(1) };
    }
    if press::pressed(ctx, Key::F7) || press::pressed_with_alt(ctx, Key::ArrowUp) {
        state.selected = state.selected.checked_sub(1).unwrap_or(last);
    }
    state.moved = before != state.selected;
    let space = !typing && press::pressed(ctx, Key::Space);
    if (press::pressed(ctx, Key::F6) || space) && !phone.cards.is_empty() {
        commands.push(PhoneCommand::Hold(state.selected));
    }
    if press::pressed(ctx, Key::F9) {
        commands.push(PhoneCommand::Network(online == Link::SwitchedOff));
    }
}

/// Draws the phone over the whole of `ui`.
pub fn phone_ui(
    ui: &mut Ui,
    phone: &PhoneView,
    view: &View,
    texts: &Texts,
    (state, commands): (&mut PhoneState, &mut Vec<PhoneCommand>),
) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    ui.painter().vline(rect.max.x - 0.5, rect.y_range(), Stroke::new(1.0, theme::LINE));
    let inner = rect.shrink2(vec2(18.0, 0.0));
    let title = Rect::from_min_size(inner.min, vec2(inner.width(), theme::STRIP_HEIGHT));
    let line = Line::new(texts.get("phone.title"), Face::Strong, 16.0, theme::MUTED);
    line_ui(ui, title, &line, Align::Min, ui.scope_id().with("phone title"));
    let switch = Rect::from_min_max(
        pos2(inner.min.x, inner.max.y - 8.0 - TOUCH),
        pos2(inner.max.x, inner.max.y - 8.0),
    );
    if switch_ui(ui, switch, texts, view.strip.online != Link::SwitchedOff) {
        commands.push(PhoneCommand::Network(view.strip.online == Link::SwitchedOff));
    }
    let room =
        Rect::from_min_max(pos2(inner.min.x, title.max.y), pos2(inner.max.x, switch.min.y - 12.0));
    let body_height = (room.height() * 0.74).min(inner.width() + 124.0);
    let body = Rect::from_min_size(room.min, vec2(room.width(), body_height));
    if let Some(card) = phone.cards.get(state.selected)
        && handset_ui(ui, body, card, texts)
    {
        commands.push(PhoneCommand::Hold(state.selected));
    }
    let list = Rect::from_min_max(pos2(room.min.x, body.max.y + 10.0), room.max);
    list_ui(ui, list, phone, state, texts);
}

/// The handset with the chosen card; true when it is held to the reader.
fn handset_ui(ui: &mut Ui, body: Rect, card: &PhoneCard, texts: &Texts) -> bool {
    ui.painter().rect(
        body,
        CornerRadius::same(30),
        theme::BEZEL,
        Stroke::new(2.0, theme::HOVER),
        StrokeKind::Inside,
    );
    let page = body.shrink(9.0);
    ui.painter().rect_filled(page, CornerRadius::same(22), theme::PHONE_PAGE);
    let inner = page.shrink2(vec2(14.0, 12.0));
    let words = Rect::from_min_size(inner.min, vec2(inner.width(), 50.0));
    let lines = [
        Line::new(&card.title, Face::Strong, 20.0, theme::PHONE_TEXT),
        Line::new(&card.subtitle, Face::Plain, 16.0, theme::PHONE_SOFT),
    ];
    column_ui(ui, words, &lines, Align::Center, "card");
    let button = Rect::from_min_max(pos2(inner.min.x, inner.max.y - TOUCH), inner.max);
    let typed = Rect::from_min_max(
        pos2(inner.min.x, button.min.y - 4.0 - TYPED_HEIGHT),
        pos2(inner.max.x, button.min.y - 4.0),
    );
    let code = Rect::from_min_max(
        pos2(page.min.x + 6.0, words.max.y + 4.0),
        pos2(page.max.x - 6.0, typed.min.y),
    );
    code_ui(ui, code, (&card.modules, card.width), &card.title);
    let line = Line::new(&card.code, Face::Plain, 14.0, theme::PHONE_SOFT);
    line_ui(ui, typed, &line, Align::Center, ui.scope_id().with("typed code"));
    let builder = UiBuilder::new().max_rect(button).layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        let style = (Look::Primary, true);
        key_button_ui(ui, "F6", texts.get("phone.hold"), button.size(), style).clicked()
    })
    .inner
}

fn list_ui(ui: &mut Ui, rect: Rect, phone: &PhoneView, state: &mut PhoneState, texts: &Texts) {
    let hint = Rect::from_min_size(rect.min, vec2(rect.width(), 22.0));
    let line = Line::new(texts.get("phone.choose"), Face::Plain, 14.0, theme::MUTED);
    line_ui(ui, hint, &line, Align::Min, ui.scope_id().with("phone choose"));
    let rows = Rect::from_min_max(pos2(rect.min.x, hint.max.y + 6.0), rect.max);
    ui.scope_builder(UiBuilder::new().max_rect(rows), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            for (index, card) in phone.cards.iter().enumerate() {
                let response = row_ui(ui, card, index == state.selected);
                if response.clicked() {
                    state.selected = index;
                }
                if index == state.selected && state.moved {
                    response.scroll_to_me(None);
                }
            }
        });
    });
}

fn row_ui(ui: &mut Ui, card: &PhoneCard, chosen: bool) -> egui::Response {
    let size = vec2(ui.available_width() - 12.0, TOUCH + 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &card.title));
    let fill = if chosen || response.hovered() { theme::HOVER } else { theme::RAISED };
    let edge =
        if chosen || response.has_focus() { Stroke::new(2.0, theme::ACCENT) } else { Stroke::NONE };
    ui.painter().rect(rect, CornerRadius::same(theme::RADIUS), fill, edge, StrokeKind::Inside);
    let room = rect.shrink2(vec2(14.0, 5.0));
    let lines = [
        row_line(&card.title, Face::Strong, 15.0, theme::TEXT),
        row_line(&card.subtitle, Face::Plain, 13.0, theme::MUTED),
    ];
    let galleys = lines.map(|line| line.layout(ui, room.width(), 1.0, Align::Min));
    let height = galleys.iter().map(|galley| galley.size().y).sum::<f32>();
    let mut top = room.center().y - height / 2.0;
    for galley in galleys {
        let place = pos2(room.min.x, top);
        top += galley.size().y;
        ui.painter().galley(place, galley, theme::TEXT);
    }
    response
}

fn row_line(text: &str, face: Face, size: f32, color: Color32) -> Line {
    Line::new(text, face, size, color)
}

/// The network switch; true when it was clicked.
fn switch_ui(ui: &mut Ui, rect: Rect, texts: &Texts, on: bool) -> bool {
    let response = ui.interact(rect, ui.scope_id().with("network"), Sense::click());
    let label = texts.get("phone.network");
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, on, label));
    let fill = if response.hovered() { theme::HOVER } else { theme::RAISED };
    let edge = if response.has_focus() { Stroke::new(2.0, theme::ACCENT) } else { Stroke::NONE };
    ui.painter().rect(rect, CornerRadius::same(theme::RADIUS), fill, edge, StrokeKind::Inside);
    let words = texts.get(if on { "phone.network_on" } else { "phone.network_off" });
    let room = Rect::from_min_max(
        pos2(rect.min.x + 16.0, rect.min.y),
        pos2(rect.max.x - 90.0, rect.max.y),
    );
    let line = Line::new(words, Face::Strong, 16.0, theme::TEXT);
    line_ui(ui, room, &line, Align::Min, ui.scope_id().with("network words"));
    knob(ui, rect, on);
    response.clicked()
}

fn knob(ui: &Ui, rect: Rect, on: bool) {
    let track = Rect::from_center_size(pos2(rect.max.x - 46.0, rect.center().y), vec2(60.0, 30.0));
    let (fill, at) =
        if on { (theme::GOOD, track.max.x - 15.0) } else { (theme::FAINT, track.min.x + 15.0) };
    ui.painter().rect_filled(track, 15.0, fill);
    ui.painter().circle_filled(pos2(at, track.center().y), 12.0, theme::PHONE_PAGE);
}
