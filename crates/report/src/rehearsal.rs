//! A rehearsal for people: what came of it, what was foretold beside what happened, what the machine
//! was.

use crate::style::{Style, Tone, columns, wrap};
use loadworthy_core::rehearsed::{OnTrial, Outcome, Rehearsed};
use std::io::{self, Write};

/// Writes a rehearsal.
///
/// # Errors
/// When `out` does not take it.
pub fn write(rehearsed: &Rehearsed, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let machine = &rehearsed.machine;
    let kernel = rehearsed.host.kernel.as_deref().unwrap_or("the kernel");
    let (tone, word) = match rehearsed.agrees() {
        _ if !machine.started => (Tone::Bad, "not reached"),
        true => (Tone::Good, "as foretold"),
        false => (Tone::Bad, "not as foretold"),
    };
    let secure_boot = match rehearsed.host.secure_boot {
        Some(true) => ", Secure Boot on",
        Some(false) => ", Secure Boot off",
        None => "",
    };
    writeln!(out, "{}  {}{secure_boot}", style.paint(tone, word), style.plain(kernel))?;
    writeln!(out, "  {}", counts(&rehearsed.modules))?;
    if !machine.started {
        writeln!(out, "  the kernel did not start; the last words on the screen:")?;
        for line in &machine.console {
            writeln!(out, "    {}", style.plain(line))?;
        }
    }
    let wide = rehearsed.modules.iter().map(|m| columns(&style.plain(&m.name))).max();
    let wide = wide.unwrap_or(0).clamp(6, 28);
    if !rehearsed.modules.is_empty() {
        writeln!(out, "\n  {:wide$}  {:26}  observed", "module", "foretold")?;
    }
    for module in &rehearsed.modules {
        row(module, wide, style, out)?;
    }
    for seen in machine.seen.iter().filter(|seen| seen.same == Some(false)) {
        writeln!(out, "\n  {}: differs in the machine: {}", seen.item, style.plain(&seen.said))?;
    }
    for waiting in &machine.waiting {
        writeln!(out)?;
        for line in wrap(&style.plain(waiting), style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Tone::Mind, &line))?;
        }
    }
    let by = if machine.loaders.is_empty() {
        "by the firmware".to_owned()
    } else {
        format!("through {}", machine.loaders.join(" and "))
    };
    let how = if machine.accelerator == "kvm" { "KVM" } else { "emulation" };
    let machine_line = format!(
        "machine: QEMU with {how}, {}, started {by}, {} s",
        machine.firmware, machine.seconds
    );
    writeln!(out)?;
    for line in wrap(&style.plain(&machine_line), style.width.saturating_sub(2)) {
        writeln!(out, "  {}", style.paint(Tone::Quiet, &line))?;
    }
    for left_out in &machine.left_out {
        for line in wrap(&style.plain(&format!("not the host's: {left_out}")), style.width - 2) {
            writeln!(out, "  {}", style.paint(Tone::Quiet, &line))?;
        }
    }
    Ok(())
}

/// How many of each.
fn counts(modules: &[OnTrial]) -> String {
    let observed = |word: &str| {
        modules.iter().filter(|m| m.observed.as_ref().is_some_and(|o| o.word == word)).count()
    };
    let own = modules.iter().filter(|m| m.own_start).count();
    let differ = modules.iter().filter(|m| m.agrees == Some(false)).count();
    let mut said = format!("{} modules", modules.len());
    for (count, words) in [
        (observed("loads") + observed("loads-tainted"), "loaded"),
        (observed("refused") - own, "refused"),
        (own, "let in, nothing here to drive"),
        (differ, "not as foretold"),
    ] {
        if count > 0 {
            said += &format!(", {count} {words}");
        }
    }
    said
}

fn row(module: &OnTrial, wide: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let foretold = outcome(&module.foretold);
    let observed = match &module.observed {
        None => "not handed over".to_owned(),
        Some(seen) if module.own_start => {
            format!("let in ({})", seen.errno.as_deref().unwrap_or_default())
        }
        Some(seen) => outcome(seen),
    };
    let tone = if module.agrees == Some(false) { Tone::Bad } else { Tone::Strong };
    let mark = if module.agrees == Some(false) { "!" } else { " " };
    let name = style.plain(&module.name);
    writeln!(out, "{mark} {name:wide$}  {foretold:26}  {}", style.paint(tone, &observed))?;
    for line in &module.lines_differ {
        writeln!(out, "      {}", style.plain(line))?;
    }
    let log = module
        .observed
        .iter()
        .flat_map(|seen| &seen.log)
        .filter(|_| module.lines_differ.is_empty());
    for line in log.filter(|_| module.agrees == Some(false)).take(5) {
        writeln!(out, "      {}", style.plain(line))?;
    }
    Ok(())
}

fn outcome(outcome: &Outcome) -> String {
    let mut said = outcome.word.to_owned();
    for detail in [outcome.errno.as_deref().unwrap_or_default(), &outcome.taint] {
        if !detail.is_empty() {
            said += &format!(" {detail}");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use loadworthy_core::rehearsed::Machine;

    fn outcome_of(word: &'static str, errno: Option<&str>, taint: &str) -> Outcome {
        let errno = errno.map(str::to_owned);
        Outcome { word, errno, taint: taint.to_owned(), log: vec!["a line".to_owned()] }
    }

    #[test]
    fn a_difference_is_the_first_word_and_has_its_lines() {
        let module = |name: &str, foretold, observed, own_start, agrees| OnTrial {
            name: name.into(),
            path: format!("lib/modules/1/{name}.ko"),
            required_by: Vec::new(),
            foretold,
            observed,
            own_start,
            lines_differ: Vec::new(),
            agrees,
        };
        let loads = || outcome_of("loads", None, "");
        let mut rehearsed = Rehearsed {
            at: "2026-11-21T00:00:00Z".to_owned(),
            host: sample::answers(Vec::new()).host,
            machine: Machine {
                firmware: "OVMF_CODE_4M.secboot.fd".to_owned(),
                accelerator: "tcg",
                seconds: 21,
                loaders: Vec::new(),
                started: true,
                console: Vec::new(),
                seen: Vec::new(),
                left_out: Vec::new(),
                waiting: vec!["MokNew waits".to_owned()],
            },
            modules: vec![
                module("e1000e", loads(), Some(loads()), false, Some(true)),
                module(
                    "kvm_intel",
                    loads(),
                    Some(outcome_of("refused", Some("EOPNOTSUPP"), "")),
                    true,
                    Some(true),
                ),
            ],
        };
        let text = |rehearsed: &Rehearsed| {
            let mut out = Vec::new();
            write(rehearsed, &Style::default(), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(text(&rehearsed).starts_with("as foretold  "), "{}", text(&rehearsed));
        assert!(text(&rehearsed).contains("\n  MokNew waits\n"), "{}", text(&rehearsed));
        assert!(text(&rehearsed).contains("2 modules, 1 loaded, 1 let in, nothing here to drive"));
        let refused = outcome_of("refused", Some("EKEYREJECTED"), "");
        rehearsed.modules.push(module("lpfc", loads(), Some(refused), false, Some(false)));
        let shown = text(&rehearsed);
        assert!(shown.starts_with("not as foretold  "), "{shown}");
        assert!(shown.contains("! lpfc "), "{shown}");
        assert!(shown.contains("refused EKEYREJECTED\n      a line\n"), "{shown}");
    }
}
