//! logs and outputs of tools: encodings, time stamps, journal records, the patterns of a diagnosis
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("evidence", bytes));
