//! `cargo xtask codegen` and `cargo xtask check`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clear_street_codegen::diagnostic::{Diagnostic, render};
use clear_street_codegen::load::Files;
use clear_street_codegen::{Analysis, analyse, generate};

use crate::SpecArgs;

/// Writes the generated code, or with `only_compare` says what would be written.
pub(crate) fn run(spec: &SpecArgs, out: &Path, only_compare: bool) -> Result<ExitCode, Box<dyn Error>> {
    let Some(analysis) = read(spec)? else {
        return Ok(ExitCode::FAILURE);
    };
    let output = generate(&analysis.apis)?;
    if !only_compare {
        println!("{}", output.write(out)?);
        return Ok(ExitCode::SUCCESS);
    }
    let differences = output.compare(out)?;
    if differences.is_empty() {
        println!("generated code and spec agree");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{differences}");
    Ok(ExitCode::FAILURE)
}

/// Reports all problems of the spec.
pub(crate) fn check(spec: &SpecArgs) -> Result<ExitCode, Box<dyn Error>> {
    Ok(match read(spec)? {
        Some(analysis) => {
            let operations: usize =
                analysis.apis.iter().flat_map(|api| &api.groups).map(|group| group.operations.len()).sum();
            println!("spec: no errors in {operations} operations");
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    })
}

/// Reads the spec and prints its problems; `None` if there are errors.
fn read(spec: &SpecArgs) -> Result<Option<Analysis>, Box<dyn Error>> {
    let (dir, shown) = spec.dir();
    let analysis = analyse(&Files::read(&dir)?, &shown);
    if !analysis.diagnostics.is_empty() {
        eprint!("{}", render(&analysis.diagnostics, &analysis.sources, spec.format()));
    }
    let has_errors = analysis.diagnostics.iter().any(Diagnostic::is_error);
    Ok((!has_errors).then_some(analysis))
}
