//! Answers in the words and numbers of whoever asks.
//!
//! Sources: kernel-install(8) (77: no later plug-in runs, success); kured, `--reboot-sentinel-command`
//! (0: reboot required and allowed, 1: not); molly-guard(8) (anything but 0 aborts); Monitoring
//! Plugins Development Guidelines (0 to 3); Debian kernel handbook, maintainer hooks (anything but 0
//! leaves the package half configured); apt.conf(5), `DPkg::Pre-Install-Pkgs` (anything but 0 aborts
//! before anything is unpacked).

use loadworthy_formats::manifest::Enforce;

use super::Work;
use crate::breakglass::Standing;
use crate::document::Document;
use crate::verdict::{Outcome, Worth};
use crate::words;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// A person or a script.
    Plain,
    /// A hook of a package manager or a unit.
    Hook(Moment),
    /// The plug-in of `kernel-install` that may keep an entry from being written.
    KernelInstall,
    /// apt, before anything is unpacked.
    Apt,
    /// kured: may this node be rebooted, and need it be?
    Kured,
    /// molly-guard: may this person reboot?
    MollyGuard,
    /// A monitoring system.
    Nagios,
    /// Whoever reboots when the gate and the server of the fleet let it.
    FleetLock,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A kernel's package is being configured; its boot entry may not be written yet.
    KernelInstalled,
    /// A kernel is gone.
    KernelRemoved,
    /// The machine has started.
    Boot,
    /// Something else: headers, an initramfs, a build, the end of a transaction, a timer.
    Other,
}

impl Adapter {
    /// Whether the kernel that is named is about to become the default.
    pub(super) const fn brings_kernel(self) -> bool {
        matches!(self, Self::Hook(Moment::KernelInstalled) | Self::KernelInstall)
    }

    /// The exit code when our own work failed. A package manager goes on, a person may reboot;
    /// what would reboot by itself does not.
    #[must_use]
    pub const fn failed(self) -> u8 {
        match self {
            Self::Plain => 2,
            Self::Hook(_) | Self::KernelInstall | Self::Apt | Self::MollyGuard => 0,
            Self::Kured | Self::FleetLock => 1,
            Self::Nagios => 3,
        }
    }
}

impl Work<'_> {
    /// The exit code, and the paragraph.
    pub(super) fn answer(&self, document: &Document) -> (u8, String) {
        // The kernel that is spoken of: the one that is named, else the next one.
        let next = document.next.clone();
        let asked = self.ask.kernel.clone().or_else(|| next.clone());
        let worth = self.worth(asked.as_deref());
        let open = matches!(self.standing, Standing::Open(_));
        let off = self.mode == Enforce::Off;
        let bad = worth.is_some_and(Worth::is_held);
        let outcome = worth.map_or(Outcome::Unknown, |worth| worth.outcome);
        let at_next = document.outcome;
        let unclear = at_next == Outcome::Unknown;
        let passes = open || off;
        let code = match self.ask.adapter {
            Adapter::Plain => match outcome {
                _ if passes => 0,
                Outcome::Refused => 1,
                Outcome::Unknown => 3,
                Outcome::Loads | Outcome::LoadsTainted => 0,
            },
            Adapter::Hook(_) | Adapter::Apt => {
                let fails = self.mode == Enforce::Transaction && outcome == Outcome::Refused;
                u8::from(fails && !open)
            }
            Adapter::KernelInstall => {
                if self.is_armed() && bad {
                    77
                } else {
                    0
                }
            }
            Adapter::Kured => {
                let allowed = !self.is_armed() || !(document.blocked || unclear);
                u8::from(!(allowed && self.reboot_is_wanted()))
            }
            Adapter::FleetLock => {
                let allowed = !self.is_armed() || !(document.blocked || unclear);
                u8::from(!allowed)
            }
            Adapter::MollyGuard => u8::from(document.blocked),
            Adapter::Nagios => {
                let warns = !self.holding.kernels.is_empty() || !document.findings.is_empty();
                match at_next {
                    _ if off => 0,
                    Outcome::Refused if !open => 2,
                    Outcome::Unknown if !open => 3,
                    _ if warns => 1,
                    _ => 0,
                }
            }
        };
        if off {
            return (code, String::new());
        }
        if self.ask.adapter == Adapter::Nagios {
            return (code, self.nagios(code, document));
        }
        (code, self.paragraph(document, worth))
    }

    /// Nothing when all is fine.
    fn paragraph(&self, document: &Document, worth: Option<&Worth>) -> String {
        let mut said = String::new();
        let Some(worth) = worth else {
            return words::paragraph(
                "loadworthy: no kernel was found here, so nothing can be said about the next boot.",
            );
        };
        let kernel = &worth.kernel;
        if !worth.blocking.is_empty() {
            let head = match (worth.outcome, &worth.pending) {
                (_, Some(_)) => format!("kernel {kernel} cannot be started safely yet: "),
                (Outcome::Refused, None) => {
                    format!("kernel {kernel} does not load what this machine needs: ")
                }
                _ => format!("kernel {kernel} cannot be judged: "),
            };
            said.push_str(&format!("loadworthy: {head}{}", words::why(worth)));
        } else if worth.outcome == Outcome::Unknown {
            said.push_str(&format!("loadworthy: nothing was found that kernel {kernel} has to load; name it in a manifest."));
        }
        for held in self.holding.kernels.iter().filter(|held| held.kernel != *kernel) {
            let why = self.worth(Some(&held.kernel)).map(words::why).unwrap_or_default();
            said.push_str(&format!(" loadworthy: kernel {} is held back: {why}", held.kernel));
        }
        if !said.is_empty() {
            said.push_str(&self.consequence(document));
        }
        for finding in
            document.findings.iter().filter(|f| !["LW7001", "LW7010"].contains(&f.code.as_str()))
        {
            said.push_str(&format!(" {}: {}.", finding.code, finding.title.trim_end_matches('.')));
        }
        if said.is_empty() { said } else { words::paragraph(&said) }
    }

    /// What the gate made of it.
    fn consequence(&self, document: &Document) -> String {
        if let Standing::Open(_) = &self.standing {
            return " The gate is open.".to_owned();
        }
        if !self.is_armed() {
            return " The gate only reports (enforce = report): nothing is held back.".to_owned();
        }
        let tail = "See: loadworthy gate status. To reboot all the same: loadworthy gate override.";
        match &self.holding.demotion {
            Some(demotion) => format!(" Kernel {} stays the default. {tail}", demotion.instead),
            None if document.blocked => {
                format!(" A reboot would not bring this machine back. {tail}")
            }
            None => String::new(),
        }
    }

    fn nagios(&self, code: u8, document: &Document) -> String {
        let state =
            ["OK", "WARNING", "CRITICAL", "UNKNOWN"].get(usize::from(code)).unwrap_or(&"UNKNOWN");
        let next = document.next.as_deref().unwrap_or("none");
        let mut said =
            format!("LOADWORTHY {state} - next kernel {next}: {}", document.outcome.name());
        let codes: Vec<&str> = document.findings.iter().map(|f| f.code.as_str()).collect();
        if !codes.is_empty() {
            said.push_str(&format!(", {}", codes.join(" ")));
        }
        if let Some(worth) = self.worth(document.next.as_deref()).filter(|w| !w.blocking.is_empty())
        {
            said.push_str(&format!("; {}", words::why(worth)));
        }
        let plain = words::paragraph(&said.replace('|', "/"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let held = self.holding.kernels.len();
        let (made, wrong) = (document.predictions.made, document.predictions.wrong);
        format!("{plain} | held={held} predictions={made}c wrong={wrong}c\n")
    }
}
