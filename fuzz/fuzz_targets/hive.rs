//! registry hives: keys, values, lists
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("hive", bytes));
