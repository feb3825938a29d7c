//! The JSON Schemas of the documents, as they are kept in `docs/schema/`.

pub mod misfits;

/// Each command that has a document, and its schema.
pub static ALL: &[(&str, &str)] = &[
    ("catalog", include_str!("../../../../docs/schema/catalog.json")),
    ("check", include_str!("../../../../docs/schema/check.json")),
    ("check-health", include_str!("../../../../docs/schema/check-health.json")),
    ("collect", include_str!("../../../../docs/schema/collect.json")),
    ("config", include_str!("../../../../docs/schema/config.json")),
    ("diagnose", include_str!("../../../../docs/schema/diagnose.json")),
    ("diff", include_str!("../../../../docs/schema/diff.json")),
    ("explain", include_str!("../../../../docs/schema/explain.json")),
    ("gate-accept", include_str!("../../../../docs/schema/gate-accept.json")),
    ("gate-confirm", include_str!("../../../../docs/schema/gate-confirm.json")),
    ("gate-install", include_str!("../../../../docs/schema/gate-install.json")),
    ("gate-override", include_str!("../../../../docs/schema/gate-override.json")),
    ("gate-run", include_str!("../../../../docs/schema/gate-run.json")),
    ("gate-status", include_str!("../../../../docs/schema/gate-status.json")),
    ("gate-trial", include_str!("../../../../docs/schema/gate-trial.json")),
    ("gate-uninstall", include_str!("../../../../docs/schema/gate-uninstall.json")),
    ("hosts", include_str!("../../../../docs/schema/hosts.json")),
    ("inspect", include_str!("../../../../docs/schema/inspect.json")),
    ("key-enroll", include_str!("../../../../docs/schema/key-enroll.json")),
    ("dkms", include_str!("../../../../docs/schema/dkms.json")),
    ("dkms-setup", include_str!("../../../../docs/schema/dkms-setup.json")),
    ("dkms-undo", include_str!("../../../../docs/schema/dkms-undo.json")),
    ("key-new", include_str!("../../../../docs/schema/key-new.json")),
    ("key-rotate", include_str!("../../../../docs/schema/key-rotate.json")),
    ("key-list", include_str!("../../../../docs/schema/key-list.json")),
    ("package", include_str!("../../../../docs/schema/package.json")),
    ("platforms", include_str!("../../../../docs/schema/platforms.json")),
    ("policy", include_str!("../../../../docs/schema/policy.json")),
    ("rehearse", include_str!("../../../../docs/schema/rehearse.json")),
    ("statement", include_str!("../../../../docs/schema/statement.json")),
    ("sign", include_str!("../../../../docs/schema/sign.json")),
];

/// The schema of a command's output.
#[must_use]
pub fn of(command: &str) -> Option<&'static str> {
    ALL.iter().find(|(name, _)| *name == command).map(|(_, schema)| *schema)
}

#[cfg(test)]
mod tests;
