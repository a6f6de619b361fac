//! Making, serving and looking at the platform as a whole.

use std::{future::Future, io::Write, path::Path, sync::Arc};

use super::{
    CliError,
    args::{InitArgs, ServeArgs},
    tls,
};
use crate::platform::{clock::Clock, entropy::Entropy, http::Server, site::Site};

pub(super) fn init(data: &Path, args: &InitArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let (site, token) = Site::create(data, &args.name, Clock::system(), Entropy::system())?;
    writeln!(out, "Made the platform {:?} in {}.", args.name, data.display())?;
    writeln!(out, "Root key:  {}", site.platform().root_key())?;
    writeln!(out, "Token 1:   {} (shown this once; it reads everything)", token.reveal())?;
    writeln!(out, "Keep a copy of the directory's key files where nobody else reads them.")?;
    Ok(())
}

pub(super) fn serve(site: &Site, args: &ServeArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let scheme = if args.tls_cert.is_some() { "https" } else { "http" };
    let url = match &args.url {
        Some(url) => url.clone(),
        None => format!("{scheme}://{}", args.listen),
    };
    let server = server(site, args)?;
    site.set_url(&url)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("platform-http")
        .build()
        .map_err(CliError::Serve)?;
    let listener =
        runtime.block_on(tokio::net::TcpListener::bind(args.listen)).map_err(CliError::Serve)?;
    let address = listener.local_addr().map_err(CliError::Serve)?;
    writeln!(
        out,
        "Serving on {scheme}://{address}, known to terminals as {url}. Stop with Ctrl-C."
    )?;
    out.flush()?;
    let ended = runtime.block_on(async move {
        let stop = stop_signal()?;
        server.serve(listener, stop).await
    });
    ended.map_err(CliError::Serve)
}

fn server(site: &Site, args: &ServeArgs) -> Result<Server, CliError> {
    let server = Server::new(Arc::clone(site.platform())).behind(&args.proxy);
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Ok(server.with_tls(tls::config(certificate, key)?)),
        _none => Ok(server),
    }
}

pub(super) fn status(site: &Site, out: &mut dyn Write) -> Result<(), CliError> {
    let platform = site.platform();
    let numbers = platform.statistics()?;
    let name = platform.setting("name")?.unwrap_or_default();
    let url = site.url()?.unwrap_or_else(|| "not served yet".to_owned());
    let lines = [
        ("Platform", name),
        ("Address", url),
        ("Root key", platform.root_key().to_string()),
        ("Merchants", numbers.merchants.to_string()),
        ("Branches", numbers.branches.to_string()),
        ("Campaigns", numbers.campaigns.to_string()),
        ("Vouchers", numbers.counts.vouchers.to_string()),
        ("Terminals", numbers.terminals.to_string()),
        ("Journal entries", numbers.counts.entries.to_string()),
        ("Open claims", numbers.counts.claims.to_string()),
        ("Conflicts", numbers.counts.conflicts.to_string()),
    ];
    for (label, value) in lines {
        writeln!(out, "{label:<16} {value}")?;
    }
    Ok(())
}

/// Ends when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        tokio::signal::ctrl_c().await.ok();
    })
}
