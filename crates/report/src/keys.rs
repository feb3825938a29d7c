//! What the keyrings of machines hold, for people.

use crate::style::{Style, Tone, wrap};
use crate::time::day;
use crate::tree::{self, Depth};
use crate::words;
use loadworthy_core::keys::found::{Counts, Key, Keyring, Keys, OfHost, OfKernel, User};
use loadworthy_core::keys::lint::Finding;
use loadworthy_core::tables::key_lints::Weight;
use std::io::{self, Write};

/// So many modules of one key are named.
const NAMED: usize = 6;
/// Where the second column begins.
const COLUMN: usize = 15;

/// Writes them.
///
/// # Errors
/// When `out` does not take the text.
pub fn text(keys: &Keys, proof: Depth, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (n, host) in keys.hosts.iter().enumerate() {
        for (m, kernel) in host.kernels.iter().enumerate() {
            if n + m > 0 {
                writeln!(out)?;
            }
            of_kernel(host, kernel, proof, style, out)?;
        }
    }
    Ok(())
}

fn of_kernel(
    host: &OfHost,
    kernel: &OfKernel,
    proof: Depth,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let secure_boot = match host.host.secure_boot {
        Some(true) => ", Secure Boot on",
        Some(false) => ", Secure Boot off",
        None => "",
    };
    let of = if host.name.is_empty() { String::new() } else { format!(" on {}", host.name) };
    let line = format!("keys of {}{}{secure_boot}", kernel.release, of);
    writeln!(out, "{}", style.paint(Tone::Strong, &style.plain(&line)))?;
    for ring in &kernel.keyrings {
        let held: Vec<&Key> =
            kernel.keys.iter().filter(|key| key.keyrings.contains(&ring.name)).collect();
        if held.is_empty() && ring.whole && ring.running.unwrap_or(0) == 0 {
            continue;
        }
        if ring.name == ".ima" && ring.running.is_none() {
            continue;
        }
        writeln!(out)?;
        head(ring, held.len(), style, out)?;
        if let Some(because) = ring.because.as_ref().filter(|_| proof == Depth::Full || !ring.whole)
        {
            for line in tree::proofs(&[because], proof, style) {
                writeln!(out, "{line}")?;
            }
        }
        for key in held {
            self::key(key, style, out)?;
        }
    }
    let beside: Vec<&Key> = kernel.keys.iter().filter(|key| key.keyrings.is_empty()).collect();
    if !beside.is_empty() {
        writeln!(out)?;
        writeln!(out, "{}", style.paint(Tone::Strong, "in no keyring of this kernel"))?;
        for key in beside {
            self::key(key, style, out)?;
        }
    }
    rest(kernel, style, out)
}

fn head(ring: &Keyring, held: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (tone, counts) = match ring.counts {
        Counts::Yes => (Tone::Good, "counts for modules"),
        Counts::No => (Tone::Quiet, "does not count for modules"),
        Counts::Against => (Tone::Bad, "ends trust"),
        Counts::Unknown => (Tone::Mind, "not known whether it counts for modules"),
    };
    let mut line =
        format!("{}  {}", style.paint(Tone::Strong, ring.name), style.paint(tone, counts));
    if let Some(running) = ring.running.filter(|running| usize::try_from(*running) != Ok(held)) {
        line += &format!("; the running kernel has {running} keys in it");
    }
    if !ring.whole && ring.name != ".ima" {
        line += "; not all of it is known";
    }
    writeln!(out, "{line}")
}

fn key(key: &Key, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let c = &key.certificate;
    let until = c.not_after.map(|at| format!(", valid to {}", day(at))).unwrap_or_default();
    let line = format!("{}  {}{until}", c.name, c.algorithm);
    writeln!(out, "  {}", style.plain(&line))?;
    let field = |label: &str, text: &str, out: &mut dyn Write| {
        let room = style.width.saturating_sub(COLUMN + 4).max(20);
        for (n, line) in wrap(&style.plain(text), room).iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            writeln!(out, "    {label:COLUMN$}{line}")?;
        }
        Ok::<(), io::Error>(())
    };
    field("sha256", &c.sha256, out)?;
    let places: Vec<String> = key
        .places
        .iter()
        .map(|place| {
            let vendor = key.of_vendor && &*place.list == "MokListRT";
            words::key_list(&place.list, vendor)
        })
        .collect();
    field("from", &places.join("; "), out)?;
    if !key.used_by.is_empty() {
        field("signed", &users(&key.used_by), out)?;
    }
    for finding in &key.findings {
        let tone = match finding.weight {
            Weight::Bad => Tone::Bad,
            Weight::Mind => Tone::Mind,
            Weight::Note => Tone::Quiet,
        };
        let room = style.width.saturating_sub(COLUMN + 4).max(20);
        let said = told(finding);
        for (n, line) in wrap(&style.plain(&said), room).iter().enumerate() {
            let label = if n == 0 { finding.code.id } else { "" };
            let label = style.paint(tone, &format!("{label:COLUMN$}"));
            writeln!(out, "    {label}{line}")?;
        }
    }
    Ok(())
}

/// A finding as a sentence.
#[must_use]
pub fn told(finding: &Finding) -> String {
    let title = finding.code.title();
    match (finding.code.id, finding.detail.as_str()) {
        (_, "") | ("LW4103" | "LW4102", _) => title.to_owned(),
        ("LW4108", at) => match at.parse() {
            Ok(at) => format!("{title}: {}", day(at)),
            Err(_) => title.to_owned(),
        },
        (_, detail) => format!("{title}: {detail}"),
    }
}

/// Modules in a few words: those that are asked for and those that do not load first.
fn users(users: &[User]) -> String {
    let mut all: Vec<&User> = users.iter().collect();
    all.sort_by_key(|user| (user.outcome.starts_with("loads"), user.required_by.is_empty()));
    let named: Vec<String> = all
        .iter()
        .take(NAMED)
        .map(|user| match user.outcome {
            "loads" => user.module.to_string(),
            other => format!("{} ({other})", user.module),
        })
        .collect();
    let more = all.len().saturating_sub(NAMED);
    let needed = all.iter().filter(|user| !user.required_by.is_empty()).count();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let needed = match needed {
        0 => String::new(),
        n => format!("; {n} of {} needed here", all.len()),
    };
    format!("{}{more}{needed}", named.join(", "))
}

/// What no key stands behind.
fn rest(kernel: &OfKernel, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let paragraph = |head: &str, text: &str, out: &mut dyn Write| {
        writeln!(out, "\n{}", style.paint(Tone::Strong, &style.plain(head)))?;
        for line in wrap(&style.plain(text), style.width.saturating_sub(2).max(20)) {
            writeln!(out, "  {line}")?;
        }
        Ok::<(), io::Error>(())
    };
    for stranger in &kernel.strangers {
        let head = format!("signed with a key that was found nowhere: {}", stranger.signer);
        paragraph(&head, &users(&stranger.modules), out)?;
    }
    if !kernel.unsigned.is_empty() {
        paragraph("not signed", &users(&kernel.unsigned), out)?;
    }
    if !kernel.unseen.is_empty() {
        let named: Vec<String> =
            kernel.unseen.iter().map(|key| format!("{} ({})", key.subject, key.id)).collect();
        let head = "named by the running kernel, their certificates were seen nowhere";
        paragraph(head, &named.join(", "), out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_page_says_what_each_keyring_holds_and_who_depends_on_it() {
        let mut out = Vec::new();
        text(&sample::keys(), Depth::None, &Style::default(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        for line in [
            ".machine  counts for modules; the running kernel has 2 keys in it",
            "  Forged elliptic key  ecdsa-p256, valid to 2126-10-28",
            "    from           enrolled machine owner key (MokListRT)",
            "    signed         demo (refused); 1 of 1 needed here",
            "    LW4107         This kernel cannot verify signatures by this kind of key:",
            "signed with a key that was found nowhere: key 0b",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
    }
}
