//! The server: takes connections within bounds, with TLS where it has a certificate, and waits for nobody for ever.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::{
    gate::Rates,
    patient::Patient,
    router_with,
    seats::{Seat, Seats},
    sender::{Peer, Sender},
};
use crate::platform::service::Platform;

/// Most fields in the head of a request.
const HEADERS_MAX: usize = 64;

/// Longest head of a request, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// How long to wait after the system refused a connection, as when too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Bounds of a server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at the same time.
    pub connections: usize,
    /// Of these, from one address.
    pub per_address: usize,
    /// How long a head of a request, or a handshake, may take; also how long a connection may be idle.
    pub head: Duration,
    /// How long a request may take from its head to its answer.
    pub request: Duration,
    /// How long the other end may take nothing of an answer.
    pub stall: Duration,
    /// How long a connection may last.
    pub life: Duration,
    /// How long open requests may go on after the server was told to stop.
    pub grace: Duration,
    /// How often anybody may ask.
    pub rates: Rates,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            // Systems commonly let a program have 1024 files open.
            connections: 900,
            per_address: 300,
            head: Duration::from_secs(20),
            request: Duration::from_secs(30),
            stall: Duration::from_secs(20),
            life: Duration::from_mins(10),
            grace: Duration::from_secs(5),
            rates: Rates::default(),
        }
    }
}

/// A platform with the way it is served.
#[derive(Clone)]
pub struct Server {
    platform: Arc<Platform>,
    tls: Option<TlsAcceptor>,
    proxies: Arc<[IpAddr]>,
    bounds: Bounds,
}

impl Server {
    /// A server without TLS, for this machine or behind a proxy.
    pub fn new(platform: Arc<Platform>) -> Self {
        Self { platform, tls: None, proxies: Arc::default(), bounds: Bounds::default() }
    }

    /// Serves TLS only.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(TlsAcceptor::from(config));
        self
    }

    /// Takes the word of these proxies for whom they speak.
    #[must_use]
    pub fn behind(mut self, proxies: &[IpAddr]) -> Self {
        self.proxies = proxies.iter().map(IpAddr::to_canonical).collect();
        self
    }

    /// With other bounds.
    #[must_use]
    pub fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Serves until `shutdown` ends, then lets open requests finish for a few seconds.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let mut shutdown = pin!(shutdown);
        let room = Arc::new(Semaphore::new(self.bounds.connections));
        let seats = Seats::new(self.bounds.per_address);
        let (stop, stopped) = watch::channel(());
        let router = router_with(Arc::clone(&self.platform), &self.bounds);
        loop {
            let (permit, stream, address) = tokio::select! {
                next = accept(&listener, &room) => next,
                () = &mut shutdown => break,
            };
            let address = address.ip();
            // A proxy sits for everyone behind it.
            let seat = seats.take(Sender::at(address));
            if seat.is_none() && !self.proxies.contains(&address.to_canonical()) {
                tracing::debug!(%address, "too many connections of one address");
                continue;
            }
            let held = (permit, seat);
            let peer = Peer { address, proxies: Arc::clone(&self.proxies) };
            let guest = Guest { server: self.clone(), stopped: stopped.clone(), _held: held };
            tokio::spawn(guest.attend(stream, router.clone().layer(Extension(peer))));
        }
        drop((listener, stop));
        let all = u32::try_from(self.bounds.connections).unwrap_or(u32::MAX);
        timeout(self.bounds.grace, room.acquire_many(all)).await.ok();
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.bounds)
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr) {
    // The semaphore is never closed.
    let permit = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (permit, stream, address),
            Err(error) if is_of_the_other_end(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection could be taken");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused | Kind::ConnectionAborted | Kind::ConnectionReset
    )
}

/// One connection.
struct Guest {
    server: Server,
    stopped: watch::Receiver<()>,
    _held: (Option<OwnedSemaphorePermit>, Option<Seat>),
}

impl Guest {
    async fn attend(self, stream: TcpStream, router: Router) {
        stream.set_nodelay(true).ok();
        let bounds = self.server.bounds;
        let stream = Patient::new(stream, bounds.stall);
        let Some(tls) = &self.server.tls else {
            return self.answer(stream, router).await;
        };
        match timeout(bounds.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.answer(stream, router).await,
            Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
            Err(_late) => tracing::debug!("a handshake took too long"),
        }
    }

    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send, router: Router) {
        let bounds = self.server.bounds;
        let mut stopped = self.stopped.clone();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _stop = stopped.changed() => finish(connection, bounds.grace).await,
            () = sleep(bounds.life) => finish(connection, bounds.request).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Lets the request that is open be answered, and no other.
async fn finish<I, S>(
    mut connection: std::pin::Pin<&mut http1::Connection<I, S>>,
    grace: Duration,
) -> hyper::Result<()>
where
    S: hyper::service::HttpService<hyper::body::Incoming>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S::ResBody: hyper::body::Body + 'static,
    <S::ResBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    connection.as_mut().graceful_shutdown();
    timeout(grace, connection).await.unwrap_or(Ok(()))
}
