//! The two ends a screen holds: the newest view to read, a bounded queue to push commands into.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{SyncSender, TrySendError},
};

use super::{command::Command, view::View};

/// The newest view of the terminal.
pub type ViewCell = NewestCell<View>;

/// A cell that always holds what is to be shown; reading never waits for the work behind it.
pub struct NewestCell<T> {
    newest: Arc<Mutex<Arc<T>>>,
    on_change: Arc<Mutex<Vec<Notify>>>,
}

impl<T> Clone for NewestCell<T> {
    fn clone(&self) -> Self {
        Self { newest: Arc::clone(&self.newest), on_change: Arc::clone(&self.on_change) }
    }
}

type Notify = Box<dyn Fn() + Send>;

impl<T: PartialEq> NewestCell<T> {
    /// A cell that holds `first`.
    pub fn new(first: T) -> Self {
        Self { newest: Arc::new(Mutex::new(Arc::new(first))), on_change: Arc::default() }
    }

    /// What was set last.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces what is there and wakes the screen when it differs.
    pub fn set(&self, next: T) {
        self.change(|_before| next);
    }

    /// The same with something made of what is there; changes by several threads do not undo each other.
    pub fn change(&self, next: impl FnOnce(&T) -> T) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next(&newest);
        if **newest == next {
            return;
        }
        *newest = Arc::new(next);
        drop(newest);
        let watchers = self.on_change.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.iter().for_each(|notify| notify());
    }

    /// Calls `notify` after every change, from the thread that made it; it must return at once.
    pub fn on_change(&self, notify: impl Fn() + Send + 'static) {
        let mut watchers = self.on_change.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.push(Box::new(notify));
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
