//! A first manifest for a host: what its hardware in use needs, for a person to read and keep.

use std::fmt::Write as _;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::preflight::catalogue::Presence;
use loadworthy_core::preflight::required::{Required, Scene};
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::manifest::Class;

use crate::host::{Host, known};
use crate::judging::Asked;
use crate::names::Names;
use crate::preflight::catalogue::Modules;
use crate::preflight::seen::Seen;
use crate::request::{Request, Trouble};

/// Drafts a manifest of the host and the kernel that `request` is about, as TOML that
/// [`loadworthy_formats::manifest::read`] takes. What is there now is written down; nothing of it
/// is judged.
///
/// # Errors
/// When the host cannot be opened, or has no such kernel.
pub fn draft(request: &Request) -> Result<String, Trouble> {
    let host = Host::of(request)?;
    let kernel = host.asked(&request.kernel)?.into_iter().next();
    let Some(kernel) = kernel else {
        return Err(Trouble::NoKernel { asked: "next".to_owned(), there: Vec::new() });
    };
    let kernel = host.kernel(kernel, request)?;
    let names = Names::of(&host.looking(), &kernel);
    let progress = |_: usize, _: usize| {};
    let asked = Asked { host: &host, kernel: &kernel, names: &names, request, progress: &progress };
    let seen = Seen::of(&host);
    let modules = Modules::of(&asked, &seen.hardware);
    let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: &modules };
    let all = scene.by_hardware();
    let mut out = String::new();
    let _ = writeln!(out, "# Drafted by loadworthy from the hardware in use, at {}.", request.at);
    let _ = writeln!(out, "# Read it, strike what need not be there, and keep it as");
    let _ = writeln!(out, "# /etc/loadworthy/manifest.toml.");
    profile(&asked, &mut out);
    let mut required: Vec<&Required> = all.iter().filter(|r| r.by_role).collect();
    required.sort_by_key(|r| (r.need.class, r.name.clone()));
    for required in required {
        one(required, &mut out);
    }
    if host.kernels.installed.len() > 1 {
        let _ = writeln!(out, "\n[rollback]\nkernels = 1");
    }
    Ok(out)
}

fn profile(asked: &Asked<'_>, out: &mut String) {
    let policy = &asked.kernel.policy;
    let mut lines = Vec::new();
    lines.extend(known(&policy.secure_boot).map(|on| format!("secure-boot = {on}")));
    let shown = known(&asked.kernel.facts.running.lockdown);
    let level = shown.or_else(|| {
        let locked = known(&policy.locked_down)?;
        Some(if locked { Level::Integrity } else { Level::None })
    });
    lines.extend(level.map(|level| {
        let word = match level {
            Level::None => "none",
            Level::Integrity => "integrity",
            Level::Confidentiality => "confidentiality",
        };
        format!("lockdown = \"{word}\"")
    }));
    let list = &asked.kernel.firmware.mok_list;
    if known(list.whole()).is_some() {
        let certificates = list.items().iter().filter_map(known);
        let digests = certificates.map(|certificate| {
            let own = digest(DigestAlgorithm::Sha256, &certificate.der);
            format!("\n    \"sha256:{own}\",    # {}", plain(&certificate.name))
        });
        let digests: Vec<String> = digests.collect();
        if !digests.is_empty() {
            lines.push(format!("enrolled = [{}\n]", digests.concat()));
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(out, "\n[profile]\n{}", lines.join("\n"));
    }
}

fn one(required: &Required, out: &mut String) {
    let need = &required.need;
    let _ = writeln!(out, "\n# {}", plain(&required.required_by.join(", ")));
    match required.presence {
        Presence::BuiltIn => {
            let _ = writeln!(out, "# inside the kernel now");
        }
        Presence::Missing => {
            let _ = writeln!(out, "# not there for the kernel asked about");
        }
        Presence::Module => {}
    }
    let _ = writeln!(out, "[[require]]\nmodule = \"{}\"", plain(&required.name));
    let _ = writeln!(out, "class = \"{}\"", need.class.unwrap_or(Class::Other).name());
    if !need.loses.is_empty() {
        let _ = writeln!(out, "why = \"{}\"", plain(&need.loses.join("; ")));
    }
    if !need.blocks {
        let _ = writeln!(out, "optional = true");
    }
}

/// Text that can stand in a comment and between quotes.
fn plain(text: &str) -> String {
    let one = |c: char| match c {
        '"' | '\\' => '\'',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(one).collect()
}
