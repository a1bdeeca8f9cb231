//! Counting with valgrind's callgrind.

use std::alloc::System;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use tempfile::TempDir;

use crate::jobs::{JOBS, Job};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Argument of a process that valgrind runs.
pub(crate) const JOB: &str = "job";
pub(crate) const OURS: &str = "ours";
pub(crate) const YARDSTICK: &str = "yardstick";

/// What one round of a job costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

/// Runs jobs under valgrind.
pub(crate) struct Callgrind<'a> {
    url: &'a str,
    dir: TempDir,
}

impl<'a> Callgrind<'a> {
    /// `url` is the server of the calls.
    pub(crate) fn new(url: &'a str) -> Result<Self, Box<dyn Error>> {
        Ok(Self { url, dir: TempDir::new()? })
    }

    pub(crate) fn count(&self, job: &Job, side: &str) -> Result<Cost, Box<dyn Error>> {
        let profile = self.dir.path().join("profile");
        let mut out = OsString::from("--callgrind-out-file=");
        out.push(&profile);
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted_rounds*"])
            .arg(out)
            .arg(std::env::current_exe()?)
            .args([JOB, job.name, side, self.url])
            // The environment lies on the stack, where it moves what is measured, and may name a proxy.
            .env_clear()
            .output()?;
        if !output.status.success() {
            let log = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} ({side}): {}\n{log}", job.name, output.status).into());
        }
        let allocations: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
        let profile = fs::read_to_string(&profile)?;
        let instructions =
            total(&profile).ok_or_else(|| format!("{} ({side}): nothing was counted", job.name))?;
        let rounds = u64::from(job.rounds);
        Ok(Cost { instructions: instructions / rounds, allocations: (allocations + rounds / 2) / rounds })
    }
}

/// The instructions of a whole profile.
fn total(profile: &str) -> Option<u64> {
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "))?;
    total.parse().ok().filter(|&total| total > 0)
}

/// In the process that valgrind runs: does a job's rounds, warm, and prints how often they allocated.
pub(crate) fn run(name: &str, side: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let job = JOBS.iter().find(|job| job.name == name).ok_or("no such job")?;
    let prepare = if side == OURS { Some(job.ours) } else { job.yardstick };
    let mut work = prepare.ok_or("the job has no yardstick")?(url);
    for _ in 0..job.warm_up {
        work();
    }
    let region = Region::new(HEAP);
    counted_rounds(&mut work, job.rounds);
    let Stats { allocations, reallocations, .. } = region.change();
    println!("{}", allocations + reallocations);
    Ok(())
}

/// Callgrind counts while this function runs: it knows it by its name.
#[inline(never)]
fn counted_rounds(work: &mut dyn FnMut(), rounds: u32) {
    for _ in 0..rounds {
        work();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_without_a_total_is_not_a_count() {
        assert_eq!(total("fn=(1) main\n16 100\n\ntotals: 210\n"), Some(210));
        assert_eq!(total("fn=(1) main\n16 100\n"), None);
        assert_eq!(total("totals: 0\n"), None);
    }
}
