//! A plan for replacing a key, for people: what is signed with what, and what comes next where.

use crate::style::{Style, Tone, columns, wrap};
use loadworthy_core::keys::found::Counts;
use loadworthy_core::keys::rotation::{Machine, Rotation, Step};
use std::io::{self, Write};

/// Writes it.
///
/// # Errors
/// When `out` does not take the text.
pub fn text(plan: &Rotation, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let done = plan.machines.iter().all(|m| m.step == Step::Done);
    let head = format!("from {} to {}", plan.old.name, plan.new.name);
    writeln!(out, "{}", style.paint(Tone::Strong, &style.plain(&head)))?;
    let now = match plan.sign_with {
        _ if done => "done: nobody trusts the old key or depends on it any more",
        Some("new") => "every machine trusts the new key: sign with it from now on",
        Some(_) => "not every machine trusts the new key: go on signing with the old one",
        None => "no key is trusted by every machine: sign for each group on its own",
    };
    for line in wrap(now, style.width.saturating_sub(2).max(20)) {
        writeln!(out, "  {line}")?;
    }
    let wide = plan.machines.iter().map(|m| columns(name(m))).max().unwrap_or(0).clamp(7, 32);
    writeln!(
        out,
        "\n  {:wide$}  {:6}  {:6}  {:10}  modules of the old key",
        "machine", "old", "new", "next"
    )?;
    for machine in &plan.machines {
        let tone = match machine.step {
            Step::Done => Tone::Good,
            Step::Impossible | Step::Unknown => Tone::Bad,
            _ => Tone::Strong,
        };
        let next = format!("{:10}", machine.step.name());
        let modules: Vec<&str> = machine.modules.iter().take(4).map(|m| &*m.module).collect();
        let more = machine.modules.len().saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(
            out,
            "  {:wide$}  {:6}  {:6}  {}  {}{more}",
            style.plain(name(machine)),
            trusted(machine.old),
            trusted(machine.new),
            style.paint(tone, &next),
            style.plain(&modules.join(", "))
        )?;
    }
    writeln!(out)?;
    let mut told: Vec<Step> = plan.machines.iter().map(|m| m.step).collect();
    told.sort();
    told.dedup();
    for step in told {
        for (n, line) in
            wrap(meaning(step), style.width.saturating_sub(14).max(20)).iter().enumerate()
        {
            let label = if n == 0 { step.name() } else { "" };
            writeln!(out, "  {label:12}{line}")?;
        }
    }
    Ok(())
}

fn name(machine: &Machine) -> &str {
    if machine.name.is_empty() { "this one" } else { &machine.name }
}

const fn trusted(counts: Counts) -> &'static str {
    match counts {
        Counts::Yes => "yes",
        Counts::No | Counts::Against => "no",
        Counts::Unknown => "?",
    }
}

const fn meaning(step: Step) -> &'static str {
    match step {
        Step::Impossible => "the kernel cannot verify signatures by the new key: choose another",
        Step::Unknown => "whether the new key is trusted was not seen: collect again as root",
        Step::Enrol => {
            "loadworthy key enroll NEW --firmware, then a boot with a person at the screen"
        }
        Step::Confirm => "the request waits: start the machine and confirm it at the screen",
        Step::Wait => "ready; wait until every machine trusts the new key",
        Step::Sign => "sign the modules again: loadworthy sign, or loadworthy dkms sign",
        Step::Retire => {
            "no module depends on the old key: mokutil --delete OLD, confirm at the next boot"
        }
        Step::Done => "nothing is left to do",
    }
}
