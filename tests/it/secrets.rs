//! Both programs with the most talkative log there is: nothing secret is in it, nor in what the platform answers. Over TLS
//! with a key that the enrolment code pins, and past proxies that somebody set up on the terminal.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, StreamOwned, crypto::ring, pki_types::CertificateDer,
};
use tempfile::TempDir;

use crate::authority::{Authority, YEAR_S};

const PIN: &str = "73019264";

const WRONG_PIN: &str = "48210375";

/// A platform that serves TLS and a till, both at the trace level, with the network's proxies set to a trap.
struct Talkative {
    folder: TempDir,
    port: u16,
    trap: TcpListener,
    server: Child,
    authority: CertificateDer<'static>,
    said: String,
}

impl Talkative {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free().local_addr().unwrap().port();
        let trap = free();
        trap.set_nonblocking(true).unwrap();
        let authority = Authority::new("Shop CA");
        let identity = authority.identity("localhost", (crate::stage::START, 10 * YEAR_S));
        let (chain, key) = identity.pem();
        fs::write(folder.path().join("tls.pem"), chain).unwrap();
        fs::write(folder.path().join("tls.key"), key).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let first = program(&folder, "countersign-platform", &["init"]).output().unwrap();
        let mut said = String::from_utf8(first.stdout).unwrap();
        said.push_str(&String::from_utf8_lossy(&first.stderr));
        let server = serve(&folder, port);
        let authority = authority.der();
        Self { folder, port, trap, server, authority, said }
    }

    /// Runs the platform's program; what it showed on purpose.
    fn platform(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let output = program(&self.folder, "countersign-platform", &words).output().unwrap();
        self.hear(&output);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the till's program; its exit status, and what it showed on purpose.
    fn till(&mut self, words: &[&str], input: &str) -> (Option<i32>, String) {
        self.in_folder("till", words, input)
    }

    fn in_folder(&mut self, data: &str, words: &[&str], input: &str) -> (Option<i32>, String) {
        let trap = format!("http://{}", self.trap.local_addr().unwrap());
        let mut command = program(&self.folder, "countersign", &[]);
        command.env("COUNTERSIGN_DATA", data).args(words);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, &trap);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        self.hear(&output);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    fn hear(&mut self, output: &Output) {
        self.said.push_str(&String::from_utf8_lossy(&output.stderr));
    }

    /// Asks the platform over TLS; its answer.
    fn ask(&self, request: &str) -> String {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str, token: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ))
    }

    fn refresh(&self, voucher: &str) -> String {
        let body = format!("{{\"voucher\": \"{voucher}\"}}");
        let length = body.len();
        self.ask(&format!(
            "POST /v1/vouchers/refresh HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Stops the server; everything both programs wrote to their logs.
    fn log(mut self) -> String {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        let caught = self.trap.accept().is_ok();
        assert!(!caught, "no program of a till asks a proxy");
        let server = fs::read_to_string(self.file("server.log")).unwrap();
        std::mem::take(&mut self.said) + &server
    }
}

impl Drop for Talkative {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn program(folder: &TempDir, name: &str, words: &[&str]) -> Command {
    let path = match name {
        "countersign" => env!("CARGO_BIN_EXE_countersign"),
        _platform => env!("CARGO_BIN_EXE_countersign-platform"),
    };
    let mut command = Command::new(path);
    command.current_dir(folder.path()).env("HOME", folder.path());
    command.env("COUNTERSIGN_DATA", "till").env("COUNTERSIGN_PLATFORM_DATA", "platform");
    command.env("COUNTERSIGN_LOG", "trace").args(words);
    command
}

fn serve(folder: &TempDir, port: u16) -> Child {
    let (listen, url) = (format!("127.0.0.1:{port}"), format!("https://localhost:{port}"));
    let words = ["serve", "--listen", &listen, "--url", &url];
    let mut server = program(folder, "countersign-platform", &words)
        .args(["--tls-cert", "tls.pem", "--tls-key", "tls.key"])
        .stdout(Stdio::piped())
        .stderr(File::create(folder.path().join("server.log")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains(&listen) && line.contains("https://"), "{line}");
    server
}

/// Sixteen letters from the middle: no part of a secret that long stands anywhere by chance.
fn middle(secret: &str) -> String {
    let letters: Vec<char> = secret.trim().chars().collect();
    let start = (letters.len() / 2).saturating_sub(8);
    letters[start..(start + 16).min(letters.len())].iter().collect()
}

/// The word of a text that begins so.
fn word(text: &str, beginning: &str) -> String {
    text.split_whitespace().find(|word| word.starts_with(beginning)).unwrap().to_owned()
}

/// What must stand nowhere: the tokens, the vouchers and the enrolment code of a furnished shop.
struct Secrets {
    tokens: [String; 2],
    texts: Vec<String>,
    damaged: String,
    code: String,
}

/// A merchant, a supervisor with a PIN, and vouchers that need one.
fn furnish(shop: &mut Talkative) -> Secrets {
    let first = word(&shop.said, "cst_");
    shop.said.clear();
    for line in [
        "merchant create --name Anker",
        "branch create --merchant 1 --name Harbour",
        "operator create --merchant 1 --name Sofie --role supervisor",
        "issuer create --name demo",
        "campaign create --issuer demo --merchant 1 --title Lunch",
    ] {
        shop.platform(line);
    }
    let mut set = program(&shop.folder, "countersign-platform", &["operator", "set-pin", "1"]);
    let mut set = set.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    set.stdin.take().unwrap().write_all(PIN.as_bytes()).unwrap();
    let set = set.wait_with_output().unwrap();
    assert!(set.status.success());
    shop.hear(&set);
    let policy = "currency = \"EUR\"\nmode = \"always\"\n[rules]\napproval_above = \"1.00\"\n";
    fs::write(shop.file("policy.toml"), policy).unwrap();
    shop.platform("policy set --campaign 1 --file policy.toml");
    let issue = "issue --campaign 1 --kind prepaid_deal --value 24.90 --count 2 --out vouchers";
    let issued = shop.platform(issue);
    let texts = issued.split_whitespace().filter(|word| word.starts_with("CS1:"));
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    let owner = shop.platform("token create --name Books --role owner --merchant 1");
    let code = shop.platform("enrol-code --branch 1 --name Till --pin tls.pem").trim().to_owned();
    let damaged = texts[1].replace(&texts[1][40..44], "0000");
    Secrets { tokens: [first, word(&owner, "cst_")], texts, damaged, code }
}

/// Everything a till does, and some of it wrong.
fn work(shop: &mut Talkative, secrets: &Secrets) {
    let Secrets { texts, damaged, code, .. } = secrets;
    assert_eq!(shop.till(&["enrol", code], "").0, Some(0), "{}", shop.said);
    assert!(shop.file("till/platform-pins.txt").exists());
    let used = shop.in_folder("other", &["enrol", code], "");
    assert_eq!(used.0, Some(1), "by another device");
    assert_eq!(shop.till(&["redeem", "--approve", &texts[0]], WRONG_PIN).0, Some(2));
    let (status, told) = shop.till(&["--json", "redeem", "--approve", &texts[0]], PIN);
    assert_eq!(status, Some(0), "{told}");
    shop.till(&["redeem", damaged], "");
    shop.till(&["validate", &texts[1]], "");
    assert_eq!(shop.till(&["sync"], "").0, Some(0));
}

/// What the platform answers to programs and phones, right and wrong; also the voucher it signed anew.
fn asked(shop: &Talkative, secrets: &Secrets) -> (String, String) {
    let [first, owner] = &secrets.tokens;
    let mut answers = String::new();
    for (path, token, status) in [
        ("/v1/redemptions", owner.as_str(), "200"),
        ("/v1/conflicts", first, "200"),
        ("/v1/conflicts/9", first, "404"),
        ("/v1/redemptions?colour=red", first, "400"),
        ("/v1/redemptions", "cst_wrong", "401"),
        ("/nowhere", first, "404"),
    ] {
        let answer = shop.get(path, token);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        answers.push_str(&answer);
    }
    let live = shop.refresh(&secrets.texts[1]);
    assert!(live.starts_with("HTTP/1.1 200"), "{live}");
    for bad in [&secrets.texts[0], &secrets.damaged, &secrets.code] {
        let refused = shop.refresh(bad);
        assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
        answers.push_str(&refused);
    }
    let live = live.split('"').find(|part| part.starts_with("CS1:")).unwrap();
    (answers, live.to_owned())
}

#[test]
fn nothing_secret_is_logged_or_told_and_nothing_goes_by_a_proxy() {
    let mut shop = Talkative::open();
    let secrets = furnish(&mut shop);
    work(&mut shop, &secrets);
    let (answers, live) = asked(&shop, &secrets);
    let texts = secrets.texts.iter().chain(&secrets.tokens);
    let mut canaries: Vec<_> =
        texts.chain([&secrets.damaged, &secrets.code, &live]).map(|text| middle(text)).collect();
    canaries.extend([PIN, WRONG_PIN].map(str::to_owned));
    for key in ["platform/root.key", "platform/platform.key", "platform/issuer-demo.key"] {
        canaries.push(middle(&fs::read_to_string(shop.file(key)).unwrap()));
    }
    canaries.push(middle(&fs::read_to_string(shop.file("till/device.key")).unwrap()));
    let tls = fs::read_to_string(shop.file("tls.key")).unwrap();
    canaries.push(middle(tls.lines().nth(1).unwrap()));
    let log = shop.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is as talkative as it can be");
    for canary in canaries {
        assert!(!log.contains(&canary), "the log holds {canary}");
        assert!(!answers.contains(&canary), "an answer holds {canary}");
    }
}
