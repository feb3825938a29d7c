//! PKCS#12 files: how they are locked
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("pkcs12", bytes));
