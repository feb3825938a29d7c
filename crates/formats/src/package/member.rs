//! What a package is, and what is in it.

use std::io::Read;

/// Bytes that a package may unpack to. Debian's largest kernels with debug symbols have 6 GB; those without, 400 MB.
pub const UNPACKED: u64 = 4 << 30;

/// What a package says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, with epoch and release where it has them.
    pub version: String,
    /// The architecture it is for, in the distribution's own word.
    pub architecture: String,
    /// Programs that the package manager would run: their names and texts.
    pub scripts: Vec<(String, String)>,
}

/// What sort of thing a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort<'a> {
    /// An ordinary file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, and where it leads.
    Link(&'a [u8]),
    /// Another name of a file of the same package.
    HardLink(&'a [u8]),
    /// A device, a pipe.
    Other,
}

/// One thing that a package would put somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Where, as it stands: `./lib/modules/…`.
    pub path: &'a [u8],
    /// What.
    pub sort: Sort<'a>,
    /// Bytes of its contents.
    pub size: u64,
}

/// Told of each member, with its contents; what is not read of them is passed over.
pub type Visit<'v> = dyn FnMut(&Member<'_>, &mut dyn Read) + 'v;
