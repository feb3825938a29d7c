//! What was typed: checked for its shape, not yet for its sense.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

mod catalog;
mod check;
#[cfg(target_os = "linux")]
pub(crate) mod gate;
mod key;
pub(crate) mod package;
#[cfg(feature = "sign")]
pub(crate) mod sign;

pub(crate) use catalog::{Catalog, CatalogCreate, CatalogWhat};
#[cfg(feature = "sign")]
pub(crate) use check::StatementOf;
pub(crate) use check::{Check, CheckFormat, FailOn, Proof};
pub(crate) use key::{Dkms, Key, KeyEnroll, KeyList, KeyRotate};
#[cfg(feature = "sign")]
pub(crate) use key::{DkmsSetup, DkmsSign, KeyKind, KeyNew, TimestampAuthority};
#[cfg(feature = "sign")]
pub(crate) use sign::{Digest, Sign};

/// Tells before a reboot whether a driver will load, and why.
#[derive(Debug, Parser)]
#[command(name = "loadworthy", disable_version_flag = true, max_term_width = 80)]
#[command(after_help = "\
Exit codes: 0 everything asked about loads · 1 something is refused · 3 nothing
is refused and something is unknown, or there was nothing to judge · 2 usage
error, or our own work failed")]
#[command(before_help = "\
Examples:
  loadworthy check --example          how an answer looks
  loadworthy check                    will what this machine needs load?
  loadworthy check demo.ko            will this file load here?
  loadworthy check --root /mnt --all  will every module load on that disk?
  loadworthy explain EKEYREJECTED     what does this mean?")]
pub(crate) struct Cli {
    /// Print the version and the date of the knowledge tables
    #[arg(short = 'V', long)]
    pub(crate) version: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Will it load, and why?
    #[command(before_help = "\
Examples:
  loadworthy check                      every driver in use, at the next boot
  loadworthy check --all                the whole module tree
  loadworthy check lpfc                 as `modprobe lpfc` would
  loadworthy check ./demo.ko --proof full
  loadworthy check --root /mnt/disk --kernel 6.1.0-52-amd64 --json
  loadworthy check --assume secure-boot=on demo.ko
  loadworthy check demo.inf --on windows-11-24h2 --on windows-server-2022
  loadworthy check demo.inf --matrix    against every version of Windows")]
    Check(Check),
    /// What does this machine demand of a driver, and where was that read?
    #[command(before_help = "\
Examples:
  loadworthy policy                     at the next boot
  loadworthy policy --kernel running    now
  loadworthy policy --root /mnt/disk --json")]
    Policy(Policy),
    /// Record what a verdict needs, to be judged elsewhere
    #[command(before_help = "\
Examples:
  loadworthy collect -o host.lwb            this machine, best as root
  loadworthy collect -o disk.lwb --root /mnt/disk
  ssh db7 loadworthy collect -o - > db7.lwb
  loadworthy check --bundle host.lwb        the same verdicts as there")]
    Collect(Collect),
    /// What differs between two machines, and which verdicts does that turn?
    #[command(before_help = "\
Examples:
  loadworthy diff web1.lwb web2.lwb       two bundles
  loadworthy diff yesterday.lwb live      this machine since then
  loadworthy diff live profile          this machine and what its manifest wants
  loadworthy diff web1.lwb site.toml    a machine and a manifest's [profile]
  loadworthy diff --exit-code /mnt/a /mnt/b")]
    Diff(Diff),
    /// Windows catalogs: make one from an INF, hold a package against it, list it
    #[command(before_help = "\
Examples:
  loadworthy catalog create demo.inf --os 10_X64,Server2016_X64
  loadworthy catalog create package/ --os 7_X86,7_X64,10_X86,10_X64
  loadworthy catalog verify package/     is every file as it was catalogued?
  loadworthy catalog list demo.cat
  loadworthy catalog systems             what --os takes")]
    Catalog(Catalog),
    /// Windows packages for the hardware portal: made ready, and held against what comes back
    #[command(before_help = "\
Examples:
  loadworthy package prepare demo/ -o demo.cab
  loadworthy package compare --submitted demo.cab --returned Signed_1.zip
  loadworthy package compare --submitted demo.cab --returned Signed_1.zip \\
      --on windows-10-22h2 --on windows-11-24h2")]
    #[command(subcommand)]
    Package(package::Package),
    /// Something vanished: what happened, how sure, and which way back?
    #[command(before_help = "\
Examples:
  dmesg | loadworthy diagnose -         what the kernel said
  loadworthy diagnose journal.txt lspci.txt
  loadworthy diagnose incident/         every file of a folder
  loadworthy diagnose --root /mnt/disk  the logs and files of a disk
  loadworthy diagnose kern.log --root /mnt/disk --json")]
    #[command(after_help = "\
Without LOG the logs of the machine that --root names (or this one) are read.
With LOG nothing of any machine is looked at, unless --root or --live says so.

Exit codes: 0 nothing needs repair · 1 something does · 3 what was read leaves
it open, or there was nothing to read · 2 usage error, or our own work failed")]
    Diagnose(Diagnose),
    /// What does this code, error or log line mean?
    #[command(before_help = "\
Examples:
  loadworthy explain LW1003
  loadworthy explain EKEYREJECTED
  loadworthy explain 'Loading of unsigned module is rejected'
  loadworthy explain --causes
  loadworthy explain 0x800B0109
  loadworthy explain code52
  loadworthy explain event 3077
  loadworthy explain State=0x40000
  loadworthy explain --list")]
    Explain(Explain),
    /// What is in this file? No judgement
    #[command(before_help = "\
Examples:
  loadworthy inspect demo.ko
  loadworthy inspect --json /sys/firmware/efi/efivars/dbx-*
  loadworthy inspect /boot/config-* /proc/cmdline /etc/modprobe.d/*")]
    Inspect(Inspect),
    /// Start the next kernel in a virtual machine: foretold beside observed
    #[command(before_help = "\
Examples:
  loadworthy rehearse                   what this machine needs, at its next boot
  loadworthy rehearse lpfc --root /mnt/disk
  loadworthy rehearse --assume enroll=key.der --json")]
    Rehearse(Rehearse),
    /// Signing keys, and which of them platforms trust
    #[command(subcommand)]
    Key(Key),
    /// Sign modules, EFI images, drivers and catalogs; judged before they are released
    #[cfg(feature = "sign")]
    #[command(before_help = "\
Examples:
  loadworthy sign demo.ko --key MOK.priv --cert MOK.der
  loadworthy sign -r /lib/modules/6.1.0-52-amd64/updates --key k.pem --cert c.pem
  loadworthy sign vmlinuz --key 'pkcs11:token=hsm;object=db' --cert db.pem -o out
  loadworthy sign demo.ko --cert c.pem --to-sign demo.digest    the key is elsewhere
  loadworthy sign demo.ko --cert c.pem --signature demo.sig     and back again
  loadworthy sign demo.sys demo.cat -k vendor.pfx --timestamp http://tsa.example \\
      --on windows-10-22h2 --on windows-11-24h2
  loadworthy sign --strip demo.sys")]
    #[command(after_help = "\
A passphrase or PIN comes from a file, a variable of the environment (also
KBUILD_SIGN_PIN) or the terminal, never from the command line.

Exit codes: 0 all are signed · 1 some are not, or a target refuses what was
signed and the old files are still there · 2 usage error, or nothing could be
signed")]
    Sign(Box<Sign>),
    #[cfg(target_os = "linux")]
    /// The door of this host: no reboot into a kernel that is not loadworthy
    #[command(before_help = "\
Examples:
  loadworthy gate install               hooks and units for what is here
  loadworthy gate run                   may this machine be rebooted?
  loadworthy gate status --verify
  loadworthy gate override --owner ops --reason 'SAN is down' --for 4h")]
    Gate(gate::Gate),
    /// Modules that DKMS and akmods build: are they signed, and will they load?
    #[command(subcommand)]
    Dkms(Dkms),
    /// What must load here: the merged manifest, each key with its origin
    #[command(before_help = "\
Examples:
  loadworthy config
  loadworthy config --root /mnt/disk --json
  loadworthy config --manifest site.toml   is it in order?")]
    Config(Config),
    /// The JSON Schema of a command's output
    #[command(before_help = "Examples:\n  loadworthy schema check")]
    Schema(Schema),
    /// Completions for a shell
    #[command(before_help = "\
Examples:
  loadworthy completions bash > /etc/bash_completion.d/loadworthy")]
    Completions(Completions),
}

/// Which machine, which of its kernels, as of when.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Source {
    /// Read everything below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Read what `collect` wrote; a folder means all in it; repeatable
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "root")]
    pub(crate) bundle: Vec<PathBuf>,
    /// Take firmware, keys, command line and lockdown from this bundle or folder, the files from
    /// the machine that is judged; or from a named platform: `debian-12,secure-boot=on`
    #[arg(long, value_name = "BUNDLE|DIR|PROFILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Judge as if this .deb, .rpm or folder of modules were installed;
    /// repeatable
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) with: Vec<PathBuf>,
    /// Which kernel: a version, `running`, `next` or `all`
    #[arg(long, value_name = "VERSION", default_value = "next")]
    pub(crate) kernel: String,
    /// What if: `secure-boot=on`, `lockdown=integrity`, `sig-enforce=on`,
    /// `enroll=CERT.der`, `dbx=FILE`, `cmdline=TEXT`; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) assume: Vec<(String, String)>,
    /// What must load here, in place of the machine's own manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Judge as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Tables beside the built-in ones: rows about Linux kernels in DIR/linux, about causes in
    /// DIR/diagnose; tables about Windows in place of the built-in ones in DIR/windows; repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) knowledge: Vec<PathBuf>,
    /// Keep what was found in DIR, for the next run: what kernel images and modules hold, good signatures
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// Threads that work at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
}

/// What the answer looks like.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

impl Output {
    /// Whether JSON is wanted.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) output: Output,
    /// How much of the proof is shown [default: short]
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// The bundle; replaced where it is there; `-` for standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    #[arg(required_unless_present = "manifest")]
    pub(crate) to: Option<PathBuf>,
    /// Draft a manifest in place of a bundle: what the hardware in use needs of the
    /// next kernel
    #[arg(long, conflicts_with_all = ["full", "redact", "json", "format"])]
    pub(crate) manifest: bool,
    /// Read everything below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Which kernel: a version, `running`, `next` or `all`
    #[arg(long, value_name = "VERSION", default_value = "all")]
    pub(crate) kernel: String,
    /// Keep modules as whole files, to load them elsewhere; without, their code is left out and
    /// the verdicts are the same
    #[arg(long)]
    pub(crate) full: bool,
    /// Replace host names, machine ids, UUIDs, serial numbers and addresses
    #[arg(long)]
    pub(crate) redact: bool,
    /// The time that is noted in it [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Threads that work at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Logs, outputs of tools, folders of them, module files; `-` is standard input
    #[arg(value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Look at this machine beside the logs
    #[arg(long, conflicts_with = "root")]
    pub(crate) live: bool,
    /// What was recorded of this machine when it was well: what changed since, and what hung on it
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) before: Option<PathBuf>,
    /// Take names of hosts, people, addresses and volumes out of the answer
    #[arg(long)]
    pub(crate) redact: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Record::Text)]
    pub(crate) format: Record,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Record {
    /// For people
    Text,
    /// For programs: `loadworthy schema diagnose`
    Json,
    /// For the record of an incident
    Markdown,
    /// The same as a page
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A bundle, a folder as if it were `/`, or `live`
    #[arg(value_name = "A")]
    pub(crate) a: String,
    /// Another, or what A should be: a manifest (.toml), or `profile` for A's own
    #[arg(value_name = "B")]
    pub(crate) b: String,
    /// What if, on both: `secure-boot=on`, `dbx=FILE`, …; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) assume: Vec<(String, String)>,
    /// Tables beside the built-in ones: rows about Linux kernels in DIR/linux; repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) knowledge: Vec<PathBuf>,
    /// Compare the whole module tree, not only what is in use
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 if something differs, with 3 if something was not seen on both
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Which kernel: a version, `running` or `next`
    #[arg(long, value_name = "VERSION", default_value = "next")]
    pub(crate) kernel: String,
    /// Judge as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Threads that work at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code, an errno by name or number, a line of the kernel log, a mark
    #[arg(required_unless_present_any = ["list", "causes"], allow_hyphen_values = true)]
    pub(crate) what: Vec<String>,
    /// List all codes and errnos
    #[arg(long)]
    pub(crate) list: bool,
    /// List the causes that `diagnose` names
    #[arg(long, conflicts_with = "list")]
    pub(crate) causes: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Modules, kernels, initramfs images, certificates, signature lists, and the texts of a kernel:
    /// its configuration, command line, keys, taint, modules.*, Module.symvers, modprobe.d; of Windows
    /// also INF files, cabinets, installers, App Control policies, registry hives and texts
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only the .modinfo of modules, reading as little of each file as that takes
    #[arg(long, conflicts_with_all = ["json", "format"])]
    pub(crate) brief: bool,
    /// Only what modules need of each other, by their symbols: a line each as in modules.dep
    #[arg(long, conflicts_with_all = ["json", "format", "brief"])]
    pub(crate) needs: bool,
    /// Open PKCS#12 files with the passphrase in the first line of FILE
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "FILE", alias = "password-file", conflicts_with = "passphrase_env")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The same with that in a variable of the environment
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "NAME", alias = "password-env")]
    pub(crate) passphrase_env: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Module names [default: what the host needs]
    #[arg(value_name = "SUBJECT")]
    pub(crate) subjects: Vec<String>,
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) output: Output,
    /// A folder with OVMF [default: where packages put it]
    #[arg(long, value_name = "DIR")]
    pub(crate) firmware: Option<PathBuf>,
    /// The longest it may take, in seconds [default: 240 and half a second a module]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) patience: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Read everything below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// This manifest, in place of the machine's own
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The command
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(
        loadworthy_report::json::schema::ALL.iter().map(|(name, _)| *name)
    ))]
    pub(crate) command: String,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: `loadworthy schema COMMAND`
    Json,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it takes KEY=VALUE, as in secure-boot=on")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command};
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_description_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_into_eighty_columns() {
        let mut whole = Cli::command();
        whole.build();
        for command in std::iter::once(&mut whole.clone()).chain(whole.get_subcommands_mut()) {
            let help = command.render_long_help().to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    }

    #[test]
    fn assumptions_are_pairs() {
        let cli = Cli::try_parse_from(["loadworthy", "check", "--assume", "cmdline=a=b"]).unwrap();
        let Some(Command::Check(check)) = cli.command else { panic!("not a check") };
        assert_eq!(check.source.assume, [("cmdline".to_owned(), "a=b".to_owned())]);
        assert!(Cli::try_parse_from(["loadworthy", "check", "--assume", "x"]).is_err());
    }
}
