//! Where the gate keeps what it knows, below the root of the host.

/// What lasts over a reboot.
pub const STATE: &str = "var/lib/loadworthy";
/// What does not.
pub const RUN: &str = "run/loadworthy";
/// Who opened the gate, what was foretold and what came true: one line an entry, chained by digests.
pub const LEDGER: &str = "var/lib/loadworthy/ledger";
/// Which kernels are held back, and what was changed for that.
pub const HELD: &str = "var/lib/loadworthy/held.json";
/// The kernel that is started once, or was and failed.
pub const TRIAL: &str = "var/lib/loadworthy/trial.json";
/// What was foretold of each kernel.
pub const SEALED: &str = "var/lib/loadworthy/sealed";
/// What the platform demanded at its strictest.
pub const DEMANDS: &str = "var/lib/loadworthy/demands.json";
/// What was judged, and of which bytes.
pub const CACHE: &str = "var/lib/loadworthy/cache";
/// Everything that `gate install` wrote.
pub const INSTALLED: &str = "var/lib/loadworthy/installed.json";
/// Boots that went otherwise than foretold.
pub const MISSES: &str = "var/lib/loadworthy/misses";
/// Held while the host is changed.
pub const LOCK: &str = "run/loadworthy/lock";
/// The verdict, for whoever wants to read it.
pub const VERDICT: &str = "run/loadworthy/verdict.json";
/// There while a kernel is held back; says which and why.
pub const HELD_BACK: &str = "run/loadworthy/held";
/// There while a reboot would not bring the machine back; says why.
pub const BLOCK: &str = "run/loadworthy/block";
/// What was taken out of the mark that asks for a reboot.
pub const WITHHELD: &str = "run/loadworthy/withheld.json";
/// The same for people, with the reason.
pub const WITHHELD_TEXT: &str = "run/loadworthy/reboot-required.withheld";
/// The mark that asks for a reboot: its presence is what unattended-upgrades, kured and others go by.
pub const REBOOT_REQUIRED: &str = "run/reboot-required";
/// The packages that ask, one a line.
pub const REBOOT_PACKAGES: &str = "run/reboot-required.pkgs";
/// Programs that are started when an override opens, is closed or expires.
pub const OVERRIDE_HOOKS: &str = "etc/loadworthy/override.d";
/// Where `node_exporter` may look for metrics: Debian's package, then what its documentation proposes.
pub const TEXTFILES: [&str; 2] =
    ["var/lib/prometheus/node-exporter", "var/lib/node_exporter/textfile_collector"];
/// What the file with the metrics is called there.
pub const METRICS: &str = "loadworthy.prom";
