//! What owners' programs read: redemptions and conflicts, with the API token.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{problem::Problem, terminals::blocking};
use crate::{
    domain::{id::BranchId, time::Timestamp},
    platform::{
        export,
        service::{LIST_MAX, Platform},
        store::RedemptionFilter,
    },
};

/// Which redemptions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redemptions {
    branch: Option<u32>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<u64>,
    limit: Option<u32>,
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Csv,
}

/// Which conflicts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conflicts {
    after: Option<u64>,
    limit: Option<u32>,
}

/// `GET /healthz`: whether the store answers.
pub(super) async fn health(State(platform): State<Arc<Platform>>) -> Result<Response, Problem> {
    blocking(move || Ok(platform.setting("name")?)).await?;
    Ok(Json(json!({ "status": "ok" })).into_response())
}

/// `GET /v1/redemptions`
pub(super) async fn redemptions(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    query: Result<Query<Redemptions>, QueryRejection>,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let page = blocking(move || {
        authorize(&platform, &token)?;
        let Query(query) = query.map_err(|error| Problem::malformed(error.body_text()))?;
        let page = platform.redemptions(&query.filter()?)?;
        Ok((page, query.format))
    });
    let (page, format) = page.await?;
    if format != Some(Format::Csv) {
        return Ok(Json(page).into_response());
    }
    let cursor = page.next_cursor.map(|cursor| cursor.to_string());
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    let table = export::csv(&page.redemptions).map_err(|_error| Problem::internal())?;
    let next = [("x-next-cursor", cursor.unwrap_or_default())];
    Ok((kind, next, table).into_response())
}

/// `GET /v1/conflicts`
pub(super) async fn conflicts(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    query: Result<Query<Conflicts>, QueryRejection>,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let lines = blocking(move || {
        authorize(&platform, &token)?;
        let Query(query) = query.map_err(|error| Problem::malformed(error.body_text()))?;
        let limit = query.limit.unwrap_or(100).min(100);
        Ok(platform.conflicts(query.after.unwrap_or(0), limit)?)
    });
    Ok(Json(json!({ "conflicts": lines.await? })).into_response())
}

impl Redemptions {
    fn filter(&self) -> Result<RedemptionFilter, Problem> {
        Ok(RedemptionFilter {
            branch: self.branch.map(BranchId),
            since: time(self.since.as_deref())?,
            until: time(self.until.as_deref())?,
            after: self.cursor.unwrap_or(0),
            limit: self.limit.unwrap_or(LIST_MAX),
            ..RedemptionFilter::default()
        })
    }
}

fn time(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let read = text.map(str::parse).transpose();
    read.map_err(|_error| Problem::malformed("write times like 2026-11-22T09:30:00Z"))
}

pub(super) fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    let value = headers.get(header::AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token.trim().to_owned())
    } else {
        Err(Problem::unauthorized())
    }
}

pub(super) fn authorize(platform: &Platform, token: &str) -> Result<(), Problem> {
    if platform.is_api_token(token)? { Ok(()) } else { Err(Problem::unauthorized()) }
}
