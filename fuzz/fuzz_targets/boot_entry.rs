//! entries of the Boot Loader Specification
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("boot_entry", bytes));
