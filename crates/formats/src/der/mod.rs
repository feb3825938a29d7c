//! ASN.1 in its encodings: a decoder driven by a grammar, elements one by one, object identifiers.
//!
//! [`decode::decode`] behaves as the Linux kernel's BER decoder does, leniencies included, because
//! whether a signature counts as damaged depends on it. It must not know what any field means: that
//! is for the rooms that bring a grammar. [`element::Elements`] is the plain reader for everybody
//! else.
//! Sources: ITU-T X.690; Linux `lib/asn1_decoder.c`, `scripts/asn1_compiler.c`.

pub mod grammar;
pub mod fault;
mod indefinite;
pub mod decode;
pub mod element;
pub mod oid;
pub mod write;
