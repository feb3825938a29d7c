//! installers: the container, the tables, the cabinets inside
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("msi", bytes));
