//! kernel images: the shell, the payload and what is told by it
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("kernel_image", bytes));
