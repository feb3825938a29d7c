//! `loadworthy/explain/v1`: pages for programs.

use crate::json::document::{Tool, document};
use crate::lookup::Topic;
use loadworthy_core::code::Code;
use serde::Serialize;
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
