//! load options of the firmware's boot manager
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("load_option", bytes));
