//! PKCS#7 and CMS signed data, as the kernel and as others decode it
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("cms", bytes));
