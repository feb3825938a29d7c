//! `/proc/mounts` and `fstab`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("mount_table", bytes));
