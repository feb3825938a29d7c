//! A folder as a subject of a Linux machine: each module in it for itself. What is of Windows is judged on a
//! platform that is named.

use std::path::Path;

use loadworthy_collect::gather::windows::files::has_extension;
use loadworthy_collect::views::caller;
use loadworthy_formats::kernel::name::is_module;
use loadworthy_formats::limits::Limits;

use crate::request::Trouble;
use crate::with::files_in;

/// Endings of what is of Windows and judged as such.
const OF_WINDOWS: [&str; 5] = ["inf", "sys", "cat", "cab", "msi"];

/// The modules below the folder `named`, in order.
///
/// # Errors
/// Where there is none, or too much.
pub(crate) fn modules(named: &str, limits: &Limits) -> Result<Vec<String>, Trouble> {
    let open = |problem: String| Trouble::Open { path: named.to_owned(), problem };
    let files = files_in(Path::new(named), limits).map_err(|e| open(e.to_string()))?;
    let files: Vec<_> = files.iter().map(|path| path.to_string_lossy()).collect();
    let modules = files.iter().filter(|path| is_module(path.as_bytes()));
    let modules: Vec<_> = modules.map(|path| path.clone().into_owned()).collect();
    match () {
        () if !modules.is_empty() => Ok(modules),
        () if files.iter().any(|path| ends_as_of_windows(Path::new(&**path))) => {
            Err(of_windows(named))
        }
        () => Err(open("a folder without a module, and nothing is mounted there".to_owned())),
    }
}

/// That a file is of Windows, by its name; an ELF file is a module, whatever it is called.
pub(crate) fn not_of_windows(named: &str) -> Result<(), Trouble> {
    match ends_as_of_windows(Path::new(named))
        && caller::beginning(Path::new(named), 4) != *b"\x7fELF"
    {
        true => Err(of_windows(named)),
        false => Ok(()),
    }
}

/// Whether a file of this name is one of a package of Windows.
pub(crate) fn ends_as_of_windows(path: &Path) -> bool {
    OF_WINDOWS.iter().any(|e| has_extension(&path.to_string_lossy(), e))
}

fn of_windows(named: &str) -> Trouble {
    let problem = "is of Windows: name a platform (--on windows-11-24h2; --on list names them) or \
                   ask for all of them (--matrix)";
    Trouble::Open { path: named.to_owned(), problem: problem.to_owned() }
}
