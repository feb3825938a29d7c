//! `loadworthy inspect FILE…`: what is in these files, without judgement.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use loadworthy_formats::limits::Limits;
use loadworthy_report::inspect;
#[cfg(feature = "sign")]
use loadworthy_sign::opened;
#[cfg(feature = "sign")]
use loadworthy_sign::secret::Secret;

#[cfg(feature = "sign")]
use crate::args;
#[cfg(feature = "sign")]
use crate::request::Surroundings;
#[cfg(feature = "sign")]
use crate::trouble::Trouble;

/// Largest file that is looked into, in bytes. The largest images of distributions are below
/// 100 MB, and what a compressed one unpacks to must fit into memory beside it.
const LARGEST: u64 = 128 << 20;

/// Files that are looked into before the first of them is written: enough to keep every processor busy,
/// few enough that a folder of any size takes no more memory than one of this size.
const AT_ONCE: usize = 64;

/// Opens a locked file of keys, where a passphrase was given.
pub(crate) type Open<'a> = &'a (dyn Fn(&[u8], &mut inspect::Pkcs12) + Sync);

/// The same, with the passphrase inside.
#[cfg(feature = "sign")]
type Opener = Box<dyn Fn(&[u8], &mut inspect::Pkcs12) + Sync>;

/// The opener that the arguments ask for.
///
/// # Errors
/// When the passphrase cannot be had.
#[cfg(feature = "sign")]
pub(crate) fn opener(args: &args::Inspect, around: &Surroundings) -> Result<Opener, Trouble> {
    let passphrase = if let Some(path) = &args.passphrase_file {
        Secret::line(fs::read(path).map_err(|e| Trouble::File(path.clone(), e))?)
    } else if let Some(name) = &args.passphrase_env {
        let missing = || Trouble::Usage(format!("the variable {name} is not set"));
        Secret::new((around.variable)(name).ok_or_else(missing)?)
    } else {
        return Ok(Box::new(|_, _| {}));
    };
    Ok(Box::new(move |bytes, block| {
        let found = opened::pkcs12(bytes, &passphrase);
        block.take(found.as_ref().map(|found| (&*found.certificates, found.keys)));
    }))
}

/// Looks into every file and writes what was found, in the order of the files, as text or as one JSON
/// document.
///
/// Whatever is odd inside a file is part of its entry. A file that cannot be opened is told in one
/// line on `err` and makes the exit code 2; the others are still shown.
///
/// # Errors
/// When `out` or `err` cannot be written to.
pub(crate) fn run(
    files: &[PathBuf],
    json: bool,
    open: Open<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let (mut gap, between) = if json { ("", ",") } else { ("", "\n") };
    if json {
        write!(out, "{}", inspect::JSON_BEGIN)?;
    }
    for some in files.chunks(AT_ONCE) {
        for (path, told) in some.iter().zip(tell_all(some, json, open)) {
            match told {
                Ok(told) => {
                    write!(out, "{gap}{told}")?;
                    gap = between;
                }
                Err(e) => {
                    let path = path.display().to_string();
                    writeln!(err, "loadworthy: {}: {e}", path.escape_debug())?;
                    code = ExitCode::from(2);
                }
            }
        }
    }
    if json {
        writeln!(out, "{}", inspect::json_end(!gap.is_empty()))?;
    }
    Ok(code)
}

/// What is told of each file, on as many threads as there are processors.
fn tell_all(files: &[PathBuf], json: bool, open: Open<'_>) -> Vec<io::Result<String>> {
    let processors = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    if processors < 2 {
        return files.iter().map(|path| tell(path, json, open)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(path) = files.get(number)
        {
            done.push((number, tell(path, json, open)));
        }
        done
    };
    let mut told = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_default());
        joined.flatten().collect::<Vec<_>>()
    });
    told.sort_by_key(|(number, _)| *number);
    told.into_iter().map(|(_, told)| told).collect()
}

fn tell(path: &Path, json: bool, open: Open<'_>) -> io::Result<String> {
    let entry = match read(path)? {
        Content::Whole(bytes) => {
            let mut entry = inspect::describe(path, &bytes, &Limits::DEFAULT);
            if let Some(block) = &mut entry.pkcs12 {
                open(&bytes, block);
            }
            entry
        }
        Content::TooLarge(size) => inspect::too_large(path, size, LARGEST),
    };
    Ok(if json { inspect::json_entry(&entry) } else { inspect::text(&entry) })
}

enum Content {
    Whole(Vec<u8>),
    TooLarge(u64),
}

/// Opens a regular file, never waiting for one that is not: a pipe without a writer would hang.
/// With its length. What is called like a module is not looked at before it is opened: opening
/// may set off a device, and no device is called so.
pub(crate) fn regular(path: &Path) -> io::Result<(File, u64)> {
    let ends: [&[u8]; 4] = [b".ko", b".ko.xz", b".ko.zst", b".ko.gz"];
    let name = path.as_os_str().as_encoded_bytes();
    if !ends.iter().any(|end| name.ends_with(end)) {
        only_regular(&fs::metadata(path)?)?;
    }
    let file = open(path)?;
    // Asked again of what was really opened: the name may lead elsewhere by now.
    let metadata = file.metadata()?;
    only_regular(&metadata)?;
    Ok((file, metadata.len()))
}

fn read(path: &Path) -> io::Result<Content> {
    let (file, length) = regular(path)?;
    if length > LARGEST {
        return Ok(Content::TooLarge(length));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(if size > LARGEST { Content::TooLarge(size) } else { Content::Whole(bytes) })
}

fn only_regular(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() { "a directory" } else { "a pipe, socket or device" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is {what}, not a regular file")))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        /// `O_NONBLOCK` of `asm-generic/fcntl.h`: the architectures this program is built for.
        const O_NONBLOCK: i32 = 0o4000;
        options.custom_flags(O_NONBLOCK);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(files: &[&Path], json: bool) -> (String, String, String) {
        let files: Vec<_> = files.iter().map(|f| f.to_path_buf()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&files, json, &|_, _| {}, &mut out, &mut err).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (format!("{code:?}"), text(out), text(err))
    }

    fn code(n: u8) -> String {
        format!("{:?}", ExitCode::from(n))
    }

    #[test]
    fn a_file_that_is_there_and_one_that_is_not() {
        let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let (exit, out, err) = ask(&[&this, Path::new("no/such\nfile")], false);
        assert_eq!(exit, code(2));
        assert!(out.lines().next().unwrap().contains(": unknown"), "{out}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("loadworthy: no/such\\nfile: "), "{err}");
        let (exit, out, err) = ask(&[&this], true);
        assert_eq!(exit, code(0));
        assert!(out.starts_with("{\n") && out.contains("\"loadworthy/inspect/v1\""), "{out}");
        assert_eq!(err, "");
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let (exit, _, err) = ask(&[Path::new(env!("CARGO_MANIFEST_DIR"))], true);
        assert_eq!(exit, code(2));
        assert!(err.ends_with("is a directory, not a regular file\n"), "{err}");
        #[cfg(target_os = "linux")]
        {
            let (_, _, err) = ask(&[Path::new("/dev/zero")], true);
            assert!(err.ends_with("is a pipe, socket or device, not a regular file\n"), "{err}");
        }
    }
}
