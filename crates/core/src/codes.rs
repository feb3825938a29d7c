//! Every code as a static, in order. The pages are `codes/LWnnnn-name.md`; no page, no build.
//!
//! A check names the code it answers with; what the code means to people is on its page and
//! nowhere else. Numbers are never reused.

use crate::code;
use crate::code::Code;

/// Something that decides was not to be seen.
pub static EVIDENCE_MISSING: Code = code!("LW0001", "evidence-missing");
/// Two sources say different things.
pub static SOURCES_DISAGREE: Code = code!("LW0002", "sources-disagree");
/// This kernel is newer than our tables.
pub static KERNEL_NEWER_THAN_TABLES: Code = code!("LW0003", "kernel-newer-than-tables");
/// Which kernel boots next is a guess.
pub static NEXT_KERNEL_GUESSED: Code = code!("LW0004", "next-kernel-guessed");
/// What the boot loader goes by can be read in several ways.
pub static BOOT_ENTRY_NOT_CERTAIN: Code = code!("LW0005", "boot-entry-not-certain");
/// The firmware or the boot loader starts something else first.
pub static ANOTHER_SYSTEM_STARTS_FIRST: Code = code!("LW0006", "another-system-starts-first");
/// A kernel waits in memory for a reboot by kexec.
pub static KERNEL_WAITS_FOR_KEXEC: Code = code!("LW0007", "kernel-waits-for-kexec");
/// A table that a verdict about Windows rests on is more than a year old.
pub static WINDOWS_TABLE_OLD: Code = code!("LW0008", "windows-table-old");
/// A package was judged as if it were installed.
pub static PACKAGE_LAID_OVER: Code = code!("LW0011", "package-laid-over");
/// modprobe takes another module of the same name than the package's.
pub static PACKAGE_MODULE_HIDDEN: Code = code!("LW0012", "package-module-hidden");
/// The modules of the package are for another kernel.
pub static PACKAGE_FOR_ANOTHER_KERNEL: Code = code!("LW0013", "package-for-another-kernel");
/// Nobody the kernel trusts vouches for the module; it loads and is marked E.
pub static UNVERIFIED_MODULE_MARKED: Code = code!("LW1002", "unverified-module-marked");
/// The module is not signed, and this kernel refuses unsigned modules.
pub static UNSIGNED_MODULE_REFUSED: Code = code!("LW1003", "unsigned-module-refused");
/// The module is signed, but by a key this kernel does not trust.
pub static SIGNING_KEY_NOT_TRUSTED: Code = code!("LW1004", "signing-key-not-trusted");
/// The signature uses cryptography this kernel cannot check.
pub static SIGNATURE_CRYPTO_UNSUPPORTED: Code = code!("LW1005", "signature-crypto-unsupported");
/// The signature is by a known key, but not for these bytes.
pub static SIGNATURE_DOES_NOT_MATCH: Code = code!("LW1006", "signature-does-not-match");
/// The signature at the end of the file is damaged.
pub static SIGNATURE_DAMAGED: Code = code!("LW1007", "signature-damaged");
/// The signature carries signed attributes, which modules must not have.
pub static SIGNED_ATTRIBUTES_REFUSED: Code = code!("LW1008", "signed-attributes-refused");
/// The signature is of a form the kernel does not take.
pub static SIGNATURE_FORM_REFUSED: Code = code!("LW1009", "signature-form-refused");
/// This very file is on the deny list.
pub static FILE_DIGEST_DENIED: Code = code!("LW1010", "file-digest-denied");
/// The certificate that signed the module has been revoked.
pub static SIGNER_REVOKED: Code = code!("LW1011", "signer-revoked");
/// The file is not a module the kernel can take apart.
pub static NOT_A_LOADABLE_ELF: Code = code!("LW1020", "not-a-loadable-elf");
/// The module was built for another kind of processor.
pub static WRONG_ARCHITECTURE: Code = code!("LW1021", "wrong-architecture");
/// The module was built for another kernel.
pub static BUILT_FOR_ANOTHER_KERNEL: Code = code!("LW1022", "built-for-another-kernel");
/// The module was stripped of its symbol table.
pub static MODULE_STRIPPED: Code = code!("LW1023", "module-stripped");
/// A part of the module is both writable and executable.
pub static WRITABLE_CODE_SECTION: Code = code!("LW1024", "writable-code-section");
/// The kernel command line forbids this module by name.
pub static NAME_ON_KERNEL_BLOCK_LIST: Code = code!("LW1025", "name-on-kernel-block-list");
/// The module was built against another layout of the kernel.
pub static MODULE_LAYOUT_DIFFERS: Code = code!("LW1026", "module-layout-differs");
/// The module says it was built for another kernel.
pub static VERMAGIC_DIFFERS: Code = code!("LW1027", "vermagic-differs");
/// The module carries no version information and is loaded by force; marked F.
pub static LOADED_BY_FORCE: Code = code!("LW1028", "loaded-by-force");
/// The module carries no version information, and this kernel does not load by force.
pub static FORCED_LOAD_REFUSED: Code = code!("LW1029", "forced-load-refused");
/// A function the module uses has changed in this kernel.
pub static SYMBOL_VERSION_DIFFERS: Code = code!("LW1030", "symbol-version-differs");
/// The module needs a function this kernel does not offer.
pub static UNKNOWN_SYMBOL: Code = code!("LW1031", "unknown-symbol");
/// A module that is not free software uses a function reserved for free software.
pub static FREE_LICENCE_SYMBOL_REFUSED: Code = code!("LW1032", "free-licence-symbol-refused");
/// The module uses a function of a namespace it does not import.
pub static NAMESPACE_NOT_IMPORTED: Code = code!("LW1033", "namespace-not-imported");
/// Another driver already offers a function of the same name.
pub static SYMBOL_ALREADY_EXPORTED: Code = code!("LW1034", "symbol-already-exported");
/// The licence is not a free one; marked P.
pub static PROPRIETARY_LICENCE: Code = code!("LW1035", "proprietary-licence");
/// The module was built outside the kernel tree; marked O.
pub static OUT_OF_TREE: Code = code!("LW1036", "out-of-tree");
/// The driver is from the staging area; marked C.
pub static STAGING_DRIVER: Code = code!("LW1037", "staging-driver");
/// The module is a live patch; marked K.
pub static LIVE_PATCH: Code = code!("LW1038", "live-patch");
/// The module is a live patch, and this kernel takes none.
pub static LIVE_PATCH_UNSUPPORTED: Code = code!("LW1039", "live-patch-unsupported");
/// The module is a test; marked N.
pub static TEST_MODULE: Code = code!("LW1040", "test-module");
/// A driver of that name is built into the kernel.
pub static NAME_TAKEN_BY_BUILT_IN: Code = code!("LW1041", "name-taken-by-built-in");
/// There is nothing in this file for the kernel to read.
pub static NOT_A_READABLE_FILE: Code = code!("LW1042", "not-a-readable-file");
/// The type information in the module is not for this kernel.
pub static TYPE_INFORMATION_DIFFERS: Code = code!("LW1043", "type-information-differs");
/// Loading modules has been switched off.
pub static MODULE_LOADING_DISABLED: Code = code!("LW1044", "module-loading-disabled");
/// The integrity policy wants a file signature of its own.
pub static FILE_SIGNATURE_WANTED: Code = code!("LW1045", "file-signature-wanted");
/// Modules may come from one file system only, and this is another.
pub static LOADPIN_REFUSED: Code = code!("LW1046", "loadpin-refused");
/// Two sections of the module have one name.
pub static SECTION_NAMES_REPEAT: Code = code!("LW1047", "section-names-repeat");
/// The kernel ends when this module brings its cryptography: FIPS mode wants it vouched for.
pub static FIPS_MODE_PANICS: Code = code!("LW1048", "fips-mode-panics");
/// A relocation of the module cannot be applied.
pub static RELOCATION_REFUSED: Code = code!("LW1049", "relocation-refused");
/// Something it depends on will not load.
pub static DEPENDENCY_WILL_NOT_LOAD: Code = code!("LW1050", "dependency-will-not-load");
/// No module of that name is known for this kernel.
pub static MODULE_NOT_IN_INDEX: Code = code!("LW1051", "module-not-in-index");
/// The module index names a file that is not there.
pub static MODULE_FILE_MISSING: Code = code!("LW1052", "module-file-missing");
/// It loads when asked for by name, and will not be loaded automatically.
pub static ON_MODPROBE_BLOCK_LIST: Code = code!("LW1053", "on-modprobe-block-list");
/// A command runs in place of loading it.
pub static INSTALL_COMMAND_REPLACES_LOADING: Code =
    code!("LW1054", "install-command-replaces-loading");
/// Checking its signature needs another module first.
pub static CRYPTO_MODULE_NEEDED_FIRST: Code = code!("LW1055", "crypto-module-needed-first");
/// SUSE does not support the module, and is set to refuse those.
pub static UNSUPPORTED_MODULE_REFUSED: Code = code!("LW1056", "unsupported-module-refused");
/// SUSE does not support the module alone, and marks itself.
pub static MODULE_NOT_SUPPORTED: Code = code!("LW1057", "module-not-supported");
/// A module that is needed is there for the running kernel and not for the next.
pub static MODULE_MISSING_FOR_THIS_KERNEL: Code = code!("LW1101", "module-missing-for-this-kernel");
/// Modules that are there now are not there for the next kernel; nothing asks for them.
pub static MODULES_LEFT_BEHIND: Code = code!("LW1102", "modules-left-behind");
/// The file of a loaded module holds another build.
pub static LOADED_BUILD_NOT_ON_DISK: Code = code!("LW1103", "loaded-build-not-on-disk");
/// A loaded module would be refused if it were loaded again.
pub static LOADED_MODULE_REFUSED_NOW: Code = code!("LW1104", "loaded-module-refused-now");
/// Kernels were installed that this machine has never started.
pub static KERNELS_NEVER_STARTED: Code = code!("LW1105", "kernels-never-started");
/// A device that must be driven is not there.
pub static REQUIRED_DEVICE_ABSENT: Code = code!("LW1106", "required-device-absent");
/// The machine's policy is not what its profile says.
pub static PROFILE_DIFFERS: Code = code!("LW1107", "profile-differs");
/// An exception in the manifest has expired.
pub static EXCEPTION_EXPIRED: Code = code!("LW1108", "exception-expired");
/// None of the firmware that a module names is there.
pub static FIRMWARE_MISSING: Code = code!("LW1201", "firmware-missing");
/// The initramfs holds a module without its firmware.
pub static FIRMWARE_NOT_IN_INITRAMFS: Code = code!("LW1202", "firmware-not-in-initramfs");
/// A parameter is set that this build of the module does not have.
pub static PARAMETER_NOT_KNOWN: Code = code!("LW1203", "parameter-not-known");
/// The programs that use a module are of another version.
pub static USER_LAND_OF_ANOTHER_VERSION: Code = code!("LW1204", "user-land-of-another-version");
/// An installed package lists the module that is missing.
pub static PACKAGE_LISTS_MODULE: Code = code!("LW1205", "package-lists-module");
/// Nobody signed the driver, and this Windows asks for it.
pub static DRIVER_NOT_SIGNED: Code = code!("LW2001", "driver-not-signed");
/// No signature of the driver is for its bytes.
pub static DRIVER_ALTERED: Code = code!("LW2002", "driver-altered");
/// This Windows does not understand the digest of the signature.
pub static DIGEST_NOT_UNDERSTOOD: Code = code!("LW2003", "digest-not-understood");
/// The chain of the signature ends at a root the kernel does not know.
pub static ROOT_NOT_ACCEPTED_BY_KERNEL: Code = code!("LW2004", "root-not-accepted-by-kernel");
/// A public authority's signature lacks the cross-certificate.
pub static CROSS_CERTIFICATE_MISSING: Code = code!("LW2005", "cross-certificate-missing");
/// This Windows asks for a signature of Microsoft's portal.
pub static PORTAL_SIGNATURE_REQUIRED: Code = code!("LW2006", "portal-signature-required");
/// A driver of the boot must carry its signature inside.
pub static BOOT_DRIVER_NEEDS_EMBEDDED_SIGNATURE: Code =
    code!("LW2007", "boot-driver-needs-embedded-signature");
/// The signature ended with its certificate.
pub static LIFETIME_SIGNATURE_EXPIRED: Code = code!("LW2008", "lifetime-signature-expired");
/// The signer's certificate is not for this sort of driver.
pub static SIGNER_LACKS_USAGE: Code = code!("LW2009", "signer-lacks-usage");
/// The revocation list of drivers names it.
pub static DRIVER_REVOKED_BY_LIST: Code = code!("LW2010", "driver-revoked-by-list");
/// The list of vulnerable drivers names it.
pub static DRIVER_ON_BLOCK_LIST: Code = code!("LW2011", "driver-on-block-list");
/// The Windows Driver Policy of 2026 no longer trusts its signer.
pub static WINDOWS_DRIVER_POLICY: Code = code!("LW2012", "windows-driver-policy");
/// An App Control policy does not let it in.
pub static APP_CONTROL_POLICY: Code = code!("LW2013", "app-control-policy");
/// S mode takes drivers of Microsoft's portal alone.
pub static S_MODE: Code = code!("LW2014", "s-mode");
/// The image is not made for memory integrity.
pub static NOT_FOR_MEMORY_INTEGRITY: Code = code!("LW2015", "not-for-memory-integrity");
/// The driver was made for another processor.
pub static DRIVER_FOR_ANOTHER_PROCESSOR: Code = code!("LW2016", "driver-for-another-processor");
/// The file is no image Windows can load.
pub static NOT_A_DRIVER_IMAGE: Code = code!("LW2017", "not-a-driver-image");
/// An attested driver is for Windows 10 and later.
pub static ATTESTATION_NOT_FOR_THIS_WINDOWS: Code =
    code!("LW2018", "attestation-not-for-this-windows");
/// The INF is none that Windows installs.
pub static NOT_AN_INSTALLABLE_INF: Code = code!("LW2030", "not-an-installable-inf");
/// The INF has no models for this system.
pub static NO_MODEL_FOR_THIS_SYSTEM: Code = code!("LW2031", "no-model-for-this-system");
/// The INF names no catalog that is there.
pub static NO_CATALOG: Code = code!("LW2032", "no-catalog");
/// The catalog carries no signature.
pub static CATALOG_NOT_SIGNED: Code = code!("LW2033", "catalog-not-signed");
/// No signature of the catalog holds here.
pub static CATALOG_ALTERED: Code = code!("LW2034", "catalog-altered");
/// The catalog does not list the INF as it is.
pub static INF_NOT_IN_CATALOG: Code = code!("LW2035", "inf-not-in-catalog");
/// The catalog does not list a file as it is.
pub static FILE_NOT_IN_CATALOG: Code = code!("LW2036", "file-not-in-catalog");
/// A file that the INF copies is not there.
pub static PACKAGE_FILE_MISSING: Code = code!("LW2037", "package-file-missing");
/// A certificate between signer and root is missing.
pub static CATALOG_CHAIN_INCOMPLETE: Code = code!("LW2038", "catalog-chain-incomplete");
/// The machine does not trust the root of the catalog's signer.
pub static ROOT_NOT_TRUSTED_BY_MACHINE: Code = code!("LW2039", "root-not-trusted-by-machine");
/// The signer's certificate has expired, and no time stamp helps.
pub static CATALOG_SIGNER_EXPIRED: Code = code!("LW2040", "catalog-signer-expired");
/// The signer's certificate was revoked.
pub static CATALOG_SIGNER_REVOKED: Code = code!("LW2041", "catalog-signer-revoked");
/// The signer's certificate is not for signing code.
pub static CATALOG_SIGNER_USAGE: Code = code!("LW2042", "catalog-signer-usage");
/// The machine distrusts the publisher.
pub static PUBLISHER_DISTRUSTED: Code = code!("LW2043", "publisher-distrusted");
/// The trust state of the account takes listed publishers only.
pub static TRUST_STATE_FORBIDS: Code = code!("LW2044", "trust-state-forbids");
/// This edition takes packages signed by Microsoft only.
pub static EDITION_WANTS_MICROSOFT: Code = code!("LW2045", "edition-wants-microsoft");
/// Nobody is there to say that the publisher is trusted.
pub static PUBLISHER_UNKNOWN: Code = code!("LW2046", "publisher-unknown");
/// Group policy forbids the installation.
pub static INSTALLATION_RESTRICTED: Code = code!("LW2047", "installation-restricted");
/// The catalog is for other versions of Windows.
pub static CATALOG_FOR_OTHER_WINDOWS: Code = code!("LW2048", "catalog-for-other-windows");
/// The certificates in the catalog's signature are not in order.
pub static CATALOG_CERTIFICATES_NOT_SORTED: Code =
    code!("LW2049", "catalog-certificates-not-sorted");
/// Programs lie beside an INF that no INF of the package names.
pub static PACKAGE_FILES_NOT_NAMED: Code = code!("LW2050", "package-files-not-named");
/// Sections for one processor bring a driver for another.
pub static DRIVER_IN_FOREIGN_SECTION: Code = code!("LW2051", "driver-in-foreign-section");
/// `DriverVer` of an INF names a day that has not come.
pub static DRIVER_DATE_AHEAD: Code = code!("LW2052", "driver-date-ahead");
/// A driver of the boot loader carries no signature itself.
pub static BOOT_DRIVER_LEANS_ON_CATALOG: Code = code!("LW2053", "boot-driver-leans-on-catalog");
/// Windows does not take the INF, or does not set up what it says.
pub static INF_WILL_NOT_INSTALL: Code = code!("LW2070", "inf-will-not-install");
/// The INF installs, and a line of it is not done as written.
pub static INF_LINE_NOT_DONE: Code = code!("LW2071", "inf-line-not-done");
/// The INF installs, and the hardware portal objects to it.
pub static INF_OBJECTED_TO: Code = code!("LW2072", "inf-objected-to");
/// A boot image carries no signature.
pub static BOOT_IMAGE_NOT_SIGNED: Code = code!("LW3001", "boot-image-not-signed");
/// No list leads to the signer of a boot image.
pub static BOOT_IMAGE_SIGNER_NOT_TRUSTED: Code = code!("LW3002", "boot-image-signer-not-trusted");
/// The digest of a boot image is on a deny list.
pub static BOOT_IMAGE_DENIED: Code = code!("LW3003", "boot-image-denied");
/// The signer of a boot image is on a deny list.
pub static BOOT_IMAGE_SIGNER_DENIED: Code = code!("LW3004", "boot-image-signer-denied");
/// No signature of a boot image is for its bytes.
pub static BOOT_IMAGE_ALTERED: Code = code!("LW3005", "boot-image-altered");
/// The signer of a boot image may sign modules alone.
pub static BOOT_IMAGE_SIGNER_FOR_MODULES: Code = code!("LW3006", "boot-image-signer-for-modules");
/// A boot image is of a revoked generation.
pub static SBAT_GENERATION_REVOKED: Code = code!("LW3007", "sbat-generation-revoked");
/// A boot loader carries no generation.
pub static SBAT_MISSING: Code = code!("LW3008", "sbat-missing");
/// A boot image does not say that it runs without writable code.
pub static BOOT_IMAGE_NEEDS_WRITABLE_CODE: Code = code!("LW3009", "boot-image-needs-writable-code");
/// The parts of a boot image do not fit together.
pub static BOOT_IMAGE_DAMAGED: Code = code!("LW3010", "boot-image-damaged");
/// A boot image is not where it is looked for.
pub static BOOT_IMAGE_MISSING: Code = code!("LW3011", "boot-image-missing");
/// A part of the boot chain could not be judged.
pub static BOOT_CHAIN_NOT_JUDGED: Code = code!("LW3012", "boot-chain-not-judged");
/// The authority that signs new boot loaders is not in db.
pub static NEW_AUTHORITY_NOT_TRUSTED: Code = code!("LW3013", "new-authority-not-trusted");
/// No older kernel is a way back.
pub static NO_WAY_BACK: Code = code!("LW3020", "no-way-back");
/// Image or initial file system of an older kernel are not there.
pub static OLDER_KERNEL_INCOMPLETE: Code = code!("LW3021", "older-kernel-incomplete");
/// An older kernel has no module for what the host needs.
pub static OLDER_KERNEL_LACKS_A_DRIVER: Code = code!("LW3022", "older-kernel-lacks-a-driver");
/// No boot-loader entry starts an older kernel, or it has no boots left.
pub static OLDER_KERNEL_HAS_NO_ENTRY: Code = code!("LW3023", "older-kernel-has-no-entry");
/// An older kernel can be chosen at the keyboard alone.
pub static OLDER_KERNEL_NEEDS_A_KEYBOARD: Code = code!("LW3024", "older-kernel-needs-a-keyboard");
/// Firmware, shim or boot loader would not let an older kernel in.
pub static OLDER_KERNEL_REFUSED: Code = code!("LW3025", "older-kernel-refused");
/// The next boot asks a person before it goes on.
pub static REQUEST_WAITS_FOR_A_PERSON: Code = code!("LW3026", "request-waits-for-a-person");
/// A kernel that hangs does not start the machine anew.
pub static HUNG_KERNEL_STAYS: Code = code!("LW3027", "hung-kernel-stays");
/// One more kernel does not fit where kernels lie.
pub static NO_ROOM_FOR_A_KERNEL: Code = code!("LW3028", "no-room-for-a-kernel");
/// One more variable does not fit into the firmware.
pub static NO_ROOM_FOR_A_VARIABLE: Code = code!("LW3029", "no-room-for-a-variable");
/// A node of a cluster reboots without regard for the others.
pub static NODE_REBOOTS_BY_ITSELF: Code = code!("LW3030", "node-reboots-by-itself");
/// An update of the deny list lies ready.
pub static DENY_LIST_WAITS: Code = code!("LW3031", "deny-list-waits");
/// The package manager removes the kernel that would be the way back.
pub static OLDER_KERNEL_WILL_BE_REMOVED: Code = code!("LW3032", "older-kernel-will-be-removed");
/// Fewer older kernels are a way back than the owner wants.
pub static FEWER_WAYS_BACK: Code = code!("LW3033", "fewer-ways-back");
/// Too many nodes of a cluster would not come back from the next boot.
pub static CLUSTER_NOT_BROUGHT_BACK: Code = code!("LW3034", "cluster-not-brought-back");
/// Too many nodes of a cluster have no older kernel to go back to.
pub static CLUSTER_WITHOUT_WAY_BACK: Code = code!("LW3035", "cluster-without-way-back");
/// More nodes of a cluster reboot by themselves than may be down at once.
pub static CLUSTER_REBOOTS_IN_ONE_WAVE: Code = code!("LW3036", "cluster-reboots-in-one-wave");
/// There is no initramfs for this kernel.
pub static INITRAMFS_MISSING: Code = code!("LW3101", "initramfs-missing");
/// The initramfs is cut off or damaged.
pub static INITRAMFS_DAMAGED: Code = code!("LW3102", "initramfs-damaged");
/// The kernel cannot unpack the initramfs.
pub static INITRAMFS_NOT_UNPACKED: Code = code!("LW3103", "initramfs-not-unpacked");
/// The initramfs was made for another kernel.
pub static INITRAMFS_FOR_ANOTHER_KERNEL: Code = code!("LW3104", "initramfs-for-another-kernel");
/// The initramfs lacks a module that the root file system needs.
pub static INITRAMFS_LACKS_MODULE: Code = code!("LW3105", "initramfs-lacks-module");
/// The copy of a module in the initramfs will not load.
pub static INITRAMFS_COPY_REFUSED: Code = code!("LW3106", "initramfs-copy-refused");
/// The initramfs is configured not to load a module that the root needs.
pub static INITRAMFS_BLOCKS_MODULE: Code = code!("LW3107", "initramfs-blocks-module");
/// The initramfs holds another build of a module.
pub static INITRAMFS_COPY_DIFFERS: Code = code!("LW3108", "initramfs-copy-differs");
/// The initramfs of the kernel that starts after a crash cannot be used.
pub static CRASH_INITRAMFS_DOES_NOT_DO: Code = code!("LW3109", "crash-initramfs-does-not-do");
/// The initramfs holds a module of the same build without its signature, or with another one.
pub static INITRAMFS_COPY_SIGNED_OTHERWISE: Code =
    code!("LW3110", "initramfs-copy-signed-otherwise");
/// The certificate has no subject key identifier.
pub static KEY_WITHOUT_IDENTIFIER: Code = code!("LW4101", "key-without-identifier");
/// Key usage of the certificate does not allow signatures.
pub static KEY_USAGE_WITHOUT_SIGNING: Code = code!("LW4102", "key-usage-without-signing");
/// Whoever has this key can sign boot images, too.
pub static KEY_SIGNS_BOOT_IMAGES: Code = code!("LW4103", "key-signs-boot-images");
/// This kernel keeps the key out of its machine keyring.
pub static KEY_NOT_FOR_MACHINE_KEYRING: Code = code!("LW4104", "key-not-for-machine-keyring");
/// The key can issue certificates that the kernel trusts as well.
pub static KEY_MAY_ISSUE: Code = code!("LW4105", "key-may-issue");
/// The key is shorter than it should be.
pub static KEY_SHORT: Code = code!("LW4106", "key-short");
/// This kernel cannot verify signatures by this kind of key.
pub static KEY_ALGORITHM_NOT_VERIFIED: Code = code!("LW4107", "key-algorithm-not-verified");
/// The certificate's validity has ended, ends soon, or has not begun.
pub static KEY_VALIDITY: Code = code!("LW4108", "key-validity");
/// Two different keys have the same issuer and serial number.
pub static KEYS_SHARE_NAME_AND_NUMBER: Code = code!("LW4109", "keys-share-name-and-number");
/// A key of another environment is trusted here.
pub static KEY_FOREIGN: Code = code!("LW4110", "key-foreign");
/// A file to be signed, or to sign with, cannot be read or written.
pub static SIGN_FILE: Code = code!("LW5001", "sign-file-not-read");
/// Everybody may read the private key.
pub static SIGN_KEY_EXPOSED: Code = code!("LW5002", "sign-key-exposed");
/// The key is locked, and nothing was given to open it with.
pub static SIGN_KEY_LOCKED: Code = code!("LW5003", "sign-key-locked");
/// The passphrase or PIN does not open the key.
pub static SIGN_PASSPHRASE_WRONG: Code = code!("LW5004", "sign-passphrase-wrong");
/// What was named as a key cannot be used as one.
pub static SIGN_KEY: Code = code!("LW5005", "sign-key-not-usable");
/// What was named as a certificate cannot be used as one.
pub static SIGN_CERTIFICATE: Code = code!("LW5006", "sign-certificate-not-usable");
/// The private key is not the one the certificate is about.
pub static SIGN_MISMATCH: Code = code!("LW5007", "sign-key-of-another-certificate");
/// This kind of key does not sign that digest here.
pub static SIGN_DIGEST: Code = code!("LW5008", "sign-digest-not-for-key");
/// The key did not sign.
pub static SIGN_FAILED: Code = code!("LW5009", "sign-failed");
/// No authority gave a time-stamp that holds.
pub static SIGN_NO_TIME_STAMP: Code = code!("LW5010", "sign-no-time-stamp");
/// The file is nothing that is signed here, or is not in order.
pub static SIGN_INPUT: Code = code!("LW5011", "sign-nothing-to-sign");
/// The module carries no signature, and this kernel insists on one.
pub static CAUSE_MODULE_UNSIGNED: Code = code!("LW6001", "module-unsigned");
/// The module is signed, and this machine does not trust the key.
pub static CAUSE_KEY_NOT_ENROLLED: Code = code!("LW6002", "key-not-enrolled");
/// A key is enrolled, and another one made the signature.
pub static CAUSE_WRONG_KEY_ENROLLED: Code = code!("LW6003", "wrong-key-enrolled");
/// The key is enrolled, in a keyring that this kernel does not ask about modules.
pub static CAUSE_KEYRING_NOT_CONSULTED: Code = code!("LW6004", "keyring-not-consulted");
/// The build was to sign the module, and that step failed.
pub static CAUSE_SIGNING_STEP_FAILED: Code = code!("LW6005", "signing-step-failed");
/// The module was signed, and a later step took the signature off.
pub static CAUSE_SIGNATURE_STRIPPED: Code = code!("LW6006", "signature-stripped");
/// The enrolment was asked for and never confirmed.
pub static CAUSE_MOK_ENROLMENT_INCOMPLETE: Code = code!("LW6007", "mok-enrolment-incomplete");
/// The machine does not start through shim, so enrolment requests reach nobody.
pub static CAUSE_NO_SHIM_IN_BOOT_CHAIN: Code = code!("LW6008", "no-shim-in-boot-chain");
/// Signatures are enforced while Secure Boot is off, so owner's keys are not loaded.
pub static CAUSE_LOCKDOWN_WITHOUT_SECURE_BOOT: Code =
    code!("LW6009", "lockdown-without-secure-boot");
/// SELinux denies the load; the signature is not the reason.
pub static CAUSE_SELINUX_DENIES_MODULE_LOAD: Code = code!("LW6010", "selinux-denies-module-load");
/// SELinux keeps the loader from the keyrings: a good signature cannot be checked.
pub static CAUSE_SELINUX_DENIES_KEY_SEARCH: Code = code!("LW6011", "selinux-denies-key-search");
/// The line is a notice; the module loaded.
pub static CAUSE_TAINT_MESSAGE_ONLY: Code = code!("LW6012", "taint-message-only");
/// Something else stopped the driver; this is not a signature problem.
pub static CAUSE_NOT_A_SIGNATURE_PROBLEM: Code = code!("LW6013", "not-a-signature-problem");
/// It was refused for a moment and loaded afterwards.
pub static CAUSE_TRANSIENT_ORDERING: Code = code!("LW6014", "transient-ordering");
/// What was seen is the normal state.
pub static CAUSE_NOT_A_FAULT: Code = code!("LW6015", "not-a-fault");
/// The tool that reports a block could not look; nothing is known to be blocked.
pub static CAUSE_CHECKING_TOOL_FAILED: Code = code!("LW6016", "checking-tool-failed");
/// Published rules contradict each other here.
pub static CAUSE_DOCUMENTATION_DISAGREES: Code = code!("LW6017", "documentation-disagrees");
/// A boot component is of a generation that is no longer accepted.
pub static CAUSE_SBAT_REVOKED: Code = code!("LW6018", "sbat-revoked");
/// A boot component carries no .sbat section, which shim insists on.
pub static CAUSE_SBAT_MISSING: Code = code!("LW6019", "sbat-section-missing");
/// An image is on the deny list, or will be after the update.
pub static CAUSE_DBX_BLOCKS_IMAGE: Code = code!("LW6020", "dbx-blocks-image");
/// The evidence fits several causes.
pub static CAUSE_NOT_ENOUGH_EVIDENCE: Code = code!("LW6021", "not-enough-evidence");
/// A cross-signed driver meets a Windows that wants the portal's signature.
pub static CAUSE_CROSS_SIGNED_NEEDS_WHQL: Code = code!("LW6022", "cause-cross-signed-needs-whql");
/// The Windows Driver Policy no longer trusts cross-signed drivers.
pub static CAUSE_WINDOWS_DRIVER_POLICY: Code = code!("LW6023", "cause-windows-driver-policy-2026");
/// The driver or its signer is on a block list of Microsoft.
pub static CAUSE_DRIVER_BLOCKLISTED: Code = code!("LW6024", "cause-driver-blocklisted");
/// Memory integrity refuses the driver for how it is built.
pub static CAUSE_HVCI_INCOMPATIBLE: Code = code!("LW6025", "cause-hvci-incompatible");
/// A policy of App Control judged the file.
pub static CAUSE_APP_CONTROL_POLICY: Code = code!("LW6026", "cause-app-control-policy");
/// It is signed by a test or private certificate that this machine does not trust.
pub static CAUSE_TEST_CERTIFICATE_UNTRUSTED: Code =
    code!("LW6027", "cause-test-certificate-untrusted");
/// The driver is signed for testing, and test mode is not in effect.
pub static CAUSE_TESTSIGNING_NOT_ACTIVE: Code = code!("LW6028", "cause-testsigning-not-active");
/// The catalog is validly signed; its publisher is not accepted for this install.
pub static CAUSE_PUBLISHER_NOT_TRUSTED: Code = code!("LW6029", "cause-publisher-not-trusted");
/// This Windows does not understand SHA-256 signatures yet.
pub static CAUSE_SHA2_NOT_SUPPORTED: Code = code!("LW6030", "cause-sha2-not-supported");
/// The file's set of signatures is one that the older system cannot use.
pub static CAUSE_BAD_DUAL_SIGNATURE: Code = code!("LW6031", "cause-bad-dual-signature");
/// Line ends were converted after signing: the INF no longer matches its catalog.
pub static CAUSE_CATALOG_HASH_LINE_ENDINGS: Code =
    code!("LW6032", "cause-catalog-hash-line-endings");
/// A file was changed after the catalog was made.
pub static CAUSE_CATALOG_HASH_FILE_EDITED: Code = code!("LW6033", "cause-catalog-hash-file-edited");
/// The catalog carries no signature.
pub static CAUSE_CATALOG_UNSIGNED: Code = code!("LW6034", "cause-catalog-unsigned");
/// The package has no catalog, or nothing in it is signed.
pub static CAUSE_PACKAGE_UNSIGNED: Code = code!("LW6035", "cause-package-unsigned");
/// The INF is not acceptable for packaging or installation.
pub static CAUSE_INF_INVALID: Code = code!("LW6036", "cause-inf-invalid");
/// A kernel is held back.
pub static KERNEL_HELD_BACK: Code = code!("LW7001", "kernel-held-back");
/// A kernel has been held back for too long.
pub static KERNEL_HELD_BACK_TOO_LONG: Code = code!("LW7002", "kernel-held-back-too-long");
/// Somebody opened the gate.
pub static OVERRIDE_OPEN: Code = code!("LW7003", "override-open");
/// An override has expired.
pub static OVERRIDE_EXPIRED: Code = code!("LW7004", "override-expired");
/// The platform demands less than before, and nobody said why.
pub static POLICY_WEAKER_THAN_BEFORE: Code = code!("LW7005", "policy-weaker-than-before");
/// The ledger of the gate does not hold.
pub static LEDGER_NOT_SOUND: Code = code!("LW7006", "ledger-not-sound");
/// A boot went otherwise than was foretold.
pub static BOOT_WENT_OTHERWISE: Code = code!("LW7007", "boot-went-otherwise");
/// No other kernel could be made the default.
pub static NO_OTHER_KERNEL_FOR_THE_DEFAULT: Code =
    code!("LW7008", "no-other-kernel-for-the-default");
/// Files of the gate are not as they were written.
pub static GATE_FILES_CHANGED: Code = code!("LW7009", "gate-files-changed");
/// A build or an enrolment under way decides the verdict.
pub static VERDICT_PENDING: Code = code!("LW7010", "verdict-pending");
/// The boot of a kernel on trial failed.
pub static TRIAL_FAILED: Code = code!("LW7011", "trial-failed");
/// A driver that must be loaded is not.
pub static DRIVER_NOT_LOADED: Code = code!("LW7101", "driver-not-loaded");
/// A device is gone, or has no driver.
pub static DEVICE_NOT_DRIVEN: Code = code!("LW7102", "device-not-driven");
/// Paths to a disk do not answer.
pub static PATHS_MISSING: Code = code!("LW7103", "paths-missing");
/// A file system is not mounted, or cannot be written any more.
pub static FILE_SYSTEM_NOT_MOUNTED: Code = code!("LW7104", "file-system-not-mounted");
/// A unit is not active.
pub static UNIT_NOT_ACTIVE: Code = code!("LW7105", "unit-not-active");
/// A network interface is gone or down.
pub static INTERFACE_NOT_UP: Code = code!("LW7106", "interface-not-up");
/// A network interface has another name than before.
pub static INTERFACE_NAME_CHANGED: Code = code!("LW7107", "interface-name-changed");
/// Members of a bond are down.
pub static BOND_LACKS_MEMBERS: Code = code!("LW7108", "bond-lacks-members");
/// A link is slower or narrower than before.
pub static LINK_SLOWER_THAN_BEFORE: Code = code!("LW7109", "link-slower-than-before");
