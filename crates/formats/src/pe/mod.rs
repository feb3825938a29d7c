//! PE images: EFI applications, kernels with an EFI stub, Windows drivers.
//!
//! Headers, sections, the attribute certificates at the end, and what shim keeps in sections of its
//! own. Nothing is judged: an image whose parts do not fit together comes with deviations.
//!
//! Sources: Microsoft *PE Format* (COFF file header, optional header, section table, attribute
//! certificate table); UEFI 2.10 §32.2; shim `cert.S`, `sbat_var.S`, `SBAT.md`.

pub mod sections;
pub mod header;
pub mod attribute_certificates;
pub mod shim;
pub mod version;
pub mod write;
