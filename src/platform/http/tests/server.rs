//! The server and those who waste its time.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use super::*;

/// A server that waits for nobody, on a thread of its own for as long as the test runs.
fn serve(world: &World, bounds: Bounds) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(Arc::clone(&world.platform)).within(bounds);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::thread::Builder::new()
        .spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                server.serve(listener, std::future::pending()).await.unwrap();
            });
        })
        .unwrap();
    address
}

fn short() -> Bounds {
    let soon = Duration::from_millis(300);
    Bounds { head: soon, request: soon, stall: soon, ..Bounds::default() }
}

/// Reads until the server ends the connection; what it said, and how long that took.
fn to_the_end(mut stream: TcpStream) -> (String, Duration) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the time that passes is what is tested")]
    let start = Instant::now();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok();
    (String::from_utf8_lossy(&said).into_owned(), start.elapsed())
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let world = World::in_memory();
    let address = serve(&world, short());
    for beginning in ["", "POST /v1/sync HTTP/1.1\r\nhost: x\r\nx-a: ", "GET"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(beginning.as_bytes()).unwrap();
        let (_said, took) = to_the_end(stream);
        assert!(took < Duration::from_secs(5), "{beginning:?}: {took:?}");
    }
}

#[test]
fn a_body_that_drips_is_answered_in_time() {
    let world = World::in_memory();
    let address = serve(&world, short());
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /v1/sync HTTP/1.1\r\nhost: x\r\ncontent-type: application/cose\r\n\
                content-length: 1000\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut dripping = stream.try_clone().unwrap();
    std::thread::Builder::new()
        .spawn(move || {
            while dripping.write_all(b"x").is_ok() {
                std::thread::park_timeout(Duration::from_millis(50));
            }
        })
        .unwrap();
    let (said, took) = to_the_end(stream);
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("\"timeout\""), "{said}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_head_or_a_body_beyond_all_measure_is_refused() {
    let world = World::in_memory();
    let address = serve(&world, short());
    let fields = "x-a: b\r\n".repeat(1000);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes()).ok();
    let (said, _) = to_the_end(stream);
    assert!(said.starts_with("HTTP/1.1 431") || said.is_empty(), "{said}");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /v1/sync HTTP/1.1\r\nhost: x\r\ncontent-type: application/cose\r\n\
                content-length: 99999999999\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let (said, _) = to_the_end(stream);
    assert!(said.starts_with("HTTP/1.1 413") && said.contains("body_too_large"), "{said}");
}

#[test]
fn one_address_takes_only_its_share_of_the_connections() {
    let world = World::in_memory();
    let bounds = Bounds { per_address: 3, ..Bounds::default() };
    let address = serve(&world, bounds);
    let ask = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").ok();
        let mut said = [0; 12];
        stream.read_exact(&mut said).is_ok() && &said == b"HTTP/1.1 200"
    };
    let mut held: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert!(held.iter_mut().all(ask));
    assert!(!ask(&mut TcpStream::connect(address).unwrap()), "there is no fourth");
    drop(held);
    let again = (0..100).any(|_| {
        std::thread::park_timeout(Duration::from_millis(20));
        ask(&mut TcpStream::connect(address).unwrap())
    });
    assert!(again, "seats are free again");
}
