//! The fuzz target of the check `bundle`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("bundle"), |data: &[u8]| {
    countersign_fuzz::hold("bundle", data);
});
