//! One test case per message of a channel: its text, made from the spec, and how it is read.

use clear_street_spec::ir::{self, Content, Layout, MessagePlace, Sequence};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};

use crate::sample::{Fill, Samples, ident};

/// The source of `fn messages()` for one API.
///
/// It refers to `MessageCase` and `read`, which the package that includes it defines.
pub fn source(api: &ir::Api) -> String {
    let samples = Samples::new(api, Fill::Everything);
    let channels = api.groups.iter().flat_map(|group| group.channels.iter().map(move |it| (group, it)));
    let cases = channels.flat_map(|(group, channel)| {
        let (api_name, module, messages) = (ident(&api.name), ident(&group.name), ident(&channel.rust));
        let (samples, layout) = (&samples, api.layout.as_ref());
        channel.messages.iter().filter_map(move |message| {
            let text = text(samples, layout?, channel, message).to_string();
            let (channel, kind, variant) = (&channel.name, &message.wire, &message.rust);
            let sequence = option(sequence(message));
            Some(quote! {
                MessageCase {
                    channel: #channel,
                    kind: #kind,
                    variant: #variant,
                    sequence: #sequence,
                    text: #text,
                    read: read::<clear_street::#api_name::#module::#messages>,
                }
            })
        })
    });
    quote! {
        /// Every message of every channel.
        pub fn messages() -> Vec<MessageCase> {
            vec![#(#cases),*]
        }
    }
    .to_string()
}

fn text(samples: &Samples<'_>, layout: &Layout, channel: &ir::Channel, message: &ir::Message) -> Value {
    let mut all = Map::new();
    let mut payload = Map::new();
    let sample = |ty| samples.of(ty, &ir::Bounds::default()).json;
    match &message.content {
        Content::Nothing => {}
        Content::Payload(ty) => payload.extend(sample(ty).as_object().cloned().unwrap_or_default()),
        Content::Data(ty) => put(&mut all, &mut payload, &layout.data, sample(ty)),
    }
    put(&mut all, &mut payload, &layout.kind, json!(message.wire));
    put(&mut all, &mut payload, &layout.channel, json!(channel.name));
    put(&mut all, &mut payload, &layout.sequence, json!(sequence(message)));
    all.insert(layout.payload.clone(), Value::Object(payload));
    Value::Object(all)
}

/// More than a float can hold.
fn sequence(message: &ir::Message) -> Option<u64> {
    (message.sequence != Sequence::Never).then_some((1 << 53) + 1)
}

fn put(
    message: &mut Map<String, Value>,
    payload: &mut Map<String, Value>,
    place: &MessagePlace,
    value: Value,
) {
    match place {
        MessagePlace::Message(name) => message.insert(name.clone(), value),
        MessagePlace::Payload(name) => payload.insert(name.clone(), value),
    };
}

fn option(value: Option<u64>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
