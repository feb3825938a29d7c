//! The platforms that `--on` names, and what can be said of each.

use crate::json::document::{Tool, document};
use crate::style::{Style, Tone, wrap};
use loadworthy_core::platform::KEYS as LINUX_KEYS;
use loadworthy_core::profile::KEYS;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::platforms::Platforms;
use serde::Serialize;
use std::io::{self, Write};

/// Writes the list for people.
///
/// # Errors
/// When `out` does not take it.
pub fn text(
    tables: &Tables,
    linux: &Platforms,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading = "platforms for --on NAME[,KEY=VALUE...]";
    writeln!(out, "{}", style.paint(Tone::Strong, heading))?;
    for version in tables.windows.all() {
        let phase = if version.load { "" } else { ", installing only" };
        let made_for = version.arch.join(" ");
        let (id, name, build) = (&version.id, &version.name, version.build);
        writeln!(out, "  {id:25}{name}, build {build}, {made_for}{phase}")?;
    }
    for platform in linux.all() {
        let other = match platform.aliases.as_slice() {
            [] => String::new(),
            all => format!(" (also {})", all.join(", ")),
        };
        let on = match platform.architectures().collect::<Vec<_>>().as_slice() {
            [_] => String::new(),
            all => format!("; {}", all.join(" ")),
        };
        let told = format!("{}, {}{other}{on}", platform.title, platform.kernel);
        for (n, line) in wrap(&told, style.width.saturating_sub(27).max(20)).iter().enumerate() {
            let name = if n == 0 { platform.name.as_str() } else { "" };
            writeln!(out, "  {name:25}{line}")?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{}", style.paint(Tone::Strong, "keys of Linux platforms"))?;
    for (name, told) in LINUX_KEYS {
        for (n, line) in wrap(told, style.width.saturating_sub(18).max(20)).iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            writeln!(out, "  {name:16}{line}")?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{}", style.paint(Tone::Strong, "keys of Windows platforms"))?;
    for key in &KEYS {
        let takes = key.values.join(" ");
        let told = format!("{takes}; not given: {}", key.default);
        for (n, line) in wrap(&told, style.width.saturating_sub(18).max(20)).iter().enumerate() {
            let name = if n == 0 { key.name } else { "" };
            writeln!(out, "  {name:16}{line}")?;
        }
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct ListDto<'a> {
    schema: &'static str,
    tool: Tool,
    platforms: Vec<PlatformDto<'a>>,
    keys: Vec<KeyDto>,
    linux: Vec<LinuxDto<'a>>,
    linux_keys: Vec<LinuxKeyDto>,
}

#[derive(Debug, Serialize)]
struct LinuxDto<'a> {
    name: &'a str,
    aliases: &'a [String],
    title: &'a str,
    kernel: &'a str,
    arch: Vec<&'a str>,
    source: &'a str,
}

#[derive(Clone, Debug, Serialize)]
struct LinuxKeyDto {
    name: &'static str,
    takes: &'static str,
}

#[derive(Debug, Serialize)]
struct PlatformDto<'a> {
    name: &'a str,
    title: &'a str,
    build: u32,
    arch: &'a [String],
    phases: &'static [&'static str],
    source: &'a str,
}

#[derive(Debug, Serialize)]
struct KeyDto {
    name: &'static str,
    values: &'static [&'static str],
    default: &'static str,
}

/// Writes `loadworthy/platforms/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn json(tables: &Tables, linux: &Platforms, out: &mut dyn Write) -> io::Result<()> {
    let platforms = tables.windows.all().iter().map(|v| PlatformDto {
        name: &v.id,
        title: &v.name,
        build: v.build,
        arch: &v.arch,
        phases: if v.load { &["install", "load"] } else { &["install"] },
        source: &v.source,
    });
    let keys = KEYS.iter().map(|k| KeyDto { name: k.name, values: k.values, default: k.default });
    let list = ListDto {
        schema: "loadworthy/platforms/v1",
        tool: Tool::this(),
        platforms: platforms.collect(),
        keys: keys.collect(),
        linux: linux
            .all()
            .iter()
            .map(|p| LinuxDto {
                name: &p.name,
                aliases: &p.aliases,
                title: &p.title,
                kernel: &p.kernel,
                arch: p.architectures().collect(),
                source: &p.source,
            })
            .collect(),
        linux_keys: LINUX_KEYS.map(|(name, takes)| LinuxKeyDto { name, takes }).to_vec(),
    };
    document(&list, out)
}
