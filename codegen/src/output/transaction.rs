//! Changes of several files, all or none.
//!
//! New texts are written to a staging folder first. Then each file that is replaced or removed is
//! moved there, and the new one takes its place; whatever fails, every move is undone in reverse.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::at;

/// Below the output folder, so that moves do not cross file systems.
const STAGING: &str = ".codegen-staging";

pub(super) struct Transaction<'a> {
    dir: &'a Path,
    staging: PathBuf,
    undo: Vec<Undo>,
}

/// How to take one step back.
enum Undo {
    Move { from: PathBuf, to: PathBuf },
    RemoveFolder(PathBuf),
}

impl<'a> Transaction<'a> {
    pub(super) fn new(dir: &'a Path) -> Self {
        Self { dir, staging: dir.join(STAGING), undo: Vec::new() }
    }

    /// Writes `changed` and removes `orphans`.
    pub(super) fn apply(&mut self, changed: &[(&str, &str)], orphans: &[String]) -> io::Result<()> {
        // Of a run that was killed; its texts are made anew.
        remove_folder(&self.staging)?;
        self.create_folder(self.dir)?;
        fs::create_dir(&self.staging).map_err(|error| at(&self.staging, &error))?;
        for (index, (_, text)) in changed.iter().enumerate() {
            let path = self.staged(index);
            fs::write(&path, text).map_err(|error| at(&path, &error))?;
        }
        for (index, path) in orphans.iter().enumerate() {
            self.take_away(&self.dir.join(path), &format!("orphan-{index}"))?;
        }
        for (index, (path, _)) in changed.iter().enumerate() {
            let path = self.dir.join(path);
            if let Some(folder) = path.parent() {
                self.create_folder(folder)?;
            }
            if path.exists() {
                self.take_away(&path, &format!("old-{index}"))?;
            }
            self.rename(self.staged(index), path)?;
        }
        // Folders that held nothing but orphans.
        for folder in orphans.iter().filter_map(|path| Path::new(path).parent()) {
            let _ = fs::remove_dir(self.dir.join(folder));
        }
        Ok(())
    }

    /// Cleans up after `done`, and undoes everything if it failed.
    pub(super) fn end(mut self, done: io::Result<()>) -> io::Result<()> {
        let Err(error) = done else { return remove_folder(&self.staging) };
        match self.undo() {
            Ok(()) => Err(error),
            Err(second) => {
                let staging = self.staging.display();
                let message = format!("{error}; undoing failed: {second}; what was replaced is in {staging}");
                Err(io::Error::new(error.kind(), message))
            }
        }
    }

    fn undo(&mut self) -> io::Result<()> {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Move { from, to } => fs::rename(&from, &to).map_err(|error| at(&to, &error))?,
                Undo::RemoveFolder(folder) => {
                    // Every move out of the staging folder came after this folder was made.
                    if self.staging.starts_with(&folder) {
                        remove_folder(&self.staging)?;
                    }
                    fs::remove_dir(&folder).map_err(|error| at(&folder, &error))?;
                }
            }
        }
        remove_folder(&self.staging)
    }

    /// Where a new text waits.
    fn staged(&self, index: usize) -> PathBuf {
        self.staging.join(format!("new-{index}"))
    }

    fn take_away(&mut self, path: &Path, name: &str) -> io::Result<()> {
        self.rename(path.to_owned(), self.staging.join(name))
    }

    fn rename(&mut self, from: PathBuf, to: PathBuf) -> io::Result<()> {
        fs::rename(&from, &to).map_err(|error| at(&to, &error))?;
        self.undo.push(Undo::Move { from: to, to: from });
        Ok(())
    }

    /// Creates a folder and those above it that are missing.
    fn create_folder(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).map_err(|error| at(folder, &error))?;
            self.undo.push(Undo::RemoveFolder(folder.to_owned()));
        }
        Ok(())
    }
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path, &error)),
        _ => Ok(()),
    }
}
