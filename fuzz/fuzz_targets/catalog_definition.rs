//! what MakeCat makes catalogs of: options, attributes, files
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("catalog_definition", bytes));
