//! The fuzz target of the check `sync_messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("sync_messages"), |data: &[u8]| {
    countersign_fuzz::hold("sync_messages", data);
});
