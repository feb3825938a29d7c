//! authenticated updates of EFI variables
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loadworthy_proving::readers::run(
    "uefi_authenticated",
    bytes
));
