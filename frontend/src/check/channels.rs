//! Stream channels: where the parts of messages stand, and which messages there are.

use std::collections::BTreeMap;

use super::names::is_identifier;
use super::types::rust_names;
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Api, Channel, Message, Places, Role, Stream, Text};
use crate::names::enum_name;
use crate::scope::{Kind, Scope};

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let Some(api) = &scope.api.api else { return };
    servers(scope, api, out);
    if let Some(stream) = &api.stream {
        places(&stream.places, out);
        for (wire, item) in &stream.messages {
            message(scope, wire, item, out);
        }
    }
    let mut seen: BTreeMap<String, &Text> = BTreeMap::new();
    let mut payloads: BTreeMap<&str, &Text> = BTreeMap::new();
    for (name, item) in scope.channels() {
        let payload = &item.subscribe.payload;
        if !payload.stands_in()
            && let Some(first) = payloads.insert(payload, payload)
        {
            let message = format!("`{payload}` subscribes to two channels");
            Diagnostic::new(Code::BadStream, payload.span, message)
                .also(first.span, "the first one")
                .help("give each channel a model of its own: its type says which messages come")
                .report(out);
        }
        if let Some(first) = seen.insert(enum_name(name), name) {
            let message = format!("the channels `{name}` and `{first}` become the same type");
            Diagnostic::new(Code::DuplicateName, name.span, message)
                .also(first.span, "the first one")
                .report(out);
        }
        if let Some(stream) = &api.stream {
            channel(scope, stream, name, item, out);
        } else if !scope.is_broken("stream") {
            let message = format!("the channel `{name}` is in an API without `stream:`");
            Diagnostic::new(Code::BadStream, name.span, message)
                .help("say in api.yaml where the parts of its messages stand")
                .report(out);
        }
    }
}

/// Either every server has channels, or none.
fn servers(scope: &Scope<'_>, api: &Api, out: &mut Vec<Diagnostic>) {
    for (name, server) in &api.servers {
        let problem = match (&server.stream, &api.stream) {
            (None, None) => continue,
            (None, Some(_)) if scope.is_broken("stream") => continue,
            (None, Some(_)) => {
                let message = format!("the server `{name}` does not say where channels are subscribed to");
                Diagnostic::new(Code::BadStream, name.span, message).help("add `stream: wss://…`")
            }
            (Some(url), None) if !scope.is_broken("stream") => {
                Diagnostic::new(Code::BadStream, url.span, "this API has no channels: it has no `stream:`")
            }
            (Some(url), _) => match url.strip_prefix("wss://") {
                _ if url.stands_in() => continue,
                Some(rest) if !rest.is_empty() && !rest.contains([' ', '?', '#', '{']) => continue,
                _ => Diagnostic::new(
                    Code::BadServer,
                    url.span,
                    "where channels are subscribed to is an address such as `wss://api.example.com/ws`",
                ),
            },
        };
        out.push(problem);
    }
}

fn places(places: &Places, out: &mut Vec<Diagnostic>) {
    let problem = |place: &Text, message: String| Diagnostic::new(Code::BadPlace, place.span, message);
    let payload = &places.payload;
    if payload.contains('.') {
        out.push(problem(payload, format!("`{payload}` is not a property of the message")));
        return;
    }
    let mut seen: BTreeMap<&str, &Text> = BTreeMap::from([(payload.as_str(), payload)]);
    for place in places.parts().into_iter().filter(|place| !place.stands_in()) {
        let is_place = match place.split_once('.') {
            Some((outer, property)) => outer == payload.as_str() && !property.contains('.'),
            None => !place.is_empty(),
        };
        if !is_place {
            let message = format!("`{place}` is a property neither of the message nor of its payload");
            out.push(problem(place, message).note(format!("write `name` or `{payload}.name`")));
        } else if let Some(first) = seen.insert(place, place) {
            out.push(problem(place, format!("`{place}` is two things")).also(first.span, "the first one"));
        }
    }
}

fn channel(scope: &Scope<'_>, stream: &Stream, name: &Text, channel: &Channel, out: &mut Vec<Diagnostic>) {
    subscription(scope, stream, channel, out);
    for (wire, item) in &channel.messages {
        message(scope, wire, item, out);
        if let Some((first, _)) = stream.messages.get_key_value(wire.as_str()) {
            let message = format!("every channel has `{wire}` anyway");
            Diagnostic::new(Code::DuplicateName, wire.span, message)
                .also(first.span, "for all channels")
                .report(out);
        }
    }
    let of_all = || stream.messages.iter().filter(|(wire, _)| !channel.messages.contains_key(wire.as_str()));
    let messages = || channel.messages.iter().chain(of_all());
    rust_names(messages().map(|(wire, item)| (wire, item.rust.as_ref())), "message", out);
    for (role, word, is_required) in [
        (Role::Acknowledgement, "acknowledgement", true),
        (Role::CaughtUp, "caught_up", true),
        (Role::Heartbeat, "heartbeat", false),
        (Role::Notice, "notice", false),
    ] {
        let with_role: Vec<&Text> = messages()
            .filter(|(_, item)| item.role.is_some_and(|it| it.value == role))
            .map(|(wire, _)| wire)
            .collect();
        match with_role.as_slice() {
            [] if is_required && !scope.is_broken("role") => {
                let message = format!("no message of the channel `{name}` has the role `{word}`");
                out.push(Diagnostic::new(Code::BadRole, name.span, message));
            }
            [first, second, ..] => {
                let message = format!("two messages of the channel `{name}` have the role `{word}`");
                Diagnostic::new(Code::BadRole, second.span, message)
                    .also(first.span, "the first one")
                    .report(out);
            }
            _ => {}
        }
    }
}

/// The message that subscribes. What it says must leave room for its type and the token.
fn subscription(scope: &Scope<'_>, stream: &Stream, channel: &Channel, out: &mut Vec<Diagnostic>) {
    let payload = &channel.subscribe.payload;
    model(scope, payload, out);
    let Some(fields) = scope.model(payload).map(|model| scope.fields(model)) else { return };
    let places = &stream.places;
    for place in [&places.kind, &places.token] {
        let property = place.strip_prefix(places.payload.as_str()).and_then(|rest| rest.strip_prefix('.'));
        if let Some(entry) = property.and_then(|property| fields.get(property)) {
            let message = format!("`{}` of `{payload}` stands where `{place}` does", entry.name);
            Diagnostic::new(Code::BadMessage, payload.span, message)
                .also(entry.name.span, "the field")
                .help("leave the field out: it is written by itself")
                .report(out);
        }
    }
}

fn message(scope: &Scope<'_>, wire: &Text, message: &Message, out: &mut Vec<Diagnostic>) {
    if let Some(payload) = &message.payload {
        model(scope, payload, out);
    }
    if let (Some(data), Some(payload)) = (&message.data, &message.payload) {
        let text = format!("`{wire}` has both `data` and `payload`");
        Diagnostic::new(Code::BadMessage, payload.span, text)
            .also(data.span, "the data")
            .note("`payload` is the whole object, `data` a part of it")
            .report(out);
    }
    if let (Some(sequence), Some(role)) = (&message.sequence, &message.role)
        && role.value != Role::Update
    {
        let text = "only an update is sequenced";
        out.push(Diagnostic::new(Code::BadMessage, sequence.span, text).also(role.span, "the role"));
    }
}

/// A model's name.
fn model(scope: &Scope<'_>, name: &Text, out: &mut Vec<Diagnostic>) {
    if name.stands_in() {
        return;
    }
    match scope.get(name).map(|definition| definition.kind) {
        Some(Kind::Model(_)) => {}
        None if is_identifier(name) => scope.check_reference(name, out),
        _ => {
            let message = format!("`{name}` is not a model: its fields stand beside the type");
            out.push(Diagnostic::new(Code::NotAModel, name.span, message));
        }
    }
}
