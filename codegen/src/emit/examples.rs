//! The example in the documentation of a handle: one operation, called and read.
//!
//! Its arguments are those of a hidden function around it, so that any operation can be shown.

use super::operations::{argument_fields, submitted};
use crate::ir::{Group, Name, Operation, Outcome, Type};

/// A block of code for the documentation of `group`'s handle.
pub(super) fn emit(api: &str, group: &Group, operation: &Operation) -> String {
    let mut arguments: Vec<(&str, &Type)> =
        argument_fields(operation).map(|(_, it)| (it.field.rust.as_str(), &it.field.ty)).collect();
    if let Some(body) = operation.body.as_ref().filter(|body| body.required) {
        arguments.push(("body", &body.ty));
    }
    let names: Vec<&str> = arguments.iter().map(|(name, _)| *name).collect();
    let call = format!("client.{}().{}({})", group.name, operation.name, names.join(", "));
    let mut lines = vec![format!("# async fn run("), format!("#     client: clear_street::{api}::Client,")];
    lines.extend(arguments.iter().map(|(name, ty)| format!("#     {name}: {},", text(api, ty))));
    lines.push("# ) -> clear_street::Result<()> {".to_owned());
    if let Outcome::Page(_) = operation.result {
        lines.push(format!("let mut items = {call}.items();"));
        lines.push("while let Some(item) = items.next().await {".to_owned());
        lines.push("    println!(\"{:?}\", item?);".to_owned());
        lines.push("}".to_owned());
    } else if submitted(operation).is_some() {
        lines.push(format!("let submission = {call}.send().await?;"));
        lines.push("for row in submission.rows() {".to_owned());
        lines.push("    println!(\"{:?}\", row.outcome);".to_owned());
        lines.push("}".to_owned());
    } else {
        lines.push(format!("let response = {call}.send().await?;"));
        lines.push("println!(\"{:?}\", response.data);".to_owned());
    }
    lines.push("# Ok(())".to_owned());
    lines.push("# }".to_owned());
    format!("```no_run\n{}\n```", lines.join("\n"))
}

/// A type as it is written outside of the crate.
fn text(api: &str, of: &Type) -> String {
    match of {
        Type::Bool => "bool".to_owned(),
        Type::I32 => "i32".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::String => "String".to_owned(),
        Type::Decimal | Type::Number => "rust_decimal::Decimal".to_owned(),
        Type::Date => "jiff::civil::Date".to_owned(),
        Type::Timestamp => "jiff::Timestamp".to_owned(),
        Type::Zoned => "jiff::Zoned".to_owned(),
        Type::Duration => "jiff::SignedDuration".to_owned(),
        Type::Uuid => "uuid::Uuid".to_owned(),
        Type::Bytes => "Vec<u8>".to_owned(),
        Type::Json => "clear_street::Json".to_owned(),
        Type::Option(inner) => format!("Option<{}>", text(api, inner)),
        Type::Patch(inner) => format!("clear_street::Patch<{}>", text(api, inner)),
        Type::List(inner) => format!("Vec<{}>", text(api, inner)),
        Type::Map(inner) => format!("std::collections::BTreeMap<String, {}>", text(api, inner)),
        Type::Boxed(inner) => format!("Box<{}>", text(api, inner)),
        Type::Named(Name { module, rust, .. }) => format!("clear_street::{api}::{module}::{rust}"),
    }
}
