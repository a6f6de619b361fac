//! The two ends a screen holds: the newest view to read, a bounded queue to push commands into.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{SyncSender, TrySendError},
};

use super::{command::Command, view::View};

/// A cell that always holds the newest view; reading never waits for the engine's work.
#[derive(Clone)]
pub struct ViewCell {
    newest: Arc<Mutex<Arc<View>>>,
    on_change: Arc<Mutex<Option<Notify>>>,
}

type Notify = Box<dyn Fn() + Send>;

impl ViewCell {
    /// A cell that holds `first`.
    pub fn new(first: View) -> Self {
        Self { newest: Arc::new(Mutex::new(Arc::new(first))), on_change: Arc::default() }
    }

    /// The newest view.
    pub fn get(&self) -> Arc<View> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the view and wakes the screen when it differs from the one before.
    pub fn set(&self, view: View) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if **newest == view {
            return;
        }
        *newest = Arc::new(view);
        drop(newest);
        if let Some(notify) = &*self.on_change.lock().unwrap_or_else(PoisonError::into_inner) {
            notify();
        }
    }

    /// Calls `notify` after every change, from the engine's thread; it must return at once.
    pub fn on_change(&self, notify: impl Fn() + Send + 'static) {
        *self.on_change.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(notify));
    }
}

/// What a screen or a reader holds of the engine.
pub struct TerminalHandle<E> {
    /// The newest view.
    pub view: ViewCell,
    events: SyncSender<E>,
}

impl<E> Clone for TerminalHandle<E> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone(), events: self.events.clone() }
    }
}

impl<E: From<Command>> TerminalHandle<E> {
    /// A handle on the engine that reads `events`.
    pub fn new(view: ViewCell, events: SyncSender<E>) -> Self {
        Self { view, events }
    }

    /// Queues a command; false when the engine is gone or its queue is full.
    pub fn send(&self, command: Command) -> bool {
        match self.events.try_send(command.into()) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}
