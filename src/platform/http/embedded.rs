//! A server inside another program: for the demo and for tests.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use super::Server;
use crate::platform::service::Platform;

/// How long work on the store may go on after the server has stopped.
const STORE_GRACE: Duration = Duration::from_secs(5);

/// A running server with a thread of its own; it stops when dropped.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Serves on this machine only, on a port that is free.
    pub fn start(platform: Arc<Platform>) -> io::Result<Self> {
        Self::start_at(platform, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Serves on an address, such as the one that a server which was stopped had.
    pub fn start_at(platform: Arc<Platform>, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime()?;
        let (stop, stopped) = oneshot::channel();
        let run = move || run(runtime, listener, platform, stopped);
        let thread = thread::Builder::new().name("platform".to_owned()).spawn(run)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is reached, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).thread_name("platform-http").enable_all().build()
}

fn run(
    runtime: Runtime,
    listener: TcpListener,
    platform: Arc<Platform>,
    stopped: oneshot::Receiver<()>,
) {
    let served = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let shutdown = async move {
            stopped.await.ok();
        };
        Server::new(platform).serve(listener, shutdown).await
    });
    if let Err(error) = served {
        tracing::error!(%error, "the embedded server failed");
    }
    runtime.shutdown_timeout(STORE_GRACE);
}
