//! The fuzz target of the check `picture_input`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("picture_input"), |data: &[u8]| {
    countersign_fuzz::hold("picture_input", data);
});
