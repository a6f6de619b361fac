//! What a terminal sends goes to the platform's server and to no other, and no server holds a terminal up.

use std::{
    io::{Read as _, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::Builder,
    time::Duration,
};

use countersign::{
    domain::{crypto::hash, id::Hash, sync::MESSAGE_BYTES_MAX, time::Timestamp},
    net::{HttpTransport, ServerTrust, Times, Transport as _, TransportError},
    terminal::clock::{Clock as _, SystemClock},
};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use crate::authority::{Authority, Identity, YEAR_S};

/// Now, by the clock of these tests and by the dates of their certificates.
const NOW: Timestamp = Timestamp(1_795_338_000);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";

/// A server that says the same to everyone, and counts the requests it read.
struct Fake {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Fake {
    fn plain(answer: impl Fn(&mut dyn Write) + Send + 'static) -> Self {
        Self::start(move |stream, requests| {
            let mut stream = stream;
            if read_request(&mut stream) {
                requests.fetch_add(1, Ordering::SeqCst);
                answer(&mut stream);
            }
        })
    }

    fn tls(identity: &Identity) -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .unwrap();
        let config = Arc::new(config);
        Self::start(move |stream, requests| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if read_request(&mut stream) {
                requests.fetch_add(1, Ordering::SeqCst);
                stream.write_all(OK.as_bytes()).ok();
                stream.conn.send_close_notify();
                stream.flush().ok();
            }
        })
    }

    fn start(serve: impl Fn(TcpStream, &AtomicUsize) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let run = move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                serve(stream, &counted);
            }
        };
        Builder::new().spawn(run).unwrap();
        Self { address, requests }
    }

    fn plain_url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads a request with a body of five bytes.
fn read_request(stream: &mut impl std::io::Read) -> bool {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\nhello") {
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            _end => return false,
        }
    }
    true
}

fn call(transport: &HttpTransport) -> Result<Vec<u8>, TransportError> {
    transport.call("/v1/sync", b"hello".to_vec(), Duration::from_secs(10))
}

fn ask(url: &str, trust: &ServerTrust, times: Times) -> Result<Vec<u8>, TransportError> {
    call(&HttpTransport::new(url, trust, times)?)
}

fn at(time: Timestamp) -> Times {
    Times::new(move || time, None)
}

fn plainly(answer: impl Fn(&mut dyn Write) + Send + 'static) -> Result<Vec<u8>, TransportError> {
    call(&HttpTransport::on_this_machine(&Fake::plain(answer).plain_url())?)
}

fn is_untrusted(result: &Result<Vec<u8>, TransportError>) -> bool {
    matches!(result, Err(TransportError::Untrusted(_)))
}

#[test]
fn a_server_is_known_by_its_authority_and_nothing_is_sent_to_another() {
    let (ours, rogue) = (Authority::new("Shop CA"), Authority::new("Shop CA"));
    let trust = ServerTrust::from_pem(ours.pem().as_bytes()).unwrap();
    let good = Fake::tls(&ours.identity("localhost", (NOW, YEAR_S)));
    assert_eq!(ask(&good.url(), &trust, at(NOW)), Ok(b"hi".to_vec()));
    for other in [
        rogue.identity("localhost", (NOW, YEAR_S)),
        ours.identity("platform.example", (NOW, YEAR_S)),
        Identity::self_signed("localhost"),
    ] {
        let server = Fake::tls(&other);
        let refused = ask(&server.url(), &trust, at(NOW));
        assert!(is_untrusted(&refused), "{refused:?}");
        assert_eq!(server.requests(), 0, "not a byte of a request");
    }
    let refused = ask(&good.url(), &ServerTrust::System, at(NOW));
    assert!(is_untrusted(&refused), "the system knows no such authority: {refused:?}");
}

#[test]
fn a_pinned_key_is_the_servers_whatever_its_certificate_says() {
    let own = Identity::self_signed("another.example");
    let server = Fake::tls(&own);
    let other = Hash([7; 32]);
    for (pins, trusted) in [
        (vec![own.pin()], true),
        (vec![other, own.pin()], true),
        (vec![own.pin(), other], true),
        (vec![other], false),
        (Vec::new(), false),
    ] {
        // Dates are the authority's business, and a pinned key needs none.
        for time in [NOW, Timestamp(0), Timestamp(i64::MAX / 4)] {
            let answered = ask(&server.url(), &ServerTrust::Pins(pins.clone()), at(time));
            assert_eq!(answered.is_ok(), trusted, "{pins:?}: {answered:?}");
            assert_eq!(is_untrusted(&answered), !trusted);
        }
    }
    assert_eq!(server.requests(), 9);
}

#[test]
fn a_pinned_authority_vouches_for_names_and_dates_as_authorities_do() {
    let (ours, rogue) = (Authority::new("Shop CA"), Authority::new("Shop CA"));
    let trust = ServerTrust::Pins(vec![ours.pin()]);
    let sent_along = |identity: Identity| Fake::tls(&identity.with(&ours));
    let good = sent_along(ours.identity("localhost", (NOW, YEAR_S)));
    assert_eq!(ask(&good.url(), &trust, at(NOW)), Ok(b"hi".to_vec()));
    for bad in [
        ours.identity("platform.example", (NOW, YEAR_S)),
        ours.identity("localhost", (NOW.plus(-2 * YEAR_S), YEAR_S)),
        // The pinned certificate is only shown, and signed nothing.
        rogue.identity("localhost", (NOW, YEAR_S)),
    ] {
        let server = sent_along(bad);
        let refused = ask(&server.url(), &trust, at(NOW));
        assert!(is_untrusted(&refused), "{refused:?}");
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn a_broken_clock_neither_stops_sync_nor_makes_an_old_certificate_good() {
    let ours = Authority::new("Shop CA");
    let trust = ServerTrust::from_pem(ours.pem().as_bytes()).unwrap();
    let day = 86_400;
    let certificate = |from: i64, days: i64| {
        Fake::tls(&ours.identity("localhost", (NOW.plus(from * day), days * day)))
    };
    // Valid for 90 days, begun 30 days ago; over since yesterday; beginning tomorrow.
    let (valid, expired, early) = (certificate(-30, 90), certificate(-91, 90), certificate(1, 90));
    let (dead, future) = (Timestamp(946_684_800), NOW.plus(30 * YEAR_S));
    let days_ago = |days: i64| Some(NOW.plus(-days * day));
    for (server, wall, proven, trusted, why) in [
        (&valid, NOW, None, true, "all is well"),
        (&valid, dead, None, false, "a fresh terminal with a dead battery must be told the time"),
        (&valid, dead, days_ago(1), true, "the battery died yesterday"),
        (&valid, dead, days_ago(60), true, "it was off for so long that the certificate changed"),
        (&valid, future, days_ago(1), true, "the clock runs ahead by thirty years"),
        (&valid, future, days_ago(60), true, "and it was off for long"),
        (&valid, future, None, false, "nothing is known but a clock that is ahead"),
        (&expired, NOW, None, false, "expired"),
        (&expired, NOW, days_ago(0), false, "expired, and that is proven"),
        (&expired, dead, days_ago(0), false, "expired, although the clock stands"),
        (&early, NOW, None, false, "not valid yet"),
        (&early, NOW, days_ago(0), false, "not valid yet, and the clock is not behind"),
        (&early, NOW.plus(-day), days_ago(0), true, "the clock is proven to be behind"),
    ] {
        let answered = ask(&server.url(), &trust, Times::new(move || wall, proven));
        assert_eq!(answered.is_ok(), trusted, "{why}: {answered:?}");
        assert_eq!(is_untrusted(&answered), !trusted, "{why}: {answered:?}");
    }
}

#[test]
fn an_expired_certificate_passes_only_until_the_platform_has_told_the_time() {
    let ours = Authority::new("Shop CA");
    let trust = ServerTrust::from_pem(ours.pem().as_bytes()).unwrap();
    let server = Fake::tls(&ours.identity("localhost", (NOW.plus(-YEAR_S), YEAR_S - 86_400)));
    let times = Times::new(|| NOW, Some(NOW.plus(-3 * 86_400)));
    let transport = HttpTransport::new(&server.url(), &trust, times).unwrap();
    assert_eq!(call(&transport), Ok(b"hi".to_vec()));
    transport.learn(NOW);
    transport.learn(NOW.plus(-99 * YEAR_S));
    let refused = call(&transport);
    assert!(is_untrusted(&refused), "{refused:?}");
}

#[test]
fn a_certificate_out_of_date_is_told_with_the_clock() {
    let ours = Authority::new("Shop CA");
    let trust = ServerTrust::from_pem(ours.pem().as_bytes()).unwrap();
    let server = Fake::tls(&ours.identity("localhost", (NOW, YEAR_S)));
    let told = ask(&server.url(), &trust, at(Timestamp(946_684_800))).unwrap_err().to_string();
    assert!(told.contains("clock") && told.contains("2000-01-01T00:00:00Z"), "{told}");
}

#[test]
fn nothing_older_than_tls_1_2_is_offered_or_taken() {
    // A server that takes the hello and answers as TLS 1.1 would (RFC 4346 section 7.4.1.3).
    let hello = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&hello);
    let server = Fake::start(move |mut stream, _| {
        let mut record = [0; 5];
        stream.read_exact(&mut record).unwrap();
        let mut body = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut body).unwrap();
        heard.lock().unwrap().clone_from(&body);
        let mut answer = vec![0x02, 0, 0, 38, 0x03, 0x02];
        answer.extend([9; 32]);
        answer.extend([0, 0x00, 0x2f, 0]);
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        stream.write_all(&[&[0x16, 0x03, 0x02], &length[..], &answer].concat()).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).ok();
        // An alert (21) and nothing else.
        assert_eq!(rest.first(), Some(&0x15));
    });
    let refused = ask(&server.url(), &ServerTrust::Pins(vec![Hash([7; 32])]), at(NOW));
    assert!(matches!(refused, Err(TransportError::Offline(_))), "{refused:?}");
    // Extension 43, supported_versions (RFC 8446 section 4.2.1): exactly TLS 1.3 and 1.2.
    let hello = hello.lock().unwrap();
    let offered = |versions: &[u8]| hello.windows(versions.len()).any(|part| part == versions);
    let both = [[0, 43, 0, 5, 4, 3, 4, 3, 3], [0, 43, 0, 5, 4, 3, 3, 3, 4]];
    assert!(both.iter().any(|versions| offered(versions)), "{hello:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Fake::plain(|stream| {
        stream.write_all(OK.as_bytes()).ok();
    });
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let head = format!(
            "HTTP/1.1 {status}\r\nlocation: {}/v1/sync\r\ncontent-length: 0\r\n\r\n",
            other.plain_url()
        );
        let refused = plainly(move |stream| {
            stream.write_all(head.as_bytes()).ok();
        });
        assert!(matches!(refused, Err(TransportError::Invalid(_))), "{refused:?}");
    }
    assert_eq!(other.requests(), 0);
}

#[test]
fn plain_http_goes_nowhere_but_to_this_machine() {
    for url in
        ["http://10.0.0.1", "http://192.168.0.9:8080", "http://shop.local", "http://[fd00::1]"]
    {
        let refused = HttpTransport::new(url, &ServerTrust::System, at(NOW)).err();
        assert!(matches!(refused, Some(TransportError::Address(_))), "{url}: {refused:?}");
    }
    assert!(HttpTransport::on_this_machine("https://platform.example").is_err());
}

#[test]
fn an_answer_that_is_too_long_is_cut_off() {
    let long = "x".repeat(MESSAGE_BYTES_MAX + 1);
    let told = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{long}", long.len());
    let endless = |stream: &mut dyn Write| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {}
    };
    // A gzip member (RFC 1952) of stored blocks (RFC 1951 section 3.2.4), 64 KiB of zeros each, without end.
    let bomb = |stream: &mut dyn Write| {
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).ok();
        stream.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]).ok();
        let mut block = vec![0, 0xff, 0xff, 0, 0];
        block.extend(vec![0; 0xffff]);
        while stream.write_all(&block).is_ok() {}
    };
    let told = plainly(move |stream| {
        stream.write_all(told.as_bytes()).ok();
    });
    for refused in [told, plainly(endless), plainly(bomb)] {
        assert_eq!(refused, Err(TransportError::Invalid("the answer is too long".to_owned())));
    }
}

#[test]
fn a_server_that_is_silent_or_slow_is_given_up_in_time() {
    let silent = |_: &mut dyn Write| std::thread::park_timeout(Duration::from_secs(20));
    let drip = |stream: &mut dyn Write| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").ok();
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    };
    let drip_head = |stream: &mut dyn Write| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx-a: ").ok();
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    };
    let clock = SystemClock::default();
    for server in [Fake::plain(silent), Fake::plain(drip), Fake::plain(drip_head)] {
        let transport = HttpTransport::on_this_machine(&server.plain_url()).unwrap();
        let start = clock.elapsed();
        let refused = transport.call("/v1/sync", b"hello".to_vec(), Duration::from_millis(800));
        let took = clock.elapsed().saturating_sub(start);
        assert!(refused.is_err(), "{refused:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_or_is_no_answer_is_an_error() {
    for answer in [
        "",
        "hello",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi",
        "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops",
        "HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let refused = plainly(move |stream| {
            stream.write_all(answer.as_bytes()).ok();
        });
        assert!(refused.is_err(), "{answer:?}: {refused:?}");
    }
}

#[test]
fn a_pin_is_the_hash_of_the_key_and_not_of_the_certificate() {
    let ours = Authority::new("Shop CA");
    let first = ours.identity("localhost", (NOW, YEAR_S));
    let renewed = ours.renewed(&first, "localhost", (NOW.plus(YEAR_S), YEAR_S));
    assert_ne!(hash(&first.chain[0]), hash(&renewed.chain[0]));
    assert_eq!(first.pin(), renewed.pin());
}
