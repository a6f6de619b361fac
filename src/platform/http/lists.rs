//! What owners' programs read: redemptions and conflicts, with a token.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{edge::Edge, problem::Problem, sender::Sender, tokens};
use crate::{
    domain::{id::BranchId, time::Timestamp},
    platform::{
        export,
        service::{LIST_MAX, Right},
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
pub(super) async fn health(State(edge): State<Edge>, sender: Sender) -> Result<Response, Problem> {
    edge.gate.visit(sender)?;
    edge.run(|platform| Ok(platform.setting("name")?)).await?;
    Ok(Json(json!({ "status": "ok" })).into_response())
}

/// `GET /v1/redemptions`
pub(super) async fn redemptions(
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    query: Result<Query<Redemptions>, QueryRejection>,
) -> Result<Response, Problem> {
    let shown = tokens::shown(&edge, sender, &headers)?;
    let page = edge.run(move |platform| {
        let scope = shown.opens(platform, Right::Redemptions)?;
        let Query(query) = query.map_err(|error| Problem::malformed(error.body_text()))?;
        let filter = RedemptionFilter { merchant: scope.merchant(), ..query.filter()? };
        Ok((platform.redemptions(&filter)?, query.format))
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
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    query: Result<Query<Conflicts>, QueryRejection>,
) -> Result<Response, Problem> {
    let shown = tokens::shown(&edge, sender, &headers)?;
    let lines = edge.run(move |platform| {
        let scope = shown.opens(platform, Right::Conflicts)?;
        let Query(query) = query.map_err(|error| Problem::malformed(error.body_text()))?;
        let limit = query.limit.unwrap_or(100).min(100);
        Ok(platform.conflicts_for(scope, query.after.unwrap_or(0), limit)?)
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
