//! event logs of Windows in binary form
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("event_log", bytes));
