//! A key that was made, or not: whose kernels verify it, where it went.

use crate::style::{Style, Tone};
use loadworthy_core::keys::described::Described;
use loadworthy_core::signed::{Reach, Says};
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
    /// For test machines with Windows: how far it reaches on each version.
    pub reach: Option<Vec<Reach>>,
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
    /// The same key and certificate in other forms, and scripts for them.
    pub also: Vec<String>,
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
    let for_ = if made.reach.is_some() {
        "code on test machines"
    } else if c.for_time_stamps() {
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
    for path in &pair.also {
        writeln!(out, "  also    {}", style.plain(path))?;
    }
    writeln!(out, "  sha256  {}", c.sha256)?;
    if let Some(reach) = &made.reach {
        return table(reach, out);
    }
    if c.for_time_stamps() {
        return writeln!(
            out,
            "  next    loadworthy key timestamp-authority --key {key} --cert {cert}"
        );
    }
    writeln!(out, "  next    loadworthy key enroll {cert} --firmware")
}

fn table(reach: &[Reach], out: &mut dyn Write) -> io::Result<()> {
    let line = |out: &mut dyn Write, cells: [&str; 6]| {
        let [platform, install, trusted, load, without, test] = cells;
        let row = format!("{platform:<24}{install:<16}{trusted:<16}{load:<16}{without:<16}{test}");
        writeln!(out, "{}", row.trim_end())
    };
    let loads = |says: &Option<Says>, word: &str| match says {
        None => "-".to_owned(),
        Some(Says { outcome, code: Some(code) }) => format!("{outcome} {code}"),
        Some(Says { outcome: "loads" | "loads-tainted", .. }) => word.to_owned(),
        Some(Says { outcome, .. }) => (*outcome).to_owned(),
    };
    writeln!(out, "\nWhat each version of Windows says to a driver package signed with it:")?;
    line(out, ["", "installs", "installs,", "loads", "loads without", "loads in"])?;
    line(out, ["", "", "trusted", "", "Secure Boot", "test mode"])?;
    for r in reach {
        let (install, trusted) = (loads(&r.install, "installs"), loads(&r.trusted, "installs"));
        let (load, without) = (loads(&r.load, "loads"), loads(&r.without, "loads"));
        line(out, [&r.platform, &install, &trusted, &load, &without, &loads(&r.test, "loads")])?;
    }
    let judged = reach.iter().filter(|r| r.load.is_some()).count();
    let many = |of: fn(&Reach) -> Option<Says>| {
        let is_loaded = |r: &&Reach| of(r).is_some_and(|says| says.outcome.starts_with("loads"));
        reach.iter().filter(is_loaded).count()
    };
    let (plain, test) = (many(|r| r.load), many(|r| r.test));
    writeln!(
        out,
        "\nIt loads on {plain} of {judged} as they come, on {test} in test mode. A certificate in the \
         machine's stores\nlets a package install; kernels do not look there."
    )
}
