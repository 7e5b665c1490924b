//! Where the runs of a bench leave their files.
//!
//! Answers for: one folder, below that of what is built, that is there for as long as the bench is, whether it ends,
//! fails or is killed. A shell that reads from the bench removes it at the end of what it reads.

use std::io::Result;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The ending of the files, which says how they are written.
const ENDING: &str = "trace";

/// A folder for the files of one run at a time.
pub(crate) struct Folder {
    path: PathBuf,
    remover: Child,
}

impl Folder {
    pub(crate) fn new(bench: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{bench}-{}", std::process::id()));
        let mut remover = Command::new("sh");
        let remover = remover.args(["-c", "cat > /dev/null; rm -rf -- \"$0\""]).arg(&path);
        // An interrupt from the keyboard goes to all of a group.
        let remover = remover.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let folder = Self { path, remover };
        std::fs::create_dir_all(&folder.path)?;
        Ok(folder)
    }

    /// Where the next run is recorded. What the last one recorded is gone.
    pub(crate) fn file(&self) -> PathBuf {
        let file = self.path.join("run").with_extension(ENDING);
        let _ = std::fs::remove_file(&file);
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Waiting closes what it reads.
        let _ = self.remover.wait();
    }
}
