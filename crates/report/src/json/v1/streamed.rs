//! `loadworthy/check/v1` of verdicts that nobody keeps: what is written of each lies aside until the summary,
//! which stands before all of them, is known. The bytes are those that [`check`](super::check) writes.

use super::{FindingDto, HostDto, Note, NoteDto, Proofs, Summary, VerdictDto};
use crate::json::document::Tool;
use crate::json::proofs::{Numbered, Step};
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::proof::Proof;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};

/// So many bytes lie in memory before they go to the disk.
const IN_MEMORY: usize = 1 << 20;

/// A document that is being written.
#[derive(Debug)]
pub struct Streamed {
    proofs: Proofs,
    summary: Summary,
    verdicts: List,
    nodes: RefCell<Nodes>,
}

impl Streamed {
    /// A document without verdicts, which will hold these proofs.
    #[must_use]
    pub fn new(proofs: Proofs) -> Self {
        Self {
            proofs,
            summary: Summary::default(),
            verdicts: List::default(),
            nodes: RefCell::default(),
        }
    }

    /// The next verdict.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, answered: &Answered) -> io::Result<()> {
        self.summary.count(answered);
        let number = |proof: &Proof| self.nodes.borrow_mut().number(proof);
        self.verdicts.add(&VerdictDto::of(answered, &number, self.proofs))
    }

    /// Writes the document, with everything but the verdicts of `rest`.
    ///
    /// # Errors
    /// When `out` does not take it, or the disk did not take a proof.
    pub fn finish(self, rest: &Answers, out: &mut dyn Write) -> io::Result<()> {
        let Self { summary, verdicts, nodes, .. } = self;
        let mut nodes = nodes.into_inner();
        let note = |note: &Note| NoteDto::of(note, nodes.number(&note.because));
        let notes: Vec<NoteDto> = rest.notes.iter().map(note).collect();
        let findings: Vec<FindingDto<'_>> = rest.findings.iter().map(FindingDto::from).collect();
        out.write_all(b"{\"schema\":\"loadworthy/check/v1\"")?;
        field("tool", &Tool::this(), out)?;
        field("at", &rest.at, out)?;
        field("host", &HostDto::from(&rest.host), out)?;
        field("summary", &summary, out)?;
        out.write_all(b",\"verdicts\":")?;
        verdicts.finish(out)?;
        field("notes", &notes, out)?;
        field("findings", &findings, out)?;
        out.write_all(b",\"proof\":")?;
        nodes.finish(out)?;
        out.write_all(b"}\n")
    }
}

fn field(name: &str, value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, ",\"{name}\":")?;
    serde_json::to_writer(out, value).map_err(io::Error::from)
}

/// The nodes of proofs that are gone: what each said is known by half its SHA-256.
#[derive(Debug, Default)]
struct Nodes {
    known: HashMap<[u8; 16], u32>,
    written: List,
    trouble: Option<io::Error>,
}

impl Nodes {
    fn number(&mut self, proof: &Proof) -> u32 {
        let step = Step::of(proof.node(), &mut |proof| self.number(proof));
        let text = serde_json::to_vec(&step).unwrap_or_default();
        let next = u32::try_from(self.known.len()).map_or(u32::MAX, |n| n.saturating_add(1));
        let digest = digest(DigestAlgorithm::Sha256, &text);
        let half = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        let id = *self.known.entry(half).or_insert(next);
        if id == next
            && let Err(trouble) = self.written.add(&Numbered { id, step: &step })
        {
            self.trouble.get_or_insert(trouble);
        }
        id
    }

    fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        self.trouble.map_or(Ok(()), Err)?;
        self.written.finish(out)
    }
}

/// An array that is longer than anybody wants to keep in memory.
#[derive(Debug, Default)]
struct List {
    /// What is not on the disk yet.
    text: Vec<u8>,
    /// What is; none where there is no room for files.
    aside: Option<File>,
}

impl List {
    fn add(&mut self, value: &impl Serialize) -> io::Result<()> {
        let comma: &[u8] = if self.text.is_empty() && self.aside.is_none() { b"[" } else { b"," };
        self.text.extend_from_slice(comma);
        serde_json::to_writer(&mut self.text, value)?;
        if self.text.len() < IN_MEMORY {
            return Ok(());
        }
        if self.aside.is_none() {
            self.aside = tempfile::tempfile().ok();
        }
        if let Some(file) = &mut self.aside {
            file.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        if self.text.is_empty() && self.aside.is_none() {
            return out.write_all(b"[]");
        }
        if let Some(mut file) = self.aside {
            file.rewind()?;
            io::copy(&mut file, out)?;
        }
        out.write_all(&self.text)?;
        out.write_all(b"]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::v1;
    use crate::sample;

    #[test]
    fn what_is_written_verdict_by_verdict_is_what_is_written_at_once() {
        for proofs in [Proofs::All, Proofs::OfTrouble, Proofs::None] {
            let many = (0..500).map(|n| match n % 2 {
                0 => sample::refused(&format!("a{n}")),
                _ => sample::loads("b"),
            });
            for all in [many.collect(), Vec::new()] {
                let answers = sample::answers(all);
                let (mut at_once, mut streamed) = (Vec::new(), Vec::new());
                v1::check(&answers, proofs, &mut at_once).unwrap();
                let mut document = Streamed::new(proofs);
                answers.answers.iter().try_for_each(|a| document.add(a)).unwrap();
                document.finish(&answers, &mut streamed).unwrap();
                assert_eq!(String::from_utf8(streamed), String::from_utf8(at_once));
            }
        }
    }

    #[test]
    fn a_long_list_goes_through_the_disk() {
        let mut list = List::default();
        let word = "x".repeat(IN_MEMORY / 4);
        for _ in 0..9 {
            list.add(&word).unwrap();
        }
        assert!(list.aside.is_some() && list.text.len() < IN_MEMORY);
        let mut out = Vec::new();
        list.finish(&mut out).unwrap();
        let read: Vec<String> = serde_json::from_slice(&out).unwrap();
        assert!(read.len() == 9 && read.iter().all(|one| *one == word));
    }
}
