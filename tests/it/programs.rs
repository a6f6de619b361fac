//! Both programs as a person or a script runs them: a platform that serves, a terminal that is enrolled, vouchers as
//! pictures, the network pulled and plugged in again.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A platform in a folder of its own, and the server that answers for it while it runs.
struct Shop {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Shop {
    /// A merchant with two branches, a campaign, and one enrolled terminal.
    fn open() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut shop = Self { folder: tempfile::tempdir().unwrap(), port, server: None };
        shop.platform("init --name Test");
        shop.plug_in();
        shop.platform("merchant create --name Anker");
        shop.platform("branch create --merchant 1 --name Harbour --time-zone Europe/Berlin");
        shop.platform("branch create --merchant 1 --name Station --time-zone Europe/Berlin");
        shop.platform("issuer create --name demo");
        shop.platform("campaign create --issuer demo --merchant 1 --title Lunch");
        shop.platform("enrol-code --branch 1 --name Till --png code.png");
        assert_eq!(shop.terminal("enrol code.png").status.code(), Some(0));
        shop
    }

    /// Starts the server and waits until it says that it listens.
    fn plug_in(&mut self) {
        let (listen, url) =
            (format!("127.0.0.1:{}", self.port), format!("http://127.0.0.1:{}", self.port));
        let mut server = self
            .program(env!("CARGO_BIN_EXE_countersign-platform"))
            .args(["--data", "platform", "serve", "--listen", &listen, "--url", &url])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(&listen), "{line}");
        self.server = Some(server);
    }

    /// Pulls the network: there is no server any more.
    fn pull(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Issues vouchers and gives the paths of their pictures.
    fn issue(&self, options: &str) -> Vec<PathBuf> {
        let out = self.path("issued");
        std::fs::remove_dir_all(&out).ok();
        self.platform(&format!("issue --campaign 1 {options} --out issued --png"));
        let files = std::fs::read_dir(&out).unwrap().map(|file| file.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|kind| kind == "png")).collect()
    }

    fn platform(&self, line: &str) -> String {
        let output = self
            .program(env!("CARGO_BIN_EXE_countersign-platform"))
            .args(["--data", "platform"])
            .args(line.split(' '))
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command of the platform that reads a line from its standard input.
    fn platform_reads(&self, line: &str, input: &str) -> Output {
        let mut child = self
            .program(env!("CARGO_BIN_EXE_countersign-platform"))
            .args(["--data", "platform"])
            .args(line.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn terminal(&self, line: &str) -> Output {
        self.program(env!("CARGO_BIN_EXE_countersign"))
            .args(["--data", "till"])
            .args(line.split(' '))
            .output()
            .unwrap()
    }

    /// Runs a command on a voucher with `--json`: the exit status and the object.
    fn json(&self, line: &str, voucher: &Path) -> (i32, Value) {
        let output = self
            .program(env!("CARGO_BIN_EXE_countersign"))
            .args(["--data", "till", "--json"])
            .args(line.split(' '))
            .arg(voucher)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let value = serde_json::from_str(text.trim()).unwrap_or(Value::Null);
        (output.status.code().unwrap(), value)
    }

    fn program(&self, path: &str) -> Command {
        let mut command = Command::new(path);
        command.current_dir(self.folder.path()).env_remove("COUNTERSIGN_DATA");
        command.env_remove("COUNTERSIGN_PLATFORM_DATA").env("HOME", self.folder.path());
        // A test leaves nothing in the key store of whoever runs it.
        command.env("COUNTERSIGN_KEY_STORE", "file");
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn redemptions(&self) -> Vec<Value> {
        let listed: Value = serde_json::from_str(&self.platform("redemptions --json")).unwrap();
        listed["redemptions"].as_array().or(listed.as_array()).unwrap().clone()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.pull();
    }
}

#[test]
fn redeemed_with_and_without_the_network_the_platform_has_each_exactly_once() {
    let mut shop = Shop::open();
    let vouchers = shop.issue("--kind prepaid_deal --value 24.90 --count 4");
    assert_eq!(vouchers.len(), 4);

    let (exit, seen) = shop.json("validate", &vouchers[0]);
    assert_eq!((exit, seen["state"].as_str(), seen["entry"].as_u64()), (0, Some("accepted"), None));
    let (exit, first) = shop.json("redeem", &vouchers[0]);
    assert_eq!((exit, first["state"].as_str()), (0, Some("accepted")));
    assert_eq!(
        (first["amount_minor"].as_i64(), first["currency"].as_str()),
        (Some(2_490), Some("EUR"))
    );
    assert_eq!((first["uses_left"].as_i64(), first["online"].as_bool()), (Some(0), Some(true)));
    let (exit, again) = shop.json("redeem", &vouchers[0]);
    assert_eq!((exit, again["code"].as_str()), (3, Some("voucher_already_redeemed")));

    shop.pull();
    for voucher in &vouchers[1..3] {
        let (exit, offline) = shop.json("redeem", voucher);
        assert_eq!((exit, offline["online"].as_bool()), (0, Some(false)), "{offline}");
    }
    assert_eq!(shop.terminal("sync").status.code(), Some(4), "the platform is not there");
    let status: Value = serde_json::from_slice(&shop.terminal("--json status").stdout).unwrap();
    assert_eq!(status["to_send"].as_u64(), Some(3), "the refusal of the second scan too");

    shop.plug_in();
    assert_eq!(shop.terminal("sync").status.code(), Some(0));
    assert_eq!(shop.terminal("sync").status.code(), Some(0));
    let ids: std::collections::BTreeSet<_> =
        shop.redemptions().iter().map(|row| row["voucher"].to_string()).collect();
    assert_eq!((shop.redemptions().len(), ids.len()), (3, 3));

    assert_eq!(shop.terminal("journal verify").status.code(), Some(0));
    let export = shop.terminal("journal export");
    let status: Value = serde_json::from_slice(&shop.terminal("--json status").stdout).unwrap();
    let lines = String::from_utf8(export.stdout).unwrap().lines().count();
    assert_eq!(Some(lines as u64), status["entries"].as_u64().map(|entries| entries + 1));
}

#[test]
fn a_redemption_is_rolled_back_and_the_day_adds_up() {
    let shop = Shop::open();
    let vouchers = shop.issue("--kind percent_off --percent 15 --cap 20.00 --count 2");
    let (exit, asked) = shop.json("redeem", &vouchers[0]);
    assert_eq!((exit, asked["state"].as_str()), (4, Some("needs_input")));
    // 15 % of 33.33 is 4.9995, which is 5.00.
    let (_, taken) = shop.json("redeem --bill 33.33", &vouchers[0]);
    assert_eq!(taken["amount_minor"].as_i64(), Some(500));
    let (_, kept) = shop.json("redeem --bill 200.00", &vouchers[1]);
    assert_eq!(kept["amount_minor"].as_i64(), Some(2_000), "the cap");
    let entry = taken["entry"].as_u64().unwrap();
    assert_eq!(shop.terminal(&format!("rollback {entry}")).status.code(), Some(0));
    assert_eq!(shop.terminal(&format!("rollback {entry}")).status.code(), Some(3));
    assert_eq!(shop.terminal("rollback 1 --reason because").status.code(), Some(2));
    let report: Value = serde_json::from_slice(&shop.terminal("--json report").stdout).unwrap();
    assert_eq!((report["redeemed"].as_u64(), report["rolled_back"].as_u64()), (Some(2), Some(1)));
    assert_eq!(report["campaigns"][0]["amount_minor"].as_i64(), Some(2_000));
    let (exit, back) = shop.json("validate --bill 33.33", &vouchers[0]);
    assert_eq!((exit, back["state"].as_str()), (0, Some("accepted")));
}

#[test]
fn entries_carry_the_operator_and_an_unknown_one_is_wrong_use() {
    let shop = Shop::open();
    shop.platform("operator create --merchant 1 --name Mira");
    shop.platform("operator create --merchant 1 --name Noor --branches 2");
    let vouchers = shop.issue("--kind prepaid_deal --value 24.90 --count 1");
    let redeem = |operator| shop.json(&format!("redeem --operator {operator}"), &vouchers[0]);
    assert_eq!(redeem("1").0, 2, "the terminal has not heard of her");
    assert_eq!(shop.terminal("sync --operator 1").status.code(), Some(0), "fetches her");
    for (operator, who) in [("2", "of another branch"), ("99", "unknown"), ("Mira", "no number")] {
        assert_eq!(redeem(operator), (2, Value::Null), "{who}");
    }
    let refused = shop.terminal("rollback 1 --operator 99");
    assert_eq!(refused.status.code(), Some(2));
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("operator 99") && words.contains("countersign sync"), "{words}");

    let (exit, taken) = redeem("1");
    assert_eq!((exit, taken["state"].as_str()), (0, Some("accepted")));
    let entry = taken["entry"].as_u64().unwrap();
    let back = shop.terminal(&format!("--operator 1 rollback {entry}"));
    assert_eq!(back.status.code(), Some(0), "{back:?}");
    let (exit, _) = shop.json("redeem", &vouchers[0]);
    assert_eq!(exit, 0);
    let rows = shop.redemptions();
    let operators: Vec<_> =
        rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["operator"].as_u64())).collect();
    assert_eq!(operators, [("redeemed", Some(1)), ("rolled_back", Some(1)), ("redeemed", None)]);
}

#[test]
fn what_is_not_a_good_voucher_gets_a_sentence_a_status_and_an_entry() {
    let shop = Shop::open();
    let early = shop.issue("--kind prepaid_deal --value 1.00 --from 2029-01-01 --until 2030-01-01");
    let (exit, refused) = shop.json("redeem", &early[0]);
    assert_eq!((exit, refused["code"].as_str()), (3, Some("voucher_not_active")));
    let later = shop.json("validate --at 2029-06-01T12:00:00Z", &early[0]);
    let known = (later.0, later.1["code"].as_str());
    assert_eq!(known, (4, Some("list_too_old")), "valid then, as far as is known now");
    let long = "x".repeat(100_000);
    for (text, code) in [
        ("4006381333931", "product_barcode"),
        ("https://example.org", "web_link"),
        ("HC1:6BF", "health_certificate"),
        ("CS1:", "token_malformed"),
        ("CS1:%69 VD92EX0", "token_malformed"),
        ("CS9:ABC", "other_version"),
        ("   ", "empty"),
        ("hello", "unknown"),
        (long.as_str(), "too_long"),
    ] {
        let (exit, answer) = shop.json("redeem", Path::new(text));
        assert_eq!((exit, answer["code"].as_str()), (3, Some(code)), "{code}");
        assert!(answer["entry"].is_u64(), "{code} is journalled");
        assert!(answer["message"].as_str().is_some_and(|text| text.len() > 10), "{answer}");
    }
}

#[test]
fn a_picture_that_holds_nothing_readable_is_a_refusal_that_is_written_down() {
    let shop = Shop::open();
    let blank = [&b"P5 60 60 255\n"[..], &[255; 3600]].concat();
    for (name, bytes) in [
        ("broken.png", &b"\x89PNG\r\n\x1a\nnot really"[..]),
        ("text.png", b"no picture"),
        ("blank.pgm", &blank),
        ("empty.jpg", b""),
    ] {
        std::fs::write(shop.path(name), bytes).unwrap();
        let (exit, answer) = shop.json("redeem", Path::new(name));
        assert_eq!((exit, answer["code"].as_str()), (3, Some("picture_unreadable")), "{name}");
        assert!(answer["entry"].is_u64(), "{name}");
    }
    let good = shop.issue("--kind prepaid_deal --value 1.00");
    let output = shop.terminal(&format!("redeem broken.png {}", good[0].display()));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ACCEPTED"), "the others are still taken: {text}");
    assert_eq!(output.status.code(), Some(3), "the gravest counts");
}

#[test]
fn wrong_use_and_failures_say_what_is_wrong() {
    let shop = Shop::open();
    let words = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for (line, exit, part) in [
        ("enrol CSE1:ABC", 1, "damaged"),
        ("enrol hello", 1, "enrolment code"),
        ("redeem", 2, "VOUCHER"),
        ("validate --at yesterday CS1:A", 2, "2026-12-24T18:00:00Z"),
        ("report --date tomorrow", 2, "2026-11-22"),
        ("frobnicate", 2, "frobnicate"),
    ] {
        let output = shop.terminal(line);
        assert_eq!(output.status.code(), Some(exit), "{line}: {}", words(&output));
        assert!(words(&output).contains(part), "{line}: {}", words(&output));
        assert!(!words(&output).contains("panicked"), "{line}");
    }
    let fresh =
        shop.program(env!("CARGO_BIN_EXE_countersign")).args(["--data", "new", "status"]).output();
    let fresh = fresh.unwrap();
    assert_eq!(fresh.status.code(), Some(1));
    assert!(words(&fresh).contains("not enrolled"), "{}", words(&fresh));
}

#[test]
fn an_enrolment_code_works_once_and_a_store_takes_one_program() {
    let shop = Shop::open();
    let again = shop.terminal("enrol code.png");
    assert_eq!(again.status.code(), Some(0), "the same device may repeat it: {again:?}");
    let other = shop
        .program(env!("CARGO_BIN_EXE_countersign"))
        .args(["--data", "other", "enrol", "code.png"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("enrolment_code_used"), "{other:?}");

    let store = rusqlite::Connection::open(shop.path("till").join("terminal.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = shop.terminal("status");
    assert_eq!(busy.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&busy.stderr).contains("another Countersign"), "{busy:?}");
}

#[cfg(unix)]
#[test]
fn keys_are_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::open();
    for file in [
        "till/device.key",
        "platform/root.key",
        "platform/platform.key",
        "platform/issuer-demo.key",
    ] {
        let mode = std::fs::metadata(shop.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let key = shop.path("till/device.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = shop.terminal("status");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("chmod 600"), "{output:?}");
}

#[test]
fn a_policy_is_tried_on_a_terminals_journal_before_it_is_put_in_place() {
    let mut shop = Shop::open();
    let vouchers = shop.issue("--kind prepaid_deal --value 24.90 --count 3");
    assert_eq!(shop.json("redeem", &vouchers[0]).0, 0);
    shop.pull();
    assert_eq!(shop.json("redeem", &vouchers[1]).0, 0);
    assert_eq!(shop.terminal("journal export --to journal.jsonl").status.code(), Some(0));
    let shown = shop.platform("policy show --campaign 1");
    let strict = shown.replace("mode = \"limited\"", "mode = \"never\"");
    std::fs::write(shop.path("strict.toml"), &strict).unwrap();

    let line = "policy try --journal journal.jsonl --policy strict.toml --campaign 1 --json";
    let report: Value = serde_json::from_str(&shop.platform(line)).unwrap();
    assert_eq!(report["breaks"].as_u64(), Some(0), "{report}");
    assert_eq!(report["accepted_then"]["redemptions"].as_u64(), Some(2));
    assert_eq!(report["accepted_now"]["redemptions"].as_u64(), Some(1));
    let refused = &report["refused_now"]["online_required"];
    assert_eq!(refused["redemptions"].as_u64(), Some(1), "{report}");
    assert_eq!(refused["worth"][0]["minor"].as_i64(), Some(2_490));
    assert_eq!(report["loss"][0]["now"]["minor"].as_i64(), Some(0));

    shop.platform("policy set --campaign 1 --file strict.toml");
    shop.plug_in();
    assert_eq!(shop.terminal("sync").status.code(), Some(0));
    shop.pull();
    let (exit, answer) = shop.json("redeem", &vouchers[2]);
    assert_eq!((exit, answer["code"].as_str()), (4, Some("online_required")), "as it was foreseen");
}

#[test]
fn a_voucher_on_a_phone_is_good_for_a_moment_and_its_copy_is_not() {
    let mut shop = Shop::open();
    let holder = shop.platform("phone create --key phone.key");
    let options =
        format!("--kind prepaid_deal --value 24.90 --csv list.csv --holder-key {}", holder.trim());
    let copy = shop.issue(&options);
    let table = std::fs::read_to_string(shop.path("list.csv")).unwrap();
    // The text of a code has no comma, quote or line end: Base45 (RFC 9285).
    let text = table.lines().nth(1).unwrap().split(',').find(|cell| cell.starts_with("CS1:"));
    let text = format!("{}\n", text.unwrap());
    let present = |options: &str| {
        let shown =
            shop.platform_reads(&format!("voucher present --key phone.key {options} -"), &text);
        assert!(shown.status.success(), "{shown:?}");
        PathBuf::from(String::from_utf8(shown.stdout).unwrap().trim_end_matches('\n').to_owned())
    };
    let old = present("--at 2026-01-01T00:00:00Z");
    let live = present("--png live.png");
    assert!(live.to_string_lossy().starts_with("CSP1:"));
    shop.pull();
    let (exit, answer) = shop.json("redeem", &copy[0]);
    assert_eq!((exit, answer["code"].as_str()), (4, Some("live_proof_missing")), "a screenshot");
    let (exit, answer) = shop.json("redeem", &old);
    assert_eq!((exit, answer["code"].as_str()), (3, Some("live_proof_stale")));
    let (exit, answer) = shop.json("redeem", &shop.path("live.png"));
    assert_eq!((exit, answer["state"].as_str()), (0, Some("accepted")), "{answer}");
}

#[test]
fn items_tickets_orders_and_balances_are_issued_for_the_counter() {
    let shop = Shop::open();
    for (options, redeem, expected) in [
        ("--kind item --item Cappuccino --value 2.50 --price 1.00", "redeem", (0, "accepted")),
        ("--kind ticket --starts 2029-06-01 --value 65", "redeem", (3, "slot_not_open")),
        ("--kind pick_up --line 1xBread@3.20", "redeem", (0, "accepted")),
        ("--kind stored_value --value 50", "redeem --amount 12.50", (0, "accepted")),
        ("--kind stored_value --value 50", "redeem --amount 50.01", (3, "balance_exceeded")),
    ] {
        let voucher = shop.issue(options);
        let (exit, answer) = shop.json(redeem, &voucher[0]);
        assert_eq!((exit, answer["code"].as_str().unwrap()), expected, "{options}: {answer}");
    }
}

#[test]
fn a_supervisors_pin_comes_from_the_standard_input() {
    let shop = Shop::open();
    shop.platform("operator create --merchant 1 --name Sofie --role supervisor");
    let set = shop.platform_reads("operator set-pin 1", "2580\n");
    assert!(set.status.success(), "{set:?}");
    assert!(shop.platform("operator list").contains("PIN"));
    let closed = shop.platform_reads("operator set-pin 1", "");
    assert_eq!(closed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&closed.stderr).contains("4 to 12 digits"), "{closed:?}");
    for file in std::fs::read_dir(shop.path("platform")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(4).any(|four| four == b"2580"), "the PIN is nowhere as it is");
    }
}

#[test]
fn the_demo_in_the_console_ends_well() {
    let shop = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["demo", "--console"])
        .current_dir(shop.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("WRONG"), "{text}");
}

#[test]
fn a_week_without_a_network_by_stick_by_file_and_by_the_customers_phone() {
    let mut shop = Shop::open();
    let vouchers = shop.issue("--kind prepaid_deal --value 24.90 --count 3");
    shop.pull();
    let stick = shop.path("stick");
    std::fs::create_dir(&stick).unwrap();
    let carry = |way: &str| {
        let output = shop.terminal(&format!("--json carry {way} stick"));
        let said = serde_json::from_slice::<Value>(&output.stdout).unwrap();
        (output.status.code().unwrap(), said)
    };
    let (_, first) = shop.json("redeem", &vouchers[0]);
    let entry = first["entry"].as_u64().unwrap();
    // The code on the counter leads to the platform's page.
    let shown = shop.terminal(&format!("witness {entry}"));
    let shown = String::from_utf8(shown.stdout).unwrap();
    let url = shown.lines().last().unwrap().to_owned();
    assert!(url.starts_with(&format!("HTTP://127.0.0.1:{}/E/", shop.port)), "{url}");
    assert!(shown.lines().count() > 30 && shown.contains('▄'), "{shown}");

    let (exit, out) = carry("out");
    assert_eq!((exit, out["written"]["left"].as_u64()), (0, Some(0)));
    let answered = shop.platform("carry stick");
    assert!(answered.contains("answered in countersign-terminal-1-"), "{answered}");
    let (exit, taken) = carry("in");
    assert_eq!((exit, &taken["taken"]["acknowledged"]), (0, &out["written"]["entries"]));
    assert_eq!(shop.terminal(&format!("witness {entry}")).status.code(), Some(2));
    assert_eq!(shop.redemptions().len(), 1);

    // The next trip is a file that anybody may bring.
    shop.json("redeem", &vouchers[1]);
    let exported = shop.terminal("journal export --to journal.jsonl");
    assert_eq!(exported.status.code(), Some(0));
    let imported = shop.platform("journal import journal.jsonl --out stick");
    assert!(imported.contains("1 are new"), "{imported}");
    assert!(shop.platform("journal import journal.jsonl --out stick").contains("0 are new"));
    let (exit, taken) = carry("in");
    assert_eq!((exit, taken["taken"]["acknowledged"].as_u64()), (0, Some(1)));
    assert_eq!(shop.redemptions().len(), 2);

    // Nothing that is damaged is taken, and it is said in words.
    let text = std::fs::read_to_string(shop.path("journal.jsonl")).unwrap();
    let cut: Vec<_> = text.lines().filter(|line| !line.contains("\"seq\":1,")).collect();
    std::fs::write(shop.path("cut.jsonl"), cut.join("\n")).unwrap();
    assert!(shop.platform("journal import cut.jsonl --out stick").contains("0 are new"));
    for name in std::fs::read_dir(&stick).unwrap().map(|file| file.unwrap().path()) {
        std::fs::write(name, "not a parcel").unwrap();
    }
    let (exit, taken) = carry("in");
    assert_eq!((exit, taken["taken"]["acknowledged"].as_u64()), (4, Some(0)));
    assert!(!taken["taken"]["problems"].as_array().unwrap().is_empty());
    let refused = shop.platform_reads("carry stick", "");
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stdout).unwrap();
    assert!(words.contains("it is not a parcel of this kind, or it is damaged"), "{words}");
}
