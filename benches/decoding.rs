//! How much the QR decoder reads and how long it takes, on a synthetic counter and on photographs.
//!
//! `cargo bench --bench decoding` prints the tables: decoded frames by distortion, streams of frames, and
//! times on frames without a code. `COUNTERSIGN_BENCH_CODES` sets the codes per distortion (default 12),
//! `COUNTERSIGN_PHOTOS` names a folder of photographs with their `truth.jsonl`, measured as well. All
//! frames are made from fixed seeds. A wrong text fails the run; the clock is the wall's, so times on a
//! busy machine are high.

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
    reason = "a measuring program: it prints, it reads the clock, and it stops at the first fault"
)]

#[path = "decoding/distort.rs"]
mod distort;
#[path = "decoding/photos.rs"]
mod photos;
#[path = "decoding/random.rs"]
mod random;
#[path = "decoding/scene.rs"]
mod scene;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::{Duration, Instant},
};

use countersign::device::{
    picture::Luma,
    qr::{Effort, Look, look},
};

use crate::{random::Random, scene::Scene};

/// What a live frame may take.
const LIVE: Duration = Duration::from_millis(30);
/// Characters of a payload: a small, a usual and a large voucher.
const LENGTHS: [usize; 3] = [180, 225, 390];
/// Frames without a code measured at each size.
const EMPTY: u64 = 40;
/// Streams measured, and frames in each.
const STREAMS: (u64, u32) = (40, 3);
/// How hard a stream's frames are, of 1 for everything at its worst: at this share zxing-cpp 3.1 (its
/// Python package, all options on) reads 167 of 240 single frames.
const HELD: f32 = 0.77;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let codes = std::env::var("COUNTERSIGN_BENCH_CODES").map_or(12, |codes| codes.parse().unwrap());
    let mut wrong = distortions(codes);
    wrong += streams();
    for (width, height) in [(1280, 720), (1920, 1080)] {
        wrong += empty_frames(width, height);
    }
    if let Ok(folder) = std::env::var("COUNTERSIGN_PHOTOS") {
        wrong += photos::measure(folder.as_ref());
    }
    println!("wrong texts: {wrong}");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Decoded codes by distortion, for `rqrr` alone, one live frame, four live frames, and full effort.
fn distortions(codes: u64) -> u32 {
    println!("decoded of {codes} codes in %, 1280x720; median ms of a full look");
    println!("  {:<26} {:>6} {:>6} {:>6} {:>6} {:>8}", "", "rqrr", "live", "in 4", "full", "ms");
    let (mut wrong, mut sums) = (0, [0; 4]);
    for (row, (name, distort)) in distort::ALL.iter().enumerate() {
        let (mut hits, mut times) = ([0; 4], Vec::new());
        for code in 0..codes {
            let mut random = Random::new(row as u64 * 1000 + code + 1);
            let text = random.base45(LENGTHS[code as usize % 3]);
            let mut scene = Scene::of(&text, &mut random);
            distort(&mut scene, &mut random);
            let frame = scene.frame(&mut random);
            let mut tally = Tally { text: &text, wrong: 0 };
            hits[0] += u32::from(by_rqrr(&frame) == Some(text.clone()));
            let first = tally.hit(&live(&frame, 0).0);
            hits[1] += u32::from(first);
            hits[2] += u32::from(first || (1..4).any(|turn| tally.hit(&live(&frame, turn).0)));
            let (found, time) = full(&frame);
            hits[3] += u32::from(tally.hit(&found));
            times.push(time);
            wrong += tally.wrong;
        }
        let percent = hits.map(|hits| 100.0 * f64::from(hits) / codes as f64);
        line(name, percent, quantile(&mut times, 0.5));
        sums = [0, 1, 2, 3].map(|i| sums[i] + hits[i]);
    }
    let all = codes as f64 * distort::ALL.len() as f64;
    line("all", sums.map(|hits| 100.0 * f64::from(hits) / all), 0.0);
    wrong
}

fn line(name: &str, percent: [f64; 4], ms: f64) {
    let [rqrr, live, in_four, full] = percent;
    println!("  {name:<26} {rqrr:>6.1} {live:>6.1} {in_four:>6.1} {full:>6.1} {ms:>8.1}");
}

/// Streams of differently disturbed frames of one code: which share is read by which frame.
fn streams() -> u32 {
    let (streams, frames) = STREAMS;
    let (mut by, mut times, mut wrong) = (vec![[0_u32; 2]; frames as usize], Vec::new(), 0);
    for stream in 0..streams {
        let mut random = Random::new(77_000 + stream);
        let text = random.base45(LENGTHS[stream as usize % 3]);
        let dark_mode = random.unit() < 0.15;
        let (mut tally, mut read) = (Tally { text: &text, wrong: 0 }, [false; 2]);
        for frame in 0..frames {
            let mut scene = Scene::of(&text, &mut random);
            distort::held(&mut scene, &mut random, HELD);
            scene.dark_mode = dark_mode;
            let picture = scene.frame(&mut random);
            let (found, time) = live(&picture, frame);
            times.push(time);
            read[0] |= tally.hit(&found);
            read[1] |= tally.hit(&full(&picture).0);
            (0..2).for_each(|i| by[frame as usize][i] += u32::from(read[i]));
        }
        wrong += tally.wrong;
    }
    println!("\n{streams} streams of {frames} mixed frames: read by frame, in %");
    for (name, which) in [("live", 0), ("full", 1)] {
        let shares: Vec<String> = by
            .iter()
            .map(|read| format!("{:>6.1}", 100.0 * f64::from(read[which]) / streams as f64))
            .collect();
        println!("  {name:<8} {}", shares.join(" "));
    }
    spread("live, ms a frame", &mut times);
    wrong
}

/// Times on frames that show a counter without a code; every text is a wrong one.
fn empty_frames(width: usize, height: usize) -> u32 {
    let (mut wrong, mut lives, mut fulls) = (0, Vec::new(), Vec::new());
    for seed in 0..EMPTY {
        let mut random = Random::new(990_000 + seed);
        let mut scene = Scene::empty(width, height);
        scene.noise = 6.0 * random.unit();
        let frame = scene.frame(&mut random);
        let (found, time) = live(&frame, seed as u32);
        lives.push(time);
        wrong += found.texts.len() as u32;
        let (found, time) = full(&frame);
        fulls.push(time);
        wrong += found.texts.len() as u32;
    }
    println!("\n{EMPTY} frames without a code, {width}x{height}");
    spread("live, ms", &mut lives);
    spread("full, ms", &mut fulls);
    wrong
}

/// Counts texts that are not the one in the picture.
struct Tally<'a> {
    text: &'a str,
    wrong: u32,
}

impl Tally<'_> {
    fn hit(&mut self, look: &Look) -> bool {
        self.wrong += look.texts.iter().filter(|text| *text != self.text).count() as u32;
        look.texts.iter().any(|text| text == self.text)
    }
}

pub fn live(frame: &Luma, turn: u32) -> (Look, f64) {
    let start = Instant::now();
    let found = look(frame, Effort::Live { turn }, |_| true, || start.elapsed() >= LIVE);
    (found, start.elapsed().as_secs_f64() * 1e3)
}

pub fn full(frame: &Luma) -> (Look, f64) {
    let start = Instant::now();
    let found = look(frame, Effort::Full, |_| true, || false);
    (found, start.elapsed().as_secs_f64() * 1e3)
}

/// The decoder of `rqrr` with its own finder, which panics on some pictures.
fn by_rqrr(frame: &Luma) -> Option<String> {
    let grey = |x: usize, y: usize| frame.pixels()[y * frame.width() + x];
    let read = || {
        let (width, height) = (frame.width(), frame.height());
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        prepared.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

pub fn spread(name: &str, times: &mut [f64]) {
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    let [median, p95, max] = [0.5, 0.95, 1.0].map(|share| quantile(times, share));
    println!("  {name:<20} mean {mean:>6.1}  median {median:>6.1}  p95 {p95:>6.1}  max {max:>6.1}");
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times.get(at).copied().unwrap_or_default()
}
