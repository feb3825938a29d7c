//! For the terminal, at three in the morning.

use super::{NO_SIGNATURE, WHOSE, change, names, outlook, subject, whose};
use crate::style::{Style, Tone, wrap};
use loadworthy_core::diagnose::finding::{Coverage, Diagnosis, Finding, Quoted};
use loadworthy_core::proof::counted;
use loadworthy_core::tables::diagnose::Knowledge;
use std::io::{self, Write};

/// Writes a diagnosis.
///
/// # Errors
/// When `out` does not take the text.
pub fn diagnosis(
    told: &Diagnosis,
    read: &Coverage,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if style.unicode {
        return whole(told, read, style, out);
    }
    let mut page = Vec::new();
    whole(told, read, style, &mut page)?;
    let page = String::from_utf8_lossy(&page);
    let page = page.replace(['“', '”'], "\"").replace('–', "-").replace('…', "...");
    out.write_all(page.as_bytes())
}

fn whole(told: &Diagnosis, read: &Coverage, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let of = format!("{} lines of {} read", read.lines, counted(read.texts.len(), "text", "texts"));
    if told.findings.is_empty() {
        writeln!(out, "{}", style.paint(Tone::Good, "no problem found"))?;
        writeln!(out, "{of}")?;
        if !told.harmless.is_empty() {
            writeln!(out, "\nlooks bad and is not:")?;
            quoted(&told.harmless, style, out)?;
        }
    }
    for (n, finding) in told.findings.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        one(finding, style, out)?;
    }
    // Where nothing was refused there is nothing to look for in what changed.
    if !told.changes.is_empty() && !told.findings.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "what changed before"))?;
        let changes: Vec<Quoted> = told.changes.iter().map(change).collect();
        quoted(&changes, style, out)?;
    }
    if !told.since.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "what differs from the earlier record"))?;
        for said in &told.since {
            say("  - ", said, style, out)?;
        }
    }
    if !told.unbound.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "there, and without a driver"))?;
        quoted(&told.unbound, style, out)?;
    }
    let ran: Vec<_> = told.ran.iter().filter_map(whose).collect();
    if !ran.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, WHOSE))?;
        for (head, files) in &ran {
            say("  ", head, style, out)?;
            for file in files {
                say("    ", file, style, out)?;
            }
        }
        let others = told.ran.len().saturating_sub(ran.len());
        if others > 0 {
            let others = counted(others, "more image", "more images");
            writeln!(out, "  {others}, of which no file is in hand")?;
        }
    }
    if !told.findings.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Quiet, &of))?;
    }
    for skipped in &read.skipped {
        say("skipped: ", skipped, style, out)?;
    }
    Ok(())
}

fn one(finding: &Finding, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let tone = if finding.fault { Tone::Bad } else { Tone::Good };
    // The answer: how sure, about what, its names; what it is; which way, and whether it recurs.
    let sure = finding.confidence.name();
    let room = style.width.saturating_sub(sure.len()).saturating_sub(2);
    let about = subject(finding);
    let names = names(finding);
    let first = match about.is_empty() {
        true => cut(&names, room),
        false => {
            let left = room.saturating_sub(names.chars().count()).saturating_sub(2).max(room / 4);
            cut(&format!("{}: {names}", cut(&about, left)), room)
        }
    };
    writeln!(out, "{}  {}", style.paint(tone, sure), style.plain(&first))?;
    say("", &finding.title, style, out)?;
    say("", &outlook(finding), style, out)?;
    if !finding.signature && finding.family == "not-signature" {
        writeln!(out, "{}", style.paint(Tone::Strong, NO_SIGNATURE))?;
    }
    if let Some((command, tells)) = &finding.next {
        say("next  ", command, style, out)?;
        say("      ", tells, style, out)?;
    }
    writeln!(out)?;
    say("why  ", &finding.because, style, out)?;
    quoted(&finding.evidence, style, out)?;
    if finding.more > 0 {
        writeln!(
            out,
            "  and {} more",
            counted(usize::try_from(finding.more).unwrap_or(usize::MAX), "line", "lines")
        )?;
    }
    if let Some(judged) = &finding.judged {
        say("the checks of the files say  ", judged, style, out)?;
    }
    if !finding.consequences.is_empty() {
        writeln!(out, "\nmissing because of it")?;
        quoted(&finding.consequences, style, out)?;
    }
    if !finding.others.is_empty() {
        writeln!(out, "\nwhat else fits")?;
        for other in &finding.others {
            say("  ", &format!("{}: {}", other.cause, other.because), style, out)?;
        }
    }
    if !finding.recovery.steps.is_empty() {
        writeln!(out, "\nwhat to do")?;
        for (n, step) in finding.recovery.steps.iter().enumerate() {
            say(&format!("  {}. ", n + 1), step, style, out)?;
        }
        for command in &finding.recovery.commands {
            writeln!(out, "     {}", style.plain(command))?;
        }
    }
    if !finding.recovery.avoid.is_empty() {
        writeln!(out, "\nwhat not to do")?;
        for avoid in &finding.recovery.avoid {
            say("  - ", avoid, style, out)?;
        }
    }
    if let Some(code) = &finding.code {
        writeln!(out, "\nmore  loadworthy explain {code}")?;
    }
    Ok(())
}

fn quoted(lines: &[Quoted], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        writeln!(out, "  {}", style.paint(Tone::Quiet, &style.plain(&line.source)))?;
        for part in wrap(&line.quote, style.width.saturating_sub(4)) {
            writeln!(out, "    {}", style.plain(&part))?;
        }
    }
    Ok(())
}

fn say(lead: &str, text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let room = style.width.saturating_sub(lead.chars().count());
    for (n, part) in wrap(text, room).iter().enumerate() {
        let lead = if n == 0 { lead.to_owned() } else { " ".repeat(lead.chars().count()) };
        writeln!(out, "{lead}{}", style.plain(part))?;
    }
    Ok(())
}

/// At most so many characters; what is cut off is marked.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Writes every cause a diagnosis can name.
///
/// # Errors
/// When `out` does not take the text.
pub fn causes(knowledge: &Knowledge, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut family = "";
    for cause in knowledge.listed() {
        if family != cause.family {
            family = &cause.family;
            writeln!(out, "{}", style.paint(Tone::Strong, family))?;
        }
        let code = cause.code.as_deref().unwrap_or("      ");
        writeln!(out, "  {code}  {}", cause.id)?;
        say("          ", &cause.means, style, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadworthy_core::diagnose::finding::{About, Confidence, Recovery};

    /// Whatever the cause, the finer name and the subject: three lines of 80 columns.
    #[test]
    fn the_answer_stands_in_three_lines() {
        let knowledge = Knowledge::built_in().unwrap();
        let style = Style::default();
        let mut seen = 0;
        for cause in knowledge.listed() {
            let details = knowledge.reasons.iter().filter(|r| r.cause == cause.id);
            let details: Vec<_> = details.map(|r| r.detail.clone()).chain([None]).collect();
            let module = "a_module_whose_name_is_as_long_as_the_kernel_lets_one_be".to_owned();
            for (detail, recurs) in details.into_iter().zip(["yes", "no", "unknown"].iter().cycle())
            {
                for about in [
                    About::default(),
                    About { name: Some("lpfc".into()), ..About::default() },
                    About {
                        name: Some(module.clone()),
                        also: vec!["one".into(), "two".into()],
                        host: Some("storage-17.example".into()),
                        ..About::default()
                    },
                ] {
                    let finding = Finding {
                        code: cause.code.clone(),
                        cause: cause.id.clone(),
                        detail: detail.clone(),
                        title: cause.title.clone(),
                        recovery: Recovery { path: cause.path.clone(), ..Recovery::default() },
                        recurs: (*recurs).to_owned(),
                        about,
                        family: cause.family.clone(),
                        confidence: Confidence::Possible,
                        weight: 0,
                        because: String::new(),
                        evidence: Vec::new(),
                        more: 0,
                        others: Vec::new(),
                        next: None,
                        fault: cause.fault,
                        signature: true,
                        consequences: Vec::new(),
                        judged: None,
                    };
                    let mut page = Vec::new();
                    one(&finding, &style, &mut page).unwrap();
                    let page = String::from_utf8(page).unwrap();
                    let answer: Vec<&str> = page.lines().take_while(|l| !l.is_empty()).collect();
                    assert_eq!(answer.len(), 3, "{page}");
                    assert!(answer.iter().all(|l| l.chars().count() <= 80), "{page}");
                    assert!(answer[0].contains(&cause.id) && answer[1] == cause.title, "{page}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 100);
    }
}
