//! The platform over HTTP: two routes for terminals, one for customers' phones, lists for owners' programs, and a health
//! check.

mod buckets;
mod gate;
mod patient;
mod seats;
mod sender;

mod edge;
mod headers;
mod problem;
mod tokens;

mod dispute;
mod lists;
mod terminals;
mod vouchers;

mod embedded;
mod server;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tower_http::compression::CompressionLayer;

pub use dispute::page;
pub use embedded::Embedded;
pub use gate::Rates;
pub use server::{Bounds, Server};

use self::edge::Edge;
use super::service::Platform;
use crate::domain::sync::REQUEST_BYTES_MAX;

/// All routes.
pub fn router(platform: Arc<Platform>) -> Router {
    router_with(platform, &Bounds::default())
}

/// All routes within bounds.
fn router_with(platform: Arc<Platform>, bounds: &Bounds) -> Router {
    let edge = Edge::new(platform, bounds);
    Router::new()
        .route("/healthz", get(lists::health))
        .route("/v1/enrol", post(terminals::enrol))
        .route("/v1/sync", post(terminals::sync))
        .route("/v1/vouchers/refresh", post(vouchers::refresh).layer(vouchers::limit()))
        .route("/v1/redemptions", get(lists::redemptions))
        .route("/v1/conflicts", get(lists::conflicts))
        .route("/v1/conflicts/{id}", get(dispute::conflict))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(middleware::from_fn_with_state(edge.clone(), problem::trace))
        .layer(middleware::map_response(headers::harden))
        .layer(CompressionLayer::new())
        .with_state(edge)
}

#[cfg(test)]
mod tests;
