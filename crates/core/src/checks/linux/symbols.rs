//! Every symbol a module needs must be exported by what is loaded, allowed to it, and of the version
//! it was built against.

use super::layout_version::{Version, Versions};
use super::{LinuxCase, LinuxCheck, licence, unread, words};
use crate::check::{Answer, Check, Effect, Letter, Line, Passage};
use crate::code::Code;
use crate::codes::{
    FORCED_LOAD_REFUSED, FREE_LICENCE_SYMBOL_REFUSED, LOADED_BY_FORCE, NAMESPACE_NOT_IMPORTED,
    NOT_A_LOADABLE_ELF, PROPRIETARY_LICENCE, SYMBOL_VERSION_DIFFERS, UNKNOWN_SYMBOL,
};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::linux::Export;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Gaps, Rule, text};
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use hashbrown::HashMap;
use loadworthy_formats::elf::symbols::Oddity;
use loadworthy_formats::text::{printable, printed};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/symbols",
        source: "linux, kernel/module/main.c simplify_symbols, resolve_symbol, inherit_taint, verify_namespace_is_imported",
    },
    run: check,
};

/// The resolution of one module's symbols, in the order of its symbol table.
struct Resolving<'a, 'b> {
    case: &'a LinuxCase<'b>,
    bytes: &'a ModuleBytes,
    name: String,
    proprietary: bool,
    uses_gpl_only: bool,
    inherits: bool,
    forced: bool,
    says: Vec<Line>,
    failing: usize,
    first: Option<(String, &'static Code)>,
    last: Option<Errno>,
    versions: Option<ByName<'a>>,
}

/// The versions a module was built against, to look them up; the first of a name counts.
struct ByName<'m>(Versions, HashMap<&'m [u8], u64>);

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let mut odd = bytes.survey.odd_symbols().peekable();
    let mut needed = bytes.survey.undefined().peekable();
    if odd.peek().is_none() && needed.peek().is_none() {
        return Ok(Passage::pass(Claim::SymbolsResolve { needed: 0 }));
    }
    let mut resolving = Resolving {
        case,
        bytes: &bytes,
        name: words::struct_name(&bytes),
        proprietary: licence::is_proprietary(&bytes),
        uses_gpl_only: false,
        inherits: false,
        forced: false,
        says: Vec::new(),
        failing: 0,
        first: None,
        last: None,
        versions: None,
    };
    let mut count = 0_usize;
    // Odd and needed symbols are told in the order of the table they stand in.
    loop {
        let odd_first = match (odd.peek(), needed.peek()) {
            (Some(o), Some(n)) => o.index < n.index,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        if odd_first {
            if let Some(o) = odd.next() {
                resolving.odd(o.name, o.oddity, step)?;
            }
        } else if let Some(n) = needed.next() {
            resolving.resolve(count, n.name, n.weak, step)?;
            count = count.saturating_add(1);
        }
    }
    Ok(resolving.passage(count))
}

impl Resolving<'_, '_> {
    fn passage(self, needed: usize) -> Passage {
        let Self { proprietary: _, inherits, forced, says, failing, first, last, .. } = self;
        if let (Some((symbol, code)), Some(errno)) = (first, last) {
            let claim = Claim::SymbolsFail { symbol: text(symbol), failing, errno };
            return Passage { claim, effect: Effect::Refuse(code, Some(errno)), says };
        }
        let mut marks = Vec::new();
        if inherits {
            marks.push((Letter::P, &PROPRIETARY_LICENCE));
        }
        if forced {
            marks.push((Letter::F, &LOADED_BY_FORCE));
        }
        let effect = if marks.is_empty() { Effect::Pass } else { Effect::Taint(marks) };
        Passage { claim: Claim::SymbolsResolve { needed }, effect, says }
    }

    fn say(&mut self, row: &'static str, with: &[&str], step: &mut Step) -> Result<(), Gaps> {
        self.says.extend(self.case.line(row, with, step)?);
        Ok(())
    }

    fn fails(&mut self, symbol: &str, code: &'static Code, errno: Errno) {
        self.failing = self.failing.saturating_add(1);
        self.first.get_or_insert_with(|| (symbol.to_string(), code));
        self.last = Some(errno);
    }

    fn odd(&mut self, name: &[u8], oddity: Oddity, step: &mut Step) -> Result<(), Gaps> {
        let symbol = printable(name);
        match oddity {
            Oddity::Common => self.say("common-symbol", &[&self.name.clone()], step)?,
            Oddity::NoSection { section } => {
                let highest = self.bytes.survey.header.section_count.saturating_sub(1).to_string();
                let with = [&*self.name.clone(), &symbol, &section.to_string(), &highest];
                self.say("symbol-section", &with, step)?;
            }
        }
        self.fails(&symbol, &NOT_A_LOADABLE_ELF, Errno::ENOEXEC);
        Ok(())
    }

    /// `resolve_symbol` of the `nth` symbol and what `simplify_symbols` makes of its answer.
    fn resolve(
        &mut self,
        nth: usize,
        name: &[u8],
        weak: bool,
        step: &mut Step,
    ) -> Result<(), Gaps> {
        let case = self.case;
        let kernel = step.consult(&case.policy.symbols)?;
        let built_in = case.signature.needs.offered(kernel, nth, name);
        // What is offered is called as it is printed, which nearly every name is as it stands.
        let found = built_in.or_else(|| case.scene.export(name)).or_else(|| match printed(name) {
            Cow::Owned(symbol) => case.export(kernel, symbol.as_bytes()),
            Cow::Borrowed(_) => None,
        });
        let allowed = found.filter(|e| !(e.gpl_only && self.proprietary));
        let Some(export) = allowed else {
            if weak || name == b"_GLOBAL_OFFSET_TABLE_" {
                return Ok(());
            }
            let code = if found.is_some() { &FREE_LICENCE_SYMBOL_REFUSED } else { &UNKNOWN_SYMBOL };
            return self.unknown(name, code, Errno::ENOENT, step);
        };
        self.uses_gpl_only |= export.gpl_only;
        if export.owner_proprietary && !self.inherit(name, export, step)? {
            if weak {
                return Ok(());
            }
            return self.unknown(name, &FREE_LICENCE_SYMBOL_REFUSED, Errno::ENOENT, step);
        }
        match self.version_of(name, export.crc, step)? {
            Version::Fits => {}
            Version::MissingExtended => {
                let module = words::info_name(self.bytes);
                self.say("extended-version-missing", &[&module, &printed(name)], step)?;
            }
            Version::Forced => {
                if !*step.consult(&self.case.policy.options.force_load)? {
                    return self.unknown(name, &FORCED_LOAD_REFUSED, Errno::EINVAL, step);
                }
                self.forced = true;
            }
            Version::Differs => {
                return self.version(name, "version-differs", step);
            }
            Version::Missing => {
                return self.version(name, "version-missing", step);
            }
        }
        if !self.may_use(name, export, step)? {
            return self.unknown(name, &NAMESPACE_NOT_IMPORTED, Errno::EINVAL, step);
        }
        Ok(())
    }

    /// How the version of a symbol compares with the one the module was built against.
    fn version_of(
        &mut self,
        symbol: &[u8],
        crc: Option<u32>,
        step: &mut Step,
    ) -> Result<Version, Gaps> {
        let Some(wanted) = crc else { return Ok(Version::Fits) };
        let listed = match self.versions.take() {
            Some(listed) => listed,
            None => {
                let versions = Versions::of(self.case, step, &self.bytes.survey)?;
                let listed = versions.listed(&self.bytes.survey);
                let mut first = HashMap::with_capacity(listed.size_hint().0);
                listed.for_each(|(name, crc)| _ = first.entry(name).or_insert(crc));
                ByName(versions, first)
            }
        };
        let ByName(versions, first) = self.versions.insert(listed);
        Ok(versions.compare(first.get(symbol).copied(), wanted))
    }

    fn version(&mut self, symbol: &[u8], row: &'static str, step: &mut Step) -> Result<(), Gaps> {
        let name = words::info_name(self.bytes);
        self.say(row, &[&name, &printed(symbol)], step)?;
        self.unknown(symbol, &SYMBOL_VERSION_DIFFERS, Errno::EINVAL, step)
    }

    fn unknown(
        &mut self,
        symbol: &[u8],
        code: &'static Code,
        errno: Errno,
        step: &mut Step,
    ) -> Result<(), Gaps> {
        let symbol = &printed(symbol);
        let number = errno.number().saturating_neg().to_string();
        self.say("unknown-symbol", &[&self.name.clone(), symbol, &number], step)?;
        self.fails(symbol, code, errno);
        Ok(())
    }

    /// `inherit_taint`: symbols of a proprietary module make their user proprietary, unless it has
    /// used symbols that only free modules may use.
    fn inherit(&mut self, symbol: &[u8], export: &Export, step: &mut Step) -> Result<bool, Gaps> {
        let with = [&*self.name.clone(), &printed(symbol), &export.owner];
        if self.uses_gpl_only {
            self.say("proprietary-owner", &with, step)?;
            return Ok(false);
        }
        if !self.proprietary {
            self.say("proprietary-inherited", &with, step)?;
            self.proprietary = true;
            self.inherits = true;
        }
        Ok(true)
    }

    /// `verify_namespace_is_imported`.
    fn may_use(&mut self, symbol: &[u8], export: &Export, step: &mut Step) -> Result<bool, Gaps> {
        let namespace = &*export.namespace;
        if namespace.is_empty() {
            return Ok(true);
        }
        let imported = self
            .bytes
            .survey
            .modinfo()
            .is_some_and(|m| m.all("import_ns").any(|ns| ns == namespace.as_bytes()));
        if imported || self.is_named(namespace, step)? {
            return Ok(true);
        }
        self.say("namespace", &[&self.name.clone(), &printed(symbol), namespace], step)?;
        step.consult(&self.case.policy.options.namespaces_lax).copied()
    }

    /// Since 6.16: `module:a,b*` names the modules that may use a symbol.
    fn is_named(&self, namespace: &str, step: &mut Step) -> Result<bool, Gaps> {
        let Some(list) = namespace.strip_prefix("module:") else { return Ok(false) };
        if !*step.consult(&self.case.policy.behaviours.module_namespaces)? {
            return Ok(false);
        }
        Ok(names(list, &self.name))
    }
}

/// Whether a list of names, which may end with `*`, has this one; `-` and `_` are one letter there
/// (`kernel/module/main.c verify_module_namespace`, `mod_strncmp`).
fn names(list: &str, module: &str) -> bool {
    let (list, module) = (list.replace('-', "_"), module.replace('-', "_"));
    list.split(',').any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => module.starts_with(prefix),
        None => module == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    /// Debian's 7.2.13 exports `gfn_to_memslot` to `module:kvm-hv`, and the module calls itself `kvm_hv`.
    #[test]
    fn dashes_in_names_are_underscores() {
        assert!(names("kvm-hv", "kvm_hv"));
        assert!(names("kvm_intel,kvm-amd", "kvm-amd"));
        assert!(names("snd-*", "snd_pcm"));
        assert!(!names("kvm-hv", "kvm"));
        assert!(!names("kvm", "kvm_hv"));
    }
}
