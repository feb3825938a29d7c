//! An enrolment for people: what was done, what the operator will see and type, how far it has come.

use crate::keys::told;
use crate::style::{Style, Tone, wrap};
use crate::tree::{self, Depth};
use loadworthy_core::keys::enrolment::{Done, Enrolment, Obstacle, Seen, State, menu};
use loadworthy_core::tables::key_lints::Weight;
use loadworthy_formats::uefi::mok::Request;
use std::io::{self, Write};

/// A way from one screen of MokManager to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// What it shows, a line each.
    pub shows: Vec<String>,
    /// What to do there.
    pub type_: String,
}

/// The screens of MokManager, in order, with what to type at each (shim, `MokManager.c`).
#[must_use]
pub fn screens(
    waiting: &[Request],
    keys: usize,
    sha1: &str,
    password: Option<&str>,
) -> Vec<Screen> {
    let screen = |shows: Vec<String>, type_: &str| Screen { shows, type_: type_.to_owned() };
    let mut all = waiting.to_vec();
    all.push(Request::Enrol);
    let entries = menu(&all).into_iter().map(str::to_owned);
    let first = ["Perform MOK management".to_owned()].into_iter().chain(entries).collect();
    let views = (0..keys).map(|n| format!("View key {n}"));
    let listed = ["[Enroll MOK]".to_owned()].into_iter().chain(views);
    let typed = match password {
        Some(password) => format!("type {password} and press Enter; nothing is shown"),
        None => "type the password you chose and press Enter; nothing is shown".to_owned(),
    };
    vec![
        screen(
            vec![
                "Shim UEFI key management".to_owned(),
                "Press any key to perform MOK management".to_owned(),
                "Booting in 10 seconds".to_owned(),
            ],
            "press a key within ten seconds: otherwise the request is gone",
        ),
        screen(first, "choose Enroll MOK with the arrow keys, press Enter"),
        screen(
            listed.chain(["Continue".to_owned()]).collect(),
            &format!(
                "View key 0 must show the fingerprint {}; then choose Continue",
                fingerprint(sha1)
            ),
        ),
        screen(
            vec!["Enroll the key(s)?".to_owned(), "No".to_owned(), "Yes".to_owned()],
            "choose Yes",
        ),
        screen(vec!["Password:".to_owned()], &typed),
        screen(
            ["Perform MOK management", "Reboot", "Enroll key from disk", "Enroll hash from disk"]
                .map(str::to_owned)
                .into(),
            "choose Reboot",
        ),
    ]
}

/// A digest as MokManager shows it.
fn fingerprint(sha1: &str) -> String {
    let pairs = sha1.as_bytes().chunks(2).map(String::from_utf8_lossy);
    pairs.collect::<Vec<_>>().join(" ")
}

/// Writes it.
///
/// # Errors
/// When `out` does not take the text.
pub fn text(
    enrolment: &Enrolment,
    proof: Depth,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let c = &enrolment.certificate;
    let line = |text: &str, out: &mut dyn Write| {
        for line in wrap(&style.plain(text), style.width.saturating_sub(2).max(20)) {
            writeln!(out, "  {line}")?;
        }
        Ok::<(), io::Error>(())
    };
    let (tone, said) = headline(enrolment);
    writeln!(out, "{}  {}  {}", style.paint(tone, &said), style.plain(&c.name), c.algorithm)?;
    line(&format!("sha256 {}", c.sha256), out)?;
    if let Some(seen) = &enrolment.seen {
        standing(seen, proof, style, out)?;
        for finding in &seen.findings {
            let tone = match finding.weight {
                Weight::Bad => Tone::Bad,
                Weight::Mind => Tone::Mind,
                Weight::Note => Tone::Quiet,
            };
            let text = told(finding);
            let code = style.paint(tone, finding.code.id);
            writeln!(out, "  {code}  {}", style.plain(&text))?;
        }
    }
    match &enrolment.done {
        Done::Nothing => {}
        Done::Enrolled { to } => {
            line(
                &format!("written into the owner's list of {to}; nobody needs to confirm it"),
                out,
            )?;
        }
        Done::Request { to, password, keys } => {
            let room = match enrolment.room {
                (Some(free), needs) => format!("; it takes {needs} bytes, {free} were free"),
                (None, needs) => format!("; it takes {needs} bytes"),
            };
            line(&format!("the request is in {to}{room}"), out)?;
            let waiting = enrolment.seen.as_ref().map_or(&[][..], |seen| &seen.waiting);
            steps(&screens(waiting, *keys, &c.sha1, password.as_deref()), style, out)?;
            line(
                "afterwards `loadworthy key enroll --status` with the same certificate tells \
                 whether the kernel trusts it",
                out,
            )?;
        }
    }
    Ok(())
}

fn headline(enrolment: &Enrolment) -> (Tone, String) {
    let state = enrolment.seen.as_ref().map(|seen| seen.state);
    match (&enrolment.done, state) {
        (Done::Request { .. }, _) => (Tone::Mind, "requested".to_owned()),
        (Done::Enrolled { .. }, _) => (Tone::Good, "enrolled".to_owned()),
        (Done::Nothing, Some(state)) => {
            let tone = match state {
                State::Trusted => Tone::Good,
                State::Lost | State::WithoutEffect => Tone::Bad,
                _ => Tone::Mind,
            };
            (tone, state.name().to_owned())
        }
        (Done::Nothing, None) => (Tone::Mind, "nothing done".to_owned()),
    }
}

fn standing(seen: &Seen, proof: Depth, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let said = match seen.state {
        State::Trusted => {
            format!("the kernel trusts it for modules: it is in {}", seen.keyrings.join(", "))
        }
        State::WithoutEffect => {
            "it is enrolled, and this kernel does not take it for modules".to_owned()
        }
        State::Requested => "a request for it waits for the next boot".to_owned(),
        State::Lost => match &seen.recorded {
            Some(recorded) => format!(
                "it was asked for at {}, the machine was started since, and it is not enrolled: \
                 nobody confirmed it at the screen. Ask again with --firmware",
                recorded.at
            ),
            None => "the request was lost".to_owned(),
        },
        State::Withdrawn => "it was asked for, and the request was taken back".to_owned(),
        State::NotRequested => "it is not enrolled, and nobody asked for it".to_owned(),
        State::Unknown => {
            "not known: the firmware's variables were not seen; run this as root".to_owned()
        }
    };
    for line in wrap(&style.plain(&said), style.width.saturating_sub(2).max(20)) {
        writeln!(out, "  {line}")?;
    }
    for obstacle in &seen.obstacles {
        writeln!(out, "  {}", style.paint(Tone::Bad, self::obstacle(*obstacle)))?;
    }
    if let Some(because) = seen.because.as_ref().filter(|_| proof == Depth::Full) {
        for line in tree::proofs(&[because], proof, style) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// What keeps a request from being made, as a sentence.
#[must_use]
pub const fn obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NotVerified => "this kernel cannot verify signatures by this kind of key",
        Obstacle::Denied => "a deny list of the firmware or of shim has this certificate",
        Obstacle::NoRoom => "the firmware's memory has not enough room for the request",
        Obstacle::NoShim => {
            "no shim took part in the last boot, so nobody would ask for the confirmation"
        }
        Obstacle::NoManager => {
            "there is no MokManager (mmx64.efi) beside shim: with a request, it would not boot"
        }
    }
}

fn steps(screens: &[Screen], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  at the next boot, on a blue screen:")?;
    for (n, screen) in screens.iter().enumerate() {
        writeln!(out)?;
        for shown in &screen.shows {
            let shown = style.paint(Tone::Quiet, &style.plain(shown));
            writeln!(out, "     {} {shown}", if style.unicode { "│" } else { "|" })?;
        }
        let room = style.width.saturating_sub(5).max(20);
        for (m, line) in wrap(&style.plain(&screen.type_), room).iter().enumerate() {
            let number = if m == 0 { format!("{}.", n + 1) } else { String::new() };
            writeln!(out, "  {number:3}{line}")?;
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_operator_is_told_every_screen_and_what_to_type() {
        let mut out = Vec::new();
        text(&sample::enrolment(), Depth::Short, &Style::default(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        for line in [
            "requested  Forged elliptic key  ecdsa-p256",
            "     │ Enroll MOK",
            "  4. choose Yes",
            "  5. type bdfh and press Enter; nothing is shown",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
        assert_eq!(fingerprint("0aff01"), "0a ff 01");
    }
}
