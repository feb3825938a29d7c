//! GRUB's environment block
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("grub_environment", bytes));
