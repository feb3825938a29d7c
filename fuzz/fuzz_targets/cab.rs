//! cabinets: their lists, and what is inside
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("cab", bytes));
