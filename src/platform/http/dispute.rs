//! A conflict for owners: as JSON for programs, as a page of its own for people.

use std::fmt::Write as _;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, header},
    response::{Html, IntoResponse as _, Response},
};

use super::{edge::Edge, problem::Problem, sender::Sender, tokens};
use crate::platform::service::{Dispute, Right, Side};

/// Most sides on a page; programs read them all.
const SIDES_MAX: usize = 20;

/// `GET /v1/conflicts/{id}`
pub(super) async fn conflict(
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Response, Problem> {
    let shown = tokens::shown(&edge, sender, &headers)?;
    let dispute = edge.run(move |platform| {
        let scope = shown.opens(platform, Right::Conflicts)?;
        let Path(id) = id.map_err(|_error| Problem::malformed("a conflict has a number"))?;
        Ok(platform.conflict_for(scope, id)?)
    });
    let dispute = dispute.await?;
    if wants_page(&headers) {
        return Ok(Html(page(&dispute)).into_response());
    }
    Ok(Json(dispute).into_response())
}

/// Whether a page is named before JSON.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let kinds = accepted.unwrap_or("").split(',');
    let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or("").trim());
    let named = kinds.find(|kind| ["text/html", "application/json"].contains(kind));
    named == Some("text/html")
}

/// The dispute as one page without anything from elsewhere: what each side wrote down, and who bears it.
pub fn page(dispute: &Dispute) -> String {
    let mut page = String::new();
    let title = format!("Conflict {}", dispute.id);
    push(&mut page, HEAD);
    push(&mut page, &format!("<title>{title}</title></head><body><h1>{title}</h1>"));
    push(&mut page, "<dl>");
    for (name, text) in about(dispute) {
        push(&mut page, &format!("<dt>{name}</dt><dd>{}</dd>", escape(&text)));
    }
    push(&mut page, "</dl>");
    let shown = dispute.sides.get(..SIDES_MAX).unwrap_or(&dispute.sides);
    push(&mut page, "<table><tr><th></th>");
    for (number, _) in (1_usize..).zip(shown) {
        let name = if number == 1 { "Beyond the limit" } else { "Before it" };
        push(&mut page, &format!("<th scope=\"col\">{name}</th>"));
    }
    push(&mut page, "</tr>");
    for (name, cell) in ROWS {
        push(&mut page, &format!("<tr><th scope=\"row\">{name}</th>"));
        for side in shown {
            let lines: Vec<_> = cell(side).iter().map(|line| escape(line)).collect();
            push(&mut page, &format!("<td>{}</td>", lines.join("<br>")));
        }
        push(&mut page, "</tr>");
    }
    push(&mut page, "</table>");
    let hidden = dispute.sides.len().saturating_sub(shown.len());
    if hidden > 0 {
        push(&mut page, &format!("<p>{hidden} more redemptions are in the JSON of this page.</p>"));
    }
    push(&mut page, "</body></html>");
    page
}

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><style>\
body{font:16px/1.4 sans-serif;margin:2em;color:#111;background:#fff}\
table{border-collapse:collapse}th,td{border:1px solid #999;padding:.4em .6em;\
text-align:left;vertical-align:top;overflow-wrap:anywhere}\
dt{font-weight:bold}dd{margin:0 0 .6em}</style>";

fn push(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    write!(page, "{text}").ok();
}

fn about(dispute: &Dispute) -> [(&'static str, String); 5] {
    let bearer = match (&dispute.bearer_name, dispute.bearer) {
        (Some(name), Some(id)) => format!("{name} (merchant {id})"),
        _issuer => format!("the issuer {}", dispute.issuer),
    };
    [
        ("Voucher", format!("{} of {}", dispute.voucher, dispute.issuer)),
        ("Campaign", format!("{} ({})", dispute.title, dispute.campaign)),
        ("Found", dispute.found.clone()),
        ("Borne by", bearer),
        ("Why", dispute.why_text.to_owned()),
    ]
}

type Row = (&'static str, fn(&Side) -> Vec<String>);

const ROWS: [Row; 17] = [
    ("When, by the terminal's clock", |side| vec![side.at.clone()]),
    ("Received", |side| vec![side.received.clone()]),
    ("Merchant", |side| vec![named(Some(&side.merchant_name), side.merchant)]),
    ("Branch", |side| vec![named(Some(&side.branch_name), side.branch)]),
    ("Terminal", |side| {
        let place = format!("entry {} of epoch {}", side.seq, side.epoch);
        vec![named(Some(&side.terminal_name), side.terminal), place]
    }),
    ("Operator", |side| person(side.operator, side.operator_name.as_ref())),
    ("Approved by", |side| person(side.approved_by, side.approver_name.as_ref())),
    ("Kind", |side| vec![side.kind.to_owned()]),
    ("Uses", |side| vec![side.uses.to_string()]),
    ("Amount", |side| vec![format!("{} {}", side.amount, side.currency)]),
    ("Platform", |side| {
        let answer = if side.online { "had set it aside" } else { "had not agreed" };
        let lease = side.lease.map(|lease| format!("taken from lease {lease}"));
        [answer.to_owned()].into_iter().chain(lease).collect()
    }),
    ("Presence", |side| vec![side.presence.to_owned()]),
    ("Status list", |side| match (&side.list_as_of, side.list_age_s) {
        (Some(time), Some(age)) => vec![format!("of {time}, {age} s old")],
        _none => vec!["none".to_owned()],
    }),
    ("Trust bundle", |side| vec![format!("version {}", side.bundle)]),
    ("Findings", |side| {
        let lines = side.findings.iter();
        lines.map(|finding| format!("{} ({})", finding.text, finding.code)).collect()
    }),
    ("Note", |side| side.note.iter().cloned().collect()),
    ("Hash of the signed entry", |side| vec![side.hash.clone()]),
];

fn named(name: Option<&String>, number: u32) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} ({number})"),
        None => number.to_string(),
    }
}

fn person(number: Option<u32>, name: Option<&String>) -> Vec<String> {
    vec![number.map_or_else(|| "nobody".to_owned(), |number| named(name, number))]
}

/// Text as it may stand between tags or in quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}
