//! Every reader of hostile bytes, behind one signature: what fuzzing and the corpus run.
//!
//! A reader must come to an end on any bytes without a panic; what it returns is not looked at,
//! save that it is read through to the end where it is lazy.

use crate::forge::kernel;
use loadworthy_core::tables::diagnose::Knowledge;
use loadworthy_formats::boot::grub::menu::{self, Block, Given};
use loadworthy_formats::boot::grub::{environment, script};
use loadworthy_formats::boot::{entry, loader_conf, unified, version};
use loadworthy_formats::bundle::container;
use loadworthy_formats::bundle::index::Found;
use loadworthy_formats::cpio::archive::Entry;
use loadworthy_formats::cpio::image::Part;
use loadworthy_formats::error::Error;
use loadworthy_formats::evidence::encoding;
use loadworthy_formats::evidence::journal::Record;
use loadworthy_formats::evidence::journal_file;
use loadworthy_formats::evidence::recogniser::{Recogniser, Seen};
use loadworthy_formats::evidence::windows::{
    binary_events, loaded, records, registry as registry_evidence, setup, sheets, transcript,
};
use loadworthy_formats::kernel::{
    btf, cmdline, ima_policy, image, kconfig, lockdown, modprobe_d, modules_alias, modules_builtin,
    modules_dep, modules_softdep, modules_symbols, mounts, proc_keys, proc_modules, proc_version,
    settings, symvers, taint, uevent,
};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::package::member::Member;
use loadworthy_formats::pe::attribute_certificates;
use loadworthy_formats::uefi::{authenticated, load_option, sbat, signature_list, variable};
use loadworthy_formats::{
    app_control, authenticode, bundle, cab, catalog, cms, compress, cpio, elf, inf, manifest,
    modsig, msi, package, pe, pkcs12, pvk, registry, squashfs, statement, timestamp, x509,
};
use std::hint::black_box;
use std::io::Read;
use std::sync::OnceLock;

/// A reader: the name of its format, and the reader.
pub type Reader = (&'static str, fn(&[u8]));

/// Limits small enough that a bomb cannot hide behind them in a test.
const LIMITS: Limits = Limits::DEFAULT;

macro_rules! bounded {
    ($($name:literal => $read:path),* $(,)?) => {
        [$(($name, (|bytes| {
            let _ = black_box($read(bytes, &LIMITS));
        }) as fn(&[u8]))),*]
    };
}

/// The most that a replay unpacks.
const UNPACKED: usize = 1 << 20;

/// Readers that take limits.
const BOUNDED: &[Reader] = &bounded![
    "kernel_image" => image::read,
    "kconfig" => kconfig::read,
    "cmdline" => cmdline::read,
    "lockdown" => lockdown::read,
    "taint" => taint::read,
    "proc_keys" => proc_keys::read,
    "proc_modules" => proc_modules::read,
    "proc_version" => proc_version::read,
    "ima_policy" => ima_policy::read,
    "modules_alias" => modules_alias::read,
    "modules_builtin" => modules_builtin::read,
    "modules_builtin_modinfo" => modules_builtin::read_modinfo,
    "modules_dep" => modules_dep::read,
    "modules_softdep" => modules_softdep::read,
    "modules_symbols" => modules_symbols::read,
    "modprobe_d" => modprobe_d::read,
    "mountinfo" => mounts::read_info,
    "mount_table" => mounts::read_table,
    "settings" => settings::read,
    "uevent" => uevent::read,
    "symvers" => symvers::read,
    "sbat" => sbat::read,
    "uefi_signature_list" => signature_list::read,
    "boot_entry" => entry::read,
    "loader_conf" => loader_conf::read,
];

/// Reads a bundle as one opens it, and every module in it.
fn recorded(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    container::head(bytes)?;
    let tail = bytes.get(bytes.len().saturating_sub(container::TAIL)..).unwrap_or_default();
    let (at, stored) = container::read_tail(tail, bytes.len() as u64)?;
    let part = |at: u64, stored: u64| {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(stored).unwrap_or(usize::MAX));
        bytes.get(start..end).unwrap_or_default()
    };
    let index = container::unpack(part(at, stored), at, UNPACKED, limits)?;
    let index = bundle::index::read(&index, at, limits)?;
    let frames = index.about.frames.iter();
    let frames: Vec<_> = frames
        .map(|f| container::unpack(part(f.at, f.stored), f.at, UNPACKED, limits))
        .collect::<Result<_, _>>()?;
    for line in &index.lines {
        let _ = bundle::path::read(&line.path);
        if let Found::Module { span, .. } = &line.found
            && let Some(frame) = frames.get(span.frame as usize)
            && let Some(from) = usize::try_from(span.at).ok().and_then(|at| frame.get(at..))
        {
            let _ = black_box(bundle::sketch::read(from, limits));
        }
    }
    Ok(())
}

/// Readers whose bounds are their own.
const OWN: &[Reader] = &[
    ("btf", |bytes| {
        if let Some(base) = btf::Base::read(bytes) {
            let _ = black_box(base.accepts(bytes));
        }
        if let Some(base) = btf::Base::read(&kernel::types()) {
            let _ = black_box(base.accepts(bytes));
        }
    }),
    ("compress", |bytes| {
        if let Some(how) = compress::sniff(bytes) {
            let mut out = Vec::new();
            let _ = black_box(compress::unpack(bytes, how, UNPACKED, &LIMITS, &mut out));
        }
    }),
    ("evidence", |bytes| {
        let mut decoder = encoding::Decoder::new(encoding::detect(bytes));
        let mut text = Vec::new();
        bytes.chunks(7).for_each(|piece| decoder.push(piece, &mut text));
        let mut seen = 0_usize;
        let mut count = |s: Seen| seen += s.quote.len();
        if let Some(recogniser) = recogniser() {
            let lines = recogniser.log(&text, &mut count);
            black_box((lines, recogniser.short(&text, &mut count)));
        }
        black_box(seen);
    }),
    ("journal_file", |bytes| {
        let mut seen = 0_usize;
        let mut count = |s: Seen| seen += s.quote.len();
        let mut each = |number: u64, record: &Record| {
            if let Some(recogniser) = recogniser() {
                recogniser.record(record, number, &mut count);
            }
        };
        let _ = black_box(journal_file::read(bytes, &LIMITS, &mut each));
        black_box(seen);
    }),
    ("windows_evidence", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut sections = setup::Sections::default();
        for (number, line) in (0..).zip(text.lines()) {
            sections.line(number, line);
        }
        black_box((sections.statements(), records::read(&text, &LIMITS)));
        black_box((sheets::read(&text), transcript::read(&text), loaded::read(&text)));
        black_box((
            registry_evidence::text(&text, &LIMITS),
            registry_evidence::hive(bytes, "DEFAULT", &LIMITS),
        ));
    }),
    ("event_log", |bytes| {
        black_box(binary_events::read(bytes.to_vec()));
    }),
    ("cms", |bytes| {
        let _ = black_box(cms::signed_data::read(bytes));
    }),
    ("cpio", |bytes| {
        let mut count = |_: &Part, _: &Entry<'_>, data: &mut dyn Read| {
            let _ = black_box(std::io::copy(data, &mut std::io::sink()));
        };
        let most = UNPACKED as u64;
        let _ = black_box(cpio::image::walk(&mut &*bytes, most, &LIMITS, &mut count));
    }),
    ("bundle", |bytes| {
        // As a file, and as what stands packed in one: no change survives a checksum.
        let small = Limits { module_bytes: UNPACKED, ..LIMITS };
        let _ = black_box(bundle::index::read(bytes, bytes.len() as u64, &small));
        let _ = black_box(bundle::sketch::read(bytes, &small));
        let _ = black_box(recorded(bytes, &small));
    }),
    ("package", |bytes| {
        let mut read = |_: &Member<'_>, data: &mut dyn Read| {
            let _ = black_box(std::io::copy(data, &mut std::io::sink()));
        };
        let _ = black_box(package::form::walk(&mut &*bytes, UNPACKED as u64, &LIMITS, &mut read));
    }),
    ("squashfs", |bytes| {
        let mut read = |_: &Member<'_>, data: &mut dyn Read| {
            let _ = black_box(std::io::copy(data, &mut std::io::sink()));
        };
        let _ = black_box(squashfs::walk(bytes, 4 * UNPACKED as u64, &LIMITS, &mut read));
    }),
    ("elf", |bytes| {
        let survey = elf::survey::survey(bytes, &LIMITS).value;
        let all = survey.undefined().count()
            + survey.exports().count()
            + survey.odd_symbols().count()
            + survey.versions().count()
            + survey.extended_versions().count();
        let _ = black_box((all, survey.struct_name(), survey.modinfo()));
        let mut read_at = |offset: u64, into: &mut [u8]| {
            let from = usize::try_from(offset).ok();
            let part = from.and_then(|from| bytes.get(from..)?.get(..into.len()));
            part.map(|part| into.copy_from_slice(part)).is_some()
        };
        let length = bytes.len() as u64;
        let _ = black_box(elf::quick::quick(length, &mut read_at, &mut Vec::new(), &LIMITS));
        let links = elf::links::links(length, &mut read_at, &mut Default::default(), &LIMITS);
        let _ = black_box(links.map(|links| links.needs().count() + links.offers().count()));
    }),
    ("authenticode", |bytes| {
        let _ = black_box(authenticode::amend::with_unsigned(bytes, &[0x2a, 3], &[5, 0], &LIMITS));
        let _ = black_box(authenticode::amend::without_signers(bytes, &LIMITS));
        if let Ok(read) = authenticode::signature::read(bytes, &LIMITS) {
            let data = read.indirect.map(|indirect| indirect.data).unwrap_or_default();
            let pages = authenticode::indirect::page_hashes(data);
            let _ = black_box(pages.map(|pages| pages.rows().count()));
            for signer in &read.signers {
                let opus = signer.signed(authenticode::indirect::OPUS_INFO);
                let _ = black_box(opus.map(authenticode::indirect::opus).count());
            }
        }
    }),
    ("catalog", |bytes| {
        if let Ok(list) = catalog::list::read(bytes, &LIMITS) {
            let list = list.value;
            let kinds = list.members.iter().map(|m| (m.kind(), m.tag_text(), m.page_hashes()));
            let _ = black_box((list.hardware_ids(), list.systems(), kinds.count()));
        }
    }),
    ("catalog_definition", |bytes| {
        if let Ok(read) = catalog::definition::read(bytes, &LIMITS) {
            let tags = read.value.files.iter().filter(|file| file.text_tag().is_some());
            let _ = black_box((tags.count(), read.value.option("Name").is_some()));
        }
    }),
    ("pkcs12", |bytes| {
        let _ = black_box((pkcs12::begins(bytes), pkcs12::read(bytes, &LIMITS)));
    }),
    ("pvk", |bytes| {
        let read = pvk::read(bytes);
        let _ = black_box(read.map(|read| pvk::numbers(read.value.key)));
    }),
    ("timestamp", |bytes| {
        let _ = black_box(timestamp::token::read(bytes));
        let _ = black_box(timestamp::request::read(bytes));
        let _ = black_box((timestamp::old::read(bytes), timestamp::old::answer(bytes)));
        let token = timestamp::response::read(bytes, &LIMITS).ok().and_then(|read| read.token);
        if let Some(read) = token.map(|token| authenticode::signature::read(token, &LIMITS)) {
            let _ = black_box(read.map(|read| timestamp::token::read(read.content).is_ok()));
        }
    }),
    ("pe", |bytes| {
        if let Ok(image) = pe::header::read(bytes, &LIMITS) {
            let _ = black_box(attribute_certificates::read(&image.value, &LIMITS));
            let _ = black_box(authenticode::coverage::of(&image.value));
            let _ = black_box(authenticode::extent::of(&image.value));
            let _ = black_box(authenticode::pages::of(&image.value, &LIMITS));
            let _ = black_box(image.value.computed_checksum());
            let _ = black_box((pe::shim::vendor(&image.value), pe::shim::levels(&image.value)));
            let _ = black_box(pe::version::read(&image.value));
            let _ = black_box((unified::read(&image.value), unified::systemd_boot(&image.value)));
        }
    }),
    ("grub_script", |bytes| {
        if let Ok(read) = script::read(bytes, &LIMITS) {
            let given = Given {
                platform: None,
                environment: Block::Unseen,
                scripts: &[],
                snippets: Some(&[]),
            };
            let _ = black_box(menu::menu(&read.value, &given, &LIMITS));
        }
    }),
    ("grub_environment", |bytes| {
        let _ = black_box(environment::read(bytes));
    }),
    ("boot_version", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (a, b) = text.split_once('\n').unwrap_or((&text, ""));
        let _ = black_box((version::compare(a, b), version::compare_packages(a, b)));
        let _ = black_box(entry::counted(a));
    }),
    ("load_option", |bytes| {
        if let Ok(read) = load_option::read(bytes) {
            let _ = black_box((read.value.file(), read.value.data_text()));
        }
    }),
    ("inf", |bytes| {
        let Ok(read) = inf::document::read(bytes, &LIMITS) else { return };
        let inf = read.value;
        let _ = black_box((inf.version(), inf.faults.len()));
        let mut budget = 10_000;
        for made in inf.manufacturers() {
            for target in &made.targets {
                let name = format!("{}.{}", made.models, target.text);
                for model in inf.models(&name).into_iter().flatten() {
                    let (infs, on) = ([("demo.inf", &inf)], inf::decoration::Architecture::Amd64);
                    let _ = black_box(inf::install::read(
                        &infs,
                        &model.install,
                        on,
                        &mut budget,
                        &LIMITS,
                    ));
                }
            }
        }
    }),
    ("statement", |bytes| {
        if let Ok(read) = statement::envelope(bytes, &LIMITS) {
            let _ = black_box(statement::statement(&read.payload));
        }
    }),
    ("cab", |bytes| {
        let _ = black_box(cab::single::read(
            bytes,
            &Limits { package_bytes: 1 << 20, ..Limits::DEFAULT },
        ));
        let small = Limits { package_bytes: UNPACKED, ..LIMITS };
        if let Ok(read) = cab::cabinet::read(bytes, &small) {
            let _ = black_box(cab::data::unpack(&read.value, &small));
        }
    }),
    ("msi", |bytes| {
        let small = Limits { package_bytes: UNPACKED, ..LIMITS };
        let _ = black_box(msi::installer::inside(bytes, &small));
    }),
    ("manifest", |bytes| {
        let _ = black_box(manifest::read("manifest.toml", bytes, &LIMITS));
    }),
    ("elf_notes", |bytes| {
        let _ = black_box(elf::notes::build_id(bytes, elf::layout::Layout::of(bytes)));
    }),
    ("app_control", |bytes| {
        let _ = black_box(app_control::policy::read(bytes, &LIMITS));
    }),
    ("app_control_xml", |bytes| {
        let _ = black_box(app_control::xml::read(bytes, &LIMITS));
    }),
    ("reg", |bytes| {
        let _ = black_box(registry::reg::read(bytes, &LIMITS));
    }),
    ("hive", |bytes| {
        // A hive of bins that fill 4 KiB, and its log behind it.
        if let Some((hive, log)) = bytes.split_at_checked(8192) {
            let _ = black_box(registry::log::recovered(hive, &[log]));
        }
        let Ok(read) = registry::hive::read(bytes, &LIMITS) else { return };
        let mut keys: Vec<_> = read.value.root().into_iter().collect();
        // A hostile hive may hold itself.
        for _ in 0..1000 {
            let Some(key) = keys.pop() else { break };
            let _ = black_box((key.name(), key.values().count()));
            keys.extend(key.children().take(100));
        }
    }),
    ("modsig", |bytes| {
        let _ = black_box(modsig::read(bytes));
    }),
    ("x509", |bytes| {
        let _ = black_box(x509::certificate::read(bytes));
    }),
    ("x509_parts", |bytes| {
        let _ = black_box(x509::parts::read(bytes));
    }),
    ("uefi_variable", |bytes| {
        let _ = black_box(variable::read(bytes));
    }),
    ("uefi_authenticated", |bytes| {
        let _ = black_box(authenticated::read(bytes));
    }),
];

/// Every reader, by the name of its format.
pub fn all() -> impl Iterator<Item = &'static Reader> {
    BOUNDED.iter().chain(OWN)
}

/// Runs the reader of one format.
///
/// # Panics
/// When there is no such reader, or when the reader itself panics: that is the finding.
pub fn run(format: &str, bytes: &[u8]) {
    let (_, read) = all().find(|(name, _)| *name == format).expect("a format of the list");
    read(bytes);
}

/// The patterns of a diagnosis, made ready once.
fn recogniser() -> Option<&'static Recogniser> {
    static READY: OnceLock<Option<Recogniser>> = OnceLock::new();
    let ready = READY.get_or_init(|| Recogniser::new(&Knowledge::built_in().ok()?.rows()).ok());
    ready.as_ref()
}
