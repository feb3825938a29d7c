//! INF files: lines, sections, strings, models, install sections
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("inf", bytes));
