//! `loader.conf` of systemd-boot
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("loader_conf", bytes));
