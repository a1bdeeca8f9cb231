//! `cargo xtask codegen` and `cargo xtask check`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clear_street_codegen::generate;
use clear_street_spec::front;
use clear_street_spec::ir::Api;
use clear_street_spec::load::Files;

use crate::SpecArgs;

/// Writes the generated code, or with `only_compare` says what would be written.
pub(crate) fn run(spec: &SpecArgs, out: &Path, only_compare: bool) -> Result<ExitCode, Box<dyn Error>> {
    let Some(apis) = read(spec)? else {
        return Ok(ExitCode::FAILURE);
    };
    let output = generate(&apis)?;
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
    let Some(apis) = read(spec)? else {
        return Ok(ExitCode::FAILURE);
    };
    for api in &apis {
        let operations: usize = api.groups.iter().map(|group| group.operations.len()).sum();
        println!("{}: no errors in {operations} operations", api.name);
    }
    Ok(ExitCode::SUCCESS)
}

/// `load -> decode -> check -> lower`. Prints the spec's problems; `None` if there are errors.
fn read(spec: &SpecArgs) -> Result<Option<Vec<Api>>, Box<dyn Error>> {
    let (dir, shown) = spec.dir();
    let front = front::read(&Files::read(&dir)?, &shown);
    if !front.diagnostics.is_empty() {
        eprint!("{}", front.render(spec.format()));
    }
    Ok(front.apis)
}
