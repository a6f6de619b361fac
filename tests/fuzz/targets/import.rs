//! The fuzz target of the check `import`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("import"), |data: &[u8]| {
    countersign_fuzz::hold("import", data);
});
