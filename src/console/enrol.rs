//! `enrol`.

use super::{Console, ConsoleError, Exit, args::EnrolArgs, voucher};
use crate::{
    domain::enrol::EnrolmentCode,
    net::HttpTransport,
    terminal::{
        enrolment::{self, EnrolmentError},
        source::Source,
    },
};

pub(super) fn run(console: &mut Console<'_>, args: &EnrolArgs) -> Result<Exit, ConsoleError> {
    let text = voucher::text(&args.code)?;
    let code = EnrolmentCode::parse(&text).map_err(EnrolmentError::Answer)?;
    let transport = HttpTransport::new(&code.url)?;
    let source = Source::from(&console.data);
    if args.encrypt {
        let made = source.make_store_key(args.store_key.as_deref());
        made.map_err(EnrolmentError::Source)?;
    }
    source.make_device_key(args.key_store).map_err(EnrolmentError::Source)?;
    let store = enrolment::enrol(&console.data, &code, &transport, console.clock.now().time)?;
    let identity = store.identity().clone();
    drop(store);
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
