//! Conversations with the assistant, which repeats what it was asked two seconds later.

use crate::call::{Answer, Refusal};
use crate::exchange::index::AccountIx;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::documents::{Message, Response, Thread};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    get_threads, create_thread, get_thread_by_id, get_messages, create_message, get_thread_response,
    get_message_by_id, get_response_by_id, cancel_response,
}

/// Newest first.
fn get_threads(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let own = context.documents.threads.iter().rev().filter(|(_, thread)| thread.account == account);
    let own: Vec<_> = own.collect();
    context.list(&own, |(number, thread)| thread_fields(context, **number, thread))
}

fn create_thread(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let (body, now) = (context.body(), context.exchange.now());
    let target = body.object("target").text("ticker");
    let research =
        target.map(|ticker| format!("Research {ticker}. {}", body.text("thesis").unwrap_or_default()));
    let text = body.text("text").map(ToOwned::to_owned).or(research).unwrap_or_default();
    let title = text.chars().take(60).collect();
    let thread = context.documents.number();
    let begun = Thread { account, title, created: now, updated: now, messages: Vec::new(), active: None };
    context.documents.threads.insert(thread, begun);
    asked(context, thread, text)
}

fn get_thread_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let (number, thread) = thread(context)?;
    context.value(thread_fields(context, number, thread))
}

/// The latest page first, and within a page the oldest message first.
fn get_messages(context: &mut RequestContext<'_>) -> Outcome {
    let (_, thread) = thread(context)?;
    let latest: Vec<_> = thread.messages.iter().rev().collect();
    let mut answer = context.list(&latest, |number| message_fields(context, **number))?;
    if let Answer::Window { items, .. } = &mut answer {
        items.reverse();
    }
    Ok(answer)
}

fn create_message(context: &mut RequestContext<'_>) -> Outcome {
    let (number, thread) = thread(context)?;
    if thread.active.is_some() {
        return Err(context.refusal(&[409], "the previous response is not finished"));
    }
    let text = context.body().text("text").unwrap_or_default().to_owned();
    asked(context, number, text)
}

fn get_thread_response(context: &mut RequestContext<'_>) -> Outcome {
    let (_, thread) = thread(context)?;
    context.value(thread.active.map(|number| response_fields(context, number)))
}

fn get_message_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let (number, message) = context.document(&context.documents.messages, "message_id")?;
    check_owner(context, account, message.thread)?;
    context.value(message_fields(context, number))
}

fn get_response_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let number = response(context)?;
    context.value(response_fields(context, number))
}

fn cancel_response(context: &mut RequestContext<'_>) -> Outcome {
    let number = response(context)?;
    let is_canceled = context.documents.finish(number, context.exchange.now(), true);
    context.value(FieldValues::new().with("canceled", is_canceled))
}

fn asked(context: &mut RequestContext<'_>, thread: u64, text: String) -> Outcome {
    let (message, response) = context.documents.ask(thread, text, context.exchange.now());
    let fields = FieldValues::new()
        .with("response_id", context.exchange.document_id(response))
        .with("thread_id", context.exchange.document_id(thread))
        .with("user_message_id", context.exchange.document_id(message));
    context.value(fields)
}

fn check_owner(context: &RequestContext<'_>, account: AccountIx, thread: u64) -> Result<(), Refusal> {
    let is_own = context.documents.threads[&thread].account == account;
    if is_own { Ok(()) } else { Err(context.refusal(&[404], "there is no such conversation")) }
}

fn thread<'c>(context: &'c RequestContext<'_>) -> Result<(u64, &'c Thread), Refusal> {
    let account = context.account()?.ix;
    let (number, thread) = context.document(&context.documents.threads, "thread_id")?;
    check_owner(context, account, number)?;
    Ok((number, thread))
}

fn response(context: &RequestContext<'_>) -> Result<u64, Refusal> {
    let account = context.account()?.ix;
    let (number, response) = context.document(&context.documents.responses, "response_id")?;
    check_owner(context, account, response.thread)?;
    Ok(number)
}

fn thread_fields(context: &RequestContext<'_>, number: u64, thread: &Thread) -> FieldValues {
    FieldValues::new()
        .with("id", context.exchange.document_id(number))
        .with("title", thread.title.as_str())
        .with("created_at", thread.created)
        .with("updated_at", thread.updated)
}

/// What was said, as the one part of a message or response.
fn content(message: &Message) -> FieldValues {
    let text = FieldValues::new().with("text", FieldValues::new().with("text", message.text.as_str()));
    FieldValues::new().with("parts", FieldValue::List(vec![text.into()]))
}

fn message_fields(context: &RequestContext<'_>, number: u64) -> FieldValues {
    let message = &context.documents.messages[&number];
    FieldValues::new()
        .with("id", context.exchange.document_id(number))
        .with("thread_id", context.exchange.document_id(message.thread))
        .with("created_at", message.created)
        .with("seq", message.sequence as i64)
        .with("role", if message.is_users { "USER" } else { "ASSISTANT" })
        .with("outcome", if message.is_canceled { "canceled" } else { "completed" })
        .with("content", content(message))
}

fn response_fields(context: &RequestContext<'_>, number: u64) -> FieldValues {
    let Response { thread, question, is_canceled, output, .. } = context.documents.responses[&number];
    let status = match output {
        None => "running",
        Some(_) if is_canceled => "canceled",
        Some(_) => "succeeded",
    };
    FieldValues::new()
        .with("id", context.exchange.document_id(number))
        .with("status", status)
        .with("thread_id", context.exchange.document_id(thread))
        .with("user_message_id", context.exchange.document_id(question))
        .with("output_message_id", output.map(|output| context.exchange.document_id(output)))
        .with("content", output.map(|output| content(&context.documents.messages[&output])))
}
