//! What was typed after `gate`.

use super::{Output, key_value};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Gate {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Put the gate on this host: hooks, units, answers for those who reboot
    Install(Install),
    /// Judge the next boot, and hold back what is not loadworthy
    #[command(before_help = "\
Examples:
  loadworthy gate run                   may this machine be rebooted?
  loadworthy gate run --root /mnt/disk --json
  loadworthy gate run --kured           0: wanted and allowed, 1: not")]
    #[command(after_help = "\
Exit codes: 0 fine, or the gate is open · 1 the kernel is not loadworthy · 3 it
cannot be told, or a build under way decides it · 2 usage error, or our own work
failed. Those who ask with a flag get the codes of their own contract.")]
    Run(Box<Run>),
    /// How the gate stands, and whether its records are whole
    Status(Status),
    /// Open the gate for a time, with a name and a reason; or close it
    #[command(before_help = "\
Examples:
  loadworthy gate override --owner ops --reason 'SAN is down' --for 4h
  loadworthy gate override --close 7")]
    Override(Override),
    /// Accept the manifest of this host: from now on the gate holds kernels back
    Accept(Accept),
    /// Compare this boot with what was foretold
    Confirm(Confirm),
    /// Start a kernel once; it becomes the default when the machine came up and is well
    #[command(before_help = "\
Examples:
  loadworthy gate trial                 the newest kernel, at the next boot only
  loadworthy gate trial --clear         no trial, or: its failure was mended")]
    Trial(Trial),
    /// Take the gate away, and everything it changed back
    Uninstall(Uninstall),
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    /// Install below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Only these files; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// None of these files; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) without: Vec<String>,
    /// The program that hooks start [default: this one, or /usr/bin/loadworthy below --root]
    #[arg(long, value_name = "PATH")]
    pub(crate) program: Option<String>,
    /// Only say what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// Below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Take the ledger away, too
    #[arg(long)]
    pub(crate) purge: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("asker").multiple(false)))]
pub(crate) struct Run {
    /// Look below DIR, as if DIR were `/`; nothing is changed there without --act
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Change what is below --root as on the machine itself
    #[arg(long, requires = "root")]
    pub(crate) act: bool,
    /// Only say what is; change nothing and write nothing down
    #[arg(long, conflicts_with = "act")]
    pub(crate) dry_run: bool,
    /// Speak of this kernel, too [default: the next one]
    #[arg(long, value_name = "VERSION")]
    pub(crate) kernel: Option<String>,
    /// Judge as if this .deb, .rpm or folder of modules were installed; repeatable
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) with: Vec<PathBuf>,
    /// What if: `secure-boot=on` and others, as in `check`; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) assume: Vec<(String, String)>,
    /// What must load here, in place of the machine's own manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Judge as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Read and hash everything anew
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Threads that work at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// A hook asks: 0, unless transactions are to fail
    #[arg(long, value_name = "MOMENT", value_enum, group = "asker")]
    pub(crate) hook: Option<Moment>,
    /// kernel-install asks: 77 keeps the entry from being written
    #[arg(long, group = "asker")]
    pub(crate) kernel_install: bool,
    /// apt asks, with the packages it is about to unpack on standard input
    #[arg(long, group = "asker", conflicts_with = "root")]
    pub(crate) apt: bool,
    /// kured asks: 0 reboot wanted and allowed, 1 not
    #[arg(long, group = "asker")]
    pub(crate) kured: bool,
    /// molly-guard asks: 1 stops the reboot
    #[arg(long, group = "asker")]
    pub(crate) molly_guard: bool,
    /// Ask for this machine's turn to reboot: 0 the gate allows it and the server of
    /// `[gate] fleet-lock` grants it, else 1
    #[arg(long, group = "asker")]
    pub(crate) fleet_lock: bool,
    /// A monitoring system asks: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long, group = "asker")]
    pub(crate) nagios: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    /// What the hook was given
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) given: Vec<String>,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Moment {
    /// A kernel's package is being configured: VERSION IMAGE
    KernelInstalled,
    /// A kernel is gone
    KernelRemoved,
    /// Modules were built
    Built,
    /// An initramfs was built
    Initramfs,
    /// A package manager is done
    Transaction,
    /// The machine has started
    Boot,
    /// Time has passed
    Timer,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Exit with 1 if the ledger or a file is not as it was written
    #[arg(long)]
    pub(crate) verify: bool,
    /// The digest of a line that was noted elsewhere: is it still in the ledger?
    #[arg(long, value_name = "SHA256", requires = "verify")]
    pub(crate) noted: Option<String>,
    /// As of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Override {
    /// Below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Who answers for it
    #[arg(long, value_name = "WHO", required_unless_present = "close")]
    pub(crate) owner: Option<String>,
    /// Why
    #[arg(long, value_name = "WHY", required_unless_present = "close")]
    pub(crate) reason: Option<String>,
    /// For how long: 30m, 4h, 2d
    #[arg(long = "for", value_name = "TIME", required_unless_present = "close")]
    pub(crate) lasts: Option<String>,
    /// Where it is followed up
    #[arg(long, value_name = "REF")]
    pub(crate) ticket: Option<String>,
    /// Close this override; only once the required drivers load and nothing is weaker than before
    #[arg(long, value_name = "ID", conflicts_with_all = ["owner", "reason", "lasts", "ticket"])]
    pub(crate) close: Option<u64>,
    /// As of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Who accepts it
    #[arg(long, value_name = "WHO")]
    pub(crate) owner: String,
    /// Why, or where it was reviewed
    #[arg(long, value_name = "WHY")]
    pub(crate) reason: Option<String>,
    /// As of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// Look below DIR, as if DIR were `/`; the ledger there is written to
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// As of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// The kernel [default: the newest that is installed]
    #[arg(value_name = "VERSION")]
    pub(crate) kernel: Option<String>,
    /// Take a trial back, or forget that it failed
    #[arg(long, conflicts_with = "kernel")]
    pub(crate) clear: bool,
    /// Below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// As of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}
