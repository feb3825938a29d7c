//! Debian's packages: an `ar` archive of `debian-binary`, `control.tar` and `data.tar`.

use std::io::Read;

use crate::compress::sniff;
use crate::compress::streaming::{AtMost, stream};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::feed::{self, Feed};
use crate::limits::Limits;
use crate::package::member::{Member, Package, Sort, Visit};
use crate::package::tar;
use crate::reader::index;

/// Bytes that one file of the control archive may have.
const CONTROL: usize = 1 << 20;
const WHAT: &str = "deb member";
const HEADER: usize = 60;

/// Walks the package that `feed` stands at.
///
/// # Errors
/// Where it is none.
pub(super) fn walk(
    feed: &mut Feed<'_>,
    most: u64,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<Parsed<Package>, Error> {
    let mut package = Package::default();
    let mut odd: Vec<Deviation> = Vec::new();
    let mut seen = 0;
    feed::skip(feed, 8, (WHAT, 0))?;
    let mut whole = false;
    loop {
        let at = feed.passed();
        if feed.peek(1).map_err(|e| feed::failed(WHAT, at, &e))?.is_empty() {
            break;
        }
        let mut header = [0; HEADER];
        if let Err(e) = feed::fill(feed, &mut header, (WHAT, at)) {
            odd.push(e);
            break;
        }
        let size = str::from_utf8(header.get(48..58).unwrap_or_default());
        let size = size.ok().and_then(|digits| digits.trim().parse::<u64>().ok());
        let (Some(size), Some(b"`\n")) = (size, header.get(58..60)) else {
            odd.push(Error::new(WHAT, index(at), Kind::Corrupt));
            break;
        };
        let name = header.get(..16).unwrap_or_default().trim_ascii_end();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let begins = feed.passed();
        let done = {
            let mut inside = (&mut *feed).take(size);
            if name.starts_with(b"control.tar") {
                let mut control = |member: &Member<'_>, data: &mut dyn Read| {
                    take_control(member, data, &mut package);
                };
                archive(&mut inside, most, limits, &mut seen, &mut control)
            } else if name.starts_with(b"data.tar") {
                whole = true;
                archive(&mut inside, most, limits, &mut seen, visit)
            } else {
                Ok(())
            }
        };
        let left = size.saturating_sub(feed.passed().saturating_sub(begins));
        let done = done.and_then(|()| feed::skip(feed, left, (WHAT, begins)));
        if let Err(e) = done {
            odd.push(e);
            break;
        }
        // Members begin at even places.
        let _ = feed::skip(feed, size % 2, (WHAT, begins));
    }
    if !whole {
        odd.push(Error::new("deb data.tar", index(feed.passed()), Kind::Missing));
    }
    Ok(Parsed { value: package, deviations: odd })
}

/// Walks a tar archive, unpacked on the way where it is packed.
fn archive(
    source: &mut dyn Read,
    most: u64,
    limits: &Limits,
    seen: &mut usize,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let mut feed = Feed::new(source);
    let broken = |e: std::io::Error| feed::failed("deb archive", 0, &e);
    let packed = sniff(feed.peek(16).map_err(broken)?);
    match packed {
        None => tar::walk(&mut AtMost::new(feed, most), limits, seen, visit),
        Some(packed) => {
            let unpacked = stream(&mut feed, packed, limits).map_err(broken)?;
            tar::walk(&mut AtMost::new(unpacked, most), limits, seen, visit)
        }
    }
}

/// `Package`, `Version`, `Architecture` of the control file; the scripts.
fn take_control(member: &Member<'_>, data: &mut dyn Read, package: &mut Package) {
    let name = member.path.strip_prefix(b"./").unwrap_or(member.path);
    let script = matches!(name, b"preinst" | b"postinst" | b"triggers");
    if member.sort != Sort::File || !(script || name == b"control") {
        return;
    }
    let Ok(text) = feed::whole(data, CONTROL, (WHAT, 0)) else { return };
    let text = String::from_utf8_lossy(&text).into_owned();
    if script {
        package.scripts.push((String::from_utf8_lossy(name).into_owned(), text));
        return;
    }
    let field = |name: &str| {
        let mut lines = text.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.unwrap_or_default().trim().to_owned()
    };
    package.name = field("Package");
    package.version = field("Version");
    package.architecture = field("Architecture");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::form::walk;
    use crate::text::printable;

    /// A header as GNU tar writes it (`tar --format=gnu`), its sum filled in.
    fn header(path: &str, kind: u8, size: usize, target: &str) -> Vec<u8> {
        let mut h = vec![0; 512];
        h[..path.len()].copy_from_slice(path.as_bytes());
        h[100..108].copy_from_slice(b"0000644\0");
        h[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        h[148..156].fill(b' ');
        h[156] = kind;
        h[157..][..target.len()].copy_from_slice(target.as_bytes());
        h[257..265].copy_from_slice(b"ustar  \0");
        let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
        h[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        h
    }

    fn file(path: &str, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if path.len() > 100 {
            out.extend(file("././@LongLink", path.as_bytes()));
            out[156] = b'L';
            out[148..156].fill(b' ');
            let sum: u32 = out[..512].iter().map(|b| u32::from(*b)).sum();
            out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        let short = path.get(..100).unwrap_or(path);
        out.extend(header(short, b'0', data.len(), ""));
        out.extend(data);
        out.resize(out.len().next_multiple_of(512), 0);
        out
    }

    fn ar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = b"!<arch>\n".to_vec();
        for (name, data) in members {
            let size = data.len();
            out.extend(
                format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100644).bytes(),
            );
            out.extend(data);
            out.resize(out.len().next_multiple_of(2), b'\n');
        }
        out
    }

    fn package(data: &[u8]) -> Vec<u8> {
        let control =
            file("./control", b"Package: demo-kmod\nVersion: 1.2-3\nArchitecture: amd64\n");
        let packed = zstd::bulk::compress(&[data, &[0; 1024]].concat(), 3).unwrap();
        ar(&[
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar", [control, vec![0; 1024]].concat()),
            ("data.tar.zst", packed),
        ])
    }

    type Told = (String, Vec<(String, Vec<u8>)>, Vec<String>);

    fn told(bytes: &[u8], most: u64) -> Told {
        let mut members = Vec::new();
        let got = walk(&mut &*bytes, most, &Limits::DEFAULT, &mut |member, data| {
            let content = match member.sort {
                Sort::Link(target) => target.to_vec(),
                _ => feed::whole(data, 1 << 20, ("x", 0)).unwrap_or_default(),
            };
            members.push((printable(member.path), content));
        })
        .unwrap();
        let Package { name, version, architecture, .. } = got.value;
        let odd = got.deviations.iter().map(Error::to_string).collect();
        (format!("{name} {version} {architecture}"), members, odd)
    }

    #[test]
    fn files_links_and_long_names_are_told() {
        let long = format!("./lib/modules/1/{}/a.ko", "very-long/".repeat(12));
        let data = [
            header("./lib/", b'5', 0, ""),
            file(&long, b"module"),
            header("./lib/modules/1/b.ko", b'2', 0, "/lib/modules/2/b.ko"),
        ]
        .concat();
        let (name, members, odd) = told(&package(&data), 1 << 20);
        assert_eq!((name.as_str(), odd.len()), ("demo-kmod 1.2-3 amd64", 0));
        let expected: [(&str, &[u8]); 3] =
            [("./lib/", b""), (&long, b"module"), ("./lib/modules/1/b.ko", b"/lib/modules/2/b.ko")];
        for ((path, content), (wanted, bytes)) in members.iter().zip(expected) {
            assert_eq!((path.as_str(), content.as_slice()), (wanted, bytes));
        }
    }

    #[test]
    fn what_is_cut_too_large_or_damaged_is_told() {
        let whole = package(&file("./a", &[7; 100_000]));
        let (_, members, odd) = told(&whole, 10_000);
        assert_eq!(
            (members.len(), odd),
            (1, vec!["unpacked bytes at 0x0: larger than 10000 bytes".into()])
        );
        for cut in (0..whole.len()).step_by(7) {
            let _ = walk(&mut &whole[..cut], 1 << 20, &Limits::DEFAULT, &mut |_, _| {});
        }
        let (_, _, odd) = told(&whole[..whole.len() - 30], 1 << 20);
        assert_eq!(odd.len(), 1);
        let (_, members, odd) = told(&package(&header("./a", b'0', 0o777_7777, "")), 1 << 20);
        assert_eq!((members.len(), odd.len()), (1, 1));
    }
}
