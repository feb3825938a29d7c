//! logs of setup and records that tools of Windows export
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("windows_evidence", bytes));
