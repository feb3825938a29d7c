//! What developers type as `cargo x …`, as a library, so that tests can ask the same questions.
//!
//! Rooms are listed in the order data passes through them; a room imports only rooms above it.

pub mod tree;

pub mod generate;

pub mod block_rules;

pub mod tidy;

pub mod ci;

pub mod kernels;

pub mod suites;

pub mod program;

pub mod stripped;

pub mod whole_trees;

pub mod cases;

pub mod instructions;

pub mod packed_trees;
mod pairs;
mod bench_runs;
pub mod scan_bench;
mod cms_bench;
mod cold_bench;
pub mod alone_bench;

pub mod bench;
pub mod drivers;
pub mod gate_bench;
pub mod preflight_bench;
pub mod sign_bench;
pub mod growth;

pub mod wine;

pub mod oracle;
