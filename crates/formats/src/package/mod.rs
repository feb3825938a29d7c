//! Software packages of Linux distributions: what they would put where.
//!
//! Holds the forms `.deb` and `.rpm`, read from front to back; it must not know what the files mean, and
//! nothing in a package is ever executed. A member's path is as the package has it: whoever lays it over
//! something keeps it below its root.
//!
//! The forms around the files (`ar`, `tar`, the header of RPM) are read here, because the crates for them keep
//! whole members and names of any length in memory, write to file systems, or bring signature checking along.
//!
//! Sources: deb(5), deb-control(5), ar(5); POSIX.1-2017 `pax`, *ustar Interchange Format*; GNU tar manual,
//! *Basic Tar Format*; RPM 4.18 and 6, `docs/manual/format_{lead,header,payload}.md`.

pub mod member;
mod tar;
mod deb;
mod rpm;
pub mod form;
