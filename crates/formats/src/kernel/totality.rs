//! Every text reader of this room ends on any bytes.

use crate::kernel::{
    cmdline, ima_policy, kconfig, lockdown, modprobe_d, modules_alias, modules_builtin,
    modules_dep, modules_softdep, modules_symbols, proc_keys, proc_modules, proc_version, symvers,
    taint,
};
use crate::limits::Limits;

fn all(bytes: &[u8]) {
    let limits = Limits::DEFAULT;
    let _ = cmdline::read(bytes, &limits).map(|line| {
        let line = line.value;
        (line.sig_enforce(), line.efi().count(), line.options_of("a").count())
    });
    let _ = ima_policy::read(bytes, &limits);
    let _ = kconfig::read(bytes, &limits);
    let _ = lockdown::read(bytes, &limits);
    let _ = modprobe_d::read(bytes, &limits);
    let _ = modules_alias::read(bytes, &limits).map(|index| index.value.find("a[b-c]*d").len());
    let _ = modules_builtin::read(bytes, &limits);
    let _ = modules_builtin::read_modinfo(bytes, &limits);
    let _ = modules_dep::read(bytes, &limits).map(|index| index.value.order("a").count());
    let _ = modules_softdep::read(bytes, &limits);
    let _ = modules_symbols::read(bytes, &limits);
    let _ = proc_keys::read(bytes, &limits);
    let _ = proc_modules::read(bytes, &limits);
    let _ = proc_version::read(bytes, &limits);
    let _ = symvers::read(bytes, &limits);
    let _ = taint::read(bytes, &limits);
    let half = bytes.len() / 2;
    let _ = modules_alias::matches(&bytes[..half], &bytes[half..]);
}

#[test]
fn any_bytes_come_to_an_end() {
    let seed: &[u8] = b"alias a-[!b-\\]*d e\\\n f=\"g h\" --\0softdep x pre: y\n\
        00e12b88 I------ 2 perm 09090000 0 0 keyring .a: 1/2\n0x1\ta\tb\tEXPORT_SYMBOL\tc\n\
        efivarfs 24576 1 a,[permanent], Live 0x0 (OE)\nkernel/a.ko: b\nCONFIG_A=\"\\\"\n\
        appraise func=A<B [none] Linux version a #\n\xff\xfe";
    let bytes: &[u8] = &[0, b'\n', b' ', b'"', b'[', b'*', b'\\', b':', b'=', b'-', 0xff];
    for at in 0..seed.len() {
        all(&seed[..at]);
        all(&seed[at..]);
        for byte in bytes {
            let mut changed = seed.to_vec();
            changed[at] = *byte;
            all(&changed);
        }
    }
}
