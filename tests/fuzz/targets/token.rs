//! The fuzz target of the check `token`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("token"), |data: &[u8]| {
    countersign_fuzz::hold("token", data);
});
