//! Two machines compared: for people, and as `loadworthy/diff/v1`.

use crate::gist::plain;
use crate::json::document::{Tool, document};
use crate::style::{Style, Tone, wrap};
use crate::words;
use loadworthy_core::answer::Host;
use loadworthy_core::drift::{Change, Compared, Outcome, Side, Told, Topic};
use loadworthy_core::proof::Origin;
use serde::Serialize;
use std::io::{self, Write};

/// So many turned verdicts are named with a difference.
const NAMED: usize = 8;

/// Writes the comparison for people.
///
/// # Errors
/// When `out` does not take it.
pub fn text(compared: &Compared, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (which, (name, host)) in [("a", &compared.a), ("b", &compared.b)] {
        writeln!(out, "{which}  {}  {}", style.plain(name), about(host, style))?;
    }
    writeln!(out)?;
    if !compared.differ() && !compared.is_open() {
        return writeln!(out, "no difference in policy, drivers or verdicts");
    }
    match compared.verdicts.as_slice() {
        // A profile has none.
        [] if compared.b.1.source == Origin::Profile => {}
        [] => writeln!(out, "no verdict differs")?,
        changes => {
            writeln!(out, "{}", style.paint(Tone::Strong, "verdicts that differ"))?;
            for change in changes {
                beside("  ", Tone::Plain, &changed(change, style), style, out)?;
            }
        }
    }
    if !compared.told.is_empty() && compared.b.1.source != Origin::Profile {
        writeln!(out)?;
    }
    let mut rest = compared.told.as_slice();
    while let Some((told, others)) = rest.split_first() {
        let (word, tone) = match told.difference.is_certain() {
            true => ("differs    ", Tone::Mind),
            false => ("not known  ", Tone::Quiet),
        };
        beside(word, tone, &style.plain(&shortened(&sentence(told))), style, out)?;
        // A topic is tried as a whole: what comes of it is told behind its last difference.
        let more = others.first().is_some_and(|next| {
            next.difference.topic == told.difference.topic && next.turns == told.turns
        });
        if let Some(turns) = told.turns.as_ref().filter(|_| !more) {
            tell(turns, style, out)?;
        }
        rest = others;
    }
    Ok(())
}

/// What comes of one topic alone being as on the second machine.
fn tell(turns: &[Change], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let said: Vec<String> = turns.iter().take(NAMED).map(|turn| turned(turn, style)).collect();
    let said = match said.as_slice() {
        [] => "turns no verdict of a".to_owned(),
        said => format!("on its own turns {}", said.join("; ")),
    };
    let more = match turns.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    beside("           ", Tone::Plain, &format!("{said}{more}"), style, out)
}

/// A word in its column and a text beside it, broken where it is too long.
fn beside(
    word: &str,
    tone: Tone,
    text: &str,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let column = word.len();
    for (n, line) in wrap(text, style.width.saturating_sub(column).max(20)).iter().enumerate() {
        match n {
            0 => writeln!(out, "{}{line}", style.paint(tone, word))?,
            _ => writeln!(out, "{:column$}{line}", "")?,
        }
    }
    Ok(())
}

/// With digests cut to what tells them apart; the JSON document has them whole.
fn shortened(text: &str) -> String {
    const KEPT: usize = 16;
    let mut parts = text.split("sha256:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (digest, rest) = part.split_at(digits);
        out.push_str("sha256:");
        match digest.get(..KEPT).filter(|_| digits == 64) {
            Some(kept) => out.push_str(&format!("{kept}...")),
            None => out.push_str(digest),
        }
        out.push_str(rest);
    }
    out
}

fn about(host: &Host, style: &Style) -> String {
    let mut said: Vec<String> =
        host.kernel.iter().map(|kernel| format!("kernel {}", style.plain(kernel))).collect();
    said.extend(
        host.secure_boot.map(|on| format!("Secure Boot {}", if on { "on" } else { "off" })),
    );
    said.extend(host.lockdown.map(|level| format!("lockdown {level}")));
    said.join(", ")
}

/// A difference in words an operator acts on.
fn sentence(told: &Told) -> String {
    let difference = &told.difference;
    let name = &difference.name;
    let what = match difference.topic {
        Topic::Kernel => "the next kernel".to_owned(),
        Topic::SecureBoot => "Secure Boot".to_owned(),
        Topic::ShimValidation => "validation by shim".to_owned(),
        Topic::Enforcement => "whether signatures are enforced".to_owned(),
        Topic::Lockdown => "whether the kernel is locked down".to_owned(),
        Topic::Loading => "whether loading is switched off".to_owned(),
        Topic::CommandLine => format!("{name} on the command line"),
        Topic::Db => format!("certificate in db, sha256:{name}"),
        Topic::Dbx => "the firmware's deny list (dbx)".to_owned(),
        Topic::OwnerKey => format!("enrolled machine owner key, sha256:{name}"),
        Topic::OwnerDenied => "what machine owners deny (MokListX)".to_owned(),
        Topic::BuiltinKey => format!("key built into the kernel, sha256:{name}"),
        Topic::SbatLevel => "the revocation level (SBAT)".to_owned(),
        Topic::Pending => "requests that wait for the next boot".to_owned(),
        Topic::Modprobe => format!("modprobe configuration: {name}"),
        Topic::Module => format!("the file of {name}"),
        Topic::Signer => format!("who signed {name}"),
    };
    let is_told = |value: &str| !name.is_empty() && value == format!("sha256:{name}");
    match (&difference.a, &difference.b) {
        (Side::Is(value), Side::Absent) if is_told(value) => format!("{what}: only on a"),
        (Side::Absent, Side::Is(value)) if is_told(value) => format!("{what}: only on b"),
        (Side::Is(value), Side::Absent) => format!("{what}: only on a: {value}"),
        (Side::Absent, Side::Is(value)) => format!("{what}: only on b: {value}"),
        (Side::Is(value), Side::Unknown) => format!("{what}: {value} on a, not seen on b"),
        (Side::Unknown, Side::Is(value)) => format!("{what}: not seen on a, {value} on b"),
        (Side::Is(a), Side::Is(b)) => format!("{what}: {a} on a, {b} on b"),
        _ => what,
    }
}

/// Every difference that is certain and what it turns, in sentences: `a` is the machine before.
#[must_use]
pub fn sentences(compared: &Compared) -> Vec<String> {
    let plain = Style::default();
    let mut all = Vec::new();
    for told in compared.told.iter().filter(|told| told.difference.is_certain()) {
        let turns = told.turns.iter().flatten().take(NAMED);
        let turns: Vec<String> = turns.map(|turn| changed(turn, &plain)).collect();
        let turns = match turns.as_slice() {
            [] => String::new(),
            turns => format!("; with that, {}", turns.join("; ")),
        };
        all.push(format!("{}{turns}", sentence(told)));
    }
    let own = compared.verdicts.iter().map(|change| changed(change, &plain));
    all.extend(
        own.filter(|said| !all.iter().any(|known| known.contains(said))).collect::<Vec<_>>(),
    );
    all.iter().map(|said| said.replace(" on a", " before").replace(" on b", " now")).collect()
}

fn changed(change: &Change, style: &Style) -> String {
    let name = style.plain(&change.name);
    format!("{name}: {} on a, {} on b", outcome(change.a), outcome(change.b))
}

/// A verdict of the first machine that one topic turns.
fn turned(change: &Change, style: &Style) -> String {
    let name = style.plain(&change.name);
    format!("{name} from {} to {}", outcome(change.a), outcome(change.b))
}

fn outcome(of: Option<Outcome>) -> String {
    match of {
        Some((word, Some(code))) => format!("{word} ({code})"),
        Some((word, None)) => word.to_owned(),
        None => "not there".to_owned(),
    }
}

#[derive(Serialize)]
struct DiffDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    a: SideDto<'a>,
    b: SideDto<'a>,
    differs: bool,
    differences: Vec<DifferenceDto<'a>>,
    verdicts: Vec<ChangeDto<'a>>,
}

#[derive(Serialize)]
struct SideDto<'a> {
    name: &'a str,
    source: &'static str,
    kernel: Option<&'a str>,
    secure_boot: Option<&'static str>,
    lockdown: Option<&'static str>,
}

impl<'a> From<&'a (String, Host)> for SideDto<'a> {
    fn from((name, host): &'a (String, Host)) -> Self {
        Self {
            name,
            source: words::origin(host.source),
            kernel: host.kernel.as_deref(),
            secure_boot: host.secure_boot.map(|on| if on { "on" } else { "off" }),
            lockdown: host.lockdown,
        }
    }
}

#[derive(Serialize)]
struct DifferenceDto<'a> {
    topic: &'static str,
    name: Option<&'a str>,
    says: String,
    certain: bool,
    a: ValueDto<'a>,
    b: ValueDto<'a>,
    turns: Option<Vec<ChangeDto<'a>>>,
}

#[derive(Serialize)]
struct ValueDto<'a> {
    state: &'static str,
    value: Option<&'a str>,
}

impl<'a> From<&'a Side> for ValueDto<'a> {
    fn from(side: &'a Side) -> Self {
        match side {
            Side::Is(value) => Self { state: "is", value: Some(value) },
            Side::Absent => Self { state: "absent", value: None },
            Side::Unknown => Self { state: "unknown", value: None },
        }
    }
}

#[derive(Serialize)]
struct ChangeDto<'a> {
    subject: &'a str,
    a: Option<OutcomeDto>,
    b: Option<OutcomeDto>,
}

#[derive(Serialize)]
struct OutcomeDto {
    outcome: &'static str,
    code: Option<&'static str>,
}

impl<'a> From<&'a Change> for ChangeDto<'a> {
    fn from(change: &'a Change) -> Self {
        let dto =
            |outcome: Option<Outcome>| outcome.map(|(outcome, code)| OutcomeDto { outcome, code });
        Self { subject: &change.name, a: dto(change.a), b: dto(change.b) }
    }
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn json(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let differences = compared.told.iter().map(|told| {
        let difference = &told.difference;
        DifferenceDto {
            topic: difference.topic.name(),
            name: (!difference.name.is_empty()).then_some(&*difference.name),
            says: plain(&sentence(told)),
            certain: difference.is_certain(),
            a: ValueDto::from(&difference.a),
            b: ValueDto::from(&difference.b),
            turns: told.turns.as_ref().map(|turns| turns.iter().map(ChangeDto::from).collect()),
        }
    });
    let value = DiffDto {
        schema: "loadworthy/diff/v1",
        tool: Tool::this(),
        at: &compared.at,
        a: SideDto::from(&compared.a),
        b: SideDto::from(&compared.b),
        differs: compared.differ(),
        differences: differences.collect(),
        verdicts: compared.verdicts.iter().map(ChangeDto::from).collect(),
    };
    document(&value, out)
}
