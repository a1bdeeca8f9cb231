//! Stream channels.

use super::description;
use super::names::{self, camel, free};
use super::resolve::{Resolver, parse};
use crate::ir::{self, Content, Kind, Layout, MessagePlace, Name, Type};
use crate::language::{Channel, Message, Places, Text};

/// The name of the enum of a channel's messages.
pub fn enum_name(channel: &str) -> String {
    format!("{}Message", camel(channel))
}

/// The name of the variant of a message.
pub fn variant_name(wire: &str, rust: Option<&Text>) -> String {
    let name = rust.map_or_else(|| camel(wire), |rust| names::given(rust));
    free(name, |name| name == "Unknown")
}

pub(super) fn layout(places: &Places) -> Layout {
    let payload = places.payload.value.as_str();
    let place = |text: &Text| match text.split_once('.') {
        Some((outer, property)) if outer == payload => MessagePlace::Payload(property.to_owned()),
        _ => MessagePlace::Message(text.value.clone()),
    };
    Layout {
        payload: payload.to_owned(),
        kind: place(&places.kind),
        data: place(&places.data),
        sequence: place(&places.sequence),
        channel: place(&places.channel),
        timestamp: place(&places.timestamp),
        token: place(&places.token),
        success: place(&places.success),
        details: place(&places.details),
    }
}

pub(super) fn channel(resolver: &Resolver<'_>, name: &Text, channel: &Channel) -> ir::Channel {
    let of_all = resolver.api.stream.iter().flat_map(|stream| &stream.messages);
    ir::Channel {
        name: name.value.clone(),
        rust: enum_name(name),
        doc: description(&channel.doc),
        subscribe: channel.subscribe.kind.value.clone(),
        subscription: resolver.ty(&parse(&channel.subscribe.payload)),
        replay: channel.replay.value,
        messages: channel.messages.iter().chain(of_all).map(|entry| message(resolver, entry)).collect(),
    }
}

fn message(resolver: &Resolver<'_>, (wire, message): (&Text, &Message)) -> ir::Message {
    let ty = |text: &Text| boxed(resolver.ty(&parse(text)));
    ir::Message {
        wire: wire.value.clone(),
        rust: variant_name(wire, message.rust.as_ref()),
        doc: description(&message.doc),
        role: message.role.map(|role| role.value).unwrap_or_default(),
        sequence: message.sequence.map(|sequence| sequence.value).unwrap_or_default(),
        content: match (&message.data, &message.payload) {
            (Some(data), _) => Content::Data(ty(data)),
            (None, Some(payload)) => Content::Payload(ty(payload)),
            (None, None) => Content::Nothing,
        },
    }
}

/// Messages wait in queues, so that what is large would cost its room for every small one.
fn boxed(ty: Type) -> Type {
    match ty {
        Type::Named(Name { kind: Kind::Model | Kind::Union, .. }) => Type::Boxed(Box::new(ty)),
        other => other,
    }
}
