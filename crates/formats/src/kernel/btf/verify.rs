//! A module's type information against the kernel's.

use super::names::{LAST_NAME, Names};
use super::{Base, ENUM64, LAST_TYPE, Misfit, STRUCT, TYPE_TAG, Type, is_little, more, word};
use crate::reader::{index, wide};

type Checked = Result<(), Misfit>;

/// `Refused` where this does not hold.
const fn wants(holds: bool, otherwise: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(Misfit::Refused(otherwise)) }
}

pub(super) fn verify(base: &Base, btf: &[u8]) -> Result<u32, Misfit> {
    let (types, strings) = areas(base, btf)?;
    let names = base.names(strings);
    let mut own = Vec::new();
    let mut rest = types;
    while !rest.is_empty() {
        let one = first(base, rest)?;
        let taken = 12_usize.saturating_add(one.more.len());
        checked(base, &names, one)?;
        own.push(one);
        rest = rest.get(taken..).unwrap_or_default();
        let all = wide(own.len()).saturating_add(base.types.into());
        if all >= LAST_TYPE.into() {
            return Err(Misfit::Open("more types than there may be"));
        }
    }
    chains(base, &own)?;
    u32::try_from(own.len()).map_err(|_| Misfit::Open("more types than there may be"))
}

/// The areas of types and of names, if they lie as compilers lay them.
fn areas<'a>(base: &Base, btf: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Misfit> {
    const CUT: Misfit = Misfit::Refused("areas that do not fill it");
    wants(is_little(btf) == Some(base.little), "another magic number")?;
    let number = |at: usize| word(btf, at, base.little).ok_or(CUT);
    if btf.get(2..4) != Some([1, 0].as_slice()) {
        return Err(Misfit::Open("another version of its format"));
    }
    let header = index(number(4)?.into());
    let further = btf.get(24..header).ok_or(Misfit::Open("a header of another length"))?;
    if further.iter().any(|b| *b != 0) {
        return Err(Misfit::Open("a header that says more"));
    }
    let [types_at, types, strings_at, strings] =
        [number(8)?, number(12)?, number(16)?, number(20)?];
    if types_at != 0 && strings_at == 0 {
        return Err(Misfit::Open("names before types"));
    }
    let after = btf.get(header..).ok_or(CUT)?;
    let whole = u64::from(types).saturating_add(strings.into()) == wide(after.len());
    if types_at != 0 || strings_at != types || !whole {
        return Err(CUT);
    }
    let (types, strings) = after.split_at_checked(index(types.into())).ok_or(CUT)?;
    // A module may get along with the kernel's names.
    let ends = strings.is_empty() || strings.ends_with(&[0]);
    wants(
        ends && wide(strings.len()) <= u64::from(LAST_NAME).saturating_add(1),
        "names without an end",
    )?;
    Ok((types, strings))
}

/// The type at the beginning of `rest`.
fn first<'a>(base: &Base, rest: &'a [u8]) -> Result<Type<'a>, Misfit> {
    const CUT: Misfit = Misfit::Refused("a type that is cut off");
    let at = |at| word(rest, at, base.little).ok_or(CUT);
    let one = Type { little: base.little, name: at(0)?, info: at(4)?, what: at(8)?, more: &[] };
    if one.info & !0x9f00_ffff != 0 {
        return Err(Misfit::Open("a type with bits that older kernels do not know"));
    }
    wants(one.kind() != 0, "a type of no kind")?;
    // What was there before modules had any (5.11); of the rest the kernel's own tells.
    let known =
        one.kind() <= 15 || base.knows(one.kind()) || (base.is_recent() && one.kind() < ENUM64);
    let length = more(one.kind(), one.count()).filter(|_| known);
    let length = index(length.ok_or(Misfit::Open("a kind of type that this kernel does not use"))?);
    let more = rest.get(12..).and_then(|behind| behind.get(..length)).ok_or(CUT)?;
    Ok(Type { more, ..one })
}

/// `btf_check_meta` of each kind.
fn checked(base: &Base, names: &Names<'_>, one: Type<'_>) -> Checked {
    wants(names.at(one.name).is_some(), "a name that neither it nor the kernel has")?;
    let alone = || {
        wants(one.count() == 0, "a type with members that has none")?;
        wants(!one.flag(), "a mark that its kind does not have")
    };
    let nameless = || wants(one.name == 0, "a name where there is none");
    let named = |offset: u32| if offset == 0 { Ok(()) } else { names.identifier(offset) };
    let some_type = |id: u32| wants(id != 0 && id <= LAST_TYPE, "a type that there cannot be");
    match one.kind() {
        1 => integer(one, alone),
        2 | 9..=11 => {
            alone()?;
            wants(one.what <= LAST_TYPE, "a type that there cannot be")?;
            nameless()
        }
        8 => {
            alone()?;
            wants(one.what <= LAST_TYPE, "a type that there cannot be")?;
            names.identifier(one.name)
        }
        TYPE_TAG | 17 => {
            wants(one.count() == 0, "a type with members that has none")?;
            if one.flag() {
                return Err(Misfit::Open("a tag that is an attribute"));
            }
            let place = one.word(0).cast_signed();
            wants(one.kind() == TYPE_TAG || place >= -1, "a tag of no place")?;
            wants(one.kind() == 17 || one.what <= LAST_TYPE, "a type that there cannot be")?;
            names.some(one.name)
        }
        3 => {
            nameless()?;
            alone()?;
            wants(one.what == 0, "an array with a size")?;
            some_type(one.word(0))?;
            some_type(one.word(4))
        }
        STRUCT | 5 => {
            named(one.name)?;
            members(names, one)
        }
        6 | ENUM64 => {
            wants(
                one.what <= 8 && one.what.is_power_of_two(),
                "values of a size that there is not",
            )?;
            if one.flag() && !base.is_recent() {
                return Err(Misfit::Open("values with a sign"));
            }
            named(one.name)?;
            let size = if one.kind() == 6 { 8 } else { 12 };
            let mut values = one.more.chunks_exact(size);
            values.try_for_each(|value| {
                let name = word(value, 0, one.little).unwrap_or_default();
                wants(name != 0, "a value without a name")?;
                names.identifier(name)
            })
        }
        7 => {
            wants(one.count() == 0 && one.what == 0, "a type to come that is there")?;
            names.identifier(one.name)
        }
        12 => {
            names.identifier(one.name)?;
            wants(one.count() <= 1, "a function that is not linked here")?;
            wants(!one.flag(), "a mark that its kind does not have")
        }
        13 => {
            nameless()?;
            wants(!one.flag(), "a mark that its kind does not have")
        }
        14 => {
            alone()?;
            names.identifier(one.name)?;
            some_type(one.what)?;
            wants(one.word(0) <= 1, "a variable that is not linked here")
        }
        15 => {
            wants(one.what != 0, "a section without a size")?;
            wants(!one.flag(), "a mark that its kind does not have")?;
            names.section(one.name)?;
            variables(one)
        }
        16 => {
            alone()?;
            wants(matches!(one.what, 2 | 4 | 8 | 12 | 16), "a number of a size that there is not")
        }
        _ => Err(Misfit::Open("a kind of type that this kernel does not use")),
    }
}

/// `btf_int_check_meta`
fn integer(one: Type<'_>, alone: impl Fn() -> Checked) -> Checked {
    alone()?;
    let data = one.word(0);
    let bits = (data & 0xff).saturating_add(data >> 16 & 0xff);
    let room = bits.div_ceil(8) <= one.what;
    wants(data >> 28 == 0 && bits <= 128 && room, "an integer that does not fit")?;
    match data >> 24 & 0xf {
        0 | 1 | 2 | 4 => Ok(()),
        _ => Err(Misfit::Open("an integer of two kinds")),
    }
}

/// `btf_struct_check_meta`
fn members(names: &Names<'_>, one: Type<'_>) -> Checked {
    let mut last = 0;
    for [name, of, place] in one.threes() {
        wants(names.at(name).is_some(), "a name that neither it nor the kernel has")?;
        if name != 0 {
            names.identifier(name)?;
        }
        wants(of != 0 && of <= LAST_TYPE, "a type that there cannot be")?;
        let bit = if one.flag() { place & 0x00ff_ffff } else { place };
        let inside = bit.div_ceil(8) <= one.what && bit >= last;
        wants(inside && (one.kind() == STRUCT || bit == 0), "a member that lies elsewhere")?;
        last = bit;
    }
    Ok(())
}

/// `btf_datasec_check_meta`
fn variables(one: Type<'_>) -> Checked {
    let size = u64::from(one.what);
    let mut end = 0;
    for [of, offset, length] in one.threes() {
        wants(of != 0 && of <= LAST_TYPE, "a type that there cannot be")?;
        let begins = u64::from(offset);
        wants(begins >= end && begins < size && length != 0, "a variable that lies elsewhere")?;
        end = begins.saturating_add(length.into());
        wants(end <= size, "a variable that lies elsewhere")?;
    }
    Ok(())
}

/// `btf_check_type_tags`: rows of modifiers end, and tags stand before the rest.
fn chains(base: &Base, own: &[Type<'_>]) -> Checked {
    /// The most in a row.
    const LONGEST: usize = 32;
    let of = |id: u32| own.get(index(id.checked_sub(base.types)?.into()));
    // Up to here rows are known to end.
    let mut good = base.types.saturating_sub(1);
    for (start, one) in (base.types..).zip(own) {
        if !one.is_modifier() {
            continue;
        }
        let (mut id, mut tags, mut left) = (start, one.kind() == TYPE_TAG, LONGEST);
        loop {
            let tag = match of(id) {
                Some(one) if !one.is_modifier() => break,
                Some(one) => one.kind() == TYPE_TAG,
                None => base.tags.binary_search(&id).is_ok(),
            };
            if tag && !tags {
                return Err(Misfit::Open("a tag behind another modifier"));
            }
            tags = tag;
            left = left.checked_sub(1).ok_or(Misfit::Open("modifiers without an end"))?;
            if id <= good {
                break;
            }
            id = of(id).map_or(0, |one| one.what);
            let there = id < base.types || of(id).is_some();
            if !there {
                let otherwise = "a type that neither it nor the kernel has";
                let known = if base.is_recent() { Misfit::Refused } else { Misfit::Open };
                return Err(known(otherwise));
            }
        }
        good = start;
    }
    Ok(())
}
