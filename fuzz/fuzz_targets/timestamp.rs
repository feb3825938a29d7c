//! time-stamps: what a token of RFC 3161 says
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("timestamp", bytes));
