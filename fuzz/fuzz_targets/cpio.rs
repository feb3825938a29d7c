//! initramfs images: newc archives, bare and compressed, one after another
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("cpio", bytes));
