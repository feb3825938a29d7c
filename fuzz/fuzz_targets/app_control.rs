//! App Control policies: header, rules, signers, scenarios, extensions
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("app_control", bytes));
