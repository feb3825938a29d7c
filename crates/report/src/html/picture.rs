//! The boot chain as a picture: who starts whom, and what was found of each.

use super::{boots, safe};
use loadworthy_core::answer::{Answered, Answers, Platform};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// A box.
struct Stage {
    title: String,
    said: String,
    /// The class of its frame: an outcome, or nothing.
    class: &'static str,
}

const WIDTH: usize = 190;
const GAP: usize = 36;
const HEIGHT: usize = 76;
/// Characters that a box has room for.
const ROOM: usize = 25;

/// Writes the picture.
pub(super) fn boot_chain(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    if answers.host.platform != Platform::Linux || answers.answers.iter().any(|a| a.on.is_some()) {
        return Ok(());
    }
    let stages = stages(answers);
    let width = stages.len() * (WIDTH + GAP) - GAP + 4;
    let told: Vec<String> =
        stages.iter().map(|stage| format!("{}: {}", stage.title, stage.said)).collect();
    writeln!(
        out,
        "<h2>The boot chain</h2>\n<div class=\"chain\"><svg role=\"img\" aria-label=\"{}\" \
         width=\"{width}\" height=\"{}\" viewBox=\"0 0 {width} {}\" xmlns=\"http://www.w3.org/2000/svg\">",
        safe(&told.join("; ")),
        HEIGHT + 4,
        HEIGHT + 4
    )?;
    for (n, stage) in stages.iter().enumerate() {
        let x = 2 + n * (WIDTH + GAP);
        let middle = x + WIDTH / 2;
        if n > 0 {
            let (from, y) = (x - GAP, 2 + HEIGHT / 2);
            writeln!(out, "<path class=\"way\" d=\"M{from} {y}H{x}\"/>")?;
        }
        writeln!(
            out,
            "<g><title>{}: {}</title><rect class=\"stage {}\" x=\"{x}\" y=\"2\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" rx=\"8\"/><text class=\"title\" x=\"{middle}\" y=\"32\" \
             text-anchor=\"middle\">{}</text><text x=\"{middle}\" y=\"56\" text-anchor=\"middle\">{}</text></g>",
            safe(&stage.title),
            safe(&stage.said),
            stage.class,
            safe(&short(&stage.title)),
            safe(&short(&stage.said))
        )?;
    }
    writeln!(out, "</svg></div>")
}

fn stages(answers: &Answers) -> Vec<Stage> {
    let host = &answers.host;
    let mut stages = vec![Stage {
        title: "firmware".into(),
        said: match host.secure_boot {
            Some(true) => "Secure Boot on".into(),
            Some(false) => "Secure Boot off".into(),
            None => "not seen".into(),
        },
        class: "",
    }];
    for image in answers.answers.iter().filter(|a| boots(a)).take(8) {
        stages.push(Stage {
            title: image.subject.name.to_string(),
            said: image.judgement.verdict.name().into(),
            class: image.judgement.verdict.name(),
        });
    }
    if stages.len() == 1 {
        stages.push(Stage {
            title: "shim, boot loader".into(),
            said: "not judged".into(),
            class: "",
        });
    }
    stages.push(Stage {
        title: format!("kernel {}", host.kernel.as_deref().unwrap_or_default()),
        said: host.lockdown.map_or("lockdown not seen".into(), |level| format!("lockdown {level}")),
        class: "",
    });
    let modules: Vec<&Answered> = answers.answers.iter().filter(|a| !boots(a)).collect();
    let of = |word: &str| modules.iter().filter(|a| a.judgement.verdict.name() == word).count();
    let (refused, unknown) = (of("refused"), of("unknown"));
    let worst = modules.iter().map(|a| match a.judgement.verdict {
        Verdict::Refused(_) => (3, "refused"),
        Verdict::Unknown(_) => (2, "unknown"),
        Verdict::LoadsTainted => (1, "loads-tainted"),
        Verdict::Loads => (0, "loads"),
    });
    stages.push(Stage {
        title: format!("{} modules", modules.len()),
        said: match (refused, unknown) {
            (0, 0) => "all load".into(),
            (0, n) => format!("{n} unknown"),
            (n, 0) => format!("{n} refused"),
            (n, m) => format!("{n} refused, {m} unknown"),
        },
        class: worst.max().map_or("", |(_, class)| class),
    });
    stages
}

fn short(text: &str) -> String {
    if text.chars().count() <= ROOM {
        return text.to_owned();
    }
    text.chars().take(ROOM - 1).chain(['…']).collect()
}
