//! A key that was made, or not: whose kernels verify it, where it went.

use crate::style::{Style, Tone};
use loadworthy_core::keys::described::Described;
use std::io::{self, Write};

/// What came of the wish for a key.
#[derive(Debug)]
pub struct Made {
    /// As of when.
    pub at: String,
    /// What kernels call the kind of key.
    pub algorithm: &'static str,
    /// Every kernel that was asked about.
    pub kernels: Vec<Kernel>,
    /// The key; `None`: none was made, since a kernel cannot verify it.
    pub pair: Option<Pair>,
}

/// A kernel that has to verify what the key signs.
#[derive(Debug)]
pub struct Kernel {
    /// The machine or platform it is of.
    pub target: String,
    /// Its release.
    pub release: String,
    /// Whether it verifies such signatures; `None`: that was not seen.
    pub verifies: Option<bool>,
}

/// Where a key and its certificate went.
#[derive(Debug)]
pub struct Pair {
    /// What the certificate says.
    pub certificate: Described,
    /// The file with the private key.
    pub key: String,
    /// The file with the certificate.
    pub cert: String,
    /// Whether a passphrase locks the key.
    pub locked: bool,
}

/// Writes it.
///
/// # Errors
/// When `out` does not take the text.
pub fn text(made: &Made, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let algorithm = made.algorithm;
    for kernel in made.kernels.iter().filter(|kernel| kernel.verifies == Some(false)) {
        let refused = style.paint(Tone::Bad, "refused");
        let (target, release) = (style.plain(&kernel.target), style.plain(&kernel.release));
        writeln!(
            out,
            "{refused}  {target}: {release} does not verify {algorithm} signatures (LW4107)"
        )?;
    }
    let Some(pair) = &made.pair else {
        return writeln!(
            out,
            "  no key was made; RSA is verified by every kernel: --kind rsa-3072"
        );
    };
    let c = &pair.certificate;
    let lock = if pair.locked { "locked" } else { "not locked" };
    let for_ = if c.for_time_stamps() {
        "time-stamps"
    } else if c.for_modules_alone() {
        "modules alone"
    } else {
        "modules and boot images"
    };
    let (key, cert) = (style.plain(&pair.key), style.plain(&pair.cert));
    writeln!(out, "made  {}  {}, for {for_}", style.plain(&c.name), c.algorithm)?;
    writeln!(out, "  key     {key} ({lock}; only its owner may read it)")?;
    writeln!(out, "  cert    {cert}")?;
    writeln!(out, "  sha256  {}", c.sha256)?;
    if c.for_time_stamps() {
        return writeln!(
            out,
            "  next    loadworthy key timestamp-authority --key {key} --cert {cert}"
        );
    }
    writeln!(out, "  next    loadworthy key enroll {cert} --firmware")
}
