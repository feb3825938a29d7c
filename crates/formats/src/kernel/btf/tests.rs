//! The rules, one by one; by hand besides, every module of Debian's 6.1.0-56 and 6.12.117 before its own
//! kernel (accepted, 8,253) and before the other (`docs/oracle.md`).

use super::{Base, Misfit};

const STRINGS: &[u8] = b"\0u32\0module\0name\0";

fn btf(types: &[u32], strings: &[u8]) -> Vec<u8> {
    let length = u32::try_from(size_of_val(types)).unwrap();
    let head = [24, 0, length, length, u32::try_from(strings.len()).unwrap()];
    let words = head.iter().chain(types).flat_map(|word| word.to_le_bytes());
    [0x9f, 0xeb, 1, 0].into_iter().chain(words).chain(strings.iter().copied()).collect()
}

/// A kernel with an integer, `struct module`, and a type that only kernels since 6.0 know.
fn kernel() -> Base {
    let types = [1, 1 << 24, 4, 32, 5, 4 << 24, 896, 0, 19 << 24, 8];
    Base::read(&btf(&types, STRINGS)).unwrap()
}

/// Where names of a module begin.
const OWN: u32 = STRINGS.len() as u32;
/// Its first type.
const FIRST: u32 = 4;

fn accepts(types: &[u32], strings: &[u8]) -> Result<u32, Misfit> {
    kernel().accepts(&btf(types, strings))
}

fn refused(types: &[u32]) -> bool {
    matches!(accepts(types, b"own\0a.b\0"), Err(Misfit::Refused(_)))
}

fn open(types: &[u32]) -> bool {
    matches!(accepts(types, b"own\0a.b\0"), Err(Misfit::Open(_)))
}

#[test]
fn types_are_counted_with_the_one_that_is_none() {
    assert_eq!(kernel().types(), FIRST);
    assert!(Base::read(b"no types").is_none());
    assert!(Base::read(&btf(&[1, 20 << 24, 0], STRINGS)).is_none());
}

#[test]
fn a_module_without_types_of_its_own_is_taken() {
    assert_eq!(accepts(&[], b"\0"), Ok(0));
    assert_eq!(accepts(&[], b""), Ok(0));
}

#[test]
fn names_go_on_where_the_kernel_ends() {
    // A pointer to the kernel's structure, a typedef of it with a name of its own, one with the kernel's.
    let types = [0, 2 << 24, 2, OWN, 8 << 24, FIRST, 12, 8 << 24, FIRST];
    assert_eq!(accepts(&types, b"own\0"), Ok(3));
    // Behind the last name, and in the middle of nothing.
    assert!(refused(&[OWN + 8, 8 << 24, 1]));
    // An empty name, where there has to be one.
    assert!(refused(&[0, 8 << 24, 1]));
    // Beyond `BTF_MAX_NAME_OFFSET`.
    assert!(refused(&[0x0100_0000, 8 << 24, 1]));
}

#[test]
fn members_lie_in_their_structure_one_after_the_other() {
    let members = |first: u32, second: u32| {
        accepts(&[OWN, 4 << 24 | 2, 8, 12, 1, first, 12, 1, second], b"own\0")
    };
    assert_eq!(members(0, 32), Ok(1));
    // The last may have no size, behind all others.
    assert_eq!(members(0, 64), Ok(1));
    assert!(matches!(members(0, 72), Err(Misfit::Refused(_))));
    assert!(matches!(members(32, 0), Err(Misfit::Refused(_))));
    // In a union all begin at its beginning; no member is of no type.
    assert!(refused(&[OWN, 5 << 24 | 1, 8, 12, 1, 32]));
    assert!(refused(&[OWN, 4 << 24 | 1, 8, 12, 0, 0]));
}

#[test]
fn rows_of_modifiers_end_at_a_type_that_is_there() {
    // const volatile of the kernel's integer; the second stands before the first.
    assert_eq!(accepts(&[0, 10 << 24, FIRST + 1, 0, 9 << 24, 1], b"\0"), Ok(2));
    assert!(refused(&[0, 10 << 24, FIRST + 7]));
    // One that leads to itself: ELOOP, which is another answer.
    assert!(open(&[0, 10 << 24, FIRST]));
    // A tag behind a modifier is refused up to 6.x and taken since.
    assert!(open(&[0, 10 << 24, FIRST + 1, OWN, 18 << 24, 1]));
    assert_eq!(accepts(&[OWN, 18 << 24, FIRST + 1, 0, 10 << 24, 1], b"own\0"), Ok(2));
}

#[test]
fn what_kernels_differ_about_stays_open() {
    // A kind that the kernel's own does not use, bits that are new, a tag that is an attribute.
    assert!(open(&[OWN, 20 << 24, 4]));
    assert!(open(&[OWN, 4 << 24 | 0x1_0000, 4]));
    assert!(open(&[OWN, 1 << 31 | 18 << 24, 1]));
    let old = Base::read(&btf(&[1, 1 << 24, 4, 32], STRINGS)).unwrap();
    let dotted = btf(&[OWN + 4, 12 << 24, 1], b"own\0a.b\0");
    assert!(matches!(old.accepts(&dotted), Err(Misfit::Open(_))));
    assert_eq!(kernel().accepts(&dotted), Ok(1));
}

#[test]
fn areas_fill_what_is_behind_the_header() {
    let mut more = btf(&[], b"\0");
    more.push(0);
    assert!(matches!(kernel().accepts(&more), Err(Misfit::Refused(_))));
    assert!(matches!(accepts(&[], b"own"), Err(Misfit::Refused(_))));
    // Of the other order of bytes.
    assert!(matches!(kernel().accepts(&[0xeb, 0x9f, 0, 1]), Err(Misfit::Refused(_))));
}

#[test]
fn any_bytes_come_to_an_end() {
    let types = [
        0,
        2 << 24,
        2,
        OWN,
        4 << 24 | 1,
        8,
        12,
        1,
        0,
        OWN,
        15 << 24 | 1,
        8,
        1,
        0,
        4,
        0,
        10 << 24,
        1,
    ];
    let seed = btf(&types, b"own\0");
    for at in 0..seed.len() {
        let _ = kernel().accepts(&seed[..at]);
        let _ = Base::read(&seed[..at]);
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = seed.clone();
            changed[at] = byte;
            let _ = kernel().accepts(&changed);
            let _ = Base::read(&changed);
        }
    }
}

/// Made by pahole of C sources that lie there too (`samples/README.md`).
mod samples {
    pub(super) const KERNEL: &[u8] = include_bytes!("samples/kernel.btf");
    pub(super) const DEVICE_LARGER: &[u8] = include_bytes!("samples/device-larger.btf");
    pub(super) const LIST_LARGER: &[u8] = include_bytes!("samples/list-larger.btf");
    pub(super) const NO_DEVICE: &[u8] = include_bytes!("samples/no-device.btf");
    pub(super) const ATOP: &[u8] = include_bytes!("samples/atop.btf");
    pub(super) const BESIDE: &[u8] = include_bytes!("samples/beside.btf");
    pub(super) const BROUGHT: &[u8] = include_bytes!("samples/beside.base.btf");
}

fn beside(kernel: &[u8], brought: &[u8], own: &[u8]) -> Result<u32, Misfit> {
    Base::read(kernel).unwrap().accepts_beside(brought, own)
}

#[test]
fn types_made_beside_a_kernel_are_looked_up_by_name() {
    use samples::{ATOP, BESIDE, BROUGHT, DEVICE_LARGER, KERNEL, LIST_LARGER, NO_DEVICE};
    let added = beside(KERNEL, BROUGHT, BESIDE).unwrap();
    assert_eq!(Base::read(KERNEL).unwrap().accepts(ATOP).map(|_| ()), Ok(()));
    assert!(added > 0);
    // Pointed to: its size does not matter. Within the module's own structure: it does.
    assert_eq!(beside(DEVICE_LARGER, BROUGHT, BESIDE), Ok(added));
    for kernel in [LIST_LARGER, NO_DEVICE] {
        let answered = beside(kernel, BROUGHT, BESIDE);
        assert!(matches!(answered, Err(Misfit::Refused(_))), "{answered:?}");
    }
}

#[test]
fn what_is_brought_along_must_be_sound_itself() {
    use samples::{BESIDE, BROUGHT, KERNEL};
    let refused =
        |brought: &[u8]| matches!(beside(KERNEL, brought, BESIDE), Err(Misfit::Refused(_)));
    assert!(refused(b"") && refused(&BROUGHT[..BROUGHT.len() - 1]) && refused(&btf(&[], b"\0")));
    // No type without a name, and none of another kind: a pointer.
    assert!(refused(&btf(&[0, 1 << 24, 4, 32], b"\0")));
    assert!(refused(&btf(&[0, 2 << 24, 0], b"\0")));
    for at in 0..BROUGHT.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = BROUGHT.to_vec();
            changed[at] = byte;
            let _ = beside(KERNEL, &changed, BESIDE);
        }
    }
    for at in 0..BESIDE.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = BESIDE.to_vec();
            changed[at] = byte;
            let _ = beside(KERNEL, BROUGHT, &changed);
        }
    }
}

/// `btf_relocate_map_distilled_base`: two of one name and size cannot be told apart.
#[test]
fn of_two_structures_of_one_name_the_size_decides() {
    let strings = b"\0pair\0own\0";
    let kernel = |sizes: [u32; 2]| {
        btf(&[1, 4 << 24, sizes[0], 1, 4 << 24, sizes[1], 0, 19 << 24, 8], strings)
    };
    let brought = btf(&[1, 4 << 24, 8], b"\0pair\0");
    // A pointer to it.
    let own = btf(&[0, 2 << 24, 1], b"\0");
    assert_eq!(beside(&kernel([8, 16]), &brought, &own), Ok(1));
    for sizes in [[8, 8], [16, 24]] {
        assert!(matches!(beside(&kernel(sizes), &brought, &own), Err(Misfit::Refused(_))));
    }
}
