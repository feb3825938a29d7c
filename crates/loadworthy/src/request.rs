//! What is meant: a request to the judge, with its time fixed.

use crate::args;
use crate::example::SUBJECTS;
use loadworthy_assess::clock::stamp;
use loadworthy_assess::on_linux;
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_collect::views::caller;
use loadworthy_formats::bundle::container;
use std::path::PathBuf;

/// The surroundings `main` found: nothing else reads clock or environment.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Seconds since 1970, by the clock or by `SOURCE_DATE_EPOCH`.
    pub(crate) now: u64,
    /// Seconds since 1970, by the clock alone, when it is asked.
    #[cfg(feature = "sign")]
    pub(crate) clock: fn() -> u64,
    /// Seconds by which it is later here than in UTC at a moment; `None`: that cannot be told.
    pub(crate) offset: fn(u64) -> Option<i32>,
    /// What the page may look like.
    pub(crate) style: loadworthy_report::style::Style,
    /// Whether standard error is a terminal.
    pub(crate) watched: bool,
    /// Processors to work on.
    pub(crate) processors: usize,
    /// Who uses the program, as the environment says.
    #[cfg(feature = "sign")]
    pub(crate) user: String,
    /// Where a user's programs keep what they need again.
    #[cfg(feature = "sign")]
    pub(crate) state: Option<PathBuf>,
    /// A variable of the environment that an argument names.
    pub(crate) variable: fn(&str) -> Option<Vec<u8>>,
}

/// A request, from what was typed.
///
/// # Errors
/// A sentence, when a time is none.
pub(crate) fn request(
    source: &args::Source,
    subjects: Subjects,
    around: &Surroundings,
) -> Result<Request, String> {
    let at = at(source.at.as_deref(), around)?;
    let (opened, mut assume) = opened(source)?;
    assume.extend(source.assume.iter().cloned());
    Ok(Request {
        source: opened,
        kernel: Which::named(&source.kernel),
        subjects,
        assume,
        manifest: source.manifest.clone(),
        at,
        cache: source.cache.clone(),
        knowledge: source.knowledge.clone(),
        with: source.with.clone(),
        jobs: source.jobs.map_or(around.processors, usize::from),
        short: false,
    })
}

/// The machine that is meant.
///
/// # Errors
/// A sentence, when several are.
fn opened(source: &args::Source) -> Result<(Source, Assumptions), String> {
    let bundles = bundles(&source.bundle)?;
    let files = match (&source.root, bundles.as_slice()) {
        (Some(root), _) => Ok(Source::Root(root.clone())),
        (None, []) => Ok(Source::Live),
        (None, [one]) => Ok(Source::Bundle(one.clone())),
        (None, [_, _, ..]) => Err("--bundle: one machine at a time here".to_owned()),
    }?;
    let files = Box::new(files);
    Ok(match &source.policy {
        None => (*files, Vec::new()),
        Some(path) if path.is_dir() => {
            (Source::Under { files, policy: Box::new(Source::Root(path.clone())) }, Vec::new())
        }
        Some(path) if path.exists() => {
            (Source::Under { files, policy: Box::new(Source::Bundle(path.clone())) }, Vec::new())
        }
        Some(named) => (Source::Ordinary(files), on_linux::policy(&named.to_string_lossy())?),
    })
}

/// What is taken for granted, by key and value.
type Assumptions = Vec<(String, String)>;

/// Every bundle that was named; a folder stands for all that are in it, by their names.
///
/// # Errors
/// A sentence, where a folder cannot be read or holds none.
pub(crate) fn bundles(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let told = |e: std::io::Error| format!("{}: {e}", path.display());
        let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
            .map_err(told)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| container::head(&caller::beginning(file, container::HEAD.len())).is_ok())
            .collect();
        if inside.is_empty() {
            return Err(format!("{}: no bundle in it", path.display()));
        }
        inside.sort();
        all.extend(inside);
    }
    Ok(all)
}

/// The time as of which something is judged or recorded.
///
/// # Errors
/// A sentence, when what was typed is none.
pub(crate) fn at(typed: Option<&str>, around: &Surroundings) -> Result<String, String> {
    typed.map_or_else(
        || Ok(stamp(around.now)),
        |typed| {
            time(typed).ok_or_else(|| {
                format!("--at {typed}: not a time: write 2026-11-21T00:00:00Z or 2026-11-21")
            })
        },
    )
}

/// The subjects of `check`.
pub(crate) fn subjects(check: &args::Check) -> Subjects {
    match (check.all, check.subjects.as_slice()) {
        _ if check.example => Subjects::Named(SUBJECTS.map(str::to_owned).to_vec()),
        (true, _) => Subjects::All,
        (false, []) => Subjects::Used,
        (false, named) => Subjects::Named(named.to_vec()),
    }
}

/// A typed time in the one form that is written.
fn time(typed: &str) -> Option<String> {
    let (date, clock) = typed.split_once('T').unwrap_or((typed, "00:00:00Z"));
    let clock = clock.strip_suffix('Z')?;
    let number = |text: &str, digits: usize, least: u32, most: u32| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n| fits && (least..=most).contains(n))
    };
    let mut date = date.splitn(3, '-');
    let year = number(date.next()?, 4, 1970, 9999)?;
    let month = number(date.next()?, 2, 1, 12)?;
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(date.next()?, 2, 1, days)?;
    let mut clock = clock.splitn(3, ':');
    let hour = number(clock.next()?, 2, 0, 23)?;
    let minute = number(clock.next()?, 2, 0, 59)?;
    let second = number(clock.next()?, 2, 0, 59)?;
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_a_date_with_or_without_a_clock() {
        assert_eq!(time("2026-11-21").as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!(time("2024-02-29T12:30:01Z").as_deref(), Some("2024-02-29T12:30:01Z"));
        for wrong in ["", "now", "2026-02-29", "2026-13-01", "2026-11-21T24:00:00Z", "26-11-21"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
