//! What the processor that this runs on does in hardware.

/// Whether it has instructions of its own for SHA-256, whose rounds wait for each other: then two digests made
/// in turns take less time than one after the other.
#[must_use]
pub fn has_sha256() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    false
}
