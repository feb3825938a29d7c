//! versions as boot loaders sort them, and counters in file names
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("boot_version", bytes));
