//! Rules between fields, as data.

use proc_macro2::TokenStream;
use quote::quote;

use super::items;
use super::scope::Scope;
use crate::ir::Rule;

/// One constant per rule.
pub(super) fn emit(scope: &Scope<'_>, rules: &[Rule]) -> Vec<TokenStream> {
    rules.iter().map(|item| rule(scope, item)).collect()
}

fn rule(scope: &Scope<'_>, rule: &Rule) -> TokenStream {
    let item = scope.path(items::RULE);
    match rule {
        Rule::ExactlyOne(fields) => quote!(#item::ExactlyOne(&[#(#fields),*])),
        Rule::AtLeastOne(fields) => quote!(#item::AtLeastOne(&[#(#fields),*])),
        Rule::AtMostOne(fields) => quote!(#item::AtMostOne(&[#(#fields),*])),
        Rule::When { conditions, require, forbid } => {
            let conditions = conditions.iter().map(|(field, values)| quote!((#field, &[#(#values),*])));
            quote! {
                #item::When {
                    conditions: &[#(#conditions),*],
                    require: &[#(#require),*],
                    forbid: &[#(#forbid),*],
                }
            }
        }
    }
}
