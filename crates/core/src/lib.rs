//! Facts in, a judgement out.
//!
//! Nothing here can reach a file, the clock, the environment, a network or a thread: the crate is
//! `no_std`, and what it decides is a function of its arguments. Rooms are listed in the order
//! data passes through them; a room imports only rooms listed above it.
#![no_std]

extern crate alloc;

pub mod errno;
pub mod windows_words;
pub mod code;
pub mod codes;
pub mod boot_claim;
pub mod initramfs_claim;
pub mod advice_claim;
pub mod proof;
pub mod fact;
pub mod tables;
pub mod crypt;
pub mod package;
pub mod authenticode;
pub mod codesigning;
pub mod sbat;
pub mod pkcs7;
pub mod elf_rules;
pub mod facts;
pub mod assume;
pub mod check;
pub mod policy;
pub mod profile;
pub mod platform;
pub mod needs;
pub mod signature;
pub mod verdict;
pub mod checks;
pub mod answer;
pub mod submitted;
pub mod stated;
pub mod keys;
pub mod drift;
pub mod preflight;
pub mod waves;
pub mod health;
pub mod rehearsed;
pub mod signed;
pub mod remedy;
pub mod diagnose;
pub mod codebook;
