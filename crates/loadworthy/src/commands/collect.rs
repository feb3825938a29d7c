//! `loadworthy collect`: what a verdict needs, in a file.

use crate::args;
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_assess::manifest_draft;
use loadworthy_assess::record::{How, record};
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_collect::item::Item;
use loadworthy_report::json::collect as json;
use loadworthy_report::receipt::{Denied, Receipt};
use loadworthy_report::terminal;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(
    args: &args::Collect,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    // Without a file only a manifest is asked for, and that is a text to read.
    let to = args.to.as_deref().unwrap_or(Path::new("-"));
    let request = Request {
        source: args.root.clone().map_or(Source::Live, Source::Root),
        with: Vec::new(),
        kernel: Which::named(&args.kernel),
        subjects: Subjects::Used,
        assume: Vec::new(),
        manifest: None,
        at: at(args.at.as_deref(), around).map_err(Trouble::Usage)?,
        cache: None,
        knowledge: Vec::new(),
        jobs: args.jobs.map_or(around.processors, usize::from),
        short: false,
    };
    if args.manifest {
        let next = Request { kernel: drafted_for(&args.kernel), ..request };
        let draft = manifest_draft::draft(&next)?;
        let wrote = if to == Path::new("-") {
            return written(out.write_all(draft.as_bytes())).map(|()| exit::LOADS);
        } else {
            whole(to, |file| file.write_all(draft.as_bytes()))
        };
        wrote.map_err(|error| Trouble::File(to.to_owned(), error))?;
        return Ok(exit::LOADS);
    }
    let how = How { full: args.full, redacted: args.redact };
    let recorded = record(&request, how, &|_, _| {})?;
    let to_out = to == Path::new("-");
    let told = if to_out { recorded.write(out) } else { whole(to, |file| recorded.write(file)) };
    let told = told.map_err(|error| Trouble::File(to.to_owned(), error))?;
    let denied: Vec<Denied<'_>> = told
        .denied
        .iter()
        .map(|item| Denied { item, what: Item::file(item).row().map_or("", |row| row.what) })
        .collect();
    let receipt = Receipt {
        at: &request.at,
        source: request.source.origin(),
        file: (!to_out).then(|| to.to_string_lossy()),
        size: told.size,
        items: told.items,
        modules: told.modules,
        full: how.full,
        redacted: how.redacted,
        replaced: told.replaced,
        denied,
    };
    let receipts: &mut dyn Write = if to_out { err } else { out };
    written(if args.output.is_json() {
        json::v1(&receipt, receipts)
    } else {
        terminal::collect::receipt(&receipt, &around.style, receipts)
    })?;
    Ok(exit::LOADS)
}

/// A manifest is drafted for one kernel: the next one, unless another is named.
fn drafted_for(typed: &str) -> Which {
    match Which::named(typed) {
        Which::All => Which::Next,
        one => one,
    }
}

/// Writes a file that is there whole or not at all, and only for its owner: a command line may hold
/// secrets. One that is there already is replaced, as `git archive -o` does.
fn whole<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
    // A device or a pipe is written to, never replaced.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut file = File::options().write(true).open(path)?;
        return write(&mut file);
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let part: PathBuf = path.with_file_name(beside);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let done = options.open(&part).and_then(|file| {
        let mut file = BufWriter::new(file);
        let told = write(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)?;
        Ok(told)
    });
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::whole;
    use std::io;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.lwb");
        whole(&path, |out| out.write_all(b"one")).unwrap();
        let failed = whole(&path, |out| {
            out.write_all(b"half")?;
            Err::<(), _>(io::Error::other("the machine went away"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        whole(&path, |out| out.write_all(b"two")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
