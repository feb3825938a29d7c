//! Where files come from and go to: `[SourceDisksNames]`, `[SourceDisksFiles]`, `[DestinationDirs]`.

use std::borrow::Cow;

use crate::inf::decoration::Architecture;
use crate::inf::document::Inf;
use crate::inf::text::Line;
use crate::inf::version::number;

/// Where a file lies in a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The number of its disk.
    pub disk: String,
    /// The path below the folder of the INF, with `/` between names.
    pub path: String,
    /// The cabinet on that disk that holds it.
    pub cabinet: Option<String>,
}

/// Where a file goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// 10 Windows, 11 system32, 12 drivers, 13 driver store, …
    pub directory: u32,
    /// Below that.
    pub below: Option<String>,
}

impl Inf {
    /// Where the file called `name` lies, for a processor: sections decorated with it are looked at
    /// before plain ones. Nothing where the file is not listed.
    #[must_use]
    pub fn source_of(&self, name: &str, architecture: Architecture) -> Option<Source> {
        let line = self.listed("SourceDisksFiles", name, architecture)?;
        let disk = self.value(line, 0).unwrap_or_default();
        let on = self.listed("SourceDisksNames", &disk, architecture);
        let field = |n: usize| on.and_then(|line| self.value(line, n));
        let parts = [field(3), self.value(line, 1), Some(Cow::Borrowed(name))];
        let path: Vec<_> = parts.iter().flatten().flat_map(|p| p.split(['\\', '/'])).collect();
        let path: Vec<_> = path.into_iter().filter(|p| !p.is_empty() && *p != ".").collect();
        Some(Source {
            path: path.join("/"),
            cabinet: field(1).filter(|f| is_cabinet(f)).map(Cow::into_owned),
            disk: disk.into_owned(),
        })
    }

    fn listed(&self, section: &str, key: &str, architecture: Architecture) -> Option<&Line> {
        let decorated = format!("{section}.{}", architecture.name());
        [decorated.as_str(), section].into_iter().find_map(|name| self.section(name)?.first(key))
    }

    /// Where the files of a file-list section go to; `None` asks for what no section is named for.
    #[must_use]
    pub fn destination_of(&self, list: Option<&str>) -> Option<Destination> {
        let section = self.section("DestinationDirs")?;
        let line = list
            .and_then(|name| section.first(name))
            .or_else(|| section.first("DefaultDestDir"))?;
        Some(Destination {
            directory: number(&self.value(line, 0)?)?,
            below: self.value(line, 1).map(Cow::into_owned),
        })
    }
}

fn is_cabinet(tag: &str) -> bool {
    tag.to_ascii_lowercase().ends_with(".cab")
}
