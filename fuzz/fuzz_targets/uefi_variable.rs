//! EFI variables as efivarfs shows them
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run(
    "uefi_variable",
    bytes
));
