//! `decode` and `readers` as a script runs them: a line of JSON for each picture, whatever the picture is.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use qrcode::{Color, QrCode};
use serde_json::Value;

const TEXT: &str = "CS1:HELLO 12345";
/// GS1 General Specifications, section 5.2: the bars of 5901234123457.
const EAN: &str = concat!(
    "101000101101001110110011001001101111010011101",
    "01010110011011011001000010101110010011101000100101"
);

fn program(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_countersign"));
    program.current_dir(folder).env_remove("COUNTERSIGN_DATA").stdin(Stdio::null());
    program
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn texts(line: &Value) -> Vec<&str> {
    assert!(line["ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{line}");
    line["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// A picture in the format that needs no library: grey, one byte a pixel.
fn pgm(width: usize, height: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let pixel = |i: usize| if dark(i % width, i / width) { 30 } else { 220 };
    let mut file = format!("P5 {width} {height} 255\n").into_bytes();
    file.extend((0..width * height).map(pixel));
    file
}

fn code(light_on_dark: bool) -> Vec<u8> {
    let code = QrCode::new(TEXT).unwrap();
    let side = (code.width() + 8) * 4;
    let at = |pixel: usize| (pixel / 4).checked_sub(4).filter(|at| *at < code.width());
    pgm(side, side, |x, y| match (at(x), at(y)) {
        (Some(x), Some(y)) => (code[(x, y)] == Color::Dark) != light_on_dark,
        _ => light_on_dark,
    })
}

fn bars() -> Vec<u8> {
    let bar = |x: usize| (x / 3).checked_sub(12).and_then(|at| EAN.as_bytes().get(at));
    pgm((EAN.len() + 24) * 3, 90, |x, _| bar(x) == Some(&b'1'))
}

fn pictures() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("code.pgm", code(false)),
        ("dark mode.pgm", code(true)),
        ("bars.pgm", bars()),
        ("empty.pgm", pgm(300, 200, |_, _| false)),
        ("cut.pgm", code(false)[..200].to_vec()),
        ("words.png", b"this is no picture".to_vec()),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn every_picture_has_its_line_in_order() {
    let folder = pictures();
    let names = ["code.pgm", "words.png", "dark mode.pgm", "empty.pgm", "none.png", "cut.pgm"];
    for effort in ["full", "live"] {
        let output =
            program(folder.path()).args(["decode", "--effort", effort]).args(names).output();
        let output = output.unwrap();
        let lines = lines(&output);
        let found: Vec<_> = lines.iter().map(texts).collect();
        let none: &[&str] = &[];
        assert_eq!(found, [&[TEXT][..], none, &[TEXT], none, none, none], "{effort}");
        let failed: Vec<bool> = lines.iter().map(|line| line["error"].is_string()).collect();
        assert_eq!(failed, [false, true, false, false, true, true]);
        assert_eq!(output.status.code(), Some(4), "not every picture could be looked at");
    }
}

#[test]
fn paths_come_on_standard_input_one_a_line() {
    let folder = pictures();
    let mut program = program(folder.path());
    let running = program.arg("decode").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut running = running.unwrap();
    running.stdin.take().unwrap().write_all(b"code.pgm\r\nempty.pgm\ncode.pgm").unwrap();
    let output = running.wait_with_output().unwrap();
    let lines = lines(&output);
    let found: Vec<_> = lines.iter().map(texts).collect();
    assert_eq!(found, [vec![TEXT], vec![], vec![TEXT]]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn bars_are_read_when_they_are_wanted() {
    let folder = pictures();
    for (more, expected) in [(&[][..], &[][..]), (&["--barcodes"], &["5901234123457"])] {
        let output = program(folder.path()).args(["decode", "bars.pgm"]).args(more).output();
        assert_eq!(texts(&lines(&output.unwrap())[0]), expected);
    }
}

#[test]
fn readers_says_what_is_plugged_in() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path()).args(["readers", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    for line in lines(&output) {
        assert!(["camera", "serial"].contains(&line["kind"].as_str().unwrap()), "{line}");
    }
    let output = program(folder.path()).arg("readers").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("camera") && told.contains("serial"), "{told}");
}
