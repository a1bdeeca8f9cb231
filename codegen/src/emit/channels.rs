//! Stream channels: one enum for the messages of each.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::ty;
use super::{Parts, docs, items};
use crate::ir::{Channel, Content, Layout, Message, MessagePlace, Role};

/// The enum, what is known of the channel, and how its messages are read.
pub(super) fn emit(scope: &Scope<'_>, channel: &Channel, parts: &mut Parts) {
    parts.types.push(definition(scope, channel));
    parts.records.push(message(scope, channel));
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

fn message(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let (name, trait_name) = (ident(&channel.rust), scope.path(items::CHANNEL_MESSAGE));
    let (subscription, description) = (ty(scope, &channel.subscription), description(scope, channel));
    let (channel_item, unknown) = (scope.path(items::CHANNEL), scope.path(items::UNKNOWN_VARIANT));
    let methods = docs::spaced([
        quote!(type Subscription = #subscription;),
        quote!(const CHANNEL: &'static #channel_item = &#description;),
        blank(scope, channel),
        slot(scope, channel),
        quote!(fn unknown(unknown: #unknown) -> Self { Self::Unknown(unknown) }),
    ]);
    let subscription_trait = scope.path(items::SUBSCRIPTION);
    quote! {
        impl #subscription_trait for #subscription { type Message = #name; }

        impl #trait_name for #name { #methods }
    }
}

fn description(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let item = scope.path(items::CHANNEL);
    let Channel { name, subscribe, .. } = channel;
    let messages = channel.messages.iter().map(|message| kind(scope, message));
    quote! {
        #item {
            name: #name,
            layout: &super::api::LAYOUT,
            subscribe: #subscribe,
            messages: &[#(#messages),*],
        }
    }
}

fn kind(scope: &Scope<'_>, message: &Message) -> TokenStream {
    let (item, role_item) = (scope.path(items::MESSAGE_KIND), scope.path(items::ROLE));
    let (content_item, name) = (scope.path(items::CONTENT), &message.wire);
    let role = ident(match message.role {
        Role::Update => "Update",
        Role::Heartbeat => "Heartbeat",
        Role::Notice => "Notice",
        Role::Acknowledgement => "Acknowledgement",
        Role::CaughtUp => "CaughtUp",
    });
    let content = ident(match message.content {
        Content::Nothing => "Nothing",
        Content::Payload(_) => "Payload",
        Content::Data(_) => "Data",
    });
    quote! {
        #item {
            name: #name,
            role: #role_item::#role,
            content: #content_item::#content,
        }
    }
}

fn blank(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let (option, some, none) = (scope.path(items::OPTION), scope.path(items::SOME), scope.path(items::NONE));
    let arms = channel.messages.iter().enumerate().map(|(index, message)| {
        let (index, name) = (number(index), ident(&message.rust));
        let content = message.content.ty().map(|_| {
            let value = scope.path(items::VALUE);
            quote!((#value::blank()))
        });
        quote!(#index => Self::#name #content,)
    });
    quote! {
        fn blank(index: usize) -> #option<Self> {
            let message = match index {
                #(#arms)*
                _ => return #none,
            };
            #some(message)
        }
    }
}

fn slot(scope: &Scope<'_>, channel: &Channel) -> TokenStream {
    let (option, slot) = (scope.path(items::OPTION), scope.path(items::SLOT));
    let (some, none) = (scope.path(items::SOME), scope.path(items::NONE));
    let variants = |has_content: bool| {
        let with = channel.messages.iter().filter(move |it| it.content.ty().is_some() == has_content);
        with.map(|message| ident(&message.rust))
    };
    let filled: Vec<TokenStream> = variants(true).collect();
    let value = (!filled.is_empty()).then(|| scope.path(items::VALUE));
    let empty = variants(false);
    quote! {
        fn slot(&mut self) -> #option<#slot<'_>> {
            match self {
                #(Self::#filled(content) => #some(#value::slot(content)),)*
                #(Self::#empty)|* | Self::Unknown(_) => #none,
            }
        }
    }
}
