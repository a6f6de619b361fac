//! How fast the main job is, each figure beside its floor measured in the same run.
//!
//! `cargo bench` prints the table. `COUNTERSIGN_BENCH_ENTRIES` sets the journal's size (default 1 000 000),
//! `COUNTERSIGN_BENCH` picks one part: `token`, `decide`, `scan` or `sync`.
//! Machines are noisy: the ratios count, not the milliseconds.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "a measuring program: it prints, it reads the clock, and it stops at the first fault"
)]

mod stage;

use std::{
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use countersign::{
    domain::{
        crypto::SecretKey,
        envelope::{Context, Envelope},
        redeem::{Request, Verdict},
        scan::EntryMethod,
        voucher::{KeySource as _, UntrustedToken, from_text},
    },
    terminal::{clock::Clock as _, clock::SystemClock, engine::Engine, outcome::State},
};
use stage::{Bare, Shop, worst::Worst};

const SCANS: usize = 2_000;
const TOKENS: usize = 20_000;
const STARTS: usize = 15;
const QUEUED: u32 = 10_000;

fn main() {
    let entries: u32 = std::env::var("COUNTERSIGN_BENCH_ENTRIES")
        .map_or(1_000_000, |entries| entries.parse().unwrap());
    let only = std::env::var("COUNTERSIGN_BENCH").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only == part;
    if wanted("token") {
        token();
    }
    if wanted("decide") {
        decide();
    }
    if wanted("scan") {
        let small = Shop::new(1_000);
        let large = Shop::new(entries);
        scan(&large, entries);
        start(&small, &large, entries);
    }
    if wanted("sync") {
        sync();
    }
}

/// Token verification beside the bare signature check of the same bytes.
fn token() {
    let shop = Shop::new(1);
    let keyring = shop.bundle().keyring();
    let texts = shop.vouchers(TOKENS as u32);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for text in &texts {
        ours.push(timed(|| {
            black_box(UntrustedToken::parse(text).unwrap().verify(&keyring).unwrap());
        }));
        let bytes = from_text(text).unwrap();
        let envelope = Envelope::parse(&bytes).unwrap();
        let key = keyring.keys(envelope.kid())[0].public;
        let (message, signature) = stage::signed_bytes(&bytes);
        assert!(envelope.verify(&key, Context::Voucher).is_some());
        bare.push(timed(|| assert!(black_box(key.verify(&message, &signature)))));
    }
    println!("token verification, {TOKENS} tokens (target: median within 1.3 of the floor)");
    row("  text to verified voucher", &mut ours);
    row("  floor: Ed25519 verification of the same bytes", &mut bare);
    println!("  ratio of medians {:.2}\n", ratio(&ours, &bare, 0.5));
}

/// The decision with every rule and every fact, beside one signature check.
fn decide() {
    let worst = Worst::new();
    let verdict = worst.decide().verdict;
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    let key = SecretKey::from_seed(&[9; 32]);
    let (message, public) = ([7; 160], key.public());
    let signature = key.sign(&message);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TOKENS {
        ours.push(timed(|| {
            black_box(black_box(&worst).decide());
        }));
        bare.push(timed(|| assert!(black_box(public.verify(&message, &signature)))));
    }
    println!("the decision, worst campaign, {TOKENS} times (target: under 0.020 ms)");
    row("  decide with every rule and every fact", &mut ours);
    row("  beside it: one Ed25519 verification", &mut bare);
    println!("  ratio of medians {:.3}\n", ratio(&ours, &bare, 0.5));
}

/// Scan text in hand to durable acceptance, with a long journal, beside one signature check and one bare commit.
fn scan(shop: &Shop, entries: u32) {
    let clock = SystemClock::default();
    let texts = shop.vouchers(SCANS as u32);
    let keyring = shop.bundle().keyring();
    let mut engine = Engine::open(shop.dir(), stage::random, clock.now()).unwrap();
    stage::network_off(&mut engine, clock.now());
    let mut floor = Bare::new(shop.dir());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for text in &texts {
        ours.push(timed(|| {
            engine.present(text, Request::plain(EntryMethod::Program), clock.now());
            let outcome = engine.take_outcome().unwrap();
            assert!(matches!(outcome.state, State::Accepted(_)), "{outcome:?}");
        }));
        engine.rest();
        let bytes = from_text(text).unwrap();
        let key = keyring.keys(Envelope::parse(&bytes).unwrap().kid())[0].public;
        let (message, signature) = stage::signed_bytes(&bytes);
        bare.push(timed(|| {
            assert!(key.verify(&message, &signature));
            floor.commit_one_row();
        }));
        floor.rest();
    }
    println!(
        "scan to durable acceptance, {SCANS} scans, journal of {entries} entries (target: p99 within 1.5 of the floor)"
    );
    row("  scan to acceptance on disk", &mut ours);
    row("  floor: one signature check, one durable one-row commit", &mut bare);
    println!(
        "  ratio of p99 {:.2}, of medians {:.2}\n",
        ratio(&ours, &bare, 0.99),
        ratio(&ours, &bare, 0.5)
    );
}

/// Cold start of the console terminal until it could take a scan, with a short and a long journal.
fn start(small: &Shop, large: &Shop, entries: u32) {
    let run = |shop: &Shop| {
        timed(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
            command.args(["--offline", "--json", "status", "--data"]).arg(shop.dir());
            assert!(command.output().unwrap().status.success());
        })
    };
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        short.push(run(small));
        long.push(run(large));
    }
    println!(
        "cold start of the console terminal (target: under 300 ms, not growing with the journal)"
    );
    row("  journal of 1000 entries", &mut short);
    row(&format!("  journal of {entries} entries"), &mut long);
    println!("  ratio of medians {:.2}\n", ratio(&long, &short, 0.5));
}

/// Queued redemptions into a platform on SQLite, over loopback HTTP.
fn sync() {
    let mut shop = stage::Connected::new(QUEUED);
    let spent = timed(|| shop.sync());
    let verified = shop.verify_all();
    let rate = f64::from(QUEUED) / spent.as_secs_f64();
    println!("sync of {QUEUED} queued redemptions over loopback HTTP into SQLite");
    println!("  {:.2} s, {rate:.0} redemptions/s", spent.as_secs_f64());
    println!("  of it signature checks of the entries: {:.2} s", verified.as_secs_f64());
    println!(
        "  ratio to the bare signature checks {:.2}",
        spent.as_secs_f64() / verified.as_secs_f64()
    );
}

fn timed(mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn row(name: &str, samples: &mut [Duration]) {
    samples.sort_unstable();
    let ms = |share| quantile(samples, share).as_secs_f64() * 1e3;
    println!("{name:<58} p50 {:>9.4} ms  p99 {:>9.4} ms", ms(0.5), ms(0.99));
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

fn ratio(ours: &[Duration], floor: &[Duration], share: f64) -> f64 {
    quantile(ours, share).as_secs_f64() / quantile(floor, share).as_secs_f64()
}
