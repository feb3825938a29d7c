//! A caller's Windows files → facts: drivers, catalogs, and packages as one system takes them apart.

pub mod files;
pub mod volume;
pub mod signature;
pub mod driver;
pub mod package;
pub mod oddities;
pub mod policy;
