//! Where what was unpacked lies: in memory while it is little, else in a file that has no name.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::regular;

/// So many bytes are kept in memory; the modules of an initramfs that a host needs are 33 MB of Debian's.
const IN_MEMORY: u64 = 48 << 20;

/// Bytes that were unpacked, one member behind another.
#[derive(Debug, Default)]
pub(super) struct Store {
    memory: Vec<u8>,
    /// Where all of them went when they became too many.
    file: Option<File>,
    end: u64,
}

impl Store {
    /// Where the next member will begin.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Takes in a member. What there was of one that breaks off stays, before what follows.
    pub(super) fn take(&mut self, member: &mut dyn Read) -> io::Result<()> {
        if self.file.is_none() {
            let before = self.memory.len();
            let read = member.take(IN_MEMORY - self.end).read_to_end(&mut self.memory);
            self.end += (self.memory.len() - before) as u64;
            read?;
            if self.end < IN_MEMORY {
                return Ok(());
            }
            let mut file = tempfile::tempfile()?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        // In pieces that are worth a call to the system each.
        let mut piece = vec![0; 128 << 10];
        while let (Some(file), read) = (&mut self.file, read_some(member, &mut piece)?) {
            if read == 0 {
                break;
            }
            file.write_all(&piece[..read])?;
            self.end += read as u64;
        }
        Ok(())
    }

    /// Fills `into` with what is at `at`.
    pub(super) fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if let Some(file) = &self.file {
            return regular::read_at(file, into, at);
        }
        let from = usize::try_from(at).ok().and_then(|at| self.memory.get(at..)?.get(..into.len()));
        into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn read_some(from: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_for_memory_is_read_back_from_a_file() {
        let most = usize::try_from(IN_MEMORY).unwrap();
        let members = [vec![1; most - 3], vec![2; 7], Vec::new(), vec![3; 300_000]];
        let mut store = Store::default();
        let mut begins = Vec::new();
        for (n, member) in members.iter().enumerate() {
            begins.push(store.end());
            store.take(&mut &member[..]).unwrap();
            assert_eq!(store.file.is_some(), n > 0, "{n}");
        }
        assert!(store.memory.is_empty());
        for (member, at) in members.iter().zip(begins) {
            let mut read = vec![0; member.len()];
            store.read(at, &mut read).unwrap();
            assert!(read == *member, "{at}");
        }
        assert!(store.read(store.end() - 1, &mut [0; 2]).is_err());
    }

    #[test]
    fn a_member_that_breaks_off_is_passed_over() {
        struct Cut(usize);
        impl Read for Cut {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let read = self.0.min(into.len());
                self.0 -= read;
                into[..read].fill(9);
                if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
            }
        }
        let mut store = Store::default();
        assert!(store.take(&mut Cut(5)).is_err());
        let at = store.end();
        store.take(&mut &b"next"[..]).unwrap();
        let mut read = [0; 4];
        store.read(at, &mut read).unwrap();
        assert_eq!(&read, b"next");
    }
}
