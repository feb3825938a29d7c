//! What DKMS and akmods built, for people: trouble first.

use crate::style::{Style, Tone, columns, wrap};
use loadworthy_core::keys::builds::{Builds, Built, Form, Worth};
use std::io::{self, Write};

/// Writes it.
///
/// # Errors
/// When `out` does not take the text.
pub fn text(builds: &Builds, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if builds.built.is_empty() {
        writeln!(out, "nothing was built here by DKMS or akmods")?;
    }
    let mut rows: Vec<&Built> = builds.built.iter().collect();
    rows.sort_by_key(|b| (!b.worth.is_trouble(), b.kernel.clone(), b.module.clone()));
    let wide = |pick: fn(&Built) -> &str, most: usize| {
        rows.iter().map(|b| columns(pick(b))).max().unwrap_or(0).clamp(6, most)
    };
    let (module, kernel) = (wide(named, 28), wide(|b| &b.kernel, 32));
    for built in &rows {
        let tone = match built.worth {
            worth if worth.is_trouble() => Tone::Bad,
            Worth::Trusted => Tone::Good,
            _ => Tone::Mind,
        };
        let worth = style.paint(tone, &format!("{:16}", built.worth.name()));
        let mut rest = built.signer.clone().map(|s| format!("by {s}")).unwrap_or_default();
        if built.outcome == "refused" {
            rest += " (refused)";
        }
        let line = format!("{:module$}  {:kernel$}  {rest}", named(built), built.kernel);
        writeln!(out, "{worth}  {}", style.plain(line.trim_end()))?;
    }
    let setup = &builds.setup;
    let Some(form) = setup.form else { return Ok(()) };
    writeln!(out)?;
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "DKMS's own choice".into());
    let said = match form {
        Form::SignTool => match &setup.tool {
            Some(tool) => format!("DKMS 2 signs with {tool}"),
            None => "DKMS 2 signs nothing: no sign_tool is set in framework.conf; \
                     `loadworthy dkms setup` sets one"
                .to_owned(),
        },
        Form::SignFile => format!(
            "DKMS signs with {}, the key {} and the certificate {}",
            or(&setup.tool),
            or(&setup.key),
            or(&setup.certificate)
        ),
    };
    for line in wrap(&style.plain(&said), style.width.max(20)) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn named(built: &Built) -> &str {
    if built.module.is_empty() { &built.package } else { &built.module }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn trouble_stands_first_with_what_becomes_of_it() {
        let mut out = Vec::new();
        text(&sample::builds(), &Style::default(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        let mut lines = page.lines();
        assert_eq!(lines.next(), Some("unsigned          demo    6.1      (refused)"));
        assert_eq!(lines.next(), Some("kernel-gone       demo    6.1"));
        assert!(page.contains("DKMS signs with DKMS's own choice"), "{page}");
    }
}
