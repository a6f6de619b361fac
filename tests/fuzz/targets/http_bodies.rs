//! The fuzz target of the check `http_bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("http_bodies"), |data: &[u8]| {
    countersign_fuzz::hold("http_bodies", data);
});
