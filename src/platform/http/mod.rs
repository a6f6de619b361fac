//! The platform over HTTP: two routes for terminals, three for customers' phones, lists for owners' programs, and a health
//! check.

mod body;
mod dispute;
mod embedded;
mod lists;
mod problem;
mod terminals;
mod vouchers;
mod witness;

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};
use tower_http::compression::CompressionLayer;

pub use body::{is_of_type, voucher_asked};
pub use dispute::page;
pub use embedded::Embedded;

use super::service::Platform;
use crate::domain::sync::MESSAGE_BYTES_MAX;

/// How long a request may take from its first byte to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// All routes.
pub fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/healthz", get(lists::health))
        .route("/v1/enrol", post(terminals::enrol))
        .route("/v1/sync", post(terminals::sync))
        .route("/v1/vouchers/refresh", post(vouchers::refresh).layer(vouchers::limit()))
        .route("/v1/witness", post(witness::witness).layer(witness::limit()))
        .route("/E/{entry}", get(witness::page))
        .route("/v1/redemptions", get(lists::redemptions))
        .route("/v1/conflicts", get(lists::conflicts))
        .route("/v1/conflicts/{id}", get(dispute::conflict))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES_MAX))
        .layer(middleware::from_fn(problem::trace))
        .layer(CompressionLayer::new())
        .with_state(platform)
}

/// Serves until `shutdown` ends, then lets open requests finish for a few seconds.
pub async fn serve(
    listener: TcpListener,
    platform: Arc<Platform>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let server = axum::serve(listener, router(platform)).with_graceful_shutdown(async move {
        shutdown.await;
        stopping.send(()).ok();
    });
    let overdue = async move {
        stopped.await.ok();
        sleep(GRACE).await;
    };
    tokio::select! {
        ended = server.into_future() => ended,
        () = overdue => Ok(()),
    }
}

#[cfg(test)]
mod tests;
