//! Certificate trust lists: catalogs of files, and lists of certificates.
//!
//! A catalog names files by digest; its signature makes it count. Which file it covers and whether the
//! signature holds is for others to say.
//!
//! Sources: Microsoft *Certificate Trust List Profile* ([MS-CAESO] 4.4.5.3.1); `makecat` and `wincrypt.h`
//! for catalogs; layout as Inf2Cat and the hardware portal write it.

pub mod member;
pub mod definition;
pub mod list;
pub mod write;
