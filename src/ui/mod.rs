//! The counter screen: reads a view, pushes commands; no IO, no rule.
//!
//! [`run`] opens the window. [`counter::Counter`] is the screen without a window, for tests.

use std::{collections::VecDeque, sync::Arc};

use egui::{Context, RawInput, Ui, ViewportBuilder, vec2};

use crate::terminal::{command::Command, handle::TerminalHandle, text::Texts, view::View};

pub mod counter;
pub mod keys;
pub mod mend;
pub mod phone;
pub mod readers;
pub mod screens;
pub mod theme;
pub mod widgets;

mod icon;
#[cfg(test)]
mod testing;

use counter::Counter;
use phone::{PhoneCommand, PhoneSource};
use readers::{ReadersHandle, ReadersView};

/// Commands kept while the engine's queue is full; beyond it the oldest are dropped.
const OUTBOX_MAX: usize = 32;
/// Pause before a command is offered again, in seconds.
const RETRY_S: f32 = 0.1;

/// Opens the counter window and returns when it is closed.
///
/// The phone panel is shown where there is a source for it. Errors are those of opening a window.
pub fn run<E: From<Command> + Send + 'static>(
    handle: TerminalHandle<E>,
    readers: ReadersHandle,
    phone: Option<PhoneSource>,
) -> eframe::Result {
    let viewport = ViewportBuilder::default()
        .with_title("Countersign")
        .with_app_id("countersign")
        .with_icon(icon::icon())
        .with_inner_size(vec2(1366.0, 768.0))
        .with_min_inner_size(vec2(800.0, 560.0));
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    eframe::run_native(
        "Countersign",
        options,
        Box::new(move |creation| {
            let app = TerminalApp::new(&creation.egui_ctx, handle, readers, phone);
            Ok(Box::new(app))
        }),
    )
}

/// The window: hands views to the counter and its commands to the engine.
pub struct TerminalApp<E> {
    handle: TerminalHandle<E>,
    readers: ReadersHandle,
    view: Arc<View>,
    counter: Counter,
    phone: Option<PhoneSource>,
    outbox: VecDeque<Command>,
}

impl<E: From<Command> + Send + 'static> TerminalApp<E> {
    /// A window on the engine of `handle`; call it before the first frame, as it sets the fonts.
    pub fn new(
        ctx: &Context,
        handle: TerminalHandle<E>,
        readers: ReadersHandle,
        phone: Option<PhoneSource>,
    ) -> Self {
        theme::install(ctx);
        let waker = ctx.clone();
        handle.view.on_change(move || waker.request_repaint());
        let waker = ctx.clone();
        readers.cell.on_change(move || waker.request_repaint());
        Self {
            view: handle.view.get(),
            counter: Counter::new(Texts::english()),
            outbox: VecDeque::new(),
            handle,
            readers,
            phone,
        }
    }

    fn queue(&mut self, commands: Vec<Command>) {
        self.outbox.extend(commands);
        while self.outbox.len() > OUTBOX_MAX {
            tracing::warn!("a command was dropped: the engine does not take commands");
            self.outbox.pop_front();
        }
    }

    /// Sends what waits, in order; keeps what the engine does not take for the next frame.
    fn flush(&mut self, ctx: &Context) {
        while let Some(command) = self.outbox.front() {
            if !self.handle.send(command.clone()) {
                ctx.request_repaint_after_secs(RETRY_S);
                break;
            }
            self.outbox.pop_front();
        }
        self.counter.stuck = !self.outbox.is_empty();
    }

    /// Tells the readers whether they are being tested.
    fn follow_test(&self) {
        let testing = self.counter.testing();
        if testing != self.counter.readers.testing {
            self.readers.cell.change(|before| ReadersView {
                testing,
                heard: None,
                ..before.clone()
            });
        }
    }

    fn act(&mut self, commands: Vec<PhoneCommand>) {
        let Some(phone) = &mut self.phone else {
            return;
        };
        for command in commands {
            let shown = (phone.act)(command);
            if let (PhoneCommand::Hold(index), Some(shown)) = (command, shown)
                && let Some(card) = phone.view.cards.get_mut(index)
            {
                *card = shown;
            }
        }
    }
}

impl<E: From<Command> + Send + 'static> eframe::App for TerminalApp<E> {
    fn raw_input_hook(&mut self, ctx: &Context, raw: &mut RawInput) {
        let scans = self.counter.capture(ctx, raw);
        self.queue(scans);
    }

    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.view = self.handle.view.get();
        self.counter.readers = self.readers.cell.get();
        self.flush(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let phone = self.phone.as_ref().map(|phone| &phone.view);
        let wishes = self.counter.ui(ui, &self.view, phone);
        // An input method would swallow the keys of a reader; codes and numbers need none.
        ui.ctx().output_mut(|output| output.ime = None);
        self.follow_test();
        self.queue(wishes.commands);
        self.flush(ui.ctx());
        wishes.readers.into_iter().for_each(|command| self.readers.send(command));
        self.act(wishes.phone);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;
    use crate::{
        terminal::{command::UndoReason, handle::ViewCell},
        ui::readers::ReadersCell,
    };

    fn app(ctx: &Context, places: usize) -> (TerminalApp<Command>, Receiver<Command>) {
        let (sender, receiver) = sync_channel(places);
        let handle = TerminalHandle::new(ViewCell::new(testing::ready()), sender);
        let (commands, _none) = sync_channel(1);
        let readers = ReadersHandle::new(ReadersCell::new(ReadersView::default()), commands);
        (TerminalApp::new(ctx, handle, readers, None), receiver)
    }

    #[test]
    fn a_full_queue_delays_commands_and_loses_none() {
        let ctx = Context::default();
        let (mut app, engine) = app(&ctx, 1);
        let commands = [
            Command::SyncNow,
            Command::Dismiss,
            Command::Undo { entry: 1, reason: UndoReason::WrongScan },
        ];
        app.queue(commands.to_vec());
        let mut arrived = Vec::new();
        for _ in 0..commands.len() {
            app.flush(&ctx);
            arrived.extend(engine.try_recv());
        }
        assert_eq!(arrived, commands);
        assert!(!app.counter.stuck);
    }

    #[test]
    fn an_engine_that_takes_nothing_is_told_and_the_outbox_stays_bounded() {
        let ctx = Context::default();
        let (mut app, engine) = app(&ctx, 1);
        drop(engine);
        for _ in 0..100 {
            app.queue(vec![Command::SyncNow]);
            app.flush(&ctx);
        }
        assert!(app.counter.stuck);
        assert_eq!(app.outbox.len(), 32);
    }
}
