//! A QR code, painted with whole pixels to a module, so that readers and cameras see sharp edges.

use egui::{CornerRadius, Mesh, Rect, Role, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme;

/// Light modules around a QR code (ISO/IEC 18004 section 9.1).
const QUIET: f32 = 4.0;

/// Paints the code in the middle of `rect`, as large as fits, under a name for those who do not see it; nothing where the
/// modules are no square.
pub fn code_ui(ui: &Ui, rect: Rect, (modules, width): (&[bool], usize), title: &str) {
    let Some(count) = side(modules, width) else { return };
    let scale = ui.pixels_per_point();
    let room = rect.width().min(rect.height()) * scale;
    let module = (room / (count + 2.0 * QUIET)).floor().max(1.0) / scale;
    let side = module * (count + 2.0 * QUIET);
    let snap = |at: f32| (at * scale).round() / scale;
    let min = pos2(snap(rect.center().x - side / 2.0), snap(rect.center().y - side / 2.0));
    let paper = Rect::from_min_size(min, vec2(side, side));
    ui.painter().rect_filled(paper, CornerRadius::same(6), theme::PAPER);
    let origin = pos2(min.x + QUIET * module, min.y + QUIET * module);
    ui.painter().add(Shape::mesh(mesh((modules, width), origin, module)));
    let response = ui.interact(paper, ui.scope_id().with("code"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, title));
}

/// Modules in a row, when there are that many rows.
fn side(modules: &[bool], width: usize) -> Option<f32> {
    let complete = width.checked_mul(width)? == modules.len() && width > 0;
    complete.then_some(f32::from(u16::try_from(width).ok()?))
}

fn mesh((modules, width): (&[bool], usize), origin: egui::Pos2, module: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let mut top = origin.y;
    for row in modules.chunks(width.max(1)) {
        let mut left = origin.x;
        for dark in row {
            if *dark {
                let cell = Rect::from_min_size(pos2(left, top), vec2(module, module));
                mesh.add_colored_rect(cell, theme::MODULE);
            }
            left += module;
        }
        top += module;
    }
    mesh
}
