//! GRUB: the environment block, the script language, and the menu that a script makes.
//!
//! Sources: GRUB manual 2.12, *Writing full configuration files directly* and *Environment block*;
//! GRUB `script/yylex.l`, `script/parser.y`, `script/execute.c`, `lib/envblk.c`.

pub mod environment;
mod words;
pub mod script;
mod values;
mod conditions;
pub mod choices;
pub mod snippets;
mod options;
pub mod menu;
mod import;
mod commands;
#[cfg(test)]
mod tests;
