//! gzip, xz, zstd, lz4, lzma and bzip2 streams, under a limit
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("compress", bytes));
