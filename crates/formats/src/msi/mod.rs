//! Windows Installer packages: which files they install, and where those lie inside.
//!
//! The container (compound file) is read by a crate; the tables in it are read here, and only those
//! that say where files are. Sources: `[MS-CFB]`; Windows Installer documentation, "Database Tables";
//! Wine 10 `dlls/msi/table.c` and `string.c` for the layout of tables and of the string pool.

pub mod database;
pub mod installer;
#[cfg(test)]
mod tests;
