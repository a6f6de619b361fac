//! What every route holds: the platform, the gate before it, and the room for work on the store.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use super::{gate::Gate, problem::Problem, server::Bounds};
use crate::platform::service::Platform;

/// Questions that wait for the store at the same time, or are being answered by it.
const WORK_MAX: usize = 64;

/// How long a question may wait for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The platform as its routes see it.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) platform: Arc<Platform>,
    pub(super) gate: Arc<Gate>,
    /// How long a request may take from its head to its answer.
    pub(super) request: Duration,
    work: Arc<Semaphore>,
}

impl Edge {
    pub(super) fn new(platform: Arc<Platform>, bounds: &Bounds) -> Self {
        let work = Arc::new(Semaphore::new(WORK_MAX));
        let gate = Arc::new(Gate::new(&bounds.rates));
        Self { platform, gate, request: bounds.request, work }
    }

    /// Runs what waits for the store where waiting is allowed, in the order of arrival.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Platform) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.work).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Problem::busy());
        };
        let platform = Arc::clone(&self.platform);
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&platform);
            drop(turn);
            done
        });
        done.await.unwrap_or_else(|lost| {
            tracing::error!(%lost, "a request was lost");
            Err(Problem::internal())
        })
    }
}
