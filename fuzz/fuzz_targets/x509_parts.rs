//! X.509 certificates as the kernel takes them apart
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("x509_parts", bytes));
