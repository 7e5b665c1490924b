//! Files that a command is asked to write once it is done.
//!
//! Answers for: telling before it begins that one cannot be written. Never writes what belongs in it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use nix::unistd::{AccessFlags, access};

/// Whether a file can be written; none is left behind where there was none, and what is in one stays as it is.
pub(super) fn is_writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => File::options().write(true).open(path).map(drop),
        // To open a pipe is to meet its reader, who would take that for all there is.
        Ok(_) => access(path, AccessFlags::W_OK).map_err(io::Error::from),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            File::options().write(true).create(true).truncate(false).open(path)?;
            // Where the path is a link to nothing, what was made is what it leads to.
            fs::remove_file(fs::canonicalize(path)?)
        }
        Err(error) => Err(error),
    }
}
