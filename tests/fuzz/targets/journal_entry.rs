//! The fuzz target of the check `journal_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("journal_entry"), |data: &[u8]| {
    countersign_fuzz::hold("journal_entry", data);
});
