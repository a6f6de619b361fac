//! The fuzz target of the check `config`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("config"), |data: &[u8]| {
    countersign_fuzz::hold("config", data);
});
