//! Whole pages, as people read them.

use super::{Options, check};
use crate::html;
use crate::sample;
use crate::style::Style;
use crate::tree::{self, Depth};
use loadworthy_core::answer::{Answered, Kind, Note};
use loadworthy_core::codes;
use loadworthy_core::proof::{Assumption, Claim, Node, Proof, Rule, text};
use loadworthy_formats::manifest::Class;

fn page(answers: Vec<Answered>, proof: Depth) -> String {
    let options = Options { style: Style::default(), proof, verbose: false, quiet: false };
    let mut out = Vec::new();
    check(&sample::answers(answers), &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_refused_module_is_told_with_its_proof() {
    assert_eq!(
        page(vec![sample::refused("lpfc")], Depth::Short),
        "\
refused  lpfc  lib/modules/6.1.0-56-amd64/lpfc.ko
LW1003  The module is not signed, and this kernel refuses unsigned modules

├─ the file does not end in a signature that counts              linux/signature
│  └─ seen     lib/modules/6.1.0-56-amd64/lpfc.ko: no marker at the end of 41504
│              bytes
└─ nobody the kernel trusts vouches for the module, and it insists on that
                                                                   linux/vouched
   └─ this kernel insists on signatures: a module nobody vouches for is refused
                                                       linux/signatures-enforced
      ├─ listed   linux/behaviours.toml#ima-enforces-debian (confirmed): Debian
      │           linux, security/integrity/ima/ima_efi.c
      └─ seen     boot/config-6.1.0-56-amd64: CONFIG_IMA_ARCH_POLICY=y

  the host will say   EKEYREJECTED; \"Loading of unsigned module is rejected\"
  would help          sign it with the enrolled key lab owner – judged again:
                      loads-tainted
                      loadworthy sign --key MOK.priv --cert MOK.der
                      lib/modules/6.1.0-56-amd64/lpfc.ko
  would not help      module.sig_enforce=0 on the kernel command line – judged
                      again: refused (LW1003)
  judged for          6.1.0-56-amd64, Secure Boot on, lockdown integrity
  how sure            confirmed: a real kernel of this release answered so
  more                loadworthy explain LW1003
"
    );
}

#[test]
fn a_tainted_module_is_told() {
    assert_eq!(
        page(vec![sample::tainted("demo")], Depth::Short),
        "\
loads-tainted  demo  lib/modules/6.1.0-56-amd64/demo.ko  [O]
LW1036  The module was built outside the kernel tree; marked O

└─ the module was built outside the kernel tree                    linux/in-tree
   └─ seen     lib/modules/6.1.0-56-amd64/demo.ko: modinfo without intree

  the host will say   \"demo: loading out-of-tree module taints kernel.\"
  judged for          6.1.0-56-amd64, Secure Boot on, lockdown integrity
  how sure            confirmed: a real kernel of this release answered so
  more                loadworthy explain LW1036
"
    );
}

#[test]
fn an_unknown_one_says_what_is_missing() {
    assert_eq!(
        page(vec![sample::unknown("demo")], Depth::None),
        "\
unknown  demo  lib/modules/6.1.0-56-amd64/demo.ko
  not known           whether Secure Boot is on: sys/firmware/efi: this source
                      cannot know it
  to supply it        say --assume secure-boot=on (or off), or check on the
                      machine itself

  judged for          6.1.0-56-amd64, Secure Boot on, lockdown integrity
"
    );
}

#[test]
fn many_are_counted_first() {
    let many =
        vec![sample::loads("a"), sample::refused("b"), sample::unknown("c"), sample::unknown("d")];
    assert_eq!(
        page(many, Depth::None),
        "\
4 modules of 6.1.0-56-amd64: 1 loads, 1 refused, 2 unknown
Secure Boot on, lockdown integrity

refused  b  lib/modules/6.1.0-56-amd64/b.ko
LW1003  The module is not signed, and this kernel refuses unsigned modules

  the host will say   EKEYREJECTED; \"Loading of unsigned module is rejected\"
  would help          sign it with the enrolled key lab owner – judged again:
                      loads-tainted
                      loadworthy sign --key MOK.priv --cert MOK.der
                      lib/modules/6.1.0-56-amd64/b.ko
  would not help      module.sig_enforce=0 on the kernel command line – judged
                      again: refused (LW1003)
  how sure            confirmed: a real kernel of this release answered so
  more                loadworthy explain LW1003

unknown  c  lib/modules/6.1.0-56-amd64/c.ko
unknown  d  lib/modules/6.1.0-56-amd64/d.ko
  not known           whether Secure Boot is on: sys/firmware/efi: this source
                      cannot know it
  to supply it        say --assume secure-boot=on (or off), or check on the
                      machine itself

loads  a  lib/modules/6.1.0-56-amd64/a.ko
"
    );
}

#[test]
fn a_full_proof_in_ascii_has_every_step() {
    let style = Style { unicode: false, ..Style::default() };
    let lines = tree::lay_out(&sample::refused("x").judgement, Depth::Full, &style);
    assert_eq!(
        lines.join("\n"),
        "\
|- the file does not end in a signature that counts              linux/signature
|  `- seen     lib/modules/6.1.0-56-amd64/x.ko: no marker at the end of 41504
|              bytes
|- nobody the kernel trusts vouches for the module, and it insists on that
|                                                                  linux/vouched
|  `- this kernel insists on signatures: a module nobody vouches for is refused
|                                                      linux/signatures-enforced
|     |- listed   linux/behaviours.toml#ima-enforces-debian (confirmed): Debian
|     |           linux, security/integrity/ima/ima_efi.c
|     `- seen     boot/config-6.1.0-56-amd64: CONFIG_IMA_ARCH_POLICY=y
`- the module was built outside the kernel tree                    linux/in-tree
   `- seen     lib/modules/6.1.0-56-amd64/x.ko: modinfo without intree"
    );
}

#[test]
fn what_stands_on_a_driver_and_was_not_seen_is_not_told_to_be_nothing() {
    let needed = |name: &str, loses: &[&str]| {
        let mut answer = sample::refused(name);
        answer.subject.need.class = Some(Class::Storage);
        answer.subject.need.loses = loses.iter().map(ToString::to_string).collect();
        answer
    };
    let lost = |answers: Vec<Answered>| {
        let page = page(answers, Depth::None);
        page.lines().find_map(|line| line.strip_prefix("lost without them: ").map(str::to_owned))
    };
    let told = |answers: Vec<Answered>| lost(answers).unwrap();
    assert_eq!(told(vec![needed("lpfc", &[])]), "whatever uses lpfc (not seen)");
    assert_eq!(
        told(vec![needed("lpfc", &[]), needed("ahci", &["disk sda"]), needed("qla2xxx", &[])]),
        "disk sda; whatever uses lpfc, qla2xxx (not seen)"
    );
    let many = ["a", "b", "c", "d", "e"].map(|name| needed(name, &[])).to_vec();
    assert_eq!(told(many), "whatever uses 5 of them (not seen)");
    let mut loads = sample::loads("ext4");
    loads.subject.need.class = Some(Class::Storage);
    assert_eq!(told(vec![loads]), "nothing");
}

/// A driver that must load, or what else a boot needs.
fn needed(mut answer: Answered, kind: Kind) -> Answered {
    answer.subject.kind = kind;
    answer.subject.need.class = Some(Class::Storage);
    answer
}

#[test]
fn of_several_kernels_each_has_its_answer() {
    let module = Kind::LinuxModule;
    let two = vec![needed(sample::refused("lpfc"), module), needed(sample::loads("lpfc"), module)];
    let mut answers = sample::answers(two);
    answers.host.kernels = vec![(text("6.2"), 1), (text("6.1"), 1)];
    let options =
        Options { style: Style::default(), proof: Depth::None, verbose: false, quiet: false };
    let mut out = Vec::new();
    check(&answers, &options, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let told: Vec<&str> = page.lines().filter(|line| line.contains("must load under")).collect();
    assert_eq!(
        told,
        [
            "1 driver must load under 6.2: 0 will, 1 will not",
            "1 driver must load under 6.1: it will"
        ]
    );
    let kernels = answers.answers.iter().map(|a| answers.kernel_of(a).unwrap().to_string());
    assert_eq!(kernels.collect::<Vec<_>>(), ["6.2", "6.1"]);
}

#[test]
fn drivers_that_load_are_told_behind_an_initramfs_that_will_not_do() {
    let initramfs = needed(sample::refused("initrd.img"), Kind::Initramfs);
    let page = page(vec![needed(sample::loads("ahci"), Kind::LinuxModule), initramfs], Depth::None);
    assert!(page.starts_with("will not do as initramfs: initrd.img (storage)\n1 driver must load"));
}

#[test]
fn behind_an_image_that_is_refused_the_picture_shows_nothing_reached() {
    let grub = needed(sample::refused("grubx64.efi"), Kind::BootImage);
    let ahci = needed(sample::loads("ahci"), Kind::LinuxModule);
    let mut out = Vec::new();
    html::check(&sample::answers(vec![grub, ahci]), &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    assert!(page.contains("grubx64.efi: refused; 1 driver: not reached"), "{page}");
    assert!(page.contains("<p class=\"answer\">the boot stops at grubx64.efi"), "{page}");
}

#[test]
fn one_assumption_and_one_note_are_told_once() {
    static RULE: Rule = Rule { name: "test/rule", source: "" };
    let assumed =
        || Proof::new(Node::Assumed(Assumption { key: text("secure-boot"), value: text("on") }));
    let drawn = || {
        let (claim, from) = (Claim::SecureBoot(true), vec![assumed(), assumed()]);
        Proof::new(Node::Drawn { rule: &RULE, claim, from })
    };
    let mut answers = sample::answers(vec![sample::loads("ahci")]);
    let note = || Note::new(&codes::NEXT_KERNEL_GUESSED, drawn());
    answers.notes = vec![note(), note()];
    let options =
        Options { style: Style::default(), proof: Depth::Short, verbose: false, quiet: false };
    let mut out = Vec::new();
    check(&answers, &options, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let times = |what: &str| page.matches(what).count();
    assert_eq!((times("assumed  secure-boot=on"), times("note  LW0004")), (1, 1), "{page}");
}
