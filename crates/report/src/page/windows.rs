//! Pages about numbers of Windows.

use crate::lookup::Topic;
use crate::lookup::windows::{ACCOUNT, CROSS, NO_KEY, NO_VALUE, State, part, set};
use crate::style::{Style, Tone, wrap};
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::windows_codes::{Found, Problem, Rank, STATE_DEFAULT};
use std::io::{self, Write};

/// Columns before what a line says.
const LABEL: usize = 11;

struct Pen<'p> {
    style: &'p Style,
    out: &'p mut dyn Write,
}

impl Pen<'_> {
    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.paint(Tone::Strong, text))
    }

    fn said(&mut self, label: &str, text: &str) -> io::Result<()> {
        for (n, part) in wrap(text, self.style.width.saturating_sub(LABEL)).iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            writeln!(self.out, "{}", format!("{label:LABEL$}{part}").trim_end())?;
        }
        Ok(())
    }
}

/// Writes what a topic of Windows means.
pub(super) fn page(topic: &Topic<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut pen = Pen { style, out };
    match topic {
        Topic::Windows(found) => code(found, &mut pen),
        Topic::Problem(row) => problem(row, &mut pen),
        Topic::InfLint(row) => {
            pen.heading(&format!("InfVerif {}  {}", row.id, row.title))?;
            pen.said("means", &row.means)?;
            pen.said("write", &row.help)?;
            let told = format!("{} ({})", row.level.name(), row.level.of_inf().id);
            pen.said("here", &told)?;
            let levels = format!("/k {}, /u {}, /w {}", row.k, row.u, row.w);
            pen.said("InfVerif", &levels)?;
            pen.said("source", &row.source)
        }
        Topic::Event(row) => {
            pen.heading(&format!("event {}  {}", row.number, row.log))?;
            pen.said("means", &row.means)?;
            row.tell.iter().try_for_each(|tell| pen.said("look at", tell))?;
            pen.said("source", &row.source)
        }
        Topic::EventValue(row) => {
            pen.heading(&format!("{} {}", row.kind.replace('-', " "), row.number))?;
            pen.said("means", &row.means)?;
            pen.said("source", &row.source)
        }
        Topic::Bits(kind, number, tables) => bits(kind, *number, tables, &mut pen),
        Topic::Oid(row) => {
            pen.heading(&format!("{}  {}", row.oid, row.name))?;
            pen.said("stands as", &row.stands)?;
            pen.said("means", &row.means)?;
            pen.said("source", &row.source)
        }
        Topic::Policy(row) => {
            pen.heading(&format!("policy {{{}}}  {}", row.guid, row.name))?;
            pen.said("means", &row.means)?;
            row.tell.iter().try_for_each(|tell| pen.said("helps", tell))?;
            pen.said("source", &row.source)
        }
        Topic::Cross(row) => {
            pen.heading(&format!("cross-certificate of {}", row.name))?;
            pen.said("means", CROSS)?;
            pen.said("valid", &format!("until {}", row.not_after))?;
            pen.said("source", &row.source)
        }
        Topic::State(state_of, tables) => state(*state_of, tables, &mut pen),
        Topic::Rank(number, parts, tables) => rank(*number, *parts, tables, &mut pen),
        Topic::Score(row) => {
            pen.heading(&format!("signer score 0x{:08X}", row.value))?;
            pen.said("means", &row.means)?;
            pen.said("source", &row.source)
        }
        Topic::Code(_) | Topic::Errno(_) | Topic::Line(..) => Ok(()),
    }
}

fn code(found: &Found<'_>, pen: &mut Pen<'_>) -> io::Result<()> {
    let forms = found.forms();
    let first = forms.first().map_or("", |(_, text)| text);
    pen.heading(&format!("{first}  {} ({})", found.row.name, found.family.name()))?;
    pen.said("means", &found.row.means)?;
    found.row.tell.iter().try_for_each(|tell| pen.said("look at", tell))?;
    for (way, text) in forms.iter().skip(1) {
        pen.said(way, text)?;
    }
    pen.said("source", &found.row.source)
}

fn problem(row: &Problem, pen: &mut Pen<'_>) -> io::Result<()> {
    pen.heading(&format!("code {}  {} (0x{:02X})", row.number, row.name, row.number))?;
    pen.said("means", &row.means)?;
    pen.said(
        "signature",
        match row.signature.as_str() {
            "yes" => "it is one: Code Integrity refused a driver of the device",
            "maybe" => {
                "can be behind it: look at the problem status (0xC0000428, 0xC0000603, 0xC0E90002)"
            }
            _ => "has nothing to do with it",
        },
    )?;
    pen.said("source", &row.source)
}

fn bits(kind: &str, number: u32, tables: &Tables, pen: &mut Pen<'_>) -> io::Result<()> {
    let (set, unknown) = set(kind, number, tables);
    pen.heading(&format!("{} 0x{number:08X}", kind.replace('-', " ")))?;
    for (mask, row) in &set {
        pen.said(&format!("{mask:#x}"), &row.means)?;
    }
    if number == 0 {
        pen.said("means", "none of them")?;
    }
    if unknown != 0 {
        pen.said("unknown", &format!("bits 0x{unknown:08X} have no published meaning"))?;
    }
    set.first().map_or(Ok(()), |(_, row)| pen.said("source", &row.source))
}

/// What puts it back.
const RESTORE: &str = "reg add \"HKU\\.DEFAULT\\Software\\Microsoft\\Windows\\CurrentVersion\\WinTrust\\Trust Providers\\Software Publishing\" /v State /t REG_DWORD /d 0x23c00 /f (a group policy or a hardening baseline may have set it: ask there first)";

fn state(state: State, tables: &Tables, pen: &mut Pen<'_>) -> io::Result<()> {
    let value = match state {
        State::NoValue => {
            pen.heading("WinTrust State, value missing")?;
            pen.said("means", NO_VALUE)?;
            pen.said("default", &format!("0x{STATE_DEFAULT:08X}"))?;
            pen.said("account", ACCOUNT)?;
            return pen.said("to restore", RESTORE);
        }
        State::NoKey => {
            pen.heading("WinTrust State, key missing")?;
            pen.said("means", NO_KEY)?;
            pen.said("default", &format!("0x{STATE_DEFAULT:08X}"))?;
            pen.said("account", ACCOUNT)?;
            return pen.said("to restore", RESTORE);
        }
        State::Value(value) => value,
    };
    let bits = &tables.windows_codes.state;
    let is = if value == STATE_DEFAULT { "the default" } else { "not the default" };
    pen.heading(&format!("WinTrust State 0x{value:08X}, {is}"))?;
    for bit in bits {
        let set = value & bit.mask != 0;
        let differs = if set == bit.default { "" } else { "; not as by default" };
        let mark = if set { "1" } else { "0" };
        let means = if set { &bit.set } else { &bit.clear };
        pen.said(&format!("{:#08x} {mark}", bit.mask), &format!("{}: {means}{differs}", bit.name))?;
    }
    let known = bits.iter().fold(0, |all, bit| all | bit.mask);
    if value & !known != 0 {
        pen.said("unknown", &format!("bits 0x{:08X} have no published meaning", value & !known))?;
    }
    pen.said("account", ACCOUNT)?;
    if value != STATE_DEFAULT {
        pen.said("to restore", RESTORE)?;
    }
    bits.first().map_or(Ok(()), |bit| pen.said("source", &bit.source))
}

fn rank(number: u32, rank: Rank, tables: &Tables, pen: &mut Pen<'_>) -> io::Result<()> {
    pen.heading(&format!("driver rank 0x{number:08X}; the lower, the better"))?;
    let means = |of: &str, value: u8| {
        let row = part(tables, of, value.into());
        row.map_or("not one of the published values", |row| row.means.as_str())
    };
    let signature = means("signature", rank.signature);
    pen.said("signature", &format!("0x{:02X}: {signature}", rank.signature))?;
    let feature = match rank.feature {
        0xff => "the INF names no FeatureScore",
        _ => "FeatureScore of the INF",
    };
    pen.said("feature", &format!("0x{:02X}: {feature}", rank.feature))?;
    pen.said("match", &format!("{}: {}", rank.matching, means("match", rank.matching)))?;
    let place = match rank.matching {
        3 => format!(
            "place {} in the device's list, {} in that of the INF",
            rank.position & 0xff,
            rank.position >> 8
        ),
        _ => format!("place {} in the list of ids", rank.position),
    };
    pen.said("position", &place)?;
    pen.said("source", "Microsoft, How Windows Ranks Driver Packages")
}
