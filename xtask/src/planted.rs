//! `cargo xtask planted`: whether the tests find bugs that are planted on purpose.
//!
//! The bugs are replacements of texts, in lists below `tests/planted/`. Each is applied to a copy of
//! the repository below the target folder; then the tests that the list names must fail.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

/// A test that takes longer has found the bug: it hangs.
const PATIENCE: Duration = Duration::from_secs(900);

/// Bugs, and the tests that must find them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: String,
    /// Arguments of `cargo test`, one line for each run.
    tests: Vec<String>,
    #[serde(rename = "bug")]
    bugs: Vec<Bug>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    name: String,
    /// What is not true any more.
    breaks: String,
    file: PathBuf,
    /// Occurs once in the file.
    find: String,
    replace: String,
    /// Takes the place of the list's tests.
    tests: Option<Vec<String>>,
}

impl List {
    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

impl Bug {
    /// The text of its file, before and after.
    fn texts(&self, root: &Path) -> Result<(String, String), Box<dyn Error>> {
        let text = fs::read_to_string(root.join(&self.file))
            .map_err(|error| format!("{}: {}: {error}", self.name, self.file.display()))?;
        match text.matches(&self.find).count() {
            1 if self.find == self.replace => Err(format!("{}: it changes nothing", self.name).into()),
            1 => {
                let changed = text.replacen(&self.find, &self.replace, 1);
                Ok((text, changed))
            }
            count => {
                let file = self.file.display();
                Err(format!("{}: what it replaces occurs {count} times in {file}", self.name).into())
            }
        }
    }
}

/// Plants one bug after the other, and prints what finds it.
pub(crate) fn run(root: &Path, list: &str, only: &str) -> Result<ExitCode, Box<dyn Error>> {
    let list = List::read(&root.join("tests/planted").join(format!("{list}.toml")))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let copy = Copy::make(root, &std::path::absolute(target)?.join("planted"))?;
    match copy.test(&list.package, &list.tests)? {
        Outcome::Missed => {}
        Outcome::Found(by) => return Err(format!("without any planted bug these tests fail: {by}").into()),
        Outcome::Broken(output) => return Err(format!("it does not compile:\n{output}").into()),
    }
    println!("| planted bug | what it breaks | found by | seconds |\n|---|---|---|---|");
    let mut missed = 0_u32;
    for bug in list.bugs.iter().filter(|bug| bug.name.contains(only)) {
        let began = Instant::now();
        let outcome = copy.plant(&list, bug)?;
        let seconds = began.elapsed().as_secs();
        let by = match &outcome {
            Outcome::Found(by) => by,
            Outcome::Missed => "**nothing**",
            Outcome::Broken(output) => {
                eprintln!("{output}");
                "**it does not compile**"
            }
        };
        if !matches!(outcome, Outcome::Found(_)) {
            missed = missed.saturating_add(1);
        }
        println!("| {} | {} | {by} | {seconds} |", bug.name, bug.breaks);
    }
    if missed > 0 {
        eprintln!("{missed} planted bugs are not found");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

enum Outcome {
    /// The tests that failed.
    Found(String),
    Missed,
    /// What the compiler said.
    Broken(String),
}

/// A copy of the repository, without what git ignores, and a target folder for it: cargo would take
/// that of the repository for its own.
struct Copy {
    dir: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn make(root: &Path, below: &Path) -> Result<Self, Box<dyn Error>> {
        let copy = Self { dir: below.join("repository"), target: below.join("target") };
        let mut files = Command::new("git");
        files.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
        let files = files.output()?;
        if !files.status.success() {
            return Err("git does not list the files of the repository".into());
        }
        let names = String::from_utf8(files.stdout)?;
        // Those that were deleted, but not yet in a commit, are listed, too.
        let names: BTreeSet<&Path> =
            names.split_terminator('\0').map(Path::new).filter(|name| root.join(name).is_file()).collect();
        copy.remove_others(&copy.dir, &names)?;
        for name in names {
            let (text, to) = (fs::read(root.join(name))?, copy.dir.join(name));
            // Cargo compiles what is newer than its last build: what is the same stays as it is.
            if fs::read(&to).is_ok_and(|old| old == text) {
                continue;
            }
            fs::create_dir_all(to.parent().unwrap_or(&copy.dir))?;
            fs::write(&to, text)?;
        }
        Ok(copy)
    }

    /// Removes the files that are left from an earlier copy.
    fn remove_others(&self, dir: &Path, names: &BTreeSet<&Path>) -> io::Result<()> {
        if !dir.exists() {
            return Ok(());
        }
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                self.remove_others(&path, names)?;
            } else if path.strip_prefix(&self.dir).is_ok_and(|name| !names.contains(name)) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    fn plant(&self, list: &List, bug: &Bug) -> Result<Outcome, Box<dyn Error>> {
        let (text, changed) = bug.texts(&self.dir)?;
        let path = self.dir.join(&bug.file);
        fs::write(&path, changed)?;
        let outcome = self.test(&list.package, bug.tests.as_ref().unwrap_or(&list.tests));
        fs::write(&path, text)?;
        outcome
    }

    /// Runs the tests until some fail.
    fn test(&self, package: &str, runs: &[String]) -> Result<Outcome, Box<dyn Error>> {
        for run in runs {
            let (built, output) = self.cargo(package, run, true)?;
            if !built.is_some_and(|status| status.success()) {
                return Ok(Outcome::Broken(output));
            }
            match self.cargo(package, run, false)? {
                (Some(status), _) if status.success() => {}
                (Some(_), output) => return Ok(Outcome::Found(failures(&output))),
                (None, _) => return Ok(Outcome::Found(format!("`{run}`, which hangs"))),
            }
        }
        Ok(Outcome::Missed)
    }

    /// Builds or runs tests: how it ended, unless it took too long, and what it printed.
    fn cargo(
        &self,
        package: &str,
        run: &str,
        only_build: bool,
    ) -> Result<(Option<ExitStatus>, String), Box<dyn Error>> {
        let log = self.dir.with_extension("log");
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--package", package]).args(run.split_whitespace());
        if only_build {
            command.arg("--no-run");
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.current_dir(&self.dir).env("CARGO_TARGET_DIR", &self.target).stdin(Stdio::null());
        let output = File::create(&log)?;
        let mut child = command.stdout(output.try_clone()?).stderr(output).spawn()?;
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if !only_build && began.elapsed() > PATIENCE {
                end(&mut child)?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        Ok((status, String::from_utf8_lossy(&fs::read(&log)?).into_owned()))
    }
}

/// Ends cargo, and the test that it runs.
fn end(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
    #[cfg(not(unix))]
    child.kill()?;
    child.wait().map(drop)
}

/// The names of the tests that failed.
fn failures(output: &str) -> String {
    let failed = |line: &str| line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned);
    let names: Vec<_> = output.lines().filter_map(failed).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "a crash".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    /// The code changes, and the lists with it.
    #[test]
    fn every_planted_bug_can_be_planted() {
        let root = crate::root();
        let lists: Vec<_> = fs::read_dir(root.join("tests/planted")).unwrap().collect();
        assert!(!lists.is_empty());
        for list in lists {
            let list = List::read(&list.unwrap().path()).unwrap();
            let mut names = BTreeSet::new();
            for bug in &list.bugs {
                assert!(names.insert(&bug.name), "two bugs are called {}", bug.name);
                bug.texts(&root).unwrap();
            }
        }
    }

    #[test]
    fn the_tests_that_failed_are_named() {
        let output = "running 2 tests\ntest one ... ok\ntest a::two ... FAILED\n\nfailures:\n";
        assert_eq!(failures(output), "`a::two`");
        assert_eq!(failures("error: test failed"), "a crash");
    }
}
