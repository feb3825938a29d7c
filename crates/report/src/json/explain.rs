//! `loadworthy/explain/v1`: pages for programs.

use crate::json::document::{Tool, document};
use crate::lookup::Topic;
use crate::lookup::windows::{ACCOUNT, CROSS, NO_KEY, NO_VALUE, State, part, set};
use loadworthy_core::code::Code;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::windows_codes::{Rank, STATE_DEFAULT};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct ExplainDto<'a> {
    schema: &'static str,
    tool: Tool,
    topics: Vec<TopicDto<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum TopicDto<'a> {
    Code(PageDto),
    Errno {
        name: &'a str,
        number: u16,
        words: &'a str,
        insmod: &'a str,
        modprobe: &'a str,
        means: &'a [String],
        tell: &'a str,
        codes: &'a [String],
        source: &'a str,
    },
    LogLine {
        id: &'a str,
        text: &'a str,
        once: bool,
        source: &'a str,
        code: Option<PageDto>,
    },
    WindowsCode {
        family: &'a str,
        name: &'a str,
        value: String,
        forms: BTreeMap<&'static str, String>,
        means: [&'a str; 1],
        tell: Option<&'a str>,
        source: &'a str,
    },
    DeviceProblem {
        name: &'a str,
        number: u16,
        means: [&'a str; 1],
        signature: &'a str,
        source: &'a str,
    },
    InfLint {
        number: u16,
        level: &'static str,
        code: &'static str,
        means: [&'a str; 2],
        tell: &'a str,
        infverif: [&'a str; 3],
        source: &'a str,
    },
    Event {
        log: &'a str,
        number: u16,
        means: [&'a str; 1],
        tell: Option<&'a str>,
        source: &'a str,
    },
    EventValue {
        of: &'a str,
        number: u32,
        means: [&'a str; 1],
        source: &'a str,
    },
    Mask {
        of: &'static str,
        value: String,
        bits: Vec<SetDto<'a>>,
        unknown_bits: Option<String>,
    },
    Oid {
        oid: &'a str,
        name: &'a str,
        stands: &'a str,
        means: [&'a str; 1],
        source: &'a str,
    },
    Policy {
        guid: &'a str,
        name: &'a str,
        means: [&'a str; 1],
        tell: Option<&'a str>,
        source: &'a str,
    },
    CrossCertificate {
        name: &'a str,
        sha1_begins: &'a str,
        not_after: &'a str,
        means: [&'static str; 1],
        source: &'a str,
    },
    WintrustState {
        found: &'static str,
        value: Option<String>,
        default: String,
        is_default: bool,
        bits: Vec<BitDto<'a>>,
        unknown_bits: Option<String>,
        means: Vec<&'static str>,
        account: &'static str,
        source: &'a str,
    },
    DriverRank {
        value: String,
        signature: PartDto<'a>,
        feature: String,
        #[serde(rename = "match")]
        matching: PartDto<'a>,
        position: u16,
        source: &'static str,
    },
    SignerScore {
        value: String,
        means: [&'a str; 1],
        source: &'a str,
    },
}

#[derive(Debug, Serialize)]
struct BitDto<'a> {
    mask: String,
    name: &'a str,
    set: bool,
    default: bool,
    means: &'a str,
}

#[derive(Debug, Serialize)]
struct SetDto<'a> {
    mask: String,
    means: &'a str,
    source: &'a str,
}

#[derive(Debug, Serialize)]
struct PartDto<'a> {
    value: u8,
    means: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PageDto {
    code: &'static str,
    name: &'static str,
    title: &'static str,
    is: &'static str,
    bucket: &'static str,
    host_says: Vec<&'static str>,
    page: &'static str,
}

impl From<&'static Code> for PageDto {
    fn from(code: &'static Code) -> Self {
        let says = code.field("host_says").trim_matches(['[', ']']);
        Self {
            code: code.id,
            name: code.name,
            title: code.title(),
            is: code.field("kind"),
            bucket: code.bucket().name(),
            host_says: says.split(", ").filter(|s| !s.is_empty()).collect(),
            page: code.text().trim(),
        }
    }
}

impl<'a> From<&Topic<'a>> for TopicDto<'a> {
    fn from(topic: &Topic<'a>) -> Self {
        match *topic {
            Topic::Code(code) => Self::Code(PageDto::from(code)),
            Topic::Errno(row) => Self::Errno {
                name: &row.name,
                number: row.number,
                words: &row.words,
                insmod: &row.insmod,
                modprobe: &row.modprobe,
                means: &row.means,
                tell: &row.tell,
                codes: &row.codes,
                source: &row.source,
            },
            Topic::Line(row, code) => Self::LogLine {
                id: &row.common.id,
                text: &row.text,
                once: row.once,
                source: &row.common.source,
                code: code.map(PageDto::from),
            },
            Topic::Windows(found) => Self::WindowsCode {
                family: found.family.name(),
                name: &found.row.name,
                value: format!("0x{:08X}", found.row.value),
                forms: found.forms().into_iter().collect(),
                means: [&found.row.means],
                tell: found.row.tell.as_deref(),
                source: &found.row.source,
            },
            Topic::Problem(row) => Self::DeviceProblem {
                name: &row.name,
                number: row.number,
                means: [&row.means],
                signature: &row.signature,
                source: &row.source,
            },
            Topic::InfLint(row) => Self::InfLint {
                number: row.number(),
                level: row.level.name(),
                code: row.level.of_inf().id,
                means: [&row.title, &row.means],
                tell: &row.help,
                infverif: [&row.k, &row.u, &row.w],
                source: &row.source,
            },
            Topic::Event(row) => Self::Event {
                log: &row.log,
                number: row.number,
                means: [&row.means],
                tell: row.tell.as_deref(),
                source: &row.source,
            },
            Topic::EventValue(row) => Self::EventValue {
                of: &row.kind,
                number: row.number,
                means: [&row.means],
                source: &row.source,
            },
            Topic::Bits(kind, number, tables) => Self::mask(kind, number, tables),
            Topic::Oid(row) => Self::Oid {
                oid: &row.oid,
                name: &row.name,
                stands: &row.stands,
                means: [&row.means],
                source: &row.source,
            },
            Topic::Policy(row) => Self::Policy {
                guid: &row.guid,
                name: &row.name,
                means: [&row.means],
                tell: row.tell.as_deref(),
                source: &row.source,
            },
            Topic::Cross(row) => Self::CrossCertificate {
                name: &row.name,
                sha1_begins: &row.sha1,
                not_after: &row.not_after,
                means: [CROSS],
                source: &row.source,
            },
            Topic::State(state, tables) => Self::state(state, tables),
            Topic::Rank(number, rank, tables) => Self::rank(number, rank, tables),
            Topic::Score(row) => Self::SignerScore {
                value: format!("0x{:08X}", row.value),
                means: [&row.means],
                source: &row.source,
            },
        }
    }
}

impl<'a> TopicDto<'a> {
    fn state(state: State, tables: &'a Tables) -> Self {
        let rows = &tables.windows_codes.state;
        let value = match state {
            State::Value(value) => Some(value),
            State::NoValue | State::NoKey => None,
        };
        let bits = value.map(|value| {
            let bits = rows.iter().map(move |row| {
                let set = value & row.mask != 0;
                BitDto {
                    mask: format!("0x{:08X}", row.mask),
                    name: &row.name,
                    set,
                    default: row.default,
                    means: if set { &row.set } else { &row.clear },
                }
            });
            bits.collect()
        });
        let known = rows.iter().fold(0, |all, row| all | row.mask);
        let unknown = value.map(|value| value & !known).filter(|bits| *bits != 0);
        let (found, means) = match state {
            State::Value(_) => ("value", Vec::new()),
            State::NoValue => ("no-value", vec![NO_VALUE]),
            State::NoKey => ("no-key", vec![NO_KEY]),
        };
        Self::WintrustState {
            found,
            value: value.map(|value| format!("0x{value:08X}")),
            default: format!("0x{STATE_DEFAULT:08X}"),
            is_default: value == Some(STATE_DEFAULT),
            bits: bits.unwrap_or_default(),
            unknown_bits: unknown.map(|bits| format!("0x{bits:08X}")),
            means,
            account: ACCOUNT,
            source: rows.first().map_or("", |row| &row.source),
        }
    }

    fn mask(of: &'static str, number: u32, tables: &'a Tables) -> Self {
        let (set, unknown) = set(of, number, tables);
        let bits = set.into_iter().map(|(mask, row)| SetDto {
            mask: format!("0x{mask:08X}"),
            means: &row.means,
            source: &row.source,
        });
        Self::Mask {
            of,
            value: format!("0x{number:08X}"),
            bits: bits.collect(),
            unknown_bits: (unknown != 0).then(|| format!("0x{unknown:08X}")),
        }
    }

    fn rank(number: u32, rank: Rank, tables: &'a Tables) -> Self {
        let of = |name, value: u8| PartDto {
            value,
            means: part(tables, name, value.into()).map(|row| row.means.as_str()),
        };
        Self::DriverRank {
            value: format!("0x{number:08X}"),
            signature: of("signature", rank.signature),
            feature: format!("0x{:02X}", rank.feature),
            matching: of("match", rank.matching),
            position: rank.position,
            source: "Microsoft, How Windows Ranks Driver Packages",
        }
    }
}

/// Writes `loadworthy/explain/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(topics: &[Topic<'_>], out: &mut dyn Write) -> io::Result<()> {
    let value = ExplainDto {
        schema: "loadworthy/explain/v1",
        tool: Tool::this(),
        topics: topics.iter().map(TopicDto::from).collect(),
    };
    document(&value, out)
}
