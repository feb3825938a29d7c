//! `loadworthy key …`.

use super::{Output, Proof, Source};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// What keyrings hold, where it came from, and which modules depend on it
    #[command(before_help = "\
Examples:
  loadworthy key list                   this machine, at its next boot
  loadworthy key list --root /mnt/disk --json
  loadworthy key list --bundle hosts/   several machines, and who trusts whose")]
    #[command(after_help = "\
Exit codes: 0 listed · 1 with --exit-code, a finding of weight `bad` · 2 usage
error, or our own work failed")]
    List(KeyList),
}

#[derive(Debug, Args)]
pub(crate) struct KeyList {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Look at the signature of every module of the tree, not only of what is
    /// needed and what was added to the kernel's own
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 where a finding is of weight `bad`
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    /// How much of the proof is shown [default: short]
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
}
