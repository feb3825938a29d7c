//! `loadworthy key …`.

use super::{Output, Proof, Source};
use clap::{Args, Subcommand};
#[cfg(feature = "sign")]
use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
#[cfg(feature = "sign")]
use loadworthy_sign::authority::Fault;
use std::path::PathBuf;

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
    /// Ask for a key to be enrolled, and follow it until the kernel trusts it
    #[command(before_help = "\
Examples:
  loadworthy key enroll signing.der             where does it stand?
  loadworthy key enroll signing.der --firmware  ask MokManager at the next boot
  loadworthy key enroll signing.der --status    is it trusted, waiting, lost?
  loadworthy key enroll signing.der --store OVMF_VARS.fd -o enrolled.fd")]
    #[command(after_help = "\
Nothing is written without --firmware or --store.

Exit codes: 0 the kernel trusts it, or it was written · 1 refused, lost or
without effect · 3 not asked for, waiting (--status), or not known · 2 usage
error, or our own work failed")]
    Enroll(KeyEnroll),
    /// Make a key with the certificate that module signing asks for
    #[cfg(feature = "sign")]
    #[command(before_help = "\
Examples:
  loadworthy key new --name 'Example modules 2026' --key MOK.priv --cert MOK.der
  loadworthy key new --name X --key k --cert c --kind ecdsa-p384 --for hosts/")]
    #[command(after_help = "\
Exit codes: 0 made · 1 refused: a target cannot verify such a key · 2 usage
error, or our own work failed")]
    New(KeyNew),
    /// A small time-stamping authority, for tests and labs
    #[cfg(feature = "sign")]
    #[command(before_help = "\
Examples:
  loadworthy key new --name 'Lab time' --timestamps --key tsa.key --cert tsa.der
  loadworthy key timestamp-authority --key tsa.key --cert tsa.der
  loadworthy sign demo.sys -k v.pfx --timestamp http://127.0.0.1:3161/ \\
      --timestamp-root tsa.der")]
    #[command(after_help = "\
It runs until it is stopped, or has given --answers. Nobody outside the lab
should believe it. Exit codes: 0 stopped after --answers · 2 usage error, or our
own work failed")]
    TimestampAuthority(TimestampAuthority),
    /// From one key to another on many machines: what comes next where
    #[command(before_help = "\
Examples:
  loadworthy key rotate --from old.der --to new.der --bundle hosts/
  loadworthy key rotate --from old.der --to new.der --json")]
    #[command(after_help = "\
Nothing is changed. Exit codes: 0 planned · 1 a machine cannot verify the new
key · 3 something that decides was not seen · 2 usage error, or our own work
failed")]
    Rotate(KeyRotate),
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

#[derive(Debug, Args)]
pub(crate) struct KeyEnroll {
    /// The certificate, as DER or PEM
    #[arg(value_name = "CERT")]
    pub(crate) certificate: PathBuf,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Tell only how far it has come: trusted, requested, lost, without effect
    #[arg(long, conflicts_with_all = ["firmware", "store"])]
    pub(crate) status: bool,
    /// Write a request into the firmware's variables; MokManager asks for the
    /// password at the next boot
    #[arg(long, conflicts_with = "bundle")]
    pub(crate) firmware: bool,
    /// Write into this file with OVMF's variables
    #[arg(long, value_name = "FILE", conflicts_with = "firmware")]
    pub(crate) store: Option<PathBuf>,
    /// Write the file here and leave the other as it is
    #[arg(short = 'o', long = "output", value_name = "FILE", requires = "store")]
    pub(crate) out: Option<PathBuf>,
    /// Write a request into the store, in place of the enrolled key
    #[arg(long, requires = "store")]
    pub(crate) request: bool,
    /// The password for MokManager is the first line of FILE
    #[arg(long, value_name = "FILE", group = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// The password is in a variable of the environment
    #[arg(long, value_name = "NAME", group = "password")]
    pub(crate) password_env: Option<String>,
    /// Ask for the password on the terminal [default: one is made and shown]
    #[arg(long, group = "password")]
    pub(crate) password_ask: bool,
    /// Ask for the key although something speaks against it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    /// How much of the proof is shown [default: short]
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
}

#[cfg(feature = "sign")]
#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// The name in the certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Where the private key goes; never written over
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Where the certificate goes; never written over
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// The kind of key
    #[arg(long, value_enum, default_value_t = KeyKind::Rsa3072)]
    pub(crate) kind: KeyKind,
    /// Whose every kernel must verify it: `this`, a folder as if it were `/`, a
    /// bundle, a folder of bundles, or a platform like `debian-12`; repeatable
    #[arg(long = "for", value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// For code of Windows on test machines: with .pfx, .spc and .pvk beside the certificate, scripts for
    /// the machines that are to trust it, and what each version of Windows says to it
    #[arg(long, conflicts_with_all = ["targets", "images", "timestamps"])]
    pub(crate) test: bool,
    /// Lock the .pfx as Windows before 10 opens it, and judge signatures of SHA-1
    #[arg(long, requires = "test")]
    pub(crate) legacy: bool,
    /// For boot images, too: without, shim passes over it for them
    #[arg(long)]
    pub(crate) images: bool,
    /// For a time-stamping authority of your own, and nothing else
    #[arg(long, conflicts_with = "images")]
    pub(crate) timestamps: bool,
    /// Days of validity
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub(crate) days: u32,
    /// Lock the key with the first line of FILE
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Lock the key with a variable of the environment
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_env: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[cfg(feature = "sign")]
#[derive(Debug, Args)]
pub(crate) struct TimestampAuthority {
    /// The authority's key: PEM, DER or PKCS#12
    #[arg(long, value_name = "KEY")]
    pub(crate) key: PathBuf,
    /// Its certificate
    #[arg(long, value_name = "CERT")]
    pub(crate) cert: Option<PathBuf>,
    /// Where the passphrase of a locked key is
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where it listens; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3161")]
    pub(crate) listen: String,
    /// Stop after this many answers
    #[arg(long, value_name = "N")]
    pub(crate) answers: Option<u64>,
    /// How far its clock goes wrong
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) skew: i64,
    /// How it goes wrong: it answers another request (nonce), stamps something else (imprint), its
    /// signature is damaged, it does not name its certificate (unnamed), refuses, answers rubbish, answers
    /// HTTP 500 (status), or never
    #[arg(long, value_parser = fault(), value_name = "FAULT")]
    pub(crate) fault: Option<Fault>,
}

#[cfg(feature = "sign")]
fn fault() -> impl TypedValueParser<Value = Fault> {
    PossibleValuesParser::new(Fault::ALL.map(Fault::name)).try_map(|name| {
        Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or("no fault of that name")
    })
}

#[cfg(feature = "sign")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyKind {
    /// RSA of 2048 bits
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA of 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// RSA of 4096 bits
    #[value(name = "rsa-4096")]
    Rsa4096,
    /// ECDSA on P-256
    #[value(name = "ecdsa-p256")]
    EcdsaP256,
    /// ECDSA on P-384
    #[value(name = "ecdsa-p384")]
    EcdsaP384,
}

#[derive(Debug, Args)]
pub(crate) struct KeyRotate {
    /// The certificate of the key that goes
    #[arg(long, value_name = "CERT")]
    pub(crate) from: PathBuf,
    /// The certificate of the key that comes
    #[arg(long, value_name = "CERT")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Look at every module of the tree, not only at what is needed or was added
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Modules that DKMS and akmods build.
#[derive(Debug, Subcommand)]
pub(crate) enum Dkms {
    /// Is what was built signed, and will it load?
    #[command(after_help = "\
Exit codes: 0 everything that was built will be let in · 1 something is not
signed, signed with a key that is not enrolled, or not built · 3 nothing was
built, or it could not be told · 2 usage error, or our own work failed")]
    Status(Box<DkmsStatus>),
    /// Have DKMS sign each module after it was built
    #[cfg(feature = "sign")]
    #[command(after_help = "\
Exit codes: 0 set up · 2 there is no DKMS, key or certificate, or our own work
failed")]
    Setup(DkmsSetup),
    /// Take out what `setup` wrote, to the byte
    #[command(after_help = "\
Exit codes: 0 taken out, or there was nothing · 2 our own work failed")]
    Undo(DkmsUndo),
    /// Sign again what is not signed, or signed with a key that is not enrolled
    #[cfg(feature = "sign")]
    #[command(after_help = "\
Exit codes: 0 all are signed, or there was nothing to sign · 1 some were not, or
a kernel refuses the signature and the old files are still there · 2 usage
error, or our own work failed")]
    Sign(DkmsSign),
}

#[derive(Debug, Args)]
pub(crate) struct DkmsStatus {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[cfg(feature = "sign")]
#[derive(Debug, Args)]
pub(crate) struct DkmsSetup {
    /// The private key: a file, or `pkcs11:` where DKMS is 3.x
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// Its certificate
    #[arg(long, value_name = "CERT")]
    pub(crate) cert: PathBuf,
    /// Where the passphrase of a locked key is
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Write below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct DkmsUndo {
    /// Write below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[cfg(feature = "sign")]
#[derive(Debug, Args)]
pub(crate) struct DkmsSign {
    /// The private key: a file or a `pkcs11:` URI
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// Its certificate
    #[arg(long, value_name = "CERT")]
    pub(crate) cert: PathBuf,
    /// Where the passphrase of a locked key, or the PIN of a token, is
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Everything that was built, also what is trusted already
    #[arg(long)]
    pub(crate) all: bool,
    /// Work below DIR, as if DIR were `/`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// What if, of the machine that judges it: `enroll=CERT.der`, `secure-boot=on`; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::key_value)]
    pub(crate) assume: Vec<(String, String)>,
    /// The signing log [default: that of `sign`]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}
