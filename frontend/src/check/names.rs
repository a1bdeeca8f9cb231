//! Names that must be unique, be names in Rust, and follow the conventions.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::language::Text;
use crate::names::enum_name;
use crate::names::{camel, given, request, snake};
use crate::scope::{Scope, all_definitions, built_in};
use crate::source::Span;
use crate::spec::GroupSpec;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    modules(scope, out);
    types(scope, out);
    operations(scope, out);
    for group in &scope.api.groups {
        made_types(group, out);
    }
}

/// Names of the folder and of its files.
fn modules(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let folder = Span::new(scope.api.file, 0..0);
    module(&scope.api.name, "folder", folder, out);
    let mut seen: BTreeMap<String, &GroupSpec> = BTreeMap::new();
    for group in &scope.api.groups {
        let place = Span::new(group.file, 0..0);
        module(&group.name, "file", place, out);
        if let Some(first) = seen.insert(snake(&group.name), group) {
            let message = format!("`{}` and `{}` become the same module", group.source, first.source);
            out.push(Diagnostic::new(Code::DuplicateName, place, message).help("rename one of the files"));
        }
    }
}

fn module(name: &str, what: &str, place: Span, out: &mut Vec<Diagnostic>) {
    if !is_identifier(name) || name == "mod" {
        let message = format!("the {what} `{name}` cannot be the name of a module");
        Diagnostic::new(Code::RustName, place, message)
            .help("name it in snake_case, as in `orders`")
            .report(out);
    } else if snake(name).trim_start_matches("r#") != name {
        let message = format!("the {what} `{name}` is not in snake_case");
        out.push(Diagnostic::new(Code::Convention, place, message));
    }
}

fn types(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Text> = BTreeMap::new();
    for definition in all_definitions(scope.api) {
        let name = definition.name;
        if built_in(name).is_some() {
            let message = format!("`{name}` is the name of a built-in type");
            out.push(Diagnostic::new(Code::DuplicateName, name.span, message));
        } else if !is_identifier(name) {
            let message = format!("`{name}` cannot be the name of a type");
            out.push(rust_name(message, name, &camel(name)));
        } else if !is_camel(name) {
            let message = format!("the type `{name}` is not in UpperCamelCase");
            out.push(convention(message, name, &camel(name)));
        }
        match seen.get(name.as_str()) {
            None => _ = seen.insert(name, name),
            Some(first) => {
                let help = "type names are shared by all files of an API; rename one of them";
                out.push(twice("type", name, first).help(help));
            }
        }
    }
}

fn operations(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, &Text> = BTreeMap::new();
    for (_, name, _) in scope.operations() {
        if !is_identifier(name) {
            out.push(rust_name(format!("`{name}` cannot be the name of a method"), name, &snake(name)));
        } else if snake(name).trim_start_matches("r#") != name.as_str() {
            out.push(convention(format!("the operation `{name}` is not in snake_case"), name, &snake(name)));
        }
        // By the request builder's name, so that names that differ by case alone are the same.
        match seen.get(&camel(name)) {
            None => _ = seen.insert(camel(name), name),
            Some(first) => out.push(twice("operation", name, first).help("rename one of them")),
        }
    }
}

/// The request builders, the handle and the messages of channels are types of their module, too.
fn made_types(group: &GroupSpec, out: &mut Vec<Diagnostic>) {
    let items = &group.group;
    let names =
        items.ids.keys().chain(items.enums.keys()).chain(items.models.keys()).chain(items.unions.keys());
    let types: BTreeMap<String, &Text> = names.map(|name| (given(name), name)).collect();
    let handle = camel(&group.name);
    if !items.operations.is_empty()
        && let Some(name) = types.get(&handle)
    {
        let message =
            format!("`{handle}` is the name of the handle that carries the operations of this file");
        let help = format!("rename the type, for example to `{handle}Item`");
        out.push(Diagnostic::new(Code::DuplicateName, name.span, message).help(help));
    }
    for channel in items.channels.keys() {
        let messages = enum_name(channel);
        if let Some(name) = types.get(&messages) {
            let message =
                format!("the messages of `{channel}` become the type `{messages}`, which is there already");
            Diagnostic::new(Code::DuplicateName, channel.span, message)
                .also(name.span, "defined here")
                .report(out);
        }
    }
    let mut requests: BTreeMap<String, &Text> = BTreeMap::new();
    for (operation, long) in &items.operations {
        let given_request = long.request.as_ref();
        if let Some(rust) = given_request {
            given_name(operation, rust, &camel(operation), true, out);
        }
        let builder = request(operation, given_request);
        let first = requests.insert(builder.clone(), operation);
        let becomes = format!("the request of `{operation}` becomes the type `{builder}`");
        let problem =
            |message| Diagnostic::new(Code::DuplicateName, given_request.unwrap_or(operation).span, message);
        if let Some(name) = types.get(&builder) {
            problem(format!("{becomes}, which is there already"))
                .also(name.span, "defined here")
                .help(format!("give the request another name: `request: {builder}Call`"))
                .report(out);
        } else if builder == handle {
            problem(format!("{becomes}, as does the handle"))
                .note("the handle that carries a file's operations has the name of the file")
                .report(out);
        } else if let Some(first) = first
            // Operations of one name have been reported.
            && camel(first) != camel(operation)
        {
            problem(format!("{becomes}, as does that of `{first}`"))
                .also(first.span, "the first one")
                .report(out);
        }
    }
}

fn twice(what: &str, name: &Text, first: &Text) -> Diagnostic {
    Diagnostic::new(Code::DuplicateName, name.span, format!("the {what} `{name}` is defined twice"))
        .label("second definition")
        .also(first.span, "first definition")
}

fn rust_name(message: String, name: &Text, instead: &str) -> Diagnostic {
    let instead = instead.trim_start_matches("r#");
    Diagnostic::new(Code::RustName, name.span, message)
        .note("a name consists of letters, digits and `_`, and does not begin with a digit")
        .fix("rename it", name.span, instead)
}

fn convention(message: String, name: &Text, instead: &str) -> Diagnostic {
    Diagnostic::new(Code::Convention, name.span, message).fix(
        "rename it",
        name.span,
        instead.trim_start_matches("r#"),
    )
}

/// Checks `rust: …`, which is to name what is called `wire`. `by_itself` is the name that it has
/// without.
pub(super) fn given_name(
    wire: &Text,
    rust: &Text,
    by_itself: &str,
    is_value: bool,
    out: &mut Vec<Diagnostic>,
) {
    let instead = if is_value { camel(rust) } else { snake(rust) };
    if !is_identifier(rust) {
        out.push(rust_name(format!("`{rust}` cannot be a name in Rust"), rust, &instead));
    } else if given(rust) == by_itself {
        let message = format!("`{wire}` is called `{rust}` in Rust anyway");
        out.push(Diagnostic::new(Code::RedundantRust, rust.span, message).help("leave this name out"));
    } else if !is_value && snake(rust).trim_start_matches("r#") != rust.as_str() {
        out.push(convention(format!("the Rust name `{rust}` is not in snake_case"), rust, &instead));
    } else if is_value && !is_camel(rust) {
        out.push(convention(format!("the Rust name `{rust}` is not in UpperCamelCase"), rust, &instead));
    }
}

pub(super) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && chars.all(unicode_ident::is_xid_continue)
        && text.chars().any(|c| c != '_')
}

/// As rustc's lint sees it: a capital first, and no underscore that is not between digits.
fn is_camel(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |index: Option<usize>| index.and_then(|i| chars.get(i)).is_some_and(|c| c.is_numeric());
    let underscore_is_fine = |(index, c): (usize, &char)| {
        *c != '_' || is_digit(index.checked_sub(1)) && is_digit(index.checked_add(1))
    };
    !chars.first().is_some_and(|first| first.is_lowercase())
        && chars.iter().enumerate().all(underscore_is_fine)
}
