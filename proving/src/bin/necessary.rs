//! The peer of the preflight's benchmark: reads, unpacks and digests what a preflight must, and knows
//! nothing else. With the same libraries, so that what is compared is everything beside them.
//!
//! `necessary LIST`: a line each, `image PATH`, `kernel PATH`, `module PATH`, `initramfs PATH`, separated by a
//! tab; names of modules whose copies in the initramfs are digested follow `copy`.

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::compress;
use loadworthy_formats::cpio::image as initramfs;
use loadworthy_formats::kernel::{image, name};
use loadworthy_formats::limits::Limits;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads, as many as the preflight has.
const THREADS: usize = 2;
/// Bytes that an initramfs may unpack to.
const UNPACKED: u64 = 2 << 30;

fn main() -> ExitCode {
    let list = std::env::args().nth(1).and_then(|path| std::fs::read_to_string(path).ok());
    let Some(list) = list else { return ExitCode::FAILURE };
    let lines: Vec<(&str, &str)> = list.lines().filter_map(|line| line.split_once('\t')).collect();
    let (copies, files): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|(sort, _)| *sort == "copy");
    let copies: BTreeSet<&str> = copies.into_iter().map(|(_, name)| name).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut unpacked = Vec::new();
        let mut good = true;
        while let Some((sort, path)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            good &= done(sort, path, &copies, &mut unpacked).is_some();
        }
        good
    };
    let good = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().all(|thread| thread.join().unwrap_or(false))
    });
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sha256(bytes: &[u8]) {
    black_box(digest(DigestAlgorithm::Sha256, bytes));
}

fn done(sort: &str, path: &str, copies: &BTreeSet<&str>, unpacked: &mut Vec<u8>) -> Option<()> {
    let limits = Limits::DEFAULT;
    let bytes = std::fs::read(path).ok()?;
    match sort {
        "image" => sha256(&bytes),
        "kernel" => {
            sha256(&bytes);
            let header = image::header(&bytes).ok()?;
            let payload = bytes.get(header.payload)?;
            let packed = compress::sniff(payload)?;
            // Behind the stream stands its unpacked size.
            let stream = payload.split_last_chunk::<4>()?.0;
            let mut kernel = Vec::new();
            let room = limits.kernel_bytes;
            let limits = Limits { decoder_memory: 136 << 20, ..limits };
            compress::unpack(stream, packed, room, &limits, &mut kernel).ok()?;
            black_box(kernel.len());
        }
        "module" => match compress::sniff(&bytes) {
            None => sha256(&bytes),
            Some(packed) => {
                sha256(&bytes);
                unpacked.clear();
                compress::unpack(&bytes, packed, limits.module_bytes, &limits, unpacked).ok()?;
                sha256(unpacked);
            }
        },
        "initramfs" => {
            let found = initramfs::walk(&mut &*bytes, UNPACKED, &limits, &mut |_, entry, data| {
                let path = String::from_utf8_lossy(entry.path);
                if entry.is_file() && copies.contains(name::of_path(&path).as_str()) {
                    unpacked.clear();
                    if data.read_to_end(unpacked).is_ok() {
                        sha256(unpacked);
                    }
                }
            });
            black_box(found.value.len());
        }
        _ => return None,
    }
    Some(())
}
