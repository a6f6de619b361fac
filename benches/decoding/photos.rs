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
        let mut tally = Tally::default();
        for line in truth.lines() {
            tally.take(&folder, &serde_json::from_str(line).unwrap());
        }
        tally.print(&folder.file_name().unwrap().to_string_lossy());
        all.add(tally);
    }
    all.print("all");
    spread("live, ms", &mut all.lives);
    spread("full, ms", &mut all.fulls);
    all.wrong
}

#[derive(Default)]
struct Tally {
    photos: u32,
    live: u32,
    in_four: u32,
    full: u32,
    wrong: u32,
    lives: Vec<f64>,
    fulls: Vec<f64>,
}

impl Tally {
    fn take(&mut self, folder: &Path, truth: &Value) {
        let texts: Vec<&str> =
            truth["texts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let bytes = fs::read(folder.join(truth["file"].as_str().unwrap())).unwrap();
        let frame = framed(&load(&bytes).unwrap());
        let (first, time) = live(&frame, 0);
        self.lives.push(time);
        let (found, time) = full(&frame);
        self.fulls.push(time);
        let turns = (1..4).map(|turn| live(&frame, turn).0.texts);
        let turns: Vec<Vec<String>> = std::iter::once(first.texts.clone()).chain(turns).collect();
        let hit = |found: &[String]| found.iter().any(|text| texts.contains(&text.as_str()));
        self.photos += u32::from(!texts.is_empty());
        self.live += u32::from(hit(&first.texts));
        self.in_four += u32::from(turns.iter().any(|found| hit(found)));
        self.full += u32::from(hit(&found.texts));
        let all = turns.iter().flatten().chain(&found.texts);
        let known = truth["src"] != "none";
        let wrong = all.filter(|text| known && !texts.contains(&text.as_str()));
        self.wrong += wrong.inspect(|text| println!("  wrong: {text:?} in {truth}")).count() as u32;
    }

    fn add(&mut self, other: Self) {
        self.photos += other.photos;
        self.live += other.live;
        self.in_four += other.in_four;
        self.full += other.full;
        self.wrong += other.wrong;
        self.lives.extend(other.lives);
        self.fulls.extend(other.fulls);
    }

    fn print(&self, name: &str) {
        let Self { photos, live, in_four, full, .. } = self;
        println!("  {name:<20} of {photos:>4}: live {live:>4}  in 4 {in_four:>4}  full {full:>4}");
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
