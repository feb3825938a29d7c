//! The layout of a proof: from the conclusion down to what was seen.
//!
//! A part that was told already is named again and not told again.

use crate::style::{Style, Tone, columns, wrap};
use crate::words;
use loadworthy_core::proof::{Claim, Node, Proof};
use loadworthy_core::verdict::{Ended, Judgement, Verdict, Walked};
use std::collections::HashSet;

/// How much of a proof is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Nothing.
    None,
    /// The steps that decided, in a few lines each.
    Short,
    /// Every step the platform takes, down to the last piece of evidence.
    Full,
}

/// In a short proof: how many reasons of one conclusion are shown, and how deep.
const SHORT_REASONS: usize = 6;
const SHORT_LEVELS: usize = 4;
/// In a short proof: how much of a quote is shown.
const SHORT_QUOTE: usize = 60;

/// The lines of a judgement's proof.
#[must_use]
pub fn lay_out(judgement: &Judgement, depth: Depth, style: &Style) -> Vec<String> {
    let roots: Vec<&Proof> = match depth {
        Depth::None => Vec::new(),
        Depth::Full => judgement.walk.iter().map(|w| &w.proof).collect(),
        Depth::Short => deciding(judgement),
    };
    proofs(&roots, depth, style)
}

/// The lines of some proofs, one below the other.
#[must_use]
pub fn proofs(roots: &[&Proof], depth: Depth, style: &Style) -> Vec<String> {
    if depth == Depth::None {
        return Vec::new();
    }
    let mut page =
        Page { style, depth, told: HashSet::new(), said: HashSet::new(), lines: Vec::new() };
    page.level(roots, "", 1);
    page.lines
}

/// The steps that decided.
fn deciding(judgement: &Judgement) -> Vec<&Proof> {
    let walk = &judgement.walk;
    let mut chosen: Vec<&Walked> = match &judgement.verdict {
        Verdict::Refused(_) => walk.iter().filter(|w| w.ended == Ended::Refused).take(1).collect(),
        Verdict::Unknown(_) => walk.iter().filter(|w| w.ended == Ended::Open).collect(),
        Verdict::LoadsTainted => walk.iter().filter(|w| w.ended == Ended::Marked).collect(),
        Verdict::Loads => Vec::new(),
    };
    let vouching = match &judgement.verdict {
        Verdict::Loads => true,
        Verdict::Refused(_) | Verdict::LoadsTainted => {
            chosen.iter().any(|w| matches!(conclusion(&w.proof), Some(Claim::Unverified(_))))
        }
        Verdict::Unknown(_) => false,
    };
    if vouching
        && let Some(step) = walk.iter().find(|w| conclusion(&w.proof).is_some_and(about_trust))
    {
        chosen.insert(0, step);
    }
    let mut proofs: Vec<&Proof> = Vec::new();
    for walked in chosen {
        if !proofs.iter().any(|p| same(p, &walked.proof)) {
            proofs.push(&walked.proof);
        }
    }
    proofs
}

/// Evidence side by side that would read the same, once: one assumption can stand for several facts.
fn once<'p>(proofs: &[&'p Proof]) -> Vec<&'p Proof> {
    let mut kept: Vec<&Proof> = Vec::new();
    for proof in proofs {
        let again = |other: &&Proof| match (proof.node(), other.node()) {
            (Node::Assumed(a), Node::Assumed(b)) => a == b,
            (Node::Seen(a), Node::Seen(b)) | (Node::Absent(a), Node::Absent(b)) => a == b,
            (Node::Missing(a), Node::Missing(b)) => a == b,
            _ => false,
        };
        if !kept.iter().any(again) {
            kept.push(proof);
        }
    }
    kept
}

/// Whether two proofs would read the same.
fn same(one: &Proof, other: &Proof) -> bool {
    match (one.node(), other.node()) {
        (Node::Missing(a), Node::Missing(b)) => a == b,
        _ => one.identity() == other.identity(),
    }
}

fn conclusion(proof: &Proof) -> Option<&Claim> {
    match proof.node() {
        Node::Drawn { claim, .. } => Some(claim),
        Node::Seen(_) | Node::Absent(_) | Node::Assumed(_) | Node::Listed(_) | Node::Missing(_) => {
            None
        }
    }
}

/// Whether a claim tells who vouches for the module, or why nobody does.
fn about_trust(claim: &Claim) -> bool {
    matches!(
        claim,
        Claim::SignaturePresent(false)
            | Claim::TrailerRefused(_)
            | Claim::MessageRefused { .. }
            | Claim::SignerUnknown { .. }
            | Claim::SignatureFails { .. }
            | Claim::SignatureVerifies { .. }
            | Claim::SignaturesChecked(false)
            | Claim::BuiltIn(_)
    )
}

/// Premises that hold of every module and tell a reader in a hurry nothing.
fn of_course(proof: &Proof) -> bool {
    matches!(
        conclusion(proof),
        Some(
            Claim::Kernel { .. }
                | Claim::DialectKnown
                | Claim::SignaturesChecked(true)
                | Claim::TrailerSound
                | Claim::FirmwareAsked(true)
        )
    )
}

struct Page<'s> {
    style: &'s Style,
    depth: Depth,
    told: HashSet<*const Node>,
    said: HashSet<String>,
    lines: Vec<String>,
}

impl Page<'_> {
    fn level(&mut self, proofs: &[&Proof], indent: &str, level: usize) {
        let proofs = &once(proofs);
        let short = self.depth == Depth::Short;
        let listed = proofs.iter().all(|proof| !matches!(proof.node(), Node::Drawn { .. }));
        let shown = if short && (level > 1 || listed) { SHORT_REASONS } else { usize::MAX };
        let more = proofs.len().saturating_sub(shown);
        for (n, proof) in proofs.iter().take(shown).enumerate() {
            let last = n + 1 == proofs.len().min(shown) && more == 0;
            let inner = self.entry(proof, indent, last);
            if let Node::Drawn { from, .. } = proof.node() {
                if from.is_empty() {
                    continue;
                }
                let first = self.told.insert(proof.identity());
                if first && !(short && level >= SHORT_LEVELS) {
                    let mut reasons = Vec::new();
                    self.reasons(proof, from, &mut reasons);
                    self.level(&reasons, &inner, level + 1);
                }
            }
        }
        if more > 0 {
            let words = format!("{more} more: --proof full");
            self.put(indent, true, &words, "");
        }
    }

    /// What is shown below a conclusion. A short proof leaves out what was told already and what is
    /// a matter of course, and takes a step that only repeats its conclusion for its reasons.
    fn reasons<'p>(&mut self, of: &'p Proof, from: &'p [Proof], found: &mut Vec<&'p Proof>) {
        for proof in from {
            match proof.node() {
                Node::Drawn { .. } if self.depth == Depth::Full => found.push(proof),
                Node::Drawn { from: inner, .. } if !inner.is_empty() => {
                    if conclusion(proof) == conclusion(of) {
                        if self.told.insert(proof.identity()) {
                            self.reasons(of, inner, found);
                        }
                    } else if !self.is_told(proof) && !of_course(proof) {
                        found.push(proof);
                    }
                }
                _ => found.push(proof),
            }
        }
    }

    /// Whether this conclusion was told, for this or another reason.
    fn is_told(&self, proof: &Proof) -> bool {
        self.told.contains(&proof.identity())
            || conclusion(proof).is_some_and(|c| self.said.contains(&words::claim(c)))
    }

    /// A quote, cut in a short proof.
    fn quote(&self, said: &str) -> String {
        match said.char_indices().nth(SHORT_QUOTE) {
            Some((at, _)) if self.depth == Depth::Short => {
                let dots = if self.style.unicode { "…" } else { "..." };
                format!("{}{dots}", said.get(..at).unwrap_or(said))
            }
            _ => said.to_owned(),
        }
    }

    /// One step; what goes below it is indented by what is returned.
    fn entry(&mut self, proof: &Proof, indent: &str, last: bool) -> String {
        let (words, rule) = match proof.node() {
            Node::Drawn { rule, claim, from } => {
                let again = !from.is_empty() && self.told.contains(&proof.identity());
                let words = words::claim(claim);
                self.said.insert(words.clone());
                (if again { format!("{words} (as above)") } else { words }, rule.name)
            }
            Node::Seen(e) if e.said.is_empty() => (format!("seen     {}", e.item), ""),
            Node::Seen(e) => (format!("seen     {}: {}", e.item, self.quote(&e.said)), ""),
            Node::Absent(e) => (format!("absent   {}: looked for, and not there", e.item), ""),
            Node::Assumed(a) => (format!("assumed  {}={}: you said so", a.key, a.value), ""),
            Node::Listed(r) => {
                let standing = words::standing(r.standing);
                (format!("listed   {} ({standing}): {}", r.id, r.source), "")
            }
            Node::Missing(gaps) => {
                let gaps: Vec<String> = gaps.iter().map(words::gap).collect();
                (format!("open     not known {}", gaps.join("; not known ")), "")
            }
        };
        self.put(indent, last, &words, rule)
    }

    fn put(&mut self, indent: &str, last: bool, words: &str, rule: &str) -> String {
        let (branch, stem) = match (self.style.unicode, last) {
            (true, false) => ("├─ ", "│  "),
            (true, true) => ("└─ ", "   "),
            (false, false) => ("|- ", "|  "),
            (false, true) => ("`- ", "   "),
        };
        let inner = format!("{indent}{stem}");
        let room = self.style.width.saturating_sub(columns(indent) + 3).max(20);
        let words = self.style.plain(words);
        // Evidence begins with a word in a column of its own; its further lines stand beside it.
        let column = ["seen     ", "absent   ", "assumed  ", "listed   ", "open     "]
            .into_iter()
            .find(|c| words.starts_with(c))
            .unwrap_or("");
        let text = words.strip_prefix(column).unwrap_or(&words);
        let mut lines = wrap(text, room.saturating_sub(columns(column)));
        let blank = " ".repeat(columns(column));
        for (n, line) in lines.iter_mut().enumerate() {
            let lead = if n == 0 { self.style.paint(Tone::Quiet, column) } else { blank.clone() };
            *line = format!("{lead}{line}");
        }
        let used = lines.last().map_or(0, |l| columns(l));
        if !rule.is_empty() && used + 2 + columns(rule) <= room {
            let gap = " ".repeat(room - used - columns(rule));
            if let Some(line) = lines.last_mut() {
                line.push_str(&gap);
                line.push_str(&self.style.paint(Tone::Quiet, rule));
            }
        } else if !rule.is_empty() {
            let gap = " ".repeat(room.saturating_sub(columns(rule)));
            lines.push(format!("{gap}{}", self.style.paint(Tone::Quiet, rule)));
        }
        for (n, line) in lines.iter().enumerate() {
            let lead = if n == 0 { format!("{indent}{branch}") } else { inner.clone() };
            self.lines.push(format!("{lead}{line}").trim_end().to_owned());
        }
        inner
    }
}
