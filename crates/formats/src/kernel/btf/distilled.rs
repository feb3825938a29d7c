//! Type information that was made beside a kernel, not on top of it: `.BTF.base` names the few types of
//! the kernel that the module's rest on, and the kernel looks its own up by name and size.
//!
//! Since 6.11. Sources: `tools/lib/bpf/btf_relocate.c btf_relocate`, alike in 6.12 and 7.2, and
//! `kernel/bpf/btf.c btf_parse_base`, `btf_parse_module`.

use super::{Base, ENUM64, Misfit, Parts, STRUCT, TYPE_TAG, Type, Types, verify};
use crate::reader::{index, wide};
use std::collections::{BTreeMap, BTreeSet};

const INT: u32 = 1;
const ARRAY: u32 = 3;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FORWARD: u32 = 7;
const FUNCTION: u32 = 13;
const SECTION: u32 = 15;
const FLOAT: u32 = 16;

/// A type with a name that others may rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    name: u32,
    kind: u32,
    flag: bool,
    size: u32,
    encoding: u32,
}

impl Named {
    /// The type as one that others may rest on, by its kind; also without a name.
    fn any(one: Type<'_>) -> Option<Self> {
        let kind = one.kind();
        let encoding = if kind == INT { one.word(0) >> 24 & 0xf } else { 0 };
        matches!(kind, INT | STRUCT | UNION | ENUM | FORWARD | FLOAT | ENUM64).then_some(Self {
            name: one.name,
            kind,
            flag: one.flag(),
            size: one.what,
            encoding,
        })
    }

    /// The same where it has a name.
    pub(super) fn of(one: Type<'_>) -> Option<Self> {
        Self::any(one).filter(|named| named.name != 0)
    }

    const fn is_composite(self) -> bool {
        matches!(self.kind, STRUCT | UNION)
    }

    /// Whether this type of the kernel can stand for one that the module names, sizes compared before.
    const fn stands_for(self, wanted: Self, embedded: bool) -> bool {
        match wanted.kind {
            FORWARD => match self.kind {
                FORWARD => wanted.flag == self.flag,
                STRUCT => !self.flag,
                UNION => self.flag,
                _ => false,
            },
            INT => self.kind == INT && self.encoding == wanted.encoding,
            FLOAT => self.kind == FLOAT,
            ENUM => matches!(self.kind, ENUM | ENUM64),
            // The kernel does not ask here what kind its own is.
            _ => !embedded || self.size == wanted.size,
        }
    }
}

/// How many types `btf` adds to the kernel's, which rests on `distilled`.
pub(super) fn accepts(kernel: &Base, distilled: &[u8], btf: &[u8]) -> Result<u32, Misfit> {
    const NONE: Misfit = Misfit::Refused("a base without types");
    let nothing = Base {
        little: kernel.little,
        types: 1,
        strings: Vec::new(),
        kinds: kernel.kinds,
        tags: Vec::new(),
        named: Vec::new(),
    };
    let count = verify::verify(&nothing, distilled)?;
    let parts = Parts::of(distilled).ok_or(NONE)?;
    if count == 0 || parts.strings.first() != Some(&0) {
        return Err(NONE);
    }
    let types = nothing.types.saturating_add(count);
    let strings = parts.strings.to_vec();
    let base = Base { types, strings, ..nothing };
    let added = verify::verify(&base, btf)?;
    let types = |rest| Types { little: kernel.little, rest }.flatten().collect();
    let both = Both { base: types(parts.types), split: types(Parts::of(btf).ok_or(NONE)?.types) };
    let wanted = both.wanted()?;
    find(kernel, &base, &wanted, &both.embedded()?)?;
    both.rests(&base, &wanted)?;
    Ok(added)
}

/// The types of a module and those it rests on, numbered from 1.
struct Both<'a> {
    base: Vec<Type<'a>>,
    split: Vec<Type<'a>>,
}

impl<'a> Both<'a> {
    fn get(&self, id: u32) -> Option<&Type<'a>> {
        let at = index(id.checked_sub(1)?.into());
        self.base.get(at).or_else(|| self.split.get(at.checked_sub(self.base.len())?))
    }

    /// `btf_relocate_validate_distilled_base`
    fn wanted(&self) -> Result<Vec<Named>, Misfit> {
        const OTHER: Misfit = Misfit::Refused("a base with types that have no place there");
        let one = |one: &Type<'_>| Named::of(*one).filter(|n| n.kind != ENUM64).ok_or(OTHER);
        self.base.iter().map(one).collect()
    }

    /// The types of the base that lie within structures of the module, by number
    /// (`btf_mark_embedded_composite_type_ids`).
    fn embedded(&self) -> Result<Vec<bool>, Misfit> {
        const AWAY: Misfit = Misfit::Open("a member of a type that is not there");
        let mut found = vec![false; self.base.len()];
        // By which member a type was come through last: what an earlier one came through is done.
        let mut through = vec![0_usize; self.base.len().saturating_add(self.split.len())];
        let composite = |one: &&Type<'_>| matches!(one.kind(), STRUCT | UNION);
        let members = self.split.iter().filter(composite).flat_map(|one| one.threes());
        for (member, [_, mut id, _]) in (1..).zip(members) {
            while let Some(at) = id.checked_sub(1).map(|n| index(n.into())) {
                let (next, before) = self.get(id).zip(through.get_mut(at)).ok_or(AWAY)?;
                match std::mem::replace(before, member) {
                    0 => {}
                    // A row that leads to itself would hold the kernel up.
                    by if by == member => return Err(AWAY),
                    _ => break,
                }
                id = match next.kind() {
                    8..=11 | TYPE_TAG => next.what,
                    ARRAY => next.word(0),
                    STRUCT | UNION => {
                        if let Some(mark) = found.get_mut(at) {
                            *mark = true;
                        }
                        0
                    }
                    _ => 0,
                };
            }
        }
        Ok(found)
    }

    /// Every type and name that is used must have a place afterwards (`btf_relocate_rewrite_type_id`,
    /// `btf_relocate_rewrite_strs`).
    fn rests(&self, base: &Base, mapped: &[Named]) -> Result<(), Misfit> {
        let mapped: BTreeSet<u32> = mapped.iter().map(|one| one.name).collect();
        let all = wide(self.base.len()).saturating_add(wide(self.split.len()));
        let end = wide(base.strings.len());
        let named = |name: &u32| *name == 0 || u64::from(*name) >= end;
        for one in &self.split {
            let (ids, names) = used(*one);
            if ids.iter().any(|id| u64::from(*id) > all) {
                return Err(Misfit::Open("a type that leads to one that is not there"));
            }
            if !names.iter().all(|name| named(name) || mapped.contains(name)) {
                // ENOENT, and not EINVAL.
                return Err(Misfit::Open("a name of the base that none of its types has"));
            }
        }
        Ok(())
    }
}

/// The types that a type leads to, and the names it has.
fn used(one: Type<'_>) -> (Vec<u32>, Vec<u32>) {
    let threes = || one.threes();
    let pairs = |nth: usize| {
        let words = (0..one.count()).map(move |n| {
            let at =
                n.checked_mul(8).map(|at| index(at.into()).saturating_add(nth.saturating_mul(4)));
            at.map_or(0, |at| one.word(at))
        });
        words.collect::<Vec<u32>>()
    };
    let mut names = vec![one.name];
    let ids = match one.kind() {
        2 | 8..=12 | 14 | 17 | TYPE_TAG => vec![one.what],
        ARRAY => vec![one.word(0), one.word(4)],
        STRUCT | UNION => {
            names.extend(threes().map(|[name, ..]| name));
            threes().map(|[_, of, _]| of).collect()
        }
        ENUM => {
            names.extend(pairs(0));
            Vec::new()
        }
        ENUM64 => {
            names.extend(threes().map(|[name, ..]| name));
            Vec::new()
        }
        FUNCTION => {
            names.extend(pairs(0));
            [vec![one.what], pairs(1)].concat()
        }
        SECTION => threes().map(|[of, ..]| of).collect(),
        _ => Vec::new(),
    };
    (ids, names)
}

/// Looks up what the module names among the kernel's types (`btf_relocate_map_distilled_base`).
fn find(kernel: &Base, base: &Base, wanted: &[Named], embedded: &[bool]) -> Result<(), Misfit> {
    let name =
        |of: &'_ Base, at: u32| -> Vec<u8> { of.names(&[]).at(at).unwrap_or_default().to_vec() };
    let mut by_name: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (n, one) in wanted.iter().enumerate() {
        by_name.entry(name(base, one.name)).or_default().push(n);
    }
    // Structures of one name are told apart by their size.
    let mut namesakes: BTreeMap<u32, u32> = BTreeMap::new();
    for one in kernel.named.iter().filter(|one| one.is_composite()) {
        let count = namesakes.entry(one.name).or_default();
        *count = count.saturating_add(1);
    }
    let mut found = vec![false; wanted.len()];
    for own in &kernel.named {
        let sized = match own.kind {
            FORWARD => false,
            STRUCT | UNION => namesakes.get(&own.name).is_some_and(|count| *count > 1),
            _ => true,
        };
        let Some(all) = kernel.names(&[]).at(own.name).and_then(|name| by_name.get(name)) else {
            continue;
        };
        for n in all {
            let (Some(one), Some(mark)) = (wanted.get(*n), found.get_mut(*n)) else { continue };
            let within = embedded.get(*n).is_some_and(|within| *within);
            if (sized && own.size != one.size) || !own.stands_for(*one, within) {
                continue;
            }
            if *mark {
                return Err(Misfit::Refused("a type of which the kernel has two of that size"));
            }
            *mark = true;
        }
    }
    if !found.iter().all(|found| *found) {
        return Err(Misfit::Refused("a type of the kernel that this kernel has not"));
    }
    Ok(())
}
