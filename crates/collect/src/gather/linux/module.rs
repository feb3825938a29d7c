//! One module file → facts: one read, one pass over the bytes.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::facts::module::{ModuleBytes, ModuleFacts, ModuleFile};
use loadworthy_core::proof::{Evidence, Origin, Question, Why, gap, text};
use loadworthy_formats::compress::{Compression, Packed, Unpacker};
use loadworthy_formats::error::{Error, Kind};
use loadworthy_formats::kernel::name;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::unhex;

use crate::contents;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::kept_modules::{KeptModules, KnownModule};
use crate::sighting::{self, Outcome, Sketched, Stamp};
use crate::views::caller;

/// Buffers that one worker keeps from module to module.
#[derive(Debug, Default)]
pub struct Scratch {
    stored: Vec<u8>,
    unpacked: Vec<u8>,
    unpacker: Unpacker,
}

impl Scratch {
    /// Gives back most of the room that modules left which were much larger than the last.
    fn give_back(&mut self) {
        for buffer in [&mut self.stored, &mut self.unpacked] {
            let wanted = buffer.len().max(128 << 10);
            if buffer.capacity() / 8 > wanted {
                buffer.shrink_to(2 * wanted);
            }
        }
    }
}

/// What one module may take in memory beside others. Debian's largest unpacks to 29 MB.
const BESIDE_OTHERS: usize = 32 << 20;
/// What its decoder may take: enough for `xz -6`; the kernel's own build uses 2 MiB.
const DECODER: u64 = 16 << 20;

/// Modules that take more are read one at a time, so that two hostile ones cost no more than one.
static ALONE: Mutex<()> = Mutex::new(());

type Alone = MutexGuard<'static, ()>;

fn alone() -> Alone {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of two modules, neither of which is larger, digests are made side by side.
const SIDE_BY_SIDE: usize = 4 << 20;

/// A module of a host.
#[must_use]
pub fn gather(looking: &Looking<'_>, path: &HostPath, scratch: &mut Scratch) -> ModuleFacts {
    Reading { looking, kept: None }.one(path, scratch)
}

/// A file named on the command line; `shown` is how the caller wrote it.
#[must_use]
pub fn gather_argument(
    path: &Path,
    shown: &str,
    scratch: &mut Scratch,
    limits: &Limits,
) -> ModuleFacts {
    let look = |limit, buffer: &mut Vec<u8>| caller::look_into(path, limit, buffer);
    let opened = Opened::of(shown, Origin::Argument, look, scratch, limits);
    let read = opened.plain(scratch).map(|plain| contents::bytes(plain, limits));
    opened.finish(scratch, read).0
}

/// Modules of a host are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The host.
    pub looking: &'a Looking<'a>,
    /// What was kept of modules whose files were not changed since they were read in an earlier run.
    pub kept: Option<&'a KeptModules>,
}

impl Reading<'_> {
    /// One module.
    #[must_use]
    pub fn one(self, path: &HostPath, scratch: &mut Scratch) -> ModuleFacts {
        let facts =
            self.begin(path, scratch).unwrap_or_else(|begun| self.end_alone(begun, scratch));
        self.told(facts)
    }

    /// Two modules.
    #[must_use]
    pub fn both(self, paths: [&HostPath; 2], scratches: &mut [Scratch; 2]) -> [ModuleFacts; 2] {
        self.both_read(paths, scratches).map(|facts| self.told(facts))
    }

    /// The module, its file told behind that of the file in which it lies.
    fn told(self, facts: ModuleFacts) -> ModuleFacts {
        if self.looking.within.is_none() {
            return facts;
        }
        let item = self.looking.told(&facts.path);
        ModuleFacts { file: facts.file.told_as(item), ..facts }
    }

    fn both_read(
        self,
        [one, other]: [&HostPath; 2],
        [scratch, beside]: &mut [Scratch; 2],
    ) -> [ModuleFacts; 2] {
        let fits = |begun: &Begun, scratch: &Scratch| {
            begun.opened.held.is_none()
                && begun.opened.plain(scratch).is_some_and(|plain| plain.len() <= SIDE_BY_SIDE)
        };
        let first = match self.begin(one, scratch) {
            Err(begun) if fits(&begun, scratch) => begun,
            // One that is large leaves its room to the next.
            Err(begun) => {
                let first = self.end_alone(begun, scratch);
                return [first, self.one(other, scratch)];
            }
            Ok(known) => return [known, self.one(other, beside)],
        };
        let second = match self.begin(other, beside) {
            Err(begun) if fits(&begun, beside) => begun,
            Err(begun) => {
                let second = self.end_alone(begun, beside);
                return [self.end_alone(first, scratch), second];
            }
            Ok(known) => return [self.end_alone(first, scratch), known],
        };
        let plain = [first.opened.plain(scratch), second.opened.plain(beside)];
        let [read, other] =
            contents::of_both(plain.map(Option::unwrap_or_default), self.looking.limits);
        [self.end(first, scratch, Some(read)), self.end(second, beside, Some(other))]
    }

    /// A module that needs no reading, or one that was opened.
    fn begin(self, path: &HostPath, scratch: &mut Scratch) -> Result<ModuleFacts, Box<Begun>> {
        let Looking { view, limits, .. } = *self.looking;
        let (item, origin) = (Item::File(path.clone()), view.origin());
        let stamp = self.kept.and_then(|kept| Some((kept, view.stamp(&item)?)));
        match &stamp {
            Some((kept, stamp)) => {
                if let Some(known) = kept.get(stamp) {
                    return Ok(remembered(&path.to_string(), origin, known));
                }
            }
            None => {
                if let Some(recorded) = view.sketched(&item) {
                    return Ok(recalled(&path.to_string(), origin, recorded, limits));
                }
            }
        }
        let look = |limit, buffer: &mut Vec<u8>| view.look_into(&item, limit, buffer);
        let opened = Opened::of(&path.to_string(), origin, look, scratch, limits);
        Err(Box::new(Begun { opened, item, stamp: stamp.map(|(_, stamp)| stamp) }))
    }

    fn end_alone(self, begun: Box<Begun>, scratch: &mut Scratch) -> ModuleFacts {
        let plain = begun.opened.plain(scratch);
        let read = plain.map(|plain| contents::bytes(plain, self.looking.limits));
        self.end(begun, scratch, read)
    }

    fn end(
        self,
        begun: Box<Begun>,
        scratch: &mut Scratch,
        read: Option<ModuleBytes>,
    ) -> ModuleFacts {
        let Begun { opened, item, stamp } = *begun;
        let (facts, found) = opened.finish(scratch, read);
        if let (Some(kept), Some(stamp), Some(found)) = (self.kept, stamp, found)
            && self.looking.view.stamp(&item) == Some(stamp)
        {
            kept.put(&stamp, &found);
        }
        facts
    }
}

/// A module of a host that was opened.
struct Begun {
    opened: Opened,
    item: Item,
    /// What its file was like before.
    stamp: Option<Stamp>,
}

/// A module whose bytes, where there are any, lie in a scratch.
struct Opened {
    module: ModuleFacts,
    origin: Origin,
    file_signature: Option<Option<bool>>,
    has_bytes: bool,
    held: Option<Alone>,
}

impl Opened {
    fn of(
        path: &str,
        origin: Origin,
        look: impl Fn(usize, &mut Vec<u8>) -> Outcome,
        scratch: &mut Scratch,
        limits: &Limits,
    ) -> Self {
        let mut held = None;
        let mut outcome = look(limits.module_bytes.min(BESIDE_OTHERS), &mut scratch.stored);
        if matches!(outcome, Outcome::TooLarge { .. }) {
            held = Some(alone());
            outcome = look(limits.module_bytes, &mut scratch.stored);
        }
        let mut module = unread(path);
        let has_bytes = unpacked(&mut module, origin, &outcome, scratch, limits, &mut held);
        Self { module, origin, file_signature: outcome.file_signature(), has_bytes, held }
    }

    /// Its bytes, unpacked.
    fn plain<'s>(&self, scratch: &'s Scratch) -> Option<&'s [u8]> {
        let plain = if self.module.packed.is_none() { &scratch.stored } else { &scratch.unpacked };
        self.has_bytes.then_some(plain)
    }

    /// The facts, and what of them is worth keeping.
    fn finish(
        self,
        scratch: &mut Scratch,
        read: Option<ModuleBytes>,
    ) -> (ModuleFacts, Option<KnownModule>) {
        match self.held {
            Some(_) => *scratch = Scratch::default(),
            None => scratch.give_back(),
        }
        let Some(read) = read.map(Arc::new) else { return (self.module, None) };
        let module = finish(self.module, read.clone(), self.origin);
        let known = module.sha256.zip(self.file_signature);
        let known = known.map(|(sha256, file_signature)| KnownModule {
            sha256,
            packed: module.packed,
            file_signature,
            bytes: read,
        });
        (module, known)
    }
}

/// Unpacks what is stored: beside others if it is small, else alone.
fn unpack(
    stored: &[u8],
    packed: Compression,
    limits: &Limits,
    (unpacker, unpacked): (&mut Unpacker, &mut Vec<u8>),
    held: &mut Option<Alone>,
) -> Result<(), Error> {
    // Both buffers together stay within what one module may take.
    let room = limits.module_bytes.saturating_sub(stored.len());
    let decoder_memory = limits.decoder_memory.min(DECODER);
    let small = Limits { decoder_memory, ..*limits };
    if held.is_none() {
        if unpacker.unpack(stored, packed, room.min(BESIDE_OTHERS), &small, unpacked).is_ok() {
            return Ok(());
        }
        *unpacked = Vec::new();
    }
    held.get_or_insert_with(alone);
    let done = match unpacker.unpack(stored, packed, room, &small, unpacked) {
        // A decoder that keeps more leaves less for the module.
        Err(Error { kind: Kind::TooLarge { limit }, .. }) if limit == decoder_memory => {
            unpacker.unpack(stored, packed, room / 2, limits, unpacked)
        }
        done => done,
    };
    done.map(|_| ())
}

/// What is known of a module before it is read.
fn unread(path: &str) -> ModuleFacts {
    let path = text(path);
    ModuleFacts {
        name: text(name::of_path(&path)),
        path: path.clone(),
        sha256: None,
        packed: None,
        file: Source::unknown(Vec::new()),
        without_file_signature: Fact::unknown(gap(
            Question::ImaPolicy,
            Why::OutOfReach(text(format!("{path}: security.ima"))),
        )),
    }
}

/// That a file carries no signature for IMA, where that was seen.
fn without_file_signature(module: &mut ModuleFacts, origin: Origin, carries: Option<bool>) {
    let item = text(format!("{}: security.ima", module.path));
    module.without_file_signature = match carries {
        Some(true) => {
            let found = Why::Broken(item, text("there is one, and it is not verified here"));
            Fact::unknown(gap(Question::ImaPolicy, found))
        }
        Some(false) => Fact::absent((), Evidence { origin, item, said: text("") }),
        None => return,
    }
}

/// A module of a bundle.
fn recalled(
    path: &str,
    origin: Origin,
    recorded: Result<Sketched, Error>,
    limits: &Limits,
) -> ModuleFacts {
    let mut module = unread(path);
    let read = recorded.and_then(|recorded| {
        let _held = (recorded.module.len() > BESIDE_OTHERS).then(alone);
        without_file_signature(&mut module, origin, recorded.file_signature);
        module.packed = recorded.sketch.packed;
        module.sha256 = unhex(&recorded.sketch.sha256).and_then(|bytes| bytes.try_into().ok());
        contents::sketched(&recorded.sketch, &recorded.module, limits)
    });
    match read {
        Ok(read) => finish(module, Arc::new(read), origin),
        Err(error) => {
            let why = Why::Unreadable(module.path.clone(), error);
            module.file = Source::unknown(gap(Question::ModuleBytes, why));
            module
        }
    }
}

/// What is told of a module by looking at it; whether its bytes lie in the scratch, unpacked.
fn unpacked(
    module: &mut ModuleFacts,
    origin: Origin,
    outcome: &Outcome,
    scratch: &mut Scratch,
    limits: &Limits,
    held: &mut Option<Alone>,
) -> bool {
    let path = module.path.clone();
    let not_readable = match outcome {
        Outcome::Bytes { .. } if scratch.stored.is_empty() => Some("empty"),
        Outcome::Bytes { .. } => None,
        Outcome::NotRegular(sighting::Kind::Folder) => Some("a directory"),
        Outcome::NotRegular(kind) => Some(kind.name()),
        other => {
            module.file = Source::unknown(gap(Question::ModuleBytes, why(&path, other)));
            return false;
        }
    };
    if let Outcome::Bytes { file_signature } = outcome {
        without_file_signature(module, origin, *file_signature);
    }
    if let Some(what) = not_readable {
        module.file = Source::read(Arc::new(ModuleFile::NotReadable(what)), origin, path);
        return false;
    }
    let Scratch { stored, unpacked, unpacker } = scratch;
    module.packed = Packed::module(stored);
    let Some(Packed { by, .. }) = module.packed else { return true };
    module.sha256 = sha256(stored);
    match unpack(stored, by, limits, (unpacker, unpacked), held) {
        Ok(()) => true,
        Err(error) => {
            let why = Why::Unreadable(path, error);
            module.file = Source::unknown(gap(Question::ModuleBytes, why));
            false
        }
    }
}

/// A module out of what was kept, and that it is.
fn remembered(path: &str, origin: Origin, known: KnownModule) -> ModuleFacts {
    let mut module = unread(path);
    without_file_signature(&mut module, origin, known.file_signature);
    module.packed = known.packed;
    module.sha256 = Some(known.sha256);
    let item = text(format!("{path}, as kept: same inode, size and times as when it was read"));
    module.name = own_name(&known.bytes).unwrap_or(module.name);
    module.file = Source::read(Arc::new(ModuleFile::Read(known.bytes)), origin, item);
    module
}

fn finish(mut module: ModuleFacts, read: Arc<ModuleBytes>, origin: Origin) -> ModuleFacts {
    module.sha256 = module.sha256.or(Some(read.sha256));
    if let Some(own) = own_name(&read) {
        module.name = own;
    }
    let path = module.path.clone();
    module.file = Source::read(Arc::new(ModuleFile::Read(read)), origin, path);
    module
}

/// What the module calls itself.
fn own_name(read: &ModuleBytes) -> Option<Arc<str>> {
    let name = read.survey.struct_name()?;
    let name = str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some(text(name))
}

fn sha256(of: &[u8]) -> Option<[u8; 32]> {
    digest(DigestAlgorithm::Sha256, of).as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::bytes;
    use crate::gather::host::{Host, opened};
    use loadworthy_formats::modsig;
    use loadworthy_formats::text::hex;

    /// The beginning of a signed message that names SHA-256 and SHA-512 and breaks off.
    const MESSAGE: &[u8] = &[
        0x30, 0x80, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80, 0x30, 0x80,
        2, 1, 1, 0x31, 26, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 0x30, 11, 6, 9,
        0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3,
    ];

    fn signed(content: &[u8], message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [content, message, &[0, 0, 2, 0, 0, 0, 0, 0], &length, modsig::MARKER].concat()
    }

    /// Known answers: FIPS 180-4 examples for `abc`.
    const SHA256_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn one_pass_gives_the_digests_of_content_and_of_everything() {
        let file = signed(b"abc", MESSAGE);
        let read = bytes(&file, &Limits::default());
        assert_eq!(read.message.as_deref(), Some(MESSAGE));
        let named: Vec<_> = read.digests.keys().copied().collect();
        assert_eq!(named, [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512]);
        assert_eq!(read.digests[&DigestAlgorithm::Sha256].to_string(), SHA256_ABC);
        assert!(read.digests[&DigestAlgorithm::Sha512].to_string().starts_with("ddaf35a193617aba"));
        assert_eq!(Some(read.sha256), sha256(&file));
        let unsigned = bytes(b"abc", &Limits::default());
        assert_eq!((unsigned.digests.len(), unsigned.message), (0, None));
        assert_eq!(hex(&unsigned.sha256), SHA256_ABC);
    }

    fn read(facts: &ModuleFacts) -> Result<Option<u64>, Why> {
        let len = facts.file.fact(|file| match &**file {
            ModuleFile::Read(bytes) => (Some(bytes.len), String::new()),
            ModuleFile::NotReadable(_) => (None, String::new()),
        });
        opened(&len).map(|(len, _)| len)
    }

    #[test]
    fn a_large_module_is_read_and_a_huge_one_is_told() {
        let host = Host::new().with("lib/modules/1/large.ko", "").with("lib/modules/1/huge.ko", "");
        let size = |name: &str, bytes: u64| {
            let file = std::fs::File::options().write(true).open(host.path(name)).unwrap();
            file.set_len(bytes).unwrap();
            gather(&host.looking(), &HostPath::new(name), &mut Scratch::default())
        };
        let large = 33 << 20;
        assert_eq!(read(&size("lib/modules/1/large.ko", large)), Ok(Some(large)));
        let huge = read(&size("lib/modules/1/huge.ko", 10 << 30));
        assert!(matches!(huge, Err(Why::Unreadable(..))));
    }

    #[test]
    fn packed_files_are_unpacked_and_every_end_is_truthful() {
        // gzip of "abc", stored: RFC 1951 §3.2.4, RFC 1952 §2.3; CRC-32 of "abc" is 352441c2.
        let packed = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 3, 0, 0xfc, 0xff, b'a', b'b', b'c', 0xc2, 0x41,
            0x24, 0x35, 3, 0, 0, 0,
        ];
        let host = Host::new()
            .with("lib/modules/1/good-one.ko.gz", packed)
            .with("lib/modules/1/cut.ko.gz", &packed[..16])
            .with("lib/modules/1/empty.ko", "")
            .with_folder("lib/modules/1/folder.ko");
        let mut scratch = Scratch::default();
        let mut at = |name: &str| {
            let path = HostPath::new("lib/modules/1").join(name);
            gather(&host.looking(), &path, &mut scratch)
        };
        let good = at("good-one.ko.gz");
        assert_eq!((&*good.name, read(&good)), ("good_one", Ok(Some(3))));
        assert_eq!(good.sha256, sha256(&packed));
        let carries_none = opened(&good.without_file_signature).map(|(_, item)| item);
        assert_eq!(carries_none, Ok("absent lib/modules/1/good-one.ko.gz: security.ima".into()));
        assert!(matches!(read(&at("cut.ko.gz")), Err(Why::Unreadable(..))));
        assert_eq!(read(&at("empty.ko")), Ok(None));
        assert_eq!(read(&at("folder.ko")), Ok(None));
        assert!(matches!(read(&at("gone.ko")), Err(Why::Missing(_))));
        let argument = host.path("lib/modules/1/good-one.ko.gz");
        let facts = gather_argument(&argument, "./x.ko.gz", &mut scratch, &Limits::default());
        assert_eq!((&*facts.path, read(&facts)), ("./x.ko.gz", Ok(Some(3))));
    }

    #[test]
    fn two_modules_at_once_are_what_each_is_alone() {
        // As the message above, but SHA-256 is all that it names.
        const SHA256_ALONE: &[u8] = &[
            0x30, 0x80, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80, 0x30,
            0x80, 2, 1, 1, 0x31, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1,
        ];
        let host = Host::new()
            .with("lib/modules/1/a.ko", signed(&[7; 1000], SHA256_ALONE))
            .with("lib/modules/1/b.ko", signed(&[8; 300], SHA256_ALONE))
            .with("lib/modules/1/c.ko", signed(&[9; 300], MESSAGE))
            .with("lib/modules/1/empty.ko", "");
        let all = ["a.ko", "b.ko", "c.ko", "empty.ko", "gone.ko"];
        let all = all.map(|name| HostPath::new("lib/modules/1").join(name));
        let looking = host.looking();
        let reading = Reading { looking: &looking, kept: None };
        let shown = |facts: &ModuleFacts| {
            let file = facts.file.fact(|file| match &**file {
                ModuleFile::Read(bytes) => (Some(bytes.digests.clone()), String::new()),
                ModuleFile::NotReadable(_) => (None, String::new()),
            });
            (facts.sha256, facts.path.clone(), opened(&file).map(|(digests, _)| digests))
        };
        for one in &all {
            for other in &all {
                let both = reading.both([one, other], &mut Default::default());
                let alone = [one, other].map(|path| reading.one(path, &mut Scratch::default()));
                assert_eq!(both.each_ref().map(shown), alone.each_ref().map(shown));
            }
        }
        let [first, _] = reading.both([&all[0], &all[1]], &mut Default::default());
        assert_eq!(first.sha256, sha256(&signed(&[7; 1000], SHA256_ALONE)));
    }
}
