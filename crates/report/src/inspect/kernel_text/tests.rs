use serde_json::{Value, json};

use crate::inspect::tests::look;

/// The block of a text, which is of this kind and has nothing wrong with it.
fn block(path: &str, bytes: &[u8], kind: &str) -> Value {
    let found = look(path, bytes);
    assert_eq!(found["kind"], kind, "{path}: {found:#}");
    assert_eq!((&found["errors"], found.get("deviations")), (&json!([]), None), "{found:#}");
    found[kind.replace('-', "_")].clone()
}

const CONFIG: &[u8] = b"#\n# Linux/x86 6.1.192 Kernel Configuration\n#\nCONFIG_MODULES=y\n\
    # CONFIG_MODULE_SIG_FORCE is not set\nCONFIG_CRYPTO_SHA3=m\nCONFIG_MODULE_SIG_HASH=\"sha256\"\n\
    CONFIG_MODULE_COMPRESS_XZ=y\nCONFIG_HZ=250\n";
const KEYS: &[u8] = b"00e12b88 I------     2 perm 09090000     0     0 blacklist bin:c28557cb\n\
    02271ba8 I------     1 perm 1f010000     0     0 asymmetri Lab: x: 2ca2b306: X509.rsa []\n\
    168f3527 I------     1 perm 0f0b0000     0     0 keyring   .blacklist: 115\n\
    37b52d5f I--Q---     1 perm 3f010000     0     0 user      a: 5\n";
const DEP: &[u8] = b"kernel/a-b.ko.xz: kernel/c.ko kernel/d.ko\nkernel/d.ko:\n";
const SYMVERS: &[u8] = b"0x00000000\tb\tvmlinux\tEXPORT_SYMBOL\n\
    0xd6551b9c\ta\tdrivers/x\tEXPORT_SYMBOL_GPL\tDEVMEM\n";
const MODPROBE: &[u8] =
    b"# why\nblacklist a-b\ninstall c /bin/false\nalias d-* e\nsoftdep f pre: g\n";
const LOADED: &[u8] = b"efivarfs 24576 1 - Live 0x0\ndrm 10 3 i915, Live 0x0 (OE)\n";
const MODINFO: &[u8] = b"a.license=GPL v2\0a.alias=acpi*:X:*\0b.parm=c.d:e=f\0";

#[test]
fn what_matters_to_trust_is_picked_out_of_a_configuration() {
    for path in ["/boot/config-6.1.0", "config-x", "anything"] {
        let block = block(path, CONFIG, "kernel-config");
        let counts = ["version", "options", "built_in", "modules", "not_set"].map(|f| &block[f]);
        assert_eq!(json!(counts), json!(["6.1.192", 6, 2, 1, 1]));
        let said = ["MODULES", "MODULE_SIG_FORCE", "CRYPTO_SHA3", "MODULE_SIG_HASH", "MODULE_SIG"];
        let said = said.map(|name| &block["trust"][name]);
        assert_eq!(json!(said), json!(["y", "n", "m", "sha256", null]));
        assert_eq!(block["trust"]["MODULE_COMPRESS_XZ"], "y");
        assert_eq!(block["trust"].get("HZ"), None);
    }
}

#[test]
fn a_command_line_and_what_it_comes_to() {
    let line = b"BOOT_IMAGE=/vmlinuz root=UUID=1 ro module.sig_enforce lockdown=integrity \
        module_blacklist=a,b modprobe.blacklist=c-d -- x\n";
    let found = block("/proc/cmdline", line, "kernel-command-line");
    assert_eq!(found["parameters"][1], json!({"name": "root", "value": "UUID=1"}));
    assert_eq!(found["parameters"][2], json!({"name": "ro", "value": null}));
    assert_eq!(found["for_init"][0]["name"], "x");
    assert_eq!((&found["sig_enforce"], &found["lockdown"]), (&json!(true), &json!("integrity")));
    assert_eq!(found["module_blacklist"], json!(["a", "b"]));
    assert_eq!(found["modprobe_blacklist"], json!(["c_d"]));
    assert_eq!(look("notes", line)["kind"], "kernel-command-line");
}

#[test]
fn keys_and_what_is_loaded() {
    for path in ["/proc/keys", "saved"] {
        let found = block(path, KEYS, "proc-keys");
        let ring = json!({"name": ".blacklist", "serial": "168f3527", "keys": 115});
        assert_eq!(found["keyrings"], json!([ring]));
        assert_eq!(found["public_keys"][0]["subject"], "Lab: x");
        assert_eq!((&found["denied"], &found["others"]), (&json!({"bin": 1}), &json!({"user": 1})));
        let found = block(path.replace("keys", "modules").as_str(), LOADED, "proc-modules");
        assert_eq!((&found["tainting"], &found["modules"][1]["taint"]), (&json!(1), &json!("OE")));
    }
    assert_eq!(block("/proc/keys", b"", "proc-keys")["entries"], 0);
}

#[test]
fn single_lines() {
    let found = block("lockdown", b"none [integrity] confidentiality\n", "lockdown");
    assert_eq!(found["level"], "integrity");
    assert_eq!(found["offered"], json!(["none", "integrity", "confidentiality"]));
    for (path, bytes) in [("/proc/sys/kernel/tainted", &b"12288\n"[..]), ("taint", b"OE\n")] {
        let found = block(path, bytes, "taint");
        assert_eq!((&found["number"], &found["letters"]), (&json!(12288), &json!("OE")));
        assert_eq!(found["marks"][1]["meaning"], "unsigned module was loaded");
    }
    let found = block("version", b"Linux version 6.1.0-x (a@b) (gcc) #1 SMP\n", "proc-version");
    assert_eq!((&found["release"], &found["build"]), (&json!("6.1.0-x"), &json!("#1 SMP")));
}

#[test]
fn what_depmod_and_the_build_leave() {
    for path in ["modules.dep", "x"] {
        let found = block(path, DEP, "modules-dep");
        let counts = ["modules", "with_dependencies", "dependencies"].map(|field| &found[field]);
        assert_eq!(json!(counts), json!([2, 1, 2]));
        assert_eq!(found["suffixes"], json!({"ko": 1, "ko.xz": 1}));
        assert_eq!(found["most"], json!(["kernel/a-b.ko.xz", 2]));
        assert_eq!(found["unlisted"], json!(["kernel/c.ko"]));
        let found = block(&path.replace(".dep", ".builtin.modinfo"), MODINFO, "modules-builtin");
        assert_eq!(found["modules"], json!(["a", "b"]));
        assert_eq!(found["licenses"], json!({"GPL v2": 1}));
        let found =
            block(&path.replace(".dep", ".builtin"), b"kernel/x/a-b.ko\n", "modules-builtin");
        assert_eq!(found, json!({"modules": ["a_b"]}));
        let text = b"# Aliases extracted from modules themselves.\nalias pci:v1* a\nalias b c\n";
        let found = block(&path.replace(".dep", ".alias"), text, "modules-alias");
        assert_eq!(found, json!({"aliases": 2, "modules": 2, "by_bus": {"names": 1, "pci": 1}}));
        let text = b"# Soft dependencies\nsoftdep a-b pre: c post: d\n";
        let found = block(&path.replace(".dep", ".softdep"), text, "modules-softdep");
        let line = json!({"module": "a_b", "before": ["c"], "after": ["d"], "weak": []});
        assert_eq!(found["entries"], json!([line]));
        let text = b"alias symbol:a b\nalias symbol:c b\n";
        let found = block(&path.replace(".dep", ".symbols"), text, "modules-symbols");
        assert_eq!(found, json!({"symbols": 2, "modules": 1}));
    }
    for path in ["Module.symvers", "x"] {
        let expected = json!({
            "symbols": 2, "of_kernel": 1, "modules": 1, "gpl_only": 1, "with_crc": 1,
            "namespaces": {"DEVMEM": 1},
        });
        assert_eq!(block(path, SYMVERS, "module-symvers"), expected);
    }
}

#[test]
fn directives_of_modprobe() {
    for path in ["/etc/modprobe.d/a.conf", "/tmp/a.conf", "x"] {
        let found = block(path, MODPROBE, "modprobe-config");
        let counts = json!({"alias": 1, "blacklist": 1, "install": 1, "softdep": 1});
        assert_eq!(found["counts"], counts);
        let install =
            json!({"line": 3, "directive": "install", "module": "c", "value": "/bin/false"});
        assert_eq!(found["directives"][1], install);
        assert_eq!(found["directives"][3]["value"], "pre: g");
    }
    let found = look("/etc/modprobe.d/a.conf", b"blacklist a\nnonsense\n");
    assert_eq!(found["deviations"], json!(["modprobe.d line 2: not a sort that is read"]));
}

#[test]
fn a_name_alone_does_not_make_a_text() {
    let binary = [b"kernel/a.ko:\n", &[0, 1, 2, 3, 0x1b][..]].concat();
    for name in ["modules.dep", "Module.symvers", "/proc/keys", "/boot/config-1", "taint", "a.conf"]
    {
        assert_eq!(look(name, &binary)["kind"], "unknown", "{name}");
    }
    // Names that other files have as well: what is inside decides.
    for name in ["config", "keys", "modules", "version", "cmdline", "taint", "lockdown", "ssh.conf"]
    {
        let text = b"Some words of somebody, who wrote them down:\nthat and this.\n";
        assert_eq!(look(name, text)["kind"], "unknown", "{name}");
    }
    assert_eq!(look("version", b"1.2.3\n")["kind"], "unknown");
    assert_eq!(look("list", KEYS)["kind"], "proc-keys");
    // A name that nothing else has: the file is told for what it should be.
    let found = look("Module.symvers", b"\n");
    assert_eq!(
        (&found["kind"], found["errors"].as_array().unwrap().len()),
        (&json!("module-symvers"), 1)
    );
    assert_eq!(found.get("module_symvers"), None);
}

#[test]
fn looking_at_texts_ends_on_any_bytes() {
    for (name, seed) in [
        ("config-1", CONFIG),
        ("keys", KEYS),
        ("modules.dep", DEP),
        ("Module.symvers", SYMVERS),
        ("a.conf", MODPROBE),
        ("modules", LOADED),
        ("modules.builtin.modinfo", MODINFO),
    ] {
        for at in 0..seed.len() {
            for value in *b"\0\n =\"\xff" {
                let mut bytes = seed.to_vec();
                bytes[at] = value;
                look(name, &bytes);
                look("x", &bytes);
            }
            look(name, &seed[..at]);
        }
    }
}
