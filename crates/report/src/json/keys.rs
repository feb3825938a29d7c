//! `loadworthy/key-list/v1`: what keyrings hold.

use crate::json::document::{KnownHost, Tool, document};
use crate::json::proofs::{ProofTable, Table};
use crate::time::timestamp;
use loadworthy_core::keys::described::Described;
use loadworthy_core::keys::found::{Key, Keyring, Keys, OfHost, OfKernel, User};
use loadworthy_core::keys::lint::Finding;
use loadworthy_core::proof::Proof;
use serde::Serialize;
use std::cell::RefCell;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct KeysDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    hosts: Vec<HostDto<'a>>,
    proof: ProofTable<'a>,
}

#[derive(Debug, Serialize)]
struct HostDto<'a> {
    name: &'a str,
    #[serde(flatten)]
    host: KnownHost<'a>,
    profile: Option<&'a str>,
    kernels: Vec<KernelDto<'a>>,
}

#[derive(Debug, Serialize)]
struct KernelDto<'a> {
    kernel: &'a str,
    keyrings: Vec<KeyringDto>,
    keys: Vec<KeyDto<'a>>,
    unseen: Vec<NamedDto<'a>>,
    strangers: Vec<StrangerDto<'a>>,
    unsigned: Vec<UserDto<'a>>,
    modules: usize,
}

#[derive(Debug, Serialize)]
struct KeyringDto {
    name: &'static str,
    counts: &'static str,
    whole: bool,
    running: Option<u64>,
    because: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct KeyDto<'a> {
    #[serde(flatten)]
    certificate: CertificateDto<'a>,
    keyrings: &'a [&'static str],
    counts: &'static str,
    of_vendor: bool,
    from: Vec<PlaceDto<'a>>,
    used_by: Vec<UserDto<'a>>,
    findings: Vec<FindingDto<'a>>,
}

/// A certificate in the fields by which tools name it.
#[derive(Debug, Serialize)]
pub struct CertificateDto<'a> {
    name: &'a str,
    subject: &'a str,
    issuer: &'a str,
    serial: &'a str,
    key_id: Option<String>,
    sha256: &'a str,
    sha1: &'a str,
    algorithm: &'a str,
    not_before: Option<String>,
    not_after: Option<String>,
    ca: Option<bool>,
    modules_alone: bool,
}

impl<'a> From<&'a Described> for CertificateDto<'a> {
    fn from(c: &'a Described) -> Self {
        Self {
            name: &c.name,
            subject: &c.subject,
            issuer: &c.issuer,
            serial: &c.serial,
            key_id: c.key_id_text(),
            sha256: &c.sha256,
            sha1: &c.sha1,
            algorithm: &c.algorithm,
            not_before: c.not_before.map(timestamp),
            not_after: c.not_after.map(timestamp),
            ca: c.is_ca,
            modules_alone: c.for_modules_alone(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PlaceDto<'a> {
    list: &'a str,
    because: Vec<u32>,
}

/// A module that a key signed.
#[derive(Debug, Serialize)]
pub struct UserDto<'a> {
    module: &'a str,
    path: &'a str,
    outcome: &'static str,
    required_by: &'a [String],
}

impl<'a> From<&'a User> for UserDto<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            module: &user.module,
            path: &user.path,
            outcome: user.outcome,
            required_by: &user.required_by,
        }
    }
}

/// Something worth telling of a key.
#[derive(Debug, Serialize)]
pub struct FindingDto<'a> {
    code: &'static str,
    title: &'static str,
    weight: &'static str,
    detail: &'a str,
    source: &'a str,
}

impl<'a> From<&'a Finding> for FindingDto<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            code: finding.code.id,
            title: finding.code.title(),
            weight: finding.weight.name(),
            detail: &finding.detail,
            source: &finding.source,
        }
    }
}

#[derive(Debug, Serialize)]
struct NamedDto<'a> {
    subject: &'a str,
    id: &'a str,
    algorithm: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StrangerDto<'a> {
    signer: &'a str,
    modules: Vec<UserDto<'a>>,
}

struct Writing<'a, 't> {
    table: &'t RefCell<Table<'a>>,
}

impl<'a> Writing<'a, '_> {
    fn number(&self, proof: Option<&'a Proof>) -> Vec<u32> {
        proof.into_iter().map(|proof| self.table.borrow_mut().number(proof)).collect()
    }

    fn host(&self, host: &'a OfHost) -> HostDto<'a> {
        HostDto {
            name: &host.name,
            host: KnownHost::from(&host.host),
            profile: host.profile.as_deref(),
            kernels: host.kernels.iter().map(|kernel| self.kernel(kernel)).collect(),
        }
    }

    fn kernel(&self, of: &'a OfKernel) -> KernelDto<'a> {
        KernelDto {
            kernel: &of.release,
            keyrings: of.keyrings.iter().map(|ring| self.keyring(ring)).collect(),
            keys: of.keys.iter().map(|key| self.key(key)).collect(),
            unseen: of
                .unseen
                .iter()
                .map(|key| NamedDto {
                    subject: &key.subject,
                    id: &key.id,
                    algorithm: key.algorithm.as_deref(),
                })
                .collect(),
            strangers: of
                .strangers
                .iter()
                .map(|s| StrangerDto {
                    signer: &s.signer,
                    modules: s.modules.iter().map(UserDto::from).collect(),
                })
                .collect(),
            unsigned: of.unsigned.iter().map(UserDto::from).collect(),
            modules: of.modules,
        }
    }

    fn keyring(&self, ring: &'a Keyring) -> KeyringDto {
        KeyringDto {
            name: ring.name,
            counts: ring.counts.name(),
            whole: ring.whole,
            running: ring.running,
            because: self.number(ring.because.as_ref()),
        }
    }

    fn key(&self, key: &'a Key) -> KeyDto<'a> {
        KeyDto {
            certificate: CertificateDto::from(&key.certificate),
            keyrings: &key.keyrings,
            counts: key.counts.name(),
            of_vendor: key.of_vendor,
            from: key
                .places
                .iter()
                .map(|place| PlaceDto {
                    list: &place.list,
                    because: self.number(Some(&place.because)),
                })
                .collect(),
            used_by: key.used_by.iter().map(UserDto::from).collect(),
            findings: key.findings.iter().map(FindingDto::from).collect(),
        }
    }
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(keys: &Keys, out: &mut dyn Write) -> io::Result<()> {
    let table = RefCell::new(Table::default());
    let writing = Writing { table: &table };
    let hosts = keys.hosts.iter().map(|host| writing.host(host)).collect();
    let value = KeysDto {
        schema: "loadworthy/key-list/v1",
        tool: Tool::this(),
        at: &keys.at,
        hosts,
        proof: ProofTable(&table),
    };
    document(&value, out)
}
