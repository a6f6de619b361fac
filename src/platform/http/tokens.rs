//! Who shows a token, and what it opens.

use axum::http::{HeaderMap, header};

use super::{edge::Edge, gate::Who, problem::Problem, sender::Sender};
use crate::platform::service::{Platform, Right, Scope};

/// What a request shows.
pub(super) struct Shown {
    edge: Edge,
    sender: Sender,
    token: String,
}

/// The token of a request; whether it opens anything is looked at with [`Shown::opens`].
pub(super) fn shown(edge: &Edge, sender: Sender, headers: &HeaderMap) -> Result<Shown, Problem> {
    let token = bearer(headers).ok_or_else(|| refused(edge, sender))?;
    Ok(Shown { edge: edge.clone(), sender, token })
}

/// The token in the head of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

impl Shown {
    /// Of whom the token may ask this. Whoever holds one is let through, whatever others at the same address do.
    pub(super) fn opens(&self, platform: &Platform, right: Right) -> Result<Scope, Problem> {
        let gate = &self.edge.gate;
        let Some(token) = platform.token(&self.token)? else {
            return Err(refused(&self.edge, self.sender));
        };
        let who = Who::Token(token.id);
        gate.admit_proven(who)?;
        gate.proven(self.sender, who);
        token.role.scope(right).ok_or_else(Problem::forbidden)
    }
}

/// An address that guessed too often is told to wait instead of whether it was right.
fn refused(edge: &Edge, sender: Sender) -> Problem {
    let waits = edge.gate.admit(sender, None);
    edge.gate.failed(sender, None);
    waits.err().unwrap_or_else(Problem::unauthorized)
}
