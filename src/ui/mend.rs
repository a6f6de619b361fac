//! The screen of a terminal whose store cannot be used: what happened, and the one thing to do about it.

use std::sync::{
    Arc,
    mpsc::{Receiver, TryRecvError, sync_channel},
};

use egui::{Align, Context, Key, Rect, Ui, ViewportBuilder, pos2, vec2};

use super::{
    icon,
    theme::{self, CANNOT_CHECK, Face, PRIMARY, Sizes},
    widgets::{
        button::{Look, key_button_ui},
        fit::{Line, column_ui},
        press,
    },
};
use crate::terminal::text::Texts;

/// Mends what is wrong and says what came of it; it may be tried again.
pub type Mend = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// How often the work is looked at, in seconds.
const LOOK_S: f32 = 0.2;

/// Opens a window that says what is wrong and offers to mend it; returns when it is closed.
pub fn run(why: String, mend: Mend) -> eframe::Result {
    let viewport = ViewportBuilder::default()
        .with_title("Countersign")
        .with_app_id("countersign")
        .with_icon(icon::icon())
        .with_inner_size(vec2(1024.0, 640.0))
        .with_min_inner_size(vec2(800.0, 560.0));
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let open = Box::new(move |creation: &eframe::CreationContext<'_>| {
        theme::install(&creation.egui_ctx);
        Ok(Box::new(MendScreen::new(why, mend)) as Box<dyn eframe::App>)
    });
    eframe::run_native("Countersign", options, open)
}

/// How far it is.
enum Stage {
    Offered,
    Working(Receiver<Result<String, String>>),
    Done(String),
    Failed(String),
}

/// The screen without its window.
pub struct MendScreen {
    texts: Texts,
    why: String,
    mend: Mend,
    stage: Stage,
}

impl MendScreen {
    /// A screen that says why and offers to mend it.
    pub fn new(why: String, mend: Mend) -> Self {
        Self { texts: Texts::english(), why, mend, stage: Stage::Offered }
    }

    /// Draws the screen over all of `ui` and takes its keys.
    pub fn show(&mut self, ui: &mut Ui) {
        self.look(ui.ctx());
        let sizes = Sizes::of(ui.ctx().content_rect().size());
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, CANNOT_CHECK.fill);
        let inner = rect.shrink(sizes.margin);
        let split = inner.max.y - PRIMARY - sizes.margin;
        let words = Rect::from_min_max(inner.min, pos2(inner.max.x, split));
        column_ui(ui, words, &self.lines(&sizes), Align::Min, "mend");
        self.button(ui, Rect::from_min_max(pos2(inner.min.x, split), inner.max));
    }

    fn lines(&self, sizes: &Sizes) -> Vec<Line> {
        let (headline, told) = match &self.stage {
            Stage::Offered => ("ui.mend_title", self.why.as_str()),
            Stage::Working(_) => ("ui.mend_working", self.texts.get("ui.mend_working_hint")),
            Stage::Done(told) => ("ui.mend_done", told.as_str()),
            Stage::Failed(told) => ("ui.mend_failed", told.as_str()),
        };
        let headline = self.texts.get(headline);
        let headline = Line::new(headline, Face::Strong, sizes.headline * 0.8, CANNOT_CHECK.ink);
        let told = Line::new(told, Face::Plain, sizes.body * 1.1, CANNOT_CHECK.soft);
        vec![headline.rows(2).keep(), told.rows(8).gap(sizes.body * 0.6)]
    }

    fn button(&mut self, ui: &mut Ui, rect: Rect) {
        if !matches!(self.stage, Stage::Offered | Stage::Failed(_)) {
            return;
        }
        let (cap, label) = (self.texts.get("ui.cap_enter"), self.texts.get("ui.mend_start"));
        let builder = egui::UiBuilder::new().max_rect(rect);
        let size = vec2(rect.width().min(420.0), PRIMARY);
        let clicked = ui.scope_builder(builder, |ui| {
            key_button_ui(ui, cap, label, size, (Look::Primary, true)).clicked()
        });
        if clicked.inner || press::pressed(ui.ctx(), Key::Enter) {
            self.start();
        }
    }

    fn start(&mut self) {
        let (sender, receiver) = sync_channel(1);
        let mend = Arc::clone(&self.mend);
        let work = move || drop(sender.send(mend()));
        let started = std::thread::Builder::new().name("mend".to_owned()).spawn(work);
        self.stage = match started {
            Ok(_thread) => Stage::Working(receiver),
            Err(error) => Stage::Failed(error.to_string()),
        };
    }

    /// Takes what came of the work, once it is done.
    fn look(&mut self, ctx: &Context) {
        let Stage::Working(work) = &self.stage else {
            return;
        };
        self.stage = match work.try_recv() {
            Ok(Ok(told)) => Stage::Done(told),
            Ok(Err(told)) => Stage::Failed(told),
            Err(TryRecvError::Empty) => return ctx.request_repaint_after_secs(LOOK_S),
            Err(TryRecvError::Disconnected) => {
                Stage::Failed(self.texts.get("ui.mend_broken").to_owned())
            }
        };
    }
}

impl eframe::App for MendScreen {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use egui_kittest::{HarnessBuilder, kittest::Queryable as _};

    use super::*;

    #[test]
    fn the_button_mends_and_what_failed_may_be_tried_again() {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let mend: Mend = Arc::new(move || match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Err("no network".to_owned()),
            _ => Ok("all there".to_owned()),
        });
        let screen = MendScreen::new("the store was set back".to_owned(), mend);
        let builder = HarnessBuilder::default().with_size(vec2(1024.0, 640.0));
        let mut window = builder
            .with_context_setup(theme::install)
            .build_ui_state(|ui, screen: &mut MendScreen| screen.show(ui), screen);
        window.get_by_label("the store was set back");
        for told in ["no network", "all there"] {
            window.key_press(Key::Enter);
            window.step();
            while matches!(window.state().stage, Stage::Working(_)) {
                std::thread::yield_now();
                window.step();
            }
            window.step();
            window.get_by_label(told);
        }
        assert_eq!(tries.load(Ordering::SeqCst), 2);
        assert!(matches!(window.state().stage, Stage::Done(_)), "nothing is left to press");
        window.key_press(Key::Enter);
        window.step();
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }
}
