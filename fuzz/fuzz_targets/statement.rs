//! signed statements: the envelope, and what is in it
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("statement", bytes));
