//! `enrol`.

use std::sync::Arc;

use super::{Console, ConsoleError, Exit, args::EnrolArgs, voucher};
use crate::{
    domain::enrol::EnrolmentCode,
    net::{HttpTransport, Times},
    terminal::{
        enrolment::{self, EnrolmentError},
        server::{self, ServerError},
    },
};

pub(super) fn run(console: &mut Console<'_>, args: &EnrolArgs) -> Result<Exit, ConsoleError> {
    let text = voucher::text(&args.code)?;
    let code = EnrolmentCode::parse(&text).map_err(EnrolmentError::Answer)?;
    let pins = code.pins.as_deref().unwrap_or(&[]);
    let trust = server::trust_of(&console.data, pins, args.ca.as_deref())?;
    let clock = Arc::clone(&console.clock);
    let times = Times::new(move || clock.now().time, None);
    let transport = HttpTransport::new(&code.url, &trust, times).map_err(ServerError::from)?;
    let store = enrolment::enrol(&console.data, &code, &transport, console.clock.now().time)?;
    let identity = store.identity().clone();
    drop(store);
    server::keep_pins(&console.data, pins)?;
    args.ca.as_deref().map(|file| server::keep_authorities(&console.data, file)).transpose()?;
    // The first lists, so that the terminal can work without the network from here on. They come later where this fails.
    console.unattended()?.sync();
    let who = serde_json::json!({
        "terminal": identity.terminal.0,
        "name": identity.name,
        "merchant": identity.merchant.0,
        "branch": identity.branch.0,
        "epoch": identity.epoch.0,
    });
    if console.json {
        console.line(who)?;
    } else {
        let (name, terminal, branch) = (&identity.name, identity.terminal, identity.branch);
        console.line(format_args!(
            "{name} is terminal {terminal} at branch {branch} of {}",
            code.url
        ))?;
    }
    Ok(Exit::Done)
}
