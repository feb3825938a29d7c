//! The example of the documentation, and what is told of manifests that are not in order.

use super::*;
use crate::kernel::lockdown::Level;
use crate::manifest::shape::Dbx;

fn faults(text: &str) -> Vec<String> {
    let read = read("m.toml", text.as_bytes(), &Limits::DEFAULT);
    read.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_of_the_contract_is_read_whole() {
    let text = "\
[profile]
name        = \"storage-prod\"
secure-boot = true
lockdown    = \"integrity\"
enrolled    = [\"sha256:9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b9a2b\"]
dbx         = \">=20230501\"

[[require]]
module = \"lpfc\"
class  = \"storage\"
why    = \"SAN paths\"
optional = false

[[require]]
any-of = [\"nvidia\", \"nvidia-open\"]

[[require]]
device = \"pci:10df:f0f5\"

[rollback]
kernels = 1

[[accept]]
code    = \"LW1002\"
subject = \"vboxdrv\"
owner   = \"lab\"
reason  = \"test machine\"
until   = 2026-12-31

[health]
units  = [\"multipathd.service\", \"zfs-import.target\"]
mounts = [\"/srv/data\"]
multipath = { min-active-paths = 2 }
interfaces = [\"bond0\"]
";
    let read = read("m.toml", text.as_bytes(), &Limits::DEFAULT);
    assert_eq!(read.faults, []);
    let m = read.manifest;
    assert_eq!((m.profile.secure_boot, m.profile.lockdown), (Some(true), Some(Level::Integrity)));
    assert_eq!(m.profile.dbx, Some(Dbx::Since("20230501".into())));
    assert_eq!(m.profile.enrolled.map(|e| e.len()), Some(1));
    assert_eq!(m.require[0].what, What::Module("lpfc".into()));
    assert_eq!((m.require[0].class, m.require[0].optional), (Some(Class::Storage), false));
    assert_eq!(m.require[1].what, What::AnyOf(vec!["nvidia".into(), "nvidia_open".into()]));
    let hba = Device::Id { bus: "pci", vendor: 0x10df, device: 0xf0f5 };
    assert_eq!(m.require[2].what, What::Device(hba));
    assert_eq!(m.rollback.kernels, Some(1));
    let until = &m.accept[0].until;
    assert_eq!((until.text.as_str(), until.last.as_str()), ("2026-12-31", "2026-12-31T23:59:59Z"));
    assert!(!until.has_passed("2026-12-31T12:00:00Z") && until.has_passed("2027-01-01T00:00:00Z"));
    assert_eq!((m.health.units.len(), m.health.active_paths), (2, Some(2)));
    assert_eq!(m.require[0].lines[0].number, 9);
    assert_eq!(m.profile.lines[2].value, "\"integrity\"");
}

#[test]
fn what_is_not_in_order_is_told_with_its_line_and_what_was_meant() {
    assert_eq!(
        faults("[[require]]\nmodul = \"lpfc\"\nmodule = \"lpfc\"\n[profle]\n"),
        [
            "m.toml:2: unknown key `modul` in [[require]]: did you mean `module`?",
            "m.toml:4: unknown key `profle` in the manifest: did you mean `profile`?",
        ]
    );
    assert_eq!(
        faults("[profile]\nsecure_boot = true\nlockdown = \"integrty\"\n"),
        [
            "m.toml:2: unknown key `secure_boot` in [profile]: did you mean `secure-boot`?",
            "m.toml:3: lockdown takes none, integrity, confidentiality, not \"integrty\": \
             did you mean `integrity`?",
        ]
    );
    assert_eq!(
        faults("[[require]]\nmodule = \"a\"\ndevice = \"class:storage\"\n"),
        ["m.toml:1: [[require]] takes one of module, device, any-of"]
    );
    assert_eq!(
        faults("\n[require]\nmodule = \"a\"\n"),
        ["m.toml:2: require takes a list of tables: write [[require]], not a value of type table"]
    );
    assert_eq!(
        faults("[[accept]]\ncode = \"LW1002\"\nsubject = \"x\"\n"),
        ["m.toml:1: [[accept]] lacks owner, reason, until: an exception has an end"]
    );
    assert_eq!(faults("[[require]]\ndevice = \"pci:10df\"\n").len() + faults("x = [").len(), 2,);
    assert_eq!(faults("[health]\nmounts = [\"srv\"]\n").len(), 1);
}

#[test]
fn a_stronger_file_goes_over_a_weaker_one() {
    let one = |file: &str, text: &str| read(file, text.as_bytes(), &Limits::DEFAULT).manifest;
    let mut all = one(
        "usr",
        "[profile]\nname = \"a\"\nsecure-boot = true\n[[require]]\nmodule = \"x\"\n\
         [[require]]\nmodule = \"y\"\n",
    );
    all.merge(one(
        "etc",
        "[profile]\nname = \"b\"\n[[require]]\nmodule = \"y\"\noptional = true\n\
         [[require]]\nmodule = \"z\"\n",
    ));
    assert_eq!(all.profile.name.as_deref(), Some("b"));
    assert_eq!(all.profile.secure_boot, Some(true));
    let told: Vec<_> = all.require.iter().map(|r| (&r.what, r.optional)).collect();
    let module = |name: &str| What::Module(name.to_owned());
    assert_eq!(told, [(&module("x"), false), (&module("y"), true), (&module("z"), false)]);
    let origins: Vec<_> = all
        .tables()
        .iter()
        .flat_map(|(_, lines)| lines.iter())
        .map(|l| (&*l.file, l.number))
        .collect();
    assert_eq!(origins, [("etc", 2), ("usr", 3), ("usr", 5), ("etc", 4), ("etc", 5), ("etc", 7)]);
}
