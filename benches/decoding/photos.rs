//! The decoder on photographs whose texts are known.

use std::{fs, path::Path};

use countersign::device::picture::{Luma, load};
use image::{DynamicImage, GrayImage, imageops::FilterType};
use serde_json::Value;

use crate::{full, live, spread};

/// Measures every folder with a `truth.jsonl`, shrunk to camera frames; gives the wrong texts.
pub fn measure(folder: &Path) -> u32 {
    let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    folders.sort();
    println!("\nphotographs, at most 1280x720");
    let mut all = Tally::default();
    for folder in folders {
        let Ok(truth) = fs::read_to_string(folder.join("truth.jsonl")) else { continue };
        let truth: Vec<Value> =
            truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let known: Vec<&str> =
            truth.iter().filter(|truth| is_known(truth)).flat_map(texts).collect();
        let mut tally = Tally::default();
        for truth in &truth {
            tally.take(&folder, truth, &known);
        }
        tally.print(&folder.file_name().unwrap().to_string_lossy());
        all.add(tally);
    }
    all.print("all");
    spread("live, ms", &mut all.lives);
    spread("full, ms", &mut all.fulls);
    all.wrong
}

/// Whether anybody has read the picture before.
fn is_known(truth: &Value) -> bool {
    truth["src"] != "none"
}

fn texts(truth: &Value) -> impl Iterator<Item = &str> {
    truth["texts"].as_array().unwrap().iter().filter_map(Value::as_str)
}

#[derive(Default)]
struct Tally {
    photos: u32,
    live: u32,
    in_four: u32,
    full: u32,
    new: u32,
    wrong: u32,
    lives: Vec<f64>,
    fulls: Vec<f64>,
}

impl Tally {
    /// Takes a picture; one that nobody has read before counts as read where its text is that of another
    /// picture of the folder: they show the same few codes.
    fn take(&mut self, folder: &Path, truth: &Value, known: &[&str]) {
        let texts: Vec<&str> =
            if is_known(truth) { texts(truth).collect() } else { known.to_vec() };
        let bytes = fs::read(folder.join(truth["file"].as_str().unwrap())).unwrap();
        let frame = framed(&load(&bytes).unwrap());
        let (first, time) = live(&frame, 0);
        self.lives.push(time);
        let (found, time) = full(&frame);
        self.fulls.push(time);
        let turns = (1..4).map(|turn| live(&frame, turn).0.texts);
        let turns: Vec<Vec<String>> = std::iter::once(first.texts.clone()).chain(turns).collect();
        let hit = |found: &[String]| found.iter().any(|text| texts.contains(&text.as_str()));
        self.photos += u32::from(self::texts(truth).next().is_some());
        self.live += u32::from(hit(&first.texts));
        self.in_four += u32::from(turns.iter().any(|found| hit(found)));
        self.full += u32::from(hit(&found.texts));
        self.new += u32::from(!is_known(truth) && hit(&found.texts));
        let all = turns.iter().flatten().chain(&found.texts);
        let wrong = all.filter(|text| !texts.contains(&text.as_str()));
        self.wrong += wrong.inspect(|text| println!("  wrong: {text:?} in {truth}")).count() as u32;
    }

    fn add(&mut self, other: Self) {
        self.photos += other.photos;
        self.live += other.live;
        self.in_four += other.in_four;
        self.full += other.full;
        self.new += other.new;
        self.wrong += other.wrong;
        self.lives.extend(other.lives);
        self.fulls.extend(other.fulls);
    }

    fn print(&self, name: &str) {
        let Self { photos, live, in_four, full, new, .. } = self;
        println!(
            "  {name:<20} of {photos:>4}: live {live:>4}  in 4 {in_four:>4}  full {full:>4}, {new} of them read by nobody before"
        );
    }
}

fn framed(photo: &Luma) -> Luma {
    let (width, height) = (photo.width() as u32, photo.height() as u32);
    if width <= 1280 && height <= 720 {
        return photo.clone();
    }
    let grey = GrayImage::from_raw(width, height, photo.pixels().to_vec()).unwrap();
    let small = DynamicImage::from(grey).resize(1280, 720, FilterType::Triangle).into_luma8();
    Luma::new(small.width() as usize, small.height() as usize, small.into_raw()).unwrap()
}
