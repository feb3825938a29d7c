//! Many files in one: a cpio archive (newc), packed with xz.
//!
//! Any `xz -dc FILE | cpio -t` lists it.

use loadworthy_formats::compress::{self, Compression};
use loadworthy_formats::cpio::archive;
use loadworthy_formats::feed::Feed;
use loadworthy_formats::limits::Limits;
use loadworthy_rehearse::archive::newc;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// More than any archive of ours unpacks to.
const MOST: usize = 256 << 20;

/// Files by their paths, without a leading slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Unpacks and reads an archive.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(packed: &[u8]) -> Result<Self, String> {
        let mut bytes = Vec::new();
        compress::unpack(packed, Compression::Xz, MOST, &Limits::DEFAULT, &mut bytes)
            .map_err(|e| e.to_string())?;
        let mut files = BTreeMap::new();
        let (mut seen, mut odd) = (0, Vec::new());
        let mut source = &bytes[..];
        let mut feed = Feed::new(&mut source);
        archive::walk(&mut feed, &Limits::DEFAULT, &mut seen, &mut odd, &mut |entry, data| {
            let mut content = Vec::new();
            if entry.is_file() && data.read_to_end(&mut content).is_ok() {
                files.insert(String::from_utf8_lossy(entry.path).into_owned(), content);
            }
        })
        .map_err(|e| e.to_string())?;
        Ok(Self { files })
    }

    /// Takes a file in.
    pub fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), bytes.into());
    }

    /// Takes every file below a folder in.
    ///
    /// # Errors
    /// When one cannot be read, or has a name that is no text.
    pub fn put_folder(&mut self, at: &str, folder: &Path) -> Result<(), String> {
        let told = |e: std::io::Error| format!("{}: {e}", folder.display());
        for entry in fs::read_dir(folder).map_err(told)? {
            let entry = entry.map_err(told)?;
            let name = entry.file_name().into_string().map_err(|n| format!("{n:?}: no text"))?;
            let path = if at.is_empty() { name } else { format!("{at}/{name}") };
            match entry.file_type().map_err(told)?.is_dir() {
                true => self.put_folder(&path, &entry.path())?,
                false => self.put(&path, fs::read(entry.path()).map_err(told)?),
            }
        }
        Ok(())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it is not there.
    pub fn get(&self, path: &str) -> Result<&[u8], String> {
        self.files.get(path).map(Vec::as_slice).ok_or_else(|| format!("{path}: not recorded"))
    }

    /// A file of text.
    ///
    /// # Errors
    /// When it is not there.
    pub fn text(&self, path: &str) -> Result<String, String> {
        self.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The files below a folder: path from there, and bytes.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let folder = format!("{folder}/");
        self.files.iter().filter_map(move |(path, bytes)| {
            path.strip_prefix(&folder).map(|path| (path, bytes.as_slice()))
        })
    }

    /// Packed; needs the program `xz`.
    ///
    /// # Errors
    /// When that program is not there or fails.
    pub fn pack(&self) -> Result<Vec<u8>, String> {
        let told = |e: std::io::Error| format!("xz: {e}");
        let mut xz = Command::new("xz")
            .args(["--compress", "--stdout", "--lzma2=preset=9e,dict=32MiB"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(told)?;
        let (bytes, input) = (newc(&self.files), xz.stdin.take());
        let writer = std::thread::spawn(move || input.map(|mut input| input.write_all(&bytes)));
        let done = xz.wait_with_output().map_err(told)?;
        drop(writer.join());
        if done.status.success() { Ok(done.stdout) } else { Err("xz: failed".to_owned()) }
    }
}
