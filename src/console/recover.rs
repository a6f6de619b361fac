//! `recover`.

use std::sync::Arc;

use serde_json::json;

use super::{Console, ConsoleError, Exit, random};
use crate::terminal::{
    recovery::{self, Means, Recovery},
    server,
    source::Source,
};

pub(super) fn run(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    if console.offline {
        let reason = "a recovery needs the platform; leave --offline out";
        return Err(ConsoleError::Usage(reason.to_owned()));
    }
    let source = Source::from(&console.data);
    let url = recovery::platform_url(&source)?;
    let transport = server::transport(&console.data, &url, None, Arc::clone(&console.clock))?;
    let means = Means { transport: &transport, random, now: console.clock.now() };
    let recovery = recovery::recover(&source, means)?;
    // Lists, bundle and conflicts come with the first sync; what was found in the damaged files goes out with it.
    console.unattended()?.sync();
    tell(console, recovery)?;
    Ok(if recovery.lost.is_none() { Exit::Done } else { Exit::CannotCheck })
}

fn tell(console: &mut Console<'_>, recovery: Recovery) -> Result<(), ConsoleError> {
    if console.json {
        return console.line(json!({
            "from_platform": recovery.from_platform,
            "salvaged": recovery.salvaged,
            "lost": recovery.lost,
        }));
    }
    recovery.sentences().into_iter().try_for_each(|sentence| console.line(sentence))
}
