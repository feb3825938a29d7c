//! App Control policies as XML: rules of the kernel, by reference
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("app_control_xml", bytes));
