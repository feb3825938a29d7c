//! The boot chain as a picture: who starts whom, and what was found of each.

use super::{boots, safe};
use crate::words;
use loadworthy_core::answer::{Answered, Answers, Kind, Platform};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// A box.
struct Stage {
    title: String,
    said: String,
    /// The class of its frame: an outcome, or nothing.
    class: &'static str,
}

const WIDTH: usize = 206;
const GAP: usize = 24;
const HEIGHT: usize = 76;
/// Characters that a box has room for.
const ROOM: usize = 25;

/// Writes the picture: across, and for narrow screens and paper once more from above.
pub(super) fn boot_chain(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    if answers.host.platform != Platform::Linux || answers.answers.iter().any(|a| a.on.is_some()) {
        return Ok(());
    }
    let stages = stages(answers);
    writeln!(out, "<h2>The boot chain</h2>\n<div class=\"chain\">")?;
    drawn(&stages, "across", (WIDTH + GAP, 0), out)?;
    drawn(&stages, "down", (0, HEIGHT + GAP), out)?;
    writeln!(out, "</div>")
}

/// One box after another, each `step` from the one before.
fn drawn(
    stages: &[Stage],
    class: &str,
    step: (usize, usize),
    out: &mut dyn Write,
) -> io::Result<()> {
    let last = stages.len().saturating_sub(1);
    let (width, height) = (last * step.0 + WIDTH + 4, last * step.1 + HEIGHT + 4);
    let told: Vec<String> =
        stages.iter().map(|stage| format!("{}: {}", stage.title, stage.said)).collect();
    writeln!(
        out,
        "<svg class=\"{class}\" role=\"img\" aria-label=\"{}\" style=\"max-width:{width}px\" \
         viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">",
        safe(&told.join("; "))
    )?;
    for (n, stage) in stages.iter().enumerate() {
        let (x, y) = (2 + n * step.0, 2 + n * step.1);
        let middle = x + WIDTH / 2;
        let way = match step {
            _ if n == 0 => String::new(),
            (0, _) => format!("M{middle} {}V{y}", y - GAP),
            _ => format!("M{} {}H{x}", x - GAP, y + HEIGHT / 2),
        };
        writeln!(
            out,
            "<g><title>{}: {}</title><path class=\"way\" d=\"{way}\"/><rect class=\"stage {}\" x=\"{x}\" \
             y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/><text class=\"title\" \
             x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text><text x=\"{middle}\" y=\"{}\" \
             text-anchor=\"middle\">{}</text></g>",
            safe(&stage.title),
            safe(&stage.said),
            stage.class,
            y + 30,
            safe(&short(&stage.title)),
            y + 54,
            safe(&short(&stage.said))
        )?;
    }
    writeln!(out, "</svg>")
}

fn stages(answers: &Answers) -> Vec<Stage> {
    let host = &answers.host;
    // Of several kernels the first is drawn.
    let all = match host.kernels.first() {
        Some((_, own)) => answers.answers.get(..*own).unwrap_or_default(),
        None => &answers.answers,
    };
    let mut stages = vec![Stage {
        title: "firmware".into(),
        said: match host.secure_boot {
            Some(true) => "Secure Boot on".into(),
            Some(false) => "Secure Boot off".into(),
            None => "not seen".into(),
        },
        class: "",
    }];
    // Behind an image that is refused nothing starts.
    let mut reached = true;
    let mut stage = |title: String, said: String, class| {
        let (said, class) = if reached { (said, class) } else { ("not reached".into(), "") };
        reached &= class != "refused";
        stages.push(Stage { title, said, class });
    };
    let lockdown =
        host.lockdown.map_or("lockdown not seen".into(), |level| format!("lockdown {level}"));
    let mut images = all.iter().filter(|a| boots(a)).take(8).peekable();
    if images.peek().is_none() {
        stage("shim, boot loader".into(), "not judged".into(), "");
        stage(format!("kernel {}", host.kernel.as_deref().unwrap_or_default()), lockdown, "");
    }
    for image in images {
        let word = image.judgement.verdict.name();
        stage(image.subject.name.to_string(), word.into(), word);
    }
    for initramfs in all.iter().filter(|a| a.subject.kind == Kind::Initramfs).take(1) {
        let word = initramfs.judgement.verdict.name();
        stage(initramfs.subject.name.to_string(), word.into(), word);
    }
    let drivers = all.iter().filter(|a| !boots(a) && a.subject.kind != Kind::Initramfs);
    let drivers: Vec<&Answered> = drivers.collect();
    let of = |word: &str| drivers.iter().filter(|a| a.judgement.verdict.name() == word).count();
    let (refused, unknown) = (of("refused"), of("unknown"));
    let worst = drivers.iter().map(|a| match a.judgement.verdict {
        Verdict::Refused(_) => (3, "refused"),
        Verdict::Unknown(_) => (2, "unknown"),
        Verdict::LoadsTainted => (1, "loads-tainted"),
        Verdict::Loads => (0, "loads"),
    });
    let said = match (refused, unknown) {
        (0, 0) => "all load".into(),
        (0, n) => format!("{n} unknown"),
        (n, 0) => format!("{n} refused"),
        (n, m) => format!("{n} refused, {m} unknown"),
    };
    let class = worst.max().map_or("", |(_, class)| class);
    stage(words::count(drivers.len(), "driver"), said, class);
    stages
}

fn short(text: &str) -> String {
    if text.chars().count() <= ROOM {
        return text.to_owned();
    }
    text.chars().take(ROOM - 1).chain(['…']).collect()
}
