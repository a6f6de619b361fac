//! The fuzz target of the check `status_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("status_list"), |data: &[u8]| {
    countersign_fuzz::hold("status_list", data);
});
