//! Texts read in bounded memory and searched by several threads.
//!
//! A short text is read whole. Anything longer streams through in blocks that end with a line; a
//! line that is longer than a block is looked at from its beginning, and the rest is told as skipped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use loadworthy_core::diagnose::clue::Clue;
use loadworthy_core::diagnose::finding::Coverage;
use loadworthy_core::diagnose::likeness::Said;
use loadworthy_formats::compress;
use loadworthy_formats::evidence::encoding::{self, Decoder, Encoding};
use loadworthy_formats::evidence::journal::Record;
use loadworthy_formats::evidence::journal_file;
use loadworthy_formats::evidence::recogniser::{LINE, Recogniser, SHORT, Seen, WRITTEN};
use loadworthy_formats::evidence::windows::{binary_events, loaded};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::registry::{hive, log};

use crate::diagnose::gathered::Gathered;
use crate::diagnose::ran::Listed;
use crate::diagnose::texts::{Input, Text};
use crate::diagnose::windows;
use crate::folder::ends_as_of_windows;
use crate::registry_logs::put_in;
use crate::request::Trouble;

/// Bytes of a list of images that are read.
const LISTS: u64 = 16 << 20;
/// Bytes that one thread searches at a time.
const BLOCK: usize = 2 << 20;
/// Things one block may show; a log of nothing but errors has no more to say.
const A_BLOCK: usize = 2000;

/// What the texts showed.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The lines that patterns met.
    pub clues: Vec<Clue>,
    /// Whether all texts are short.
    pub short: bool,
    /// What the short ones say that are no whole logs.
    pub said: Vec<Said>,
    /// Modules and images among the caller's files.
    pub files: Vec<PathBuf>,
    /// Files of packages of Windows among them.
    pub packages: Vec<PathBuf>,
    /// Images and packages that the texts list as being in use.
    pub(super) listed: Vec<Listed>,
    /// What was read.
    pub read: Coverage,
}

/// Reads all texts.
///
/// # Errors
/// When one cannot be opened or read.
pub fn scan(texts: Vec<Text>, recogniser: &Recogniser, jobs: usize) -> Result<Scanned, Trouble> {
    let mut out = Scanned { short: true, ..Scanned::default() };
    let mut gathered = Gathered::default();
    for (order, text) in texts.into_iter().enumerate() {
        let Text { name, input } = text;
        let path = match &input {
            Input::File(path) => Some(path.clone()),
            Input::Stream(_) | Input::Bytes(_) => None,
        };
        if let Some(path) = path.as_ref().filter(|p| ends_as_of_windows(p)) {
            out.packages.push(path.clone());
            out.read.texts.push(name.clone());
            continue;
        }
        let mut stream = input.open(&name)?;
        let wrong =
            |e: std::io::Error| Trouble::Open { path: name.to_string(), problem: e.to_string() };
        let mut head = Vec::with_capacity(SHORT + 1);
        stream.by_ref().take(SHORT as u64 + 1).read_to_end(&mut head).map_err(wrong)?;
        out.read.texts.push(name.clone());
        if head.starts_with(binary_events::MAGIC) {
            let mut whole = head;
            stream.by_ref().take(windows::WHOLE).read_to_end(&mut whole).map_err(wrong)?;
            out.short = false;
            windows::event_log(
                whole,
                &mut windows::Hearer { name: &name, order, recogniser, gathered: &mut gathered },
                &mut out.read,
            );
            continue;
        }
        if log::begins(&head) {
            // What it holds is put in where its hive is read.
            out.read.skipped.push(format!("{name}: the log of a hive, which is read beside that"));
            continue;
        }
        if hive::begins(&head) {
            let mut whole = head;
            stream.by_ref().take(windows::WHOLE).read_to_end(&mut whole).map_err(wrong)?;
            let whole = match &path {
                Some(path) => put_in(&whole, path),
                None => Cow::Borrowed(whole.as_slice()),
            };
            windows::hive(
                &whole,
                &mut windows::Hearer { name: &name, order, recogniser, gathered: &mut gathered },
                &mut out.read,
            );
            continue;
        }
        if head.starts_with(journal_file::MAGIC) {
            let mut whole = head;
            stream.by_ref().take(windows::WHOLE).read_to_end(&mut whole).map_err(wrong)?;
            out.short = false;
            journal(&whole, (&name, order), recogniser, &mut gathered, &mut out.read);
            continue;
        }
        // A caller's module is one whatever its bytes are: that may be what is wrong with it.
        if let Some(path) = path.as_ref().filter(|p| code(&head) || module(p)) {
            out.files.push(path.clone());
            continue;
        }
        if code(&head) {
            out.read.skipped.push(format!("{name}: no text"));
            continue;
        }
        if let Some(how) = compress::sniff(&head) {
            let limits = Limits::DEFAULT;
            let mut packed = head;
            let most = limits.text_bytes as u64;
            stream.by_ref().take(most).read_to_end(&mut packed).map_err(wrong)?;
            let mut plain = Vec::new();
            if compress::unpack(&packed, how, limits.text_bytes, &limits, &mut plain).is_err() {
                let said = "compressed, and not to be unpacked whole within the limit";
                out.read.skipped.push(format!("{name}: {said}"));
            }
            if let Some(path) = path.filter(|_| code(&plain)) {
                out.files.push(path);
                continue;
            }
            head = Vec::new();
            stream = Box::new(std::io::Cursor::new(plain));
            stream.by_ref().take(SHORT as u64 + 1).read_to_end(&mut head).map_err(wrong)?;
        }
        let kind = encoding::detect(&head);
        let mut plain = Vec::new();
        Decoder::new(kind).push(&head, &mut plain);
        if loaded::begins(&String::from_utf8_lossy(&plain)) {
            // Lists of images may be long, and are kept whole.
            stream.by_ref().take(LISTS).read_to_end(&mut head).map_err(wrong)?;
            let mut plain = Vec::new();
            Decoder::new(kind).push(&head, &mut plain);
            let images = loaded::read(&String::from_utf8_lossy(&plain)).into_iter();
            out.listed.extend(images.map(|image| Listed { text: name.clone(), image }));
            stream = Box::new(std::io::Cursor::new(head).chain(stream));
            head = Vec::new();
            stream.by_ref().take(SHORT as u64 + 1).read_to_end(&mut head).map_err(wrong)?;
        }
        if head.len() <= SHORT {
            let mut whole = Vec::new();
            Decoder::new(kind).push(&head, &mut whole);
            out.read.bytes += head.len() as u64;
            let told = windows::short(
                whole,
                &mut windows::Hearer { name: &name, order, recogniser, gathered: &mut gathered },
            );
            let Some(rest) = told.rest else {
                out.read.lines += told.lines;
                out.short = false;
                continue;
            };
            let lines = recogniser.short(&rest, &mut |s| gathered.add(&name, order, s.line + 1, s));
            out.read.lines += lines;
            let report = !told.log && lines <= WRITTEN as u64;
            out.short &= report;
            if report {
                let text = String::from_utf8_lossy(&rest);
                let said = |(line, text): (u64, &str)| Said {
                    source: name.clone(),
                    line,
                    text: text.to_owned(),
                };
                out.said.extend((1..).zip(text.lines()).map(said));
            }
            continue;
        }
        out.short = false;
        let mut sample = Vec::new();
        Decoder::new(kind).push(&head, &mut sample);
        let head = match windows::long(&sample) {
            Some(windows::Form::Setup) => {
                let from = std::io::Cursor::new(head).chain(stream);
                windows::setup(
                    from,
                    kind,
                    &mut windows::Hearer {
                        name: &name,
                        order,
                        recogniser,
                        gathered: &mut gathered,
                    },
                    &mut out.read,
                )
                .map_err(wrong)?;
                continue;
            }
            Some(windows::Form::Records) => {
                let mut whole = head;
                stream.by_ref().take(windows::WHOLE).read_to_end(&mut whole).map_err(wrong)?;
                let mut text = Vec::new();
                Decoder::new(kind).push(&whole, &mut text);
                let lines = text.len();
                if windows::records(
                    &text,
                    &mut windows::Hearer {
                        name: &name,
                        order,
                        recogniser,
                        gathered: &mut gathered,
                    },
                ) {
                    out.read.bytes += lines as u64;
                    continue;
                }
                whole
            }
            None => head,
        };
        let head = std::io::Cursor::new(head);
        let mut long = Long { name: &name, order, kind, read: &mut out.read };
        long.stream(head.chain(stream), recogniser, jobs, &mut gathered).map_err(wrong)?;
    }
    if gathered.left_off > 0 {
        let said = format!("{} more different lines than are kept", gathered.left_off);
        out.read.skipped.push(said);
    }
    out.clues = gathered.clues();
    Ok(out)
}

/// Whether it is a module or an image.
fn code(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..] => true,
        [b'M', b'Z', _, _, ..] => head.iter().take(1024).filter(|b| **b == 0).count() > 64,
        _ => false,
    }
}

/// Whether a file is named as modules are.
fn module(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    ["", ".gz", ".xz", ".zst"].iter().any(|end| name.ends_with(&format!(".ko{end}")))
}

/// Hears what a file of the journal says; an entry counts as a line.
fn journal(
    bytes: &[u8],
    (name, order): (&Arc<str>, usize),
    recogniser: &Recogniser,
    gathered: &mut Gathered,
    read: &mut Coverage,
) {
    let mut hear = |number: u64, record: &Record| {
        recogniser.record(record, number, &mut |s| gathered.add(name, order, s.line + 1, s));
    };
    read.bytes += bytes.len() as u64;
    match journal_file::read(bytes, &Limits::DEFAULT, &mut hear) {
        Ok(told) => {
            read.lines += told.value.entries;
            let damaged = told.deviations.len();
            if damaged > 0 {
                read.skipped.push(format!("{name}: {damaged} damaged stretches"));
            }
            if told.value.left_off > 0 {
                let left_off = told.value.left_off;
                read.skipped.push(format!("{name}: {left_off} entries that could not be read"));
            }
        }
        Err(problem) => read.skipped.push(format!("{name}: {problem}")),
    }
}

/// What one block showed.
struct Shown {
    seen: Vec<Seen>,
    more: u64,
    lines: u64,
}

struct Long<'a> {
    name: &'a Arc<str>,
    order: usize,
    kind: Encoding,
    read: &'a mut Coverage,
}

impl Long<'_> {
    fn stream(
        &mut self,
        mut from: impl std::io::Read,
        recogniser: &Recogniser,
        jobs: usize,
        gathered: &mut Gathered,
    ) -> std::io::Result<()> {
        let workers = jobs.clamp(1, 16);
        let (give, take) = sync_channel::<(u64, Vec<u8>)>(workers);
        let take = Arc::new(Mutex::new(take));
        let (tell, hear) = channel::<(u64, Shown, Vec<u8>)>();
        thread::scope(|scope| {
            for _ in 0..workers {
                let (take, tell) = (take.clone(), tell.clone());
                scope.spawn(move || work(recogniser, &take, &tell));
            }
            drop(tell);
            let mut order =
                Ordered { lines: 0, next: 0, early: BTreeMap::new(), spare: Vec::new() };
            let done = self.blocks(&mut from, &give, &hear, &mut order, gathered);
            drop(give);
            for told in hear {
                order.put(told, self, gathered);
            }
            done
        })
    }

    fn blocks(
        &mut self,
        from: &mut impl std::io::Read,
        give: &SyncSender<(u64, Vec<u8>)>,
        hear: &Receiver<(u64, Shown, Vec<u8>)>,
        order: &mut Ordered,
        gathered: &mut Gathered,
    ) -> std::io::Result<()> {
        let mut decoder = (self.kind != Encoding::Bytes).then(|| Decoder::new(self.kind));
        let mut pending: Vec<u8> = Vec::new();
        let mut raw = Vec::new();
        let (mut number, mut skipping, mut skipped) = (0_u64, false, 0_u64);
        loop {
            let before = pending.len();
            let got = match &mut decoder {
                None => from.by_ref().take(BLOCK as u64).read_to_end(&mut pending)?,
                Some(decoder) => {
                    raw.clear();
                    let got = from.by_ref().take(BLOCK as u64).read_to_end(&mut raw)?;
                    decoder.push(&raw, &mut pending);
                    got
                }
            };
            self.read.bytes += got as u64;
            if skipping {
                match pending.iter().position(|b| *b == b'\n') {
                    Some(end) => {
                        skipped += end as u64;
                        pending.drain(..end);
                        skipping = false;
                    }
                    None => {
                        skipped += pending.len() as u64;
                        pending.clear();
                    }
                }
            }
            if got == 0 {
                if !pending.is_empty() {
                    let _ = give.send((number, pending));
                }
                break;
            }
            let cut = pending.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
            let cut = match cut {
                Some(cut) => cut,
                None if pending.len() >= BLOCK && before > 0 || pending.len() > BLOCK => {
                    // No line of any log is that long: its beginning is looked at.
                    skipped += pending.len().saturating_sub(LINE) as u64;
                    pending.truncate(LINE);
                    skipping = true;
                    pending.len()
                }
                None => continue,
            };
            let mut block = order.spare.pop().unwrap_or_default();
            block.clear();
            block.extend_from_slice(&pending[cut..]);
            std::mem::swap(&mut block, &mut pending);
            block.truncate(cut);
            if give.send((number, block)).is_err() {
                break;
            }
            number += 1;
            while let Ok(told) = hear.try_recv() {
                order.put(told, self, gathered);
            }
        }
        if skipped > 0 {
            let said = format!("{}: {skipped} bytes of lines that are too long", self.name);
            self.read.skipped.push(said);
        }
        Ok(())
    }
}

/// What blocks showed, put back into the order of the text.
struct Ordered {
    lines: u64,
    next: u64,
    early: BTreeMap<u64, Shown>,
    spare: Vec<Vec<u8>>,
}

impl Ordered {
    fn put(
        &mut self,
        (number, shown, block): (u64, Shown, Vec<u8>),
        long: &mut Long<'_>,
        gathered: &mut Gathered,
    ) {
        self.early.insert(number, shown);
        if self.spare.len() < 4 {
            self.spare.push(block);
        }
        while let Some(shown) = self.early.remove(&self.next) {
            self.next += 1;
            for seen in shown.seen {
                gathered.add(long.name, long.order, self.lines + seen.line + 1, seen);
            }
            gathered.left_off += shown.more;
            self.lines += shown.lines;
            long.read.lines += shown.lines;
        }
    }
}

fn work(
    recogniser: &Recogniser,
    take: &Mutex<Receiver<(u64, Vec<u8>)>>,
    tell: &Sender<(u64, Shown, Vec<u8>)>,
) {
    loop {
        let next = take.lock().map(|queue| queue.recv());
        let Ok(Ok((number, block))) = next else { return };
        let (mut seen, mut more) = (Vec::new(), 0);
        let lines = recogniser.log(&block, &mut |s| {
            if seen.len() < A_BLOCK {
                seen.push(s);
            } else {
                more += 1;
            }
        });
        if tell.send((number, Shown { seen, more, lines }, block)).is_err() {
            return;
        }
    }
}
