//! The fuzz target of the check `enrolment`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: countersign_fuzz::begin("enrolment"), |data: &[u8]| {
    countersign_fuzz::hold("enrolment", data);
});
