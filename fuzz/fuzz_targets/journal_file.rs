//! files of the journal: objects, entries, compressed values, torn ends
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run("journal_file", bytes));
