//! Answers made by hand, for tests of what they look like.

use loadworthy_core::answer::{
    Answered, Answers, Host, Kind, Need, Note, Phase, Remedy, Subject, Tried,
};
use loadworthy_core::check::{Answer, Letter, Line, Passage};
use loadworthy_core::codes;
use loadworthy_core::errno::Errno;
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::keys::builds::{Builds, Built, Form, Setup, Worth};
use loadworthy_core::keys::described::Described;
use loadworthy_core::keys::enrolment::{Done, Enrolment, Seen, State};
use loadworthy_core::keys::found::{
    Counts, Key, Keyring, Keys, Named, OfHost, OfKernel, Place, Stranger, User,
};
use loadworthy_core::keys::lint::Lint;
use loadworthy_core::proof::{
    Claim, Evidence, Gate, Node, Origin, Proof, Question, Ring, Row, Rule, Standing, Why, gap, text,
};
use loadworthy_core::tables::Tables;
use loadworthy_core::verdict::{Judgement, Verdict, weigh};

static ENFORCED: Rule =
    Rule { name: "linux/signatures-enforced", source: "kernel/module/signing.c" };
static SIGNATURE: Rule = Rule { name: "linux/signature", source: "kernel/module/signing.c" };
static VOUCHED: Rule = Rule { name: "linux/vouched", source: "kernel/module/signing.c" };
static IN_TREE: Rule = Rule { name: "linux/in-tree", source: "kernel/module/main.c" };

fn seen(item: &str, said: &str) -> Fact<bool> {
    Fact::seen(true, Evidence { origin: Origin::Root, item: text(item), said: text(said) })
}

/// That signatures are enforced, from a table row and a line of the configuration.
fn enforced() -> Fact<bool> {
    let row = Fact::listed(
        true,
        Row {
            id: text("linux/behaviours.toml#ima-enforces-debian"),
            source: text("Debian linux, security/integrity/ima/ima_efi.c"),
            standing: Standing::Confirmed,
        },
    );
    let mut step = Step::of(&ENFORCED);
    step.consult(&row).unwrap();
    step.consult(&seen("boot/config-6.1.0-56-amd64", "CONFIG_IMA_ARCH_POLICY=y")).unwrap();
    Fact::because(true, step.concludes(Claim::SignaturesEnforced(true)))
}

fn line(text: &str) -> Line {
    Line { row: "", text: text.to_owned(), once: false }
}

fn took(rule: &'static Rule, facts: &[&Fact<bool>], passage: Passage) -> (Step, Answer) {
    let mut step = Step::of(rule);
    for fact in facts {
        step.consult(fact).unwrap();
    }
    (step, Ok(passage))
}

fn judged(taken: Vec<(Step, Answer)>) -> Judgement {
    weigh(taken, |_, _| Standing::Confirmed)
}

fn answered(name: &str, judgement: Judgement, tried: Vec<Tried>) -> Answered {
    Answered {
        subject: Subject {
            kind: Kind::LinuxModule,
            name: text(name),
            path: Some(text(format!("lib/modules/6.1.0-56-amd64/{name}.ko"))),
            sha256: Some([0xab; 32]),
            required_by: Vec::new(),
            need: Need::default(),
        },
        on: None,
        phase: Phase::Load,
        judgement,
        tried,
        pending: None,
    }
}

/// Refused, with a remedy that helps and one that does not.
pub(crate) fn refused(name: &str) -> Answered {
    let file = format!("lib/modules/6.1.0-56-amd64/{name}.ko");
    let refusal = Passage::refuse(
        Claim::Unverified(Gate::Enforced),
        &codes::UNSIGNED_MODULE_REFUSED,
        Errno::EKEYREJECTED,
    )
    .saying(line("Loading of unsigned module is rejected"));
    let judgement = judged(vec![
        took(
            &SIGNATURE,
            &[&seen(&file, "no marker at the end of 41504 bytes")],
            Passage::pass(Claim::SignaturePresent(false)),
        ),
        took(&VOUCHED, &[&enforced()], refusal),
        took(
            &IN_TREE,
            &[&seen(&file, "modinfo without intree")],
            Passage::taint(Claim::InTree(false), Letter::O, &codes::OUT_OF_TREE),
        ),
    ]);
    let sign = Remedy::Sign { path: text(file), with: Some(text("lab owner")), keys: None };
    let off = Verdict::Refused(&codes::UNSIGNED_MODULE_REFUSED);
    answered(
        name,
        judgement,
        vec![
            Tried { remedy: sign, judged: Verdict::LoadsTainted, helps: true },
            Tried { remedy: Remedy::EnforceOff, judged: off, helps: false },
        ],
    )
}

/// Loads, marked O.
pub(crate) fn tainted(name: &str) -> Answered {
    let file = format!("lib/modules/6.1.0-56-amd64/{name}.ko");
    let marked = Passage::taint(Claim::InTree(false), Letter::O, &codes::OUT_OF_TREE)
        .saying(line(&format!("{name}: loading out-of-tree module taints kernel.")));
    let key = Claim::SignatureVerifies { ring: Ring::Machine, key: text("lab owner") };
    answered(
        name,
        judged(vec![
            took(&SIGNATURE, &[&seen(&file, "PKCS#7, SHA-256")], Passage::pass(key)),
            took(&IN_TREE, &[&seen(&file, "modinfo without intree")], marked),
        ]),
        Vec::new(),
    )
}

/// Loads.
pub(crate) fn loads(name: &str) -> Answered {
    let file = format!("lib/modules/6.1.0-56-amd64/{name}.ko");
    let key = Claim::SignatureVerifies { ring: Ring::Builtin, key: text("build key") };
    answered(
        name,
        judged(vec![took(&SIGNATURE, &[&seen(&file, "PKCS#7, SHA-256")], Passage::pass(key))]),
        Vec::new(),
    )
}

/// Not to be told, since Secure Boot was not seen.
pub(crate) fn unknown(name: &str) -> Answered {
    let open = gap(Question::SecureBoot, Why::OutOfReach(text("sys/firmware/efi")));
    let taken = vec![
        took(
            &SIGNATURE,
            &[&seen("demo.ko", "no marker")],
            Passage::pass(Claim::SignaturePresent(false)),
        ),
        (Step::of(&VOUCHED), Err(open)),
    ];
    answered(name, judged(taken), Vec::new())
}

/// These, on a host with Secure Boot.
pub(crate) fn answers(answers: Vec<Answered>) -> Answers {
    Answers {
        at: "2026-11-21T00:00:00Z".to_owned(),
        host: Host {
            source: Origin::Root,
            platform: loadworthy_core::answer::Platform::Linux,
            kernel: Some(text("6.1.0-56-amd64")),
            kernels: Vec::new(),
            secure_boot: Some(true),
            lockdown: Some("integrity"),
            started_by: None,
            node_of: None,
        },
        answers,
        notes: Vec::new(),
        findings: Vec::new(),
    }
}

/// A note that the next kernel was guessed.
pub(crate) fn note() -> Note {
    let item = Evidence { origin: Origin::Root, item: text("boot/grub/grub.cfg"), said: text("") };
    Note::new(&codes::NEXT_KERNEL_GUESSED, Proof::new(Node::Absent(item)))
}

/// A certificate: the one that tests of its reader use has every field.
pub(crate) fn certificate() -> Described {
    Described::of(include_bytes!("../../../proving/keys/elliptic.der")).expect("a certificate")
}

/// A machine with one key that signed one module.
pub(crate) fn keys() -> Keys {
    let because = seen("sys/firmware/efi/mok-variables/MokListRT", "a certificate").proof();
    let user = User {
        module: text("demo"),
        path: text("lib/modules/6.1/updates/dkms/demo.ko"),
        outcome: "refused",
        required_by: vec!["manifest".to_owned()],
    };
    let tables = Tables::built_in().expect("tables");
    let finding = Lint(&tables.key_lints)
        .finding(&codes::KEY_ALGORITHM_NOT_VERIFIED, "ecdsa-p256".to_owned());
    let key = Key {
        certificate: certificate(),
        places: vec![Place { list: text("MokListRT"), because: because.clone() }],
        of_vendor: false,
        keyrings: vec![".machine"],
        counts: Counts::Yes,
        used_by: vec![user.clone()],
        findings: vec![finding],
    };
    let keyring = |name, counts, running| Keyring {
        name,
        counts,
        whole: true,
        because: Some(because.clone()),
        running,
    };
    let kernel = OfKernel {
        release: text("6.1"),
        keyrings: vec![
            keyring(".machine", Counts::Yes, Some(2)),
            keyring(".platform", Counts::Unknown, None),
        ],
        keys: vec![key],
        unseen: vec![Named { subject: "Other".to_owned(), id: "0a".to_owned(), algorithm: None }],
        strangers: vec![Stranger { signer: "key 0b".to_owned(), modules: vec![user.clone()] }],
        unsigned: vec![user],
        modules: 3,
    };
    let host = answers(Vec::new()).host;
    let kernels = vec![kernel];
    let host = OfHost { name: String::new(), host, profile: None, kernels };
    Keys { at: "2026-11-21T00:00:00Z".to_owned(), hosts: vec![host] }
}

/// A request that was made on a machine where nothing spoke against it.
pub(crate) fn enrolment() -> Enrolment {
    let seen = Seen {
        host: answers(Vec::new()).host,
        state: State::NotRequested,
        keyrings: Vec::new(),
        lists: Vec::new(),
        because: None,
        findings: Vec::new(),
        recorded: None,
        waiting: Vec::new(),
        obstacles: Vec::new(),
        request: Vec::new(),
        boot: String::new(),
    };
    let to = "sys/firmware/efi/efivars".to_owned();
    Enrolment {
        at: "2026-11-21T00:00:00Z".to_owned(),
        certificate: certificate(),
        seen: Some(seen),
        room: (Some(60_000), 2_000),
        done: Done::Request { to, password: Some("bdfh".to_owned()), keys: 1 },
    }
}

/// A module that DKMS built and did not sign.
pub(crate) fn builds() -> Builds {
    let built = Built {
        by: "dkms",
        package: "demo 1.0".to_owned(),
        kernel: text("6.1"),
        module: text("demo"),
        path: Some(text("lib/modules/6.1/updates/dkms/demo.ko")),
        kept: None,
        worth: Worth::Unsigned,
        signer: None,
        outcome: "refused",
        because: Some(seen("demo.ko", "no signature at the end").proof()),
    };
    let gone = Built { worth: Worth::KernelGone, outcome: "", because: None, ..built.clone() };
    let setup = Setup { form: Some(Form::SignFile), ..Setup::default() };
    Builds { at: "2026-11-21T00:00:00Z".to_owned(), setup, built: vec![gone, built] }
}
