//! The maintainers' commands. Each is a call of a library; nothing is decided here.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bench;
mod codegen;
mod compile_time;
mod planted;
mod program;
mod replay;

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clear_street_spec::diagnostic::{self, Format};

/// Maintains clear-street: the spec, the generated code, and what is measured of them.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the generated code of the crate from the spec
    Codegen {
        #[command(flatten)]
        spec: SpecArgs,
        /// Folder of the generated code
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Writes nothing; fails if the folder is not what would be written
        #[arg(long)]
        check: bool,
    },
    /// Reports all problems of the spec
    Check {
        #[command(flatten)]
        spec: SpecArgs,
    },
    /// Says more about a code of a problem, such as E202; without one, lists all codes
    Explain {
        /// The code
        code: Option<String>,
    },
    /// Prints a JSON Schema of the spec language, for editors
    Schema,
    /// Decodes recorded bodies `DIR/<operation>/<status>/<name>.json` and reports what does not survive
    Replay {
        /// Which API answered them
        #[arg(long, default_value = "trading")]
        api: String,
        /// Folder of the recorded bodies
        dir: PathBuf,
    },
    /// Calls every operation of a server once: --base-url URL [--api trading|studio] [--writes]
    #[command(disable_help_flag = true)]
    Smoke {
        /// Arguments of the program; --help lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs a server of the APIs on this machine: [--api trading|studio] [--stateless] [--listen ADDR] [--seed N] [--faults FILE]
    #[command(disable_help_flag = true)]
    Mock {
        /// Arguments of the program; --help lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Counts instructions beside serde's derives and bare reqwest, and writes docs/benchmarks.md
    Bench {
        /// Writes nothing; fails if something costs over 2 % more than docs/benchmarks.md says
        #[arg(long)]
        check: bool,
    },
    /// Measures what the crate costs to compile, next to the same models with serde's derives
    CompileTime {
        /// The API
        #[arg(long, value_name = "API", default_value = "trading")]
        api: String,
        /// How often each is measured; the best counts
        #[arg(long, default_value_t = 3)]
        runs: u32,
    },
    /// Plants the bugs of a list one by one in a copy of the repository, and shows which tests find them
    Planted {
        /// The list: `tests/planted/LIST.toml`
        list: String,
        /// Only bugs whose name has this in it
        #[arg(long, value_name = "TEXT", default_value = "")]
        only: String,
    },
}

#[derive(Args)]
struct SpecArgs {
    /// Folder of the spec
    #[arg(long, value_name = "DIR")]
    spec: Option<PathBuf>,
    /// How problems are printed
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FormatArg {
    /// In colour on a terminal
    #[default]
    Auto,
    Plain,
    Color,
    /// One JSON object a line
    Json,
    /// Annotations of GitHub's workflow log
    Github,
}

impl SpecArgs {
    /// The folder, and the name under which people know it.
    fn dir(&self) -> (PathBuf, String) {
        match &self.spec {
            Some(dir) => (dir.clone(), dir.to_string_lossy().replace('\\', "/")),
            None => (root().join("spec"), "spec".to_owned()),
        }
    }

    fn format(&self) -> Format {
        match self.format {
            FormatArg::Auto if std::io::IsTerminal::is_terminal(&std::io::stderr()) => Format::Color,
            FormatArg::Auto | FormatArg::Plain => Format::Plain,
            FormatArg::Color => Format::Color,
            FormatArg::Json => Format::Json,
            FormatArg::Github => Format::Github,
        }
    }
}

/// The repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A path as someone in the working directory would write it.
fn from_here(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Codegen { spec, out, check } => {
            let out = out.unwrap_or_else(|| from_here(root().join("generated-client/src/generated")));
            codegen::run(&spec, &out, check)
        }
        Command::Check { spec } => codegen::check(&spec),
        Command::Explain { code } => Ok(explain(code.as_deref())),
        Command::Schema => {
            print!("{}", clear_street_spec::schema::schema());
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay { api, dir } => replay::run(&root(), &api, &dir),
        Command::Smoke { arguments } => {
            program::run(&root(), "clear-street-tests", "smoke", "dev", &arguments)
        }
        Command::Mock { arguments } => {
            program::run(&root(), "clear-street-mock", "clear-street-mock", "dev", &arguments)
        }
        Command::Bench { check } => bench::run(&root(), check),
        Command::CompileTime { api, runs } => {
            let apis = clear_street_spec::read(&root().join("spec"))?;
            let api = apis.iter().find(|known| known.name == api).ok_or("the spec has no such API")?;
            compile_time::run(&root(), api, runs)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Planted { list, only } => planted::run(&root(), &list, &only),
    }
}

fn explain(code: Option<&str>) -> ExitCode {
    let Some(code) = code else {
        for code in diagnostic::Code::ALL {
            println!("{code}  {}", code.summary());
        }
        return ExitCode::SUCCESS;
    };
    match diagnostic::explain(code) {
        Some(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("error: there is no code `{code}`; `cargo xtask explain` lists all");
            ExitCode::FAILURE
        }
    }
}
