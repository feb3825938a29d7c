//! settings of services: sysctl, systemd, watchdog, dnf, apt
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("settings", bytes));
