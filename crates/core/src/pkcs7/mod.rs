//! What Linux does with a module's PKCS#7 signature and with certificates: errno and log lines.
//!
//! The rules are the kernel's, step by step and in its order, since the first step that fails
//! decides the errno and everything before it may have printed. What depends on the machine is
//! asked through [`kernel::Kernel`]; what depends on the version is a [`dialect::Dialect`]. This
//! room must not know where keys come from nor what a refusal means for loading.
//! Sources: Linux `crypto/asymmetric_keys/`, `certs/system_keyring.c`, `kernel/module/signing.c`,
//! `kernel/module_signature.c`, `lib/oid_registry.c`.

pub mod dialect;
pub mod failure;
pub mod remark;
pub mod kernel;
mod signature;
mod fields;
pub mod certificate;
mod message;
mod verify;
mod trust;
pub mod module;

#[cfg(test)]
mod samples;
