//! Stream channels: one enum for the messages of each.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::types::ty;
use super::{docs, items};
use crate::ir::{Channel, Content, Layout, Message, MessagePlace, Role};

/// The enum, what is known of the channel, and how its messages are read.
pub(super) fn emit(scope: &Scope<'_>, channel: &Channel) -> [TokenStream; 2] {
    [definition(scope, channel), machinery(scope, channel)]
}

/// Where the parts of messages stand.
pub(super) fn layout(scope: &Scope<'_>, layout: &Layout) -> TokenStream {
    let (item, place_item) = (scope.path(items::LAYOUT), scope.path(items::PLACE));
    let Layout { payload, kind, data, sequence, channel, timestamp, token, success, details } = layout;
    let place = |place: &MessagePlace| match place {
        MessagePlace::Message(name) => quote!(#place_item::Message(#name)),
        MessagePlace::Payload(name) => quote!(#place_item::Payload(#name)),
    };
    let (kind, data, sequence, channel) = (place(kind), place(data), place(sequence), place(channel));
    let (timestamp, token) = (place(timestamp), place(token));
    let (success, details) = (place(success), place(details));
    quote! {
        /// Where the parts of a channel's message stand.
        pub const LAYOUT: #item = #item {
            payload: #payload,
            kind: #kind,
            data: #data,
            sequence: #sequence,
            channel: #channel,
            timestamp: #timestamp,
            token: #token,
            success: #success,
            details: #details,
            encoding: &ENCODING,
        };
    }
}

fn definition(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let (doc, name) = (docs::item(&channel.doc), ident(&channel.rust));
    let variants = channel.messages.iter().map(|message| {
        let (doc, name) = (docs::member(&message.doc), ident(&message.rust));
        let alias = docs::alias(&message.wire, &message.rust);
        let content = message.content.ty().map(|content| {
            let content = ty(scope, content);
            quote!((#content))
        });
        quote!(#doc #alias #name #content,)
    });
    let unknown = scope.path(items::UNKNOWN_VARIANT);
    let unknown_doc = docs::member("A message of a type that this version of the crate does not know.");
    quote! {
        #doc
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
            #unknown_doc
            Unknown(#unknown),
        }
    }
}

fn machinery(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let (message, Channel { name, subscribe, .. }) = (ident(&channel.rust), channel);
    let subscription = ty(scope, &channel.subscription);
    let messages = channel.messages.iter().map(kind);
    quote!(channel! { #message of #name subscribe #subscribe with #subscription { #(#messages),* } })
}

/// A message's name on the wire, what it is for, and what its variant holds.
fn kind(message: &Message) -> TokenStream {
    let (name, wire) = (ident(&message.rust), &message.wire);
    let role = ident(match message.role {
        Role::Update => "Update",
        Role::Heartbeat => "Heartbeat",
        Role::Notice => "Notice",
        Role::Acknowledgement => "Acknowledgement",
        Role::CaughtUp => "CaughtUp",
    });
    let content = match message.content {
        Content::Nothing => quote!(),
        Content::Payload(_) => quote!((payload)),
        Content::Data(_) => quote!((data)),
    };
    quote!(#name: #wire #role #content)
}
