//! The document's shape, one test a kind, against what `openssl` and `modinfo` say of the samples.

use std::path::Path;

use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_type::Type;
use serde_json::{Value, json};

use crate::inspect::{self, pem};

const TOY: &[u8] = include_bytes!("samples/toy.ko");
const CERTIFICATE: &[u8] = include_bytes!("samples/certificate.pem");
const WITH_ATTRIBUTES: &[u8] = include_bytes!("samples/with-attributes.pem");
const WITHOUT_ATTRIBUTES: &[u8] = include_bytes!("samples/without-attributes.pem");
const BY_KEY_ID: &[u8] = include_bytes!("samples/by-key-id.pem");

const SHA256: &str = "01784e1eca63b5e192e5d51e4df1bd0e8132136c9332f041b82daa6cde197047";
const KEY_ID: &str = "cfe8932c70df71efadf8741d720a0227a164d077";

pub(super) fn der(pem: &[u8]) -> Vec<u8> {
    pem::read(pem).unwrap().der
}

/// A module with a trailer, as `scripts/sign-file` puts it there.
pub(super) fn signed(content: &[u8], fields: [u8; 5], signature: &[u8]) -> Vec<u8> {
    let mut out = [content, signature, &fields, &[0; 3]].concat();
    out.extend(u32::try_from(signature.len()).unwrap().to_be_bytes());
    out.extend(b"~Module signature appended~\n");
    out
}

pub(super) fn list(of: Type, entries: &[&[u8]]) -> Vec<u8> {
    let each = 16 + entries[0].len();
    let mut out = of.guid().as_bytes().to_vec();
    for n in [28 + each * entries.len(), 0, each] {
        out.extend(u32::try_from(n).unwrap().to_le_bytes());
    }
    for data in entries {
        out.extend(Guid::SHIM_LOCK.as_bytes());
        out.extend(*data);
    }
    out
}

pub(super) fn look(name: &str, bytes: &[u8]) -> Value {
    let entry = inspect::describe(Path::new(name), bytes, &Limits::DEFAULT);
    let text = inspect::text(&entry);
    assert!(text.starts_with(name), "{text}");
    assert!(text.lines().skip(1).all(|line| line.chars().count() <= 80), "{text}");
    let document: Value = serde_json::from_str(&inspect::json(&[entry])).unwrap();
    assert_eq!(document["schema"], "loadworthy/inspect/v1");
    document["files"][0].clone()
}

/// The fields of `expected` stand in `found` with these values.
fn holds(found: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&found[key], value, "{key} of {found:#}");
    }
}

#[test]
fn a_module_and_the_certificate_inside_its_signature() {
    for (pem, digest) in [(WITH_ATTRIBUTES, "sha384"), (WITHOUT_ATTRIBUTES, "sha256")] {
        let bytes = signed(TOY, [0, 0, 2, 0, 0], &der(pem));
        let found = look("toy.ko", &bytes);
        holds(
            &found,
            &json!({"path": "toy.ko", "kind": "linux-module", "errors": [], "size": bytes.len()}),
        );
        holds(
            &found["module"],
            &json!({
                "name": "toy", "machine": "x86_64", "license": "GPL", "compression": null, "signed": true, "id_type": 2,
                "vermagic": "6.1.0-example SMP mod_unload ", "digest_algorithm": digest,
                "signer_name": "Example module key", "signer_key_id": "c0ffee00000001",
            }),
        );
        assert_eq!(found["module"]["info"]["author"], json!(["A", "B"]));
        let signature = &found["signatures"][0];
        holds(
            signature,
            &json!({
                "index": 0, "nested_in": null, "detached": false, "digest_algorithm": digest, "verifies": true,
                "chain": ["Example module key"], "root": "Example module key", "certificates": 1, "timestamp": null,
            }),
        );
        holds(
            &signature["signer"],
            &json!({
                "name": "Example module key", "issuer": "Example module key", "serial": "c0ffee00000001",
                "not_before": "2026-11-21T11:18:19Z", "not_after": "2126-10-28T11:18:19Z", "sha256": SHA256,
                "sha1": "ba910ded88e53a72235d9b20cc32de78c055c6fc", "key": "ecdsa-p256",
                "ekus": ["1.3.6.1.5.5.7.3.3"],
            }),
        );
        let mut changed = bytes;
        changed[100] ^= 1;
        assert_eq!(look("toy.ko", &changed)["signatures"][0]["verifies"], json!(false));
    }
}

#[test]
fn a_signer_that_is_not_inside_leaves_the_arithmetic_open() {
    let found = look("toy.ko", &signed(TOY, [0, 0, 2, 0, 0], &der(BY_KEY_ID)));
    holds(&found["module"], &json!({"signed": true, "signer_name": null, "signer_key_id": KEY_ID}));
    let signature = &found["signatures"][0];
    holds(
        signature,
        &json!({"verifies": null, "certificates": 0, "chain": [], "digest_algorithm": "sha512"}),
    );
    holds(
        &signature["signer"],
        &json!({"name": null, "issuer": null, "serial": null, "key_id": KEY_ID}),
    );
}

#[test]
fn compressed_modules_are_read_inside() {
    let samples: [(&str, &[u8]); 3] = [
        ("xz", include_bytes!("samples/toy.ko.xz")),
        ("zst", include_bytes!("samples/toy.ko.zst")),
        ("gz", include_bytes!("samples/toy.ko.gz")),
    ];
    for (suffix, bytes) in samples {
        let found = look("toy.ko", bytes);
        holds(&found, &json!({"kind": "linux-module", "errors": [], "size": bytes.len()}));
        holds(&found["module"], &json!({"name": "toy", "compression": suffix, "signed": false}));
        assert_eq!(found.get("deviations"), None);
        // The kernel unpacks the stream and never sees what is behind it.
        let behind = look("toy.ko", &signed(bytes, [0, 0, 2, 0, 0], &der(BY_KEY_ID)));
        holds(&behind["module"], &json!({"name": "toy", "signed": false}));
        assert_eq!(behind["deviations"].as_array().unwrap().len(), 1);
    }
    let cut = look("toy.ko", &samples[1].1[..samples[1].1.len() - 9]);
    assert!(!cut["errors"].as_array().unwrap().is_empty() || cut["kind"] == "unknown", "{cut:#}");
}

#[test]
fn an_initramfs_of_two_parts() {
    let bytes = include_bytes!("samples/initramfs.img");
    let found = look("initrd.img", bytes);
    holds(&found, &json!({"kind": "initramfs", "errors": []}));
    let modules = ["lib/modules/6.1.0-example/b.ko", "lib/modules/6.1.0-example/a.ko.xz"];
    assert_eq!(
        found["initramfs"],
        json!({"parts": ["cpio", "zstd"], "modules": modules, "entries": 6})
    );
    let cut = look("initrd.img", &bytes[..bytes.len() - 20]);
    holds(&cut, &json!({"kind": "initramfs"}));
    assert_eq!(cut["initramfs"]["parts"], json!(["cpio", "zstd"]));
    assert_eq!(cut["errors"].as_array().unwrap().len(), 1, "{cut:#}");
}

#[test]
fn a_program_is_no_kernel() {
    let mut elf = vec![0; 64];
    elf[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
    elf[16] = 2;
    elf[18] = 62;
    holds(&look("ls", &elf), &json!({"kind": "unknown", "errors": []}));
}

#[test]
fn a_kernel_that_is_nothing_but_its_banner() {
    let mut elf = vec![0; 64];
    elf[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
    elf[16] = 2;
    elf[18] = 62;
    elf.extend(b"\0Linux version 6.1.0-example (builder@example) (gcc) #1 SMP\n\0");
    elf.extend(b"6.1.0-example SMP mod_unload modversions \0");
    let found = look("vmlinux", &elf);
    holds(&found, &json!({"kind": "kernel-image", "errors": []}));
    holds(
        &found["kernel"],
        &json!({
            "container": "elf", "release": "6.1.0-example", "compression": null, "efi_stub": false,
            "vermagic": "6.1.0-example SMP mod_unload modversions ", "certificates": [], "config_present": false,
        }),
    );
}

#[test]
fn trailers_that_are_not_what_kernels_want() {
    let message = der(BY_KEY_ID);
    let signed_as = |bytes: &[u8]| look("toy.ko", bytes)["module"]["signed"].clone();
    assert_eq!(signed_as(TOY), json!(false));
    assert_eq!(signed_as(&[TOY, b"~Module signature appended~\n"].concat()), json!("malformed"));
    assert_eq!(signed_as(&signed(TOY, [0, 0, 2, 0, 0], b"")), json!("malformed"));
    assert_eq!(signed_as(&signed(TOY, [1, 0, 2, 0, 0], &message)), json!("malformed"));
    assert_eq!(signed_as(&signed(TOY, [0, 0, 2, 0, 0], &message[1..])), json!("malformed"));
    let mut cut = signed(TOY, [0, 0, 2, 0, 0], &message);
    cut.pop();
    assert_eq!(signed_as(&cut), json!(false));
    let old = look(
        "toy.ko",
        &signed(&[TOY, b"Somebody\x01\x02"].concat(), [1, 4, 1, 8, 2], b"signature"),
    );
    holds(
        &old["module"],
        &json!({
            "name": "toy", "signed": "old-format", "id_type": 1, "digest_algorithm": "sha256",
            "signer_name": "Somebody", "signer_key_id": "0102",
        }),
    );
    assert_eq!(old["signatures"], json!([]));
    let cut = look("toy.ko", &TOY[..TOY.len() - 40]);
    holds(&cut, &json!({"kind": "linux-module"}));
    assert_eq!(cut["errors"].as_array().unwrap().len(), 1, "{cut:#}");
}

#[test]
fn a_certificate_is_the_same_in_both_forms() {
    let found = look("certificate.pem", CERTIFICATE);
    let expected = json!({
        "subject": "Example module key", "issuer": "Example module key", "serial": "c0ffee00000001",
        "sha1": "ba910ded88e53a72235d9b20cc32de78c055c6fc", "sha256": SHA256,
        "not_before": "2026-11-21T11:18:19Z", "not_after": "2126-10-28T11:18:19Z", "key": "ecdsa-p256",
        "ekus": ["1.3.6.1.5.5.7.3.3"], "ca": false, "subject_key_id": KEY_ID, "authority_key_id": KEY_ID,
    });
    assert_eq!(found["certificate"], expected);
    let binary = look("certificate.der", &der(CERTIFICATE));
    assert_eq!(binary["certificate"], expected);
    holds(&binary, &json!({"kind": "certificate", "sha256": SHA256}));
    assert_eq!(binary.get("signatures"), None);
}

#[test]
fn a_signed_message_on_its_own() {
    for bytes in [WITH_ATTRIBUTES.to_vec(), der(WITH_ATTRIBUTES)] {
        let found = look("toy.p7s", &bytes);
        holds(&found, &json!({"kind": "pkcs7", "errors": []}));
        let block = &found["pkcs7"];
        holds(
            block,
            &json!({"wrapper": "content-info", "content_type": "1.2.840.113549.1.7.1", "has_content": false}),
        );
        let signer = json!({
            "name": "Example module key", "issuer": "Example module key", "serial": "c0ffee00000001",
            "digest_algorithm": "sha384",
        });
        assert_eq!(block["signers"], json!([signer]));
        assert_eq!(block["certificates"][0]["sha256"], SHA256);
    }
}

#[test]
fn signature_lists_with_attributes_and_without() {
    let revoked = [&[7; 32][..], &[0xe8, 7, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let always = [&[8; 32][..], &[0; 16]].concat();
    let lists = [
        list(Type::X509, &[&der(CERTIFICATE)]),
        list(Type::Sha256, &[&[1; 32], &[2; 32]]),
        list(Type::X509Sha256, &[&revoked, &always]),
    ]
    .concat();
    let found = look("MokListRT", &lists);
    holds(&found, &json!({"kind": "signature-list", "errors": []}));
    let block = &found["signature_list"];
    assert_eq!(block["counts"], json!({"x509": 1, "sha256": 2, "x509-sha256": 2}));
    assert_eq!(block["payload_sha256"], found["sha256"]);
    assert_eq!(
        block["lists"][0]["entries"][0],
        json!({
            "owner": "605dab50-e046-4300-abb6-3dd810dd8b23",
            "subject": "Example module key", "issuer": "Example module key", "sha256": SHA256,
            "sha1": "ba910ded88e53a72235d9b20cc32de78c055c6fc",
            "not_before": "2026-11-21T11:18:19Z", "not_after": "2126-10-28T11:18:19Z",
        })
    );
    holds(&block["lists"][1], &json!({"type": "sha256", "header_size": 0, "entry_size": 48}));
    assert_eq!(block["lists"][1]["entries"][1]["value"], "02".repeat(32));
    holds(
        &block["lists"][2]["entries"][0],
        &json!({"value": "07".repeat(32), "revoked_from": "2024-01-02T03:04:05Z"}),
    );
    assert_eq!(block["lists"][2]["entries"][1].get("revoked_from"), Some(&Value::Null));
    for absent in ["attributes", "timestamp", "signers", "pkcs7_wrapper"] {
        assert_eq!(block.get(absent), None);
    }
    let variable =
        look("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", &[&[0x27, 0, 0, 0], &lists[..]].concat());
    holds(
        &variable["signature_list"],
        &json!({"attributes": 39, "counts": block["counts"], "lists": block["lists"]}),
    );
    let cut = look("db.esl", &lists[..lists.len() - 1]);
    assert_eq!(cut["signature_list"]["counts"], json!({"x509": 1, "sha256": 2}));
    assert_eq!(cut["errors"].as_array().unwrap().len(), 1);
}

#[test]
fn a_signed_update_of_a_variable() {
    let payload = list(Type::Sha256, &[&[1; 32]]);
    let message = der(WITHOUT_ATTRIBUTES);
    // Without the `ContentInfo` around it: a sequence, an identifier of eleven bytes, an explicit tag.
    let bare = &message[4 + 11 + 4..];
    for (signature, wrapper) in [(&message[..], "content-info"), (bare, "bare-signed-data")] {
        let mut update = vec![0xda, 7, 3, 6, 19, 17, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        update.extend(u32::try_from(24 + signature.len()).unwrap().to_le_bytes());
        update.extend([0, 2, 0xf1, 0x0e]);
        update.extend(Type::Pkcs7.guid().as_bytes());
        update.extend(signature);
        update.extend(&payload);
        let found = look("dbx.auth", &update);
        holds(&found, &json!({"kind": "signature-list", "errors": []}));
        let block = &found["signature_list"];
        holds(
            block,
            &json!({
                "timestamp": "2010-03-06T19:17:21Z", "pkcs7_wrapper": wrapper, "counts": {"sha256": 1},
                "signers": [{
                    "name": "Example module key", "issuer": "Example module key",
                    "serial": "c0ffee00000001", "digest_algorithm": "sha256",
                }],
            }),
        );
    }
}

#[test]
fn a_variable_that_holds_something_else() {
    let name = "SbatLevelRT-605dab50-e046-4300-abb6-3dd810dd8b23";
    let found = look(name, b"\x06\0\0\0sbat,1,2025021800\nshim,4\n");
    holds(&found, &json!({"kind": "efi-variable", "errors": []}));
    let block = &found["efi_variable"];
    holds(
        block,
        &json!({
            "name": "SbatLevelRT", "attributes": 6, "attribute_names": ["boot-services", "runtime"],
            "value_size": 25, "pending_request": false, "sbat": [["sbat", "1"], ["shim", "4"]],
        }),
    );
    let request = look("MokSB-605dab50-e046-4300-abb6-3dd810dd8b23", &[7; 44]);
    holds(
        &request["efi_variable"],
        &json!({"pending_request": true, "value_size": 40, "value": "07070707"}),
    );
}

#[test]
fn anything_else_is_unknown() {
    let found = look("x", b"");
    assert_eq!(
        found,
        json!({
            "path": "x", "size": 0, "kind": "unknown", "errors": [],
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        })
    );
    let large = inspect::too_large(Path::new("x"), 9, 8);
    assert_eq!((large.sha256, large.errors.len()), (None, 1));
}

#[test]
fn looking_ends_on_any_bytes() {
    let mut seeds = vec![
        signed(TOY, [0, 0, 2, 0, 0], &der(WITH_ATTRIBUTES)),
        list(Type::X509, &[&der(CERTIFICATE)]),
        der(CERTIFICATE),
        der(BY_KEY_ID),
        CERTIFICATE.to_vec(),
        include_bytes!("samples/initramfs.img").to_vec(),
        include_bytes!("samples/toy.ko.gz").to_vec(),
        include_bytes!("samples/toy.ko.xz").to_vec(),
    ];
    seeds.push([&[7, 0, 0, 0], &seeds[1][..]].concat());
    for seed in seeds {
        for at in 0..seed.len() {
            for value in [0, 0x30, 0x7f, 0xff] {
                let mut bytes = seed.clone();
                bytes[at] = value;
                let entry = inspect::describe(
                    Path::new("db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"),
                    &bytes,
                    &Limits::DEFAULT,
                );
                let _ = inspect::text(&entry);
            }
            let _ = inspect::describe(Path::new("x"), &seed[..at], &Limits::DEFAULT);
        }
    }
}
