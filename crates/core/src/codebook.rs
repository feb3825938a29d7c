//! All codes, in order of their numbers, and how to find one. An end: nothing imports this room.

use crate::code::Code;
use crate::codes;

/// Every code there is, by number.
pub static ALL: &[&Code] = &[
    &codes::EVIDENCE_MISSING,
    &codes::SOURCES_DISAGREE,
    &codes::KERNEL_NEWER_THAN_TABLES,
    &codes::NEXT_KERNEL_GUESSED,
    &codes::BOOT_ENTRY_NOT_CERTAIN,
    &codes::ANOTHER_SYSTEM_STARTS_FIRST,
    &codes::KERNEL_WAITS_FOR_KEXEC,
    &codes::WINDOWS_TABLE_OLD,
    &codes::PACKAGE_LAID_OVER,
    &codes::PACKAGE_MODULE_HIDDEN,
    &codes::PACKAGE_FOR_ANOTHER_KERNEL,
    &codes::UNVERIFIED_MODULE_MARKED,
    &codes::UNSIGNED_MODULE_REFUSED,
    &codes::SIGNING_KEY_NOT_TRUSTED,
    &codes::SIGNATURE_CRYPTO_UNSUPPORTED,
    &codes::SIGNATURE_DOES_NOT_MATCH,
    &codes::SIGNATURE_DAMAGED,
    &codes::SIGNED_ATTRIBUTES_REFUSED,
    &codes::SIGNATURE_FORM_REFUSED,
    &codes::FILE_DIGEST_DENIED,
    &codes::SIGNER_REVOKED,
    &codes::NOT_A_LOADABLE_ELF,
    &codes::WRONG_ARCHITECTURE,
    &codes::BUILT_FOR_ANOTHER_KERNEL,
    &codes::MODULE_STRIPPED,
    &codes::WRITABLE_CODE_SECTION,
    &codes::NAME_ON_KERNEL_BLOCK_LIST,
    &codes::MODULE_LAYOUT_DIFFERS,
    &codes::VERMAGIC_DIFFERS,
    &codes::LOADED_BY_FORCE,
    &codes::FORCED_LOAD_REFUSED,
    &codes::SYMBOL_VERSION_DIFFERS,
    &codes::UNKNOWN_SYMBOL,
    &codes::FREE_LICENCE_SYMBOL_REFUSED,
    &codes::NAMESPACE_NOT_IMPORTED,
    &codes::SYMBOL_ALREADY_EXPORTED,
    &codes::PROPRIETARY_LICENCE,
    &codes::OUT_OF_TREE,
    &codes::STAGING_DRIVER,
    &codes::LIVE_PATCH,
    &codes::LIVE_PATCH_UNSUPPORTED,
    &codes::TEST_MODULE,
    &codes::NAME_TAKEN_BY_BUILT_IN,
    &codes::NOT_A_READABLE_FILE,
    &codes::TYPE_INFORMATION_DIFFERS,
    &codes::MODULE_LOADING_DISABLED,
    &codes::FILE_SIGNATURE_WANTED,
    &codes::LOADPIN_REFUSED,
    &codes::SECTION_NAMES_REPEAT,
    &codes::FIPS_MODE_PANICS,
    &codes::RELOCATION_REFUSED,
    &codes::DEPENDENCY_WILL_NOT_LOAD,
    &codes::MODULE_NOT_IN_INDEX,
    &codes::MODULE_FILE_MISSING,
    &codes::ON_MODPROBE_BLOCK_LIST,
    &codes::INSTALL_COMMAND_REPLACES_LOADING,
    &codes::CRYPTO_MODULE_NEEDED_FIRST,
    &codes::UNSUPPORTED_MODULE_REFUSED,
    &codes::MODULE_NOT_SUPPORTED,
    &codes::MODULE_MISSING_FOR_THIS_KERNEL,
    &codes::MODULES_LEFT_BEHIND,
    &codes::LOADED_BUILD_NOT_ON_DISK,
    &codes::LOADED_MODULE_REFUSED_NOW,
    &codes::KERNELS_NEVER_STARTED,
    &codes::REQUIRED_DEVICE_ABSENT,
    &codes::PROFILE_DIFFERS,
    &codes::EXCEPTION_EXPIRED,
    &codes::FIRMWARE_MISSING,
    &codes::FIRMWARE_NOT_IN_INITRAMFS,
    &codes::PARAMETER_NOT_KNOWN,
    &codes::USER_LAND_OF_ANOTHER_VERSION,
    &codes::PACKAGE_LISTS_MODULE,
    &codes::DRIVER_NOT_SIGNED,
    &codes::DRIVER_ALTERED,
    &codes::DIGEST_NOT_UNDERSTOOD,
    &codes::ROOT_NOT_ACCEPTED_BY_KERNEL,
    &codes::CROSS_CERTIFICATE_MISSING,
    &codes::PORTAL_SIGNATURE_REQUIRED,
    &codes::BOOT_DRIVER_NEEDS_EMBEDDED_SIGNATURE,
    &codes::LIFETIME_SIGNATURE_EXPIRED,
    &codes::SIGNER_LACKS_USAGE,
    &codes::DRIVER_REVOKED_BY_LIST,
    &codes::DRIVER_ON_BLOCK_LIST,
    &codes::WINDOWS_DRIVER_POLICY,
    &codes::APP_CONTROL_POLICY,
    &codes::S_MODE,
    &codes::NOT_FOR_MEMORY_INTEGRITY,
    &codes::DRIVER_FOR_ANOTHER_PROCESSOR,
    &codes::NOT_A_DRIVER_IMAGE,
    &codes::ATTESTATION_NOT_FOR_THIS_WINDOWS,
    &codes::NOT_AN_INSTALLABLE_INF,
    &codes::NO_MODEL_FOR_THIS_SYSTEM,
    &codes::NO_CATALOG,
    &codes::CATALOG_NOT_SIGNED,
    &codes::CATALOG_ALTERED,
    &codes::INF_NOT_IN_CATALOG,
    &codes::FILE_NOT_IN_CATALOG,
    &codes::PACKAGE_FILE_MISSING,
    &codes::CATALOG_CHAIN_INCOMPLETE,
    &codes::ROOT_NOT_TRUSTED_BY_MACHINE,
    &codes::CATALOG_SIGNER_EXPIRED,
    &codes::CATALOG_SIGNER_REVOKED,
    &codes::CATALOG_SIGNER_USAGE,
    &codes::PUBLISHER_DISTRUSTED,
    &codes::TRUST_STATE_FORBIDS,
    &codes::EDITION_WANTS_MICROSOFT,
    &codes::PUBLISHER_UNKNOWN,
    &codes::INSTALLATION_RESTRICTED,
    &codes::CATALOG_FOR_OTHER_WINDOWS,
    &codes::CATALOG_CERTIFICATES_NOT_SORTED,
    &codes::PACKAGE_FILES_NOT_NAMED,
    &codes::DRIVER_IN_FOREIGN_SECTION,
    &codes::DRIVER_DATE_AHEAD,
    &codes::BOOT_DRIVER_LEANS_ON_CATALOG,
    &codes::INF_WILL_NOT_INSTALL,
    &codes::INF_LINE_NOT_DONE,
    &codes::INF_OBJECTED_TO,
    &codes::BOOT_IMAGE_NOT_SIGNED,
    &codes::BOOT_IMAGE_SIGNER_NOT_TRUSTED,
    &codes::BOOT_IMAGE_DENIED,
    &codes::BOOT_IMAGE_SIGNER_DENIED,
    &codes::BOOT_IMAGE_ALTERED,
    &codes::BOOT_IMAGE_SIGNER_FOR_MODULES,
    &codes::SBAT_GENERATION_REVOKED,
    &codes::SBAT_MISSING,
    &codes::BOOT_IMAGE_NEEDS_WRITABLE_CODE,
    &codes::BOOT_IMAGE_DAMAGED,
    &codes::BOOT_IMAGE_MISSING,
    &codes::BOOT_CHAIN_NOT_JUDGED,
    &codes::NEW_AUTHORITY_NOT_TRUSTED,
    &codes::NO_WAY_BACK,
    &codes::OLDER_KERNEL_INCOMPLETE,
    &codes::OLDER_KERNEL_LACKS_A_DRIVER,
    &codes::OLDER_KERNEL_HAS_NO_ENTRY,
    &codes::OLDER_KERNEL_NEEDS_A_KEYBOARD,
    &codes::OLDER_KERNEL_REFUSED,
    &codes::REQUEST_WAITS_FOR_A_PERSON,
    &codes::HUNG_KERNEL_STAYS,
    &codes::NO_ROOM_FOR_A_KERNEL,
    &codes::NO_ROOM_FOR_A_VARIABLE,
    &codes::NODE_REBOOTS_BY_ITSELF,
    &codes::DENY_LIST_WAITS,
    &codes::OLDER_KERNEL_WILL_BE_REMOVED,
    &codes::FEWER_WAYS_BACK,
    &codes::CLUSTER_NOT_BROUGHT_BACK,
    &codes::CLUSTER_WITHOUT_WAY_BACK,
    &codes::CLUSTER_REBOOTS_IN_ONE_WAVE,
    &codes::INITRAMFS_MISSING,
    &codes::INITRAMFS_DAMAGED,
    &codes::INITRAMFS_NOT_UNPACKED,
    &codes::INITRAMFS_FOR_ANOTHER_KERNEL,
    &codes::INITRAMFS_LACKS_MODULE,
    &codes::INITRAMFS_COPY_REFUSED,
    &codes::INITRAMFS_BLOCKS_MODULE,
    &codes::INITRAMFS_COPY_DIFFERS,
    &codes::CRASH_INITRAMFS_DOES_NOT_DO,
    &codes::INITRAMFS_COPY_SIGNED_OTHERWISE,
    &codes::KEY_WITHOUT_IDENTIFIER,
    &codes::KEY_USAGE_WITHOUT_SIGNING,
    &codes::KEY_SIGNS_BOOT_IMAGES,
    &codes::KEY_NOT_FOR_MACHINE_KEYRING,
    &codes::KEY_MAY_ISSUE,
    &codes::KEY_SHORT,
    &codes::KEY_ALGORITHM_NOT_VERIFIED,
    &codes::KEY_VALIDITY,
    &codes::KEYS_SHARE_NAME_AND_NUMBER,
    &codes::KEY_FOREIGN,
    &codes::SIGN_FILE,
    &codes::SIGN_KEY_EXPOSED,
    &codes::SIGN_KEY_LOCKED,
    &codes::SIGN_PASSPHRASE_WRONG,
    &codes::SIGN_KEY,
    &codes::SIGN_CERTIFICATE,
    &codes::SIGN_MISMATCH,
    &codes::SIGN_DIGEST,
    &codes::SIGN_FAILED,
    &codes::SIGN_NO_TIME_STAMP,
    &codes::SIGN_INPUT,
    &codes::CAUSE_MODULE_UNSIGNED,
    &codes::CAUSE_KEY_NOT_ENROLLED,
    &codes::CAUSE_WRONG_KEY_ENROLLED,
    &codes::CAUSE_KEYRING_NOT_CONSULTED,
    &codes::CAUSE_SIGNING_STEP_FAILED,
    &codes::CAUSE_SIGNATURE_STRIPPED,
    &codes::CAUSE_MOK_ENROLMENT_INCOMPLETE,
    &codes::CAUSE_NO_SHIM_IN_BOOT_CHAIN,
    &codes::CAUSE_LOCKDOWN_WITHOUT_SECURE_BOOT,
    &codes::CAUSE_SELINUX_DENIES_MODULE_LOAD,
    &codes::CAUSE_SELINUX_DENIES_KEY_SEARCH,
    &codes::CAUSE_TAINT_MESSAGE_ONLY,
    &codes::CAUSE_NOT_A_SIGNATURE_PROBLEM,
    &codes::CAUSE_TRANSIENT_ORDERING,
    &codes::CAUSE_NOT_A_FAULT,
    &codes::CAUSE_CHECKING_TOOL_FAILED,
    &codes::CAUSE_DOCUMENTATION_DISAGREES,
    &codes::CAUSE_SBAT_REVOKED,
    &codes::CAUSE_SBAT_MISSING,
    &codes::CAUSE_DBX_BLOCKS_IMAGE,
    &codes::CAUSE_NOT_ENOUGH_EVIDENCE,
    &codes::CAUSE_CROSS_SIGNED_NEEDS_WHQL,
    &codes::CAUSE_WINDOWS_DRIVER_POLICY,
    &codes::CAUSE_DRIVER_BLOCKLISTED,
    &codes::CAUSE_HVCI_INCOMPATIBLE,
    &codes::CAUSE_APP_CONTROL_POLICY,
    &codes::CAUSE_TEST_CERTIFICATE_UNTRUSTED,
    &codes::CAUSE_TESTSIGNING_NOT_ACTIVE,
    &codes::CAUSE_PUBLISHER_NOT_TRUSTED,
    &codes::CAUSE_SHA2_NOT_SUPPORTED,
    &codes::CAUSE_BAD_DUAL_SIGNATURE,
    &codes::CAUSE_CATALOG_HASH_LINE_ENDINGS,
    &codes::CAUSE_CATALOG_HASH_FILE_EDITED,
    &codes::CAUSE_CATALOG_UNSIGNED,
    &codes::CAUSE_PACKAGE_UNSIGNED,
    &codes::CAUSE_INF_INVALID,
    &codes::KERNEL_HELD_BACK,
    &codes::KERNEL_HELD_BACK_TOO_LONG,
    &codes::OVERRIDE_OPEN,
    &codes::OVERRIDE_EXPIRED,
    &codes::POLICY_WEAKER_THAN_BEFORE,
    &codes::LEDGER_NOT_SOUND,
    &codes::BOOT_WENT_OTHERWISE,
    &codes::NO_OTHER_KERNEL_FOR_THE_DEFAULT,
    &codes::GATE_FILES_CHANGED,
    &codes::VERDICT_PENDING,
    &codes::TRIAL_FAILED,
    &codes::DRIVER_NOT_LOADED,
    &codes::DEVICE_NOT_DRIVEN,
    &codes::PATHS_MISSING,
    &codes::FILE_SYSTEM_NOT_MOUNTED,
    &codes::UNIT_NOT_ACTIVE,
    &codes::INTERFACE_NOT_UP,
    &codes::INTERFACE_NAME_CHANGED,
    &codes::BOND_LACKS_MEMBERS,
    &codes::LINK_SLOWER_THAN_BEFORE,
];

/// The code of this number (`LW1003`, `lw1003`, `1003`) or name (`unsigned-module-refused`).
#[must_use]
pub fn find(wanted: &str) -> Option<&'static Code> {
    let number = wanted.strip_prefix("LW").or_else(|| wanted.strip_prefix("lw")).unwrap_or(wanted);
    ALL.iter().copied().find(|code| {
        code.id.strip_prefix("LW").is_some_and(|id| id == number)
            || code.name.eq_ignore_ascii_case(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_told_apart() {
        for pair in ALL.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0], pair[1]);
        }
        for (n, code) in ALL.iter().enumerate() {
            assert!(ALL.iter().skip(n + 1).all(|other| other.name != code.name), "{code}");
        }
    }

    #[test]
    fn every_page_has_its_fields_and_headings() {
        for code in ALL {
            assert_eq!(code.field("code"), code.id);
            assert!(!code.title().is_empty() && !code.title().ends_with('.'), "{code}: title");
            assert!(
                ["refusal", "taint", "gap", "advice", "cause", "gate", "signing"]
                    .contains(&code.field("kind")),
                "{code}: kind"
            );
            assert_eq!(code.bucket().name(), code.field("bucket"), "{code}: bucket");
            let mut rest = code.text();
            let (host, subject) = match code.field("platforms") {
                "[firmware]" => ("toml host", "toml image"),
                "[windows]" if code.id < "LW2030" => ("toml windows", "toml driver"),
                "[windows]" if code.text().contains("\n```inf\n") => ("inf", "inf"),
                "[windows]" => ("toml windows", "toml package"),
                _ => ("toml host", "toml module"),
            };
            let host = alloc::format!("\n```{host}\n");
            let subject = alloc::format!("\n```{subject}\n");
            let example = match code.field("kind") {
                "cause" => ["\n```log\n", "\n```log\n", "\n```finding\n"],
                "gate" => [host.as_str(), subject.as_str(), "\n```gate\n"],
                "signing" => ["\n```sign\n", "\n```sign\n", "\n```sign\n"],
                _ => [host.as_str(), subject.as_str(), "\n```verdict\n"],
            };
            for heading in [
                "\n## Why the platform does this\n",
                "\n## What to do\n",
                "\n## Example\n",
                example[0],
                // A machine that is asked about as a whole has no subject of its own.
                if ["preflight", "keys"]
                    .iter()
                    .any(|ask| code.text().contains(&alloc::format!("\nask = \"{ask}\"\n")))
                {
                    example[0]
                } else {
                    example[1]
                },
                example[2],
                "\n## Sources\n",
            ] {
                let at = rest.find(heading);
                assert!(at.is_some(), "{code}: {heading:?} is missing or out of order");
                rest = rest.get(at.unwrap_or(0)..).unwrap_or("");
            }
        }
    }

    #[test]
    fn a_code_is_found_by_number_and_by_name() {
        for wanted in ["LW1003", "lw1003", "1003", "unsigned-module-refused"] {
            assert_eq!(find(wanted).map(|c| c.id), Some("LW1003"), "{wanted}");
        }
        assert!(find("LW9999").is_none());
        assert!(find("").is_none());
    }
}
