//! What was seen of one module file.

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::{Fact, Source};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use loadworthy_formats::compress::Packed;
use loadworthy_formats::elf::relocations::Obstacles;
use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::modsig::Appended;

/// One module file.
#[derive(Clone, Debug)]
pub struct ModuleFacts {
    /// What it is called: its own name where it has one, else the file's.
    pub name: Arc<str>,
    /// The argument as given, or the path below the root.
    pub path: Arc<str>,
    /// SHA-256 of the file as stored; `None` when it could not be read.
    pub sha256: Option<[u8; 32]>,
    /// How the file is packed; `None`: it is not.
    pub packed: Option<Packed>,
    /// What the file holds.
    pub file: Source<Arc<ModuleFile>>,
    /// That the file carries no `security.ima` attribute; open when it does or when that was not seen.
    pub without_file_signature: Fact<()>,
}

/// What a module file holds, after unpacking.
#[derive(Clone, Debug)]
pub enum ModuleFile {
    /// Not a file the kernel reads at all: a directory, a device, or empty.
    NotReadable(&'static str),
    /// Bytes that were looked over.
    Read(Arc<ModuleBytes>),
}

/// The bytes of a module, looked over once.
#[derive(Clone, Debug)]
pub struct ModuleBytes {
    /// Their number, after unpacking, signature included.
    pub len: u64,
    /// What stands at the end of the file.
    pub appended: Appended,
    /// The signature message (PKCS#7), where the trailer points to one.
    pub message: Option<Arc<[u8]>>,
    /// Digests of what is signed, by every algorithm that the message names.
    pub digests: BTreeMap<DigestAlgorithm, Digest>,
    /// SHA-256 of all bytes after unpacking, which deny lists name.
    pub sha256: [u8; 32],
    /// The ELF file in front of the signature.
    pub survey: Survey,
    /// The first of its relocations that cannot be applied.
    pub obstacles: Obstacles,
}
