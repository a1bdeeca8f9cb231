//! Stream channels.

use super::resolve::Resolver;
use super::{Lowered, description};
use crate::ir::{self, Content, Kind, Layout, MessagePlace, Name, Type};
use crate::language::{Channel, Message, Places, Text};
use crate::names::{enum_name, variant_name};

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

pub(super) fn channel(resolver: &Resolver<'_, '_>, name: &Text, channel: &Channel) -> Lowered<ir::Channel> {
    let of_all = resolver.api.stream.iter().flat_map(|stream| &stream.messages);
    let messages = channel.messages.iter().chain(of_all).map(|entry| message(resolver, entry));
    Ok(ir::Channel {
        name: name.value.clone(),
        rust: enum_name(name),
        doc: description(&channel.doc),
        subscribe: channel.subscribe.kind.value.clone(),
        subscription: resolver.ty(&channel.subscribe.payload)?,
        replay: channel.replay.value,
        messages: messages.collect::<Lowered<_>>()?,
    })
}

fn message(resolver: &Resolver<'_, '_>, (wire, message): (&Text, &Message)) -> Lowered<ir::Message> {
    Ok(ir::Message {
        wire: wire.value.clone(),
        rust: variant_name(wire, message.rust.as_ref()),
        doc: description(&message.doc),
        role: message.role.map(|role| role.value).unwrap_or_default(),
        sequence: message.sequence.map(|sequence| sequence.value).unwrap_or_default(),
        content: match (&message.data, &message.payload) {
            (Some(data), _) => Content::Data(boxed(resolver.ty(data)?)),
            (None, Some(payload)) => Content::Payload(boxed(resolver.ty(payload)?)),
            (None, None) => Content::Nothing,
        },
    })
}

/// Messages wait in queues, so that what is large would cost its room for every small one.
fn boxed(ty: Type) -> Type {
    match ty {
        Type::Named(Name { kind: Kind::Model | Kind::Union, .. }) => Type::Boxed(Box::new(ty)),
        other => other,
    }
}
