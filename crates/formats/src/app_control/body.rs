//! The parts of a policy, one behind the other.

use crate::app_control::fields::{bytes, list, numbers, text, version};
use crate::app_control::policy::{
    Action, FileRule, Group, Policy, Root, Scenario, Setting, Signer, Value,
};
use crate::error::{Error, Kind, Parsed};
use crate::reader::Reader;
use crate::uefi::guid::Guid;

/// The newest format that is read to its end. What the eighth adds are settings of apps by their
/// manifests, which do not concern the kernel.
const NEWEST: u32 = 7;

/// What the header counts, and the policy so far.
pub(super) struct Header {
    policy: Policy,
    ekus: u32,
    files: u32,
    signers: u32,
    scenarios: u32,
}

pub(super) fn header(
    reader: &mut Reader<'_>,
    is_signed: bool,
    length: u32,
) -> Result<Header, Error> {
    let format = reader.u32_le()?;
    let policy_type = Guid::read(reader)?;
    let platform = Guid::read(reader)?;
    let options = reader.u32_le()?;
    let counts = [reader.u32_le()?, reader.u32_le()?, reader.u32_le()?, reader.u32_le()?];
    let version = version(reader)?;
    let at = reader.error(Kind::Missing);
    if !(1..=16).contains(&format) || reader.u32_le()? != length {
        return Err(at);
    }
    let [ekus, files, signers, scenarios] = counts;
    let policy = Policy {
        format,
        is_signed,
        policy_type,
        platform,
        options,
        version,
        id: None,
        base_id: None,
        ekus: Vec::new(),
        files: Vec::new(),
        signers: Vec::new(),
        update_signers: Vec::new(),
        ci_signers: Vec::new(),
        supplemental_signers: Vec::new(),
        scenarios: Vec::new(),
        hvci: 0,
        settings: Vec::new(),
    };
    Ok(Header { policy, ekus, files, signers, scenarios })
}

pub(super) fn read(mut reader: Reader<'_>, header: Header) -> Parsed<Policy> {
    let mut policy = header.policy;
    let counts = [header.ekus, header.files, header.signers, header.scenarios];
    let mut deviations = Vec::new();
    if let Err(problem) = fill(&mut policy, &mut reader, counts) {
        deviations.push(problem);
    } else if policy.format > NEWEST.saturating_add(1) {
        deviations.push(reader.error(Kind::Unsupported));
    }
    Parsed { value: policy, deviations }
}

fn fill(policy: &mut Policy, reader: &mut Reader<'_>, counts: [u32; 4]) -> Result<(), Error> {
    let [ekus, files, signers, scenarios] = counts;
    reader.now("App Control usage");
    for _ in 0..ekus {
        policy.ekus.push(bytes(reader)?.to_vec());
    }
    reader.now("App Control file rule");
    for _ in 0..files {
        policy.files.push(file_rule(reader)?);
    }
    reader.now("App Control signer");
    for _ in 0..signers {
        policy.signers.push(signer(reader)?);
    }
    policy.update_signers = numbers(reader)?;
    policy.ci_signers = numbers(reader)?;
    reader.now("App Control scenario");
    for _ in 0..scenarios {
        policy.scenarios.push(scenario(reader)?);
    }
    reader.now("App Control settings");
    policy.hvci = reader.u32_le()?;
    policy.settings = list(reader, setting)?;
    for block in 3..=policy.format.min(NEWEST) {
        reader.now("App Control extension");
        if reader.u32_le()? != block {
            return Err(reader.error(Kind::Illegal { value: block.into() }));
        }
        extension(policy, reader, block)?;
    }
    if policy.format <= NEWEST {
        let end = reader.u32_le()?;
        if end != policy.format.saturating_add(1) {
            return Err(reader.error(Kind::Illegal { value: end.into() }));
        }
    }
    Ok(())
}

fn file_rule(reader: &mut Reader<'_>) -> Result<FileRule, Error> {
    let action = match reader.u32_le()? {
        0 => Action::Deny,
        1 => Action::Allow,
        2 => Action::Attribute,
        other => Action::Other(other),
    };
    Ok(FileRule {
        action,
        file_name: text(reader)?,
        least: version(reader)?,
        greatest: [0; 4],
        hash: bytes(reader)?.to_vec(),
        internal_name: None,
        description: None,
        product: None,
        package_family: None,
        package_version: [0; 4],
        path: None,
    })
}

fn signer(reader: &mut Reader<'_>) -> Result<Signer, Error> {
    let root = match reader.u32_le()? {
        0 => Root::ToBeSigned(bytes(reader)?.to_vec()),
        1 => Root::WellKnown(reader.u32_le()?),
        other => return Err(reader.error(Kind::Illegal { value: other.into() })),
    };
    Ok(Signer {
        root,
        ekus: numbers(reader)?,
        issuer: text(reader)?,
        publisher: text(reader)?,
        oem: text(reader)?,
        attributes: numbers(reader)?,
        signed_after: 0,
    })
}

fn scenario(reader: &mut Reader<'_>) -> Result<Scenario, Error> {
    Ok(Scenario {
        number: reader.u32_le()?,
        inherits: numbers(reader)?,
        least_hash: reader.u32_le()?,
        product: group(reader)?,
        test: group(reader)?,
        test_signing: group(reader)?,
    })
}

fn group(reader: &mut Reader<'_>) -> Result<Group, Error> {
    let excepting = |reader: &mut Reader<'_>| Ok((reader.u32_le()?, numbers(reader)?));
    Ok(Group {
        allowed: list(reader, excepting)?,
        denied: list(reader, excepting)?,
        files: numbers(reader)?,
    })
}

fn setting(reader: &mut Reader<'_>) -> Result<Setting, Error> {
    let [provider, key, name] = [text(reader)?, text(reader)?, text(reader)?];
    let value = match reader.u32_le()? {
        0 => Value::Boolean(reader.u32_le()? != 0),
        1 => Value::Number(reader.u32_le()?),
        2 => Value::Binary(bytes(reader)?.to_vec()),
        3 => Value::Text(text(reader)?.unwrap_or_default()),
        other => return Err(reader.error(Kind::Illegal { value: other.into() })),
    };
    let [provider, key, name] = [provider, key, name].map(Option::unwrap_or_default);
    Ok(Setting { provider, key, name, value })
}

/// What a newer format puts behind the rest.
fn extension(policy: &mut Policy, reader: &mut Reader<'_>, block: u32) -> Result<(), Error> {
    match block {
        3 => {
            for rule in &mut policy.files {
                rule.greatest = version(reader)?;
                list(reader, text)?;
            }
            for signer in &mut policy.signers {
                signer.signed_after = reader.u64_le()?;
            }
        }
        4 => {
            for rule in &mut policy.files {
                rule.internal_name = text(reader)?;
                rule.description = text(reader)?;
                rule.product = text(reader)?;
            }
        }
        5 => {
            for rule in &mut policy.files {
                rule.package_family = text(reader)?;
                rule.package_version = version(reader)?;
            }
        }
        6 => {
            policy.id = Some(Guid::read(reader)?);
            policy.base_id = Some(Guid::read(reader)?);
            policy.supplemental_signers = numbers(reader)?;
        }
        7 => {
            for rule in &mut policy.files {
                rule.path = text(reader)?;
            }
        }
        _ => {}
    }
    Ok(())
}
