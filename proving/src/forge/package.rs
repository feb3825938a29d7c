//! Writes `.deb` packages (deb(5), POSIX ustar), so small that nothing in them is packed.

/// A package of files, each with its path below `/`; those below `DEBIAN` are for the package manager, as
/// `dpkg-deb --build` takes them.
#[must_use]
pub fn deb(name: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n\
         Description: forged\n"
    );
    let own = files
        .iter()
        .filter_map(|(path, data)| Some((path.strip_prefix("DEBIAN/")?.to_owned(), data.clone())));
    let control: Vec<_> =
        [("control".to_owned(), control.into_bytes())].into_iter().chain(own).collect();
    let control = tar(&control);
    let files: Vec<_> =
        files.iter().filter(|(path, _)| !path.starts_with("DEBIAN/")).cloned().collect();
    let mut out = b"!<arch>\n".to_vec();
    for (name, data) in
        [("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", tar(&files))]
    {
        let size = data.len();
        out.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100_644).bytes(),
        );
        out.extend(data);
        out.resize(out.len().next_multiple_of(2), b'\n');
    }
    out
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, data) in files {
        let path = format!("./{path}");
        let mut header = vec![0; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}
