//! A pack as one file: a tar archive, compressed by Zstandard.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

/// zstd's usual level: lines of a log shrink tenfold at it, faster than most disks write.
const LEVEL: i32 = 3;

/// Writes a directory's files into an archive, which must not be there yet.
///
/// # Errors
/// As the system reports them.
pub fn compress(directory: &Path, archive: &Path) -> std::io::Result<()> {
    let out = BufWriter::new(File::create_new(archive)?);
    let mut builder = tar::Builder::new(zstd::Encoder::new(out, LEVEL)?);
    builder.mode(tar::HeaderMode::Deterministic);
    let name = archive.file_name().map(|name| name.to_string_lossy().replace(".tar.zst", "")).unwrap_or_default();
    builder.append_dir_all(name, directory)?;
    let mut out = builder.into_inner()?.finish()?;
    std::io::Write::flush(&mut out)?;
    out.get_ref().sync_all()
}

/// Unpacks an archive into an empty directory, without its leading directory; nothing is written elsewhere.
///
/// # Errors
/// As the system reports them, and when the archive holds what a pack does not.
pub fn unpack(archive: &Path, directory: &Path) -> std::io::Result<()> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(BufReader::new(File::open(archive)?))?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let inner: std::path::PathBuf = path.components().skip(1).collect();
        let plain = inner.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        match entry.header().entry_type() {
            tar::EntryType::Directory => {}
            tar::EntryType::Regular if plain => {
                let target = directory.join(inner);
                target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                std::io::copy(&mut entry, &mut File::create_new(target)?)?;
            }
            _ => return Err(std::io::Error::other(format!("`{}` does not belong into a pack", path.display()))),
        }
    }
    Ok(())
}
