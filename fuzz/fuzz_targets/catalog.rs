//! catalogs of Windows: members, attributes, extensions
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("catalog", bytes));
