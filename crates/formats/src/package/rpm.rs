//! Red Hat's packages: a lead, two headers of tagged fields, and a cpio archive.

use std::io::Read;

use crate::compress::sniff;
use crate::compress::streaming::{AtMost, stream};
use crate::cpio::archive;
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::feed::{self, Feed};
use crate::limits::Limits;
use crate::package::member::{Member, Package, Sort, Visit};
use crate::reader::{Reader, index, wide};

const LEAD: u64 = 96;
const MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
/// Bytes a header may have (`headerMaxbytes` of RPM is 256 MiB; kernels with 6,000 files have 2 MB).
const HEADER: u64 = 32 << 20;
/// Bytes one text of it may have.
const TEXT: usize = 1 << 20;
/// Bytes a symbolic link may have.
const TARGET: usize = 4096;

/// Fields of the header that are read: `rpmtag.h`.
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCHITECTURE: u32 = 1022;
const SCRIPTS: [(u32, &str); 4] =
    [(1023, "pre"), (1024, "post"), (1151, "pretrans"), (1152, "posttrans")];

/// A header: its index and its store.
struct Header {
    index: Vec<u8>,
    store: Vec<u8>,
}

/// Walks the package that `feed` stands at.
///
/// # Errors
/// Where a header cannot be read.
pub(super) fn walk(
    feed: &mut Feed<'_>,
    most: u64,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<Parsed<Package>, Error> {
    feed::skip(feed, LEAD, ("rpm lead", 0))?;
    let signature = Header::read(feed, "rpm signature header")?;
    let padding = wide(signature.store.len()).wrapping_neg() % 8;
    feed::skip(feed, padding, ("rpm signature header", LEAD))?;
    let header = Header::read(feed, "rpm header")?;
    let mut version = format!("{}-{}", header.text(VERSION), header.text(RELEASE));
    if let Some(epoch) = header.number(EPOCH) {
        version = format!("{epoch}:{version}");
    }
    let package = Package {
        name: header.text(NAME),
        version,
        architecture: header.text(ARCHITECTURE),
        scripts: SCRIPTS
            .iter()
            .map(|(tag, name)| ((*name).to_owned(), header.text(*tag)))
            .filter(|(_, text)| !text.is_empty())
            .collect(),
    };
    let mut odd: Vec<Deviation> = Vec::new();
    if let Err(e) = payload(feed, most, limits, &mut odd, visit) {
        odd.push(e);
    }
    Ok(Parsed { value: package, deviations: odd })
}

fn payload(
    feed: &mut Feed<'_>,
    most: u64,
    limits: &Limits,
    odd: &mut Vec<Deviation>,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let at = feed.passed();
    let broken = |e: std::io::Error| feed::failed("rpm payload", at, &e);
    let packed = sniff(feed.peek(16).map_err(broken)?);
    let mut seen = 0;
    let mut each = |entry: &archive::Entry<'_>, data: &mut dyn Read| {
        let mut target = Vec::new();
        if entry.is_link() {
            target = feed::whole(data, TARGET, ("rpm link", 0)).unwrap_or_default();
        }
        let sort = match () {
            () if entry.is_file() => Sort::File,
            () if entry.is_folder() => Sort::Folder,
            () if entry.is_link() => Sort::Link(&target),
            () => Sort::Other,
        };
        visit(&Member { path: entry.path, sort, size: entry.size }, data);
    };
    match packed {
        None => {
            let mut bounded = AtMost::new(feed, most);
            archive::walk(&mut Feed::new(&mut bounded), limits, &mut seen, odd, &mut each)
        }
        Some(packed) => {
            let unpacked = stream(feed, packed, limits).map_err(broken)?;
            let mut bounded = AtMost::new(unpacked, most);
            archive::walk(&mut Feed::new(&mut bounded), limits, &mut seen, odd, &mut each)
        }
    }
}

impl Header {
    fn read(feed: &mut Feed<'_>, what: &'static str) -> Result<Self, Error> {
        let at = feed.passed();
        let mut head = [0; 16];
        feed::fill(feed, &mut head, (what, at))?;
        let mut r = Reader::within(what, &head, index(at));
        let magic: [u8; 4] = r.array()?;
        if magic != MAGIC {
            return Err(Error::new(what, index(at), Kind::Missing));
        }
        r.skip(4)?;
        let (fields, store) = (u64::from(r.u32_be()?), u64::from(r.u32_be()?));
        let fields = fields.saturating_mul(16);
        if fields.saturating_add(store) > HEADER {
            return Err(Error::new(what, index(at), Kind::TooLarge { limit: HEADER }));
        }
        let mut header = Self { index: vec![0; index(fields)], store: vec![0; index(store)] };
        feed::fill(feed, &mut header.index, (what, at))?;
        feed::fill(feed, &mut header.store, (what, at))?;
        Ok(header)
    }

    /// Where the content of a field is.
    fn field(&self, tag: u32) -> Option<&[u8]> {
        self.index.chunks_exact(16).find_map(|entry| {
            let mut r = Reader::new("rpm field", entry);
            let (found, _) = (r.u32_be().ok()?, r.u32_be().ok()?);
            let offset = r.u32_be().ok()?;
            (found == tag).then(|| self.store.get(index(u64::from(offset))..))?
        })
    }

    fn text(&self, tag: u32) -> String {
        let text = self.field(tag).unwrap_or_default();
        let text = text.split(|b| *b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text.get(..TEXT).unwrap_or(text)).into_owned()
    }

    fn number(&self, tag: u32) -> Option<u32> {
        Reader::new("rpm field", self.field(tag)?).u32_be().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::form::walk;

    fn header(fields: &[(u32, &str)]) -> Vec<u8> {
        let (mut index, mut store) = (Vec::new(), Vec::new());
        for (tag, value) in fields {
            let at = u32::try_from(store.len()).unwrap();
            index.extend([*tag, 6, at, 1].iter().flat_map(|n| n.to_be_bytes()));
            store.extend(value.bytes().chain([0]));
        }
        let count = u32::try_from(fields.len()).unwrap().to_be_bytes();
        let length = u32::try_from(store.len()).unwrap().to_be_bytes();
        [&MAGIC[..], &[0; 4], &count, &length, &index, &store].concat()
    }

    fn entry(path: &str, mode: u32, data: &[u8]) -> Vec<u8> {
        let (size, name) = (data.len(), path.len().saturating_add(1));
        let mut out = format!("070701{:08x}{mode:08x}", 7).into_bytes();
        out.extend(format!("{0:08x}{0:08x}{1:08x}{0:08x}{size:08x}", 0, 1).into_bytes());
        out.extend(format!("{0:08x}{0:08x}{0:08x}{0:08x}{name:08x}{0:08x}", 0).into_bytes());
        out.extend(path.bytes().chain([0]));
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(data);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    #[test]
    fn a_package_tells_its_files_and_scripts() {
        let mut lead = vec![0; 96];
        lead[..4].copy_from_slice(&[0xed, 0xab, 0xee, 0xdb]);
        let mut signature = header(&[(1, "abc")]);
        signature.resize(signature.len().next_multiple_of(8), 0);
        let fields = header(&[
            (NAME, "kmod-demo"),
            (VERSION, "1.0"),
            (RELEASE, "3.el9"),
            (ARCHITECTURE, "x86_64"),
            (1024, "/sbin/weak-modules --add-modules"),
        ]);
        let cpio = [
            entry("./lib/modules/5.14.0/extra/demo.ko", 0o100_644, b"module"),
            entry("./lib/modules/5.14.0/weak", 0o120_777, b"extra"),
            entry("TRAILER!!!", 0, b""),
        ]
        .concat();
        let whole = [lead, signature, fields, zstd::bulk::compress(&cpio, 3).unwrap()].concat();
        let mut members = Vec::new();
        let got = walk(&mut &whole[..], 1 << 20, &Limits::DEFAULT, &mut |member, _| {
            members.push(format!("{} {:?}", String::from_utf8_lossy(member.path), member.sort));
        })
        .unwrap();
        let Package { name, version, architecture, scripts } = got.value;
        assert_eq!(
            (name.as_str(), version.as_str(), architecture.as_str()),
            ("kmod-demo", "1.0-3.el9", "x86_64")
        );
        assert_eq!(scripts, [("post".to_owned(), "/sbin/weak-modules --add-modules".to_owned())]);
        assert_eq!(members[0], "./lib/modules/5.14.0/extra/demo.ko File");
        assert!(members[1].starts_with("./lib/modules/5.14.0/weak Link("));
        assert!(got.deviations.is_empty());
        for cut in (0..whole.len()).step_by(7) {
            let _ = walk(&mut &whole[..cut], 1 << 20, &Limits::DEFAULT, &mut |_, _| {});
        }
    }
}
