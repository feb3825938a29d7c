//! Windows cabinets: which files are inside, and their bytes.
//!
//! Source: *Microsoft Cabinet Format* (`[MS-CAB]`), *MSZIP* (`[MS-MCI]`), *LZX DELTA* (`[MS-PATCH]`).
//! Folders are unpacked from their beginning, each once, under one limit for all of them.

pub mod cabinet;
pub mod data;
pub mod single;
#[cfg(test)]
mod tests;
