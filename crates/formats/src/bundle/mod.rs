//! Bundles: what was looked at on one machine, in a file.
//!
//! A line of text, zstd frames, a frame with the index, and a tail that says where the index is; the
//! whole behind the first line is one valid zstd stream. The index has one JSON object a line. Holds
//! the shape of the file; it must not know what the things in it mean. `docs/bundle.md` describes it.

pub mod container;
pub mod path;
pub mod index;
pub mod sketch;
pub mod archive;
