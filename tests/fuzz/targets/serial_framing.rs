//! The fuzz target of the check `serial_framing`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("serial_framing"), |data: &[u8]| {
    countersign_fuzz::hold("serial_framing", data);
});
