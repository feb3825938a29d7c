//! squashfs: tables, folders and files, packed in blocks
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("squashfs", bytes));
