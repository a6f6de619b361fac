//! The fuzz target of the check `presentation`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("presentation"), |data: &[u8]| {
    countersign_fuzz::hold("presentation", data);
});
