//! How much a reader may be made to do by the bytes it reads.

/// Bounds that every reader keeps. Each default is far above what real files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes a compressed module may unpack to. Largest module of Debian 6.12: 29.3 MB.
    pub module_bytes: usize,
    /// Bytes a compressed kernel image may unpack to. A vmlinux with debug sections kept is about 100 MB;
    /// Debian's are 60 to 80 MB.
    pub kernel_bytes: usize,
    /// Bytes that all files of a package (a cabinet, an installer) may unpack to. Packages of display
    /// drivers have 1 GB and more, those of other drivers below 100 MB.
    pub package_bytes: usize,
    /// Memory an xz or lzma decoder may take, in bytes. `xz -9` needs 65 MiB.
    pub decoder_memory: u64,
    /// Bytes one text file may hold. A full `Module.symvers` is 2 MB, `modules.alias` 3 MB.
    pub text_bytes: usize,
    /// Nesting of DER. The kernel's own decoder keeps 10 levels (`lib/asn1_decoder.c`, `NR_CONS_STACK`).
    pub depth: usize,
    /// Items of one list: certificates, signers, sections, archive members, signature-list entries.
    pub items: usize,
}

impl Limits {
    /// The limits the program uses unless told otherwise.
    pub const DEFAULT: Self = Self {
        module_bytes: 112 << 20,
        kernel_bytes: 192 << 20,
        package_bytes: 256 << 20,
        decoder_memory: 80 << 20,
        text_bytes: 64 << 20,
        depth: 32,
        items: 1 << 17,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
