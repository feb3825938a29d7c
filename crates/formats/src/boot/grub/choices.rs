//! A menu and what its entries lead to.

/// A menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// Its entries, in order.
    pub choices: Vec<Choice>,
    /// `default`, as the script leaves it; `None`: it depends on what cannot be told.
    pub default: Option<String>,
    /// Whether `default` is a wish for one boot alone.
    pub once: bool,
    /// Whether the menu takes entries of the Boot Loader Specification in.
    pub takes_snippets: bool,
    /// What could not be followed, in the script's own words.
    pub doubts: Vec<String>,
}

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its title.
    pub title: String,
    /// Its identifier; the title where it has none.
    pub id: String,
    /// Whether it is there whatever cannot be told.
    pub sure: bool,
    /// What it leads to.
    pub leads: Leads,
}

/// What an entry leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Another menu.
    Menu(Menu),
    /// A kernel.
    Kernel(Boot),
    /// Another boot loader, firmware set-up, another configuration; in the script's words.
    Elsewhere(String),
}

/// How a kernel is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The image, as the script names it: `/vmlinuz-6.1.0-9-amd64`.
    pub kernel: String,
    /// Its command line.
    pub options: String,
    /// What is loaded with it, in order.
    pub initrds: Vec<String>,
    /// Whether all of this is known.
    pub sure: bool,
}
