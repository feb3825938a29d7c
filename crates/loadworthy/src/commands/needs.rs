//! `loadworthy inspect --needs FILE…`: what modules need of each other, a line each as in `modules.dep`.
//!
//! Drawn from the symbols alone, as `depmod` does; nothing is verified, and of each file only its symbols
//! are read. Where several offer a symbol, the first that was named counts.

use crate::commands::brief::{Room, in_pieces, plain};
use loadworthy_formats::elf::links::{Links, links};
use loadworthy_formats::limits::Limits;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes for each file everything among the others that must be loaded before it, what is loaded
/// first at the end. A file that cannot be read is told in one line on `err` and makes the exit code 2.
///
/// # Errors
/// When `out` or `err` cannot be written to.
pub(crate) fn run(
    files: &[PathBuf],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<ExitCode> {
    let (mut room, mut lent) = (Room::default(), <[Vec<u8>; 3]>::default());
    let mut code = ExitCode::SUCCESS;
    let mut read: Vec<(&PathBuf, Links)> = Vec::with_capacity(files.len());
    for path in files {
        let found = in_pieces(path, &mut room, |length, read_at| {
            links(length, read_at, &mut lent, &Limits::DEFAULT)
        });
        match found {
            Ok(found) => read.push((path, found)),
            Err(problem) => {
                let path = path.display().to_string();
                writeln!(err, "loadworthy: inspect: {}: {problem}", path.escape_debug())?;
                code = ExitCode::from(2);
            }
        }
    }
    let mut offered: HashMap<&[u8], usize> = HashMap::new();
    for (n, (_, links)) in read.iter().enumerate() {
        for symbol in links.offers() {
            offered.entry(symbol).or_insert(n);
        }
    }
    let needs: Vec<Vec<usize>> = read
        .iter()
        .enumerate()
        .map(|(n, (_, links))| {
            let owners = links.needs().filter_map(|symbol| offered.get(symbol).copied());
            let mut owners: Vec<usize> = owners.filter(|owner| *owner != n).collect();
            owners.sort_unstable();
            owners.dedup();
            owners
        })
        .collect();
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let mut seen_by = vec![usize::MAX; read.len()];
    for (n, (path, _)) in read.iter().enumerate() {
        plain(&mut out, path.as_os_str().as_encoded_bytes())?;
        out.write_all(b":")?;
        for needed in order(n, &needs, &mut seen_by).into_iter().rev() {
            out.write_all(b" ")?;
            if let Some((path, _)) = read.get(needed) {
                plain(&mut out, path.as_os_str().as_encoded_bytes())?;
            }
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(code)
}

/// What must be loaded before `of`, in that order. `seen_by` says for which module one was met last.
/// Circles end where they begin.
fn order(of: usize, needs: &[Vec<usize>], seen_by: &mut [usize]) -> Vec<usize> {
    let mut order = Vec::new();
    // A module and how many of its needs were gone into; chains can be as long as there are modules.
    let mut open = vec![(of, 0)];
    seen_by[of] = of;
    while let Some((here, next)) = open.last_mut() {
        match needs[*here].get(*next) {
            Some(&needed) => {
                *next += 1;
                if seen_by[needed] != of {
                    seen_by[needed] = of;
                    open.push((needed, 0));
                }
            }
            None => {
                order.push(*here);
                open.pop();
            }
        }
    }
    order.pop();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_before_what_needs_it_and_circles_end() {
        // 0 needs 1 and 2, 1 needs 2, 2 and 3 need each other.
        let needs = [vec![1, 2], vec![2], vec![3], vec![2]];
        let mut seen_by = vec![usize::MAX; 4];
        assert_eq!(order(0, &needs, &mut seen_by), [3, 2, 1]);
        assert_eq!(order(1, &needs, &mut seen_by), [3, 2]);
        assert_eq!(order(3, &needs, &mut seen_by), [2]);
    }
}
