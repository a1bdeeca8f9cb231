//! Conversations with the assistant, which repeats what it was asked two seconds later.

use crate::book::account::AccountIx;
use crate::call::{Answer, Refusal};
use crate::desk::documents::{Message, Response, Thread};
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_threads", get_threads),
    ("create_thread", create_thread),
    ("get_thread_by_id", get_thread_by_id),
    ("get_messages", get_messages),
    ("create_message", create_message),
    ("get_thread_response", get_thread_response),
    ("get_message_by_id", get_message_by_id),
    ("get_response_by_id", get_response_by_id),
    ("cancel_response", cancel_response),
];

/// Newest first.
fn get_threads(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let own = visit.documents.threads.iter().rev().filter(|(_, thread)| thread.account == account);
    let own: Vec<u64> = own.map(|(number, _)| *number).collect();
    visit.list(&own, |visit, number| {
        Some(thread_facts(visit, *number, visit.documents.threads.get(number)?).into())
    })
}

fn create_thread(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let (body, now) = (visit.body(), visit.book.now());
    let target = body.object("target").text("ticker");
    let research =
        target.map(|ticker| format!("Research {ticker}. {}", body.text("thesis").unwrap_or_default()));
    let text = body.text("text").map(ToOwned::to_owned).or(research).unwrap_or_default();
    let title = text.chars().take(60).collect();
    let thread = visit.documents.number();
    let begun = Thread { account, title, created: now, updated: now, messages: Vec::new(), active: None };
    visit.documents.threads.insert(thread, begun);
    asked(visit, thread, &text)
}

fn get_thread_by_id(visit: &mut Visit<'_>) -> Outcome {
    let (number, thread) = thread(visit)?;
    visit.value(thread_facts(visit, number, thread))
}

/// The latest page first, and within a page the oldest message first.
fn get_messages(visit: &mut Visit<'_>) -> Outcome {
    let (_, thread) = thread(visit)?;
    let mut messages = thread.messages.clone();
    messages.reverse();
    let mut answer = visit.list(&messages, |visit, number| message_facts(visit, *number).map(Into::into))?;
    if let Answer::Window { items, .. } = &mut answer {
        items.reverse();
    }
    Ok(answer)
}

fn create_message(visit: &mut Visit<'_>) -> Outcome {
    let (number, thread) = thread(visit)?;
    if thread.active.is_some() {
        return Err(visit.refusal(&[409], "the previous response is not finished"));
    }
    let text = visit.body().text("text").unwrap_or_default();
    asked(visit, number, text)
}

fn get_thread_response(visit: &mut Visit<'_>) -> Outcome {
    let (_, thread) = thread(visit)?;
    match thread.active {
        Some(number) => visit.value(response_facts(visit, number)),
        None => visit.value(Fact::Absent),
    }
}

fn get_message_by_id(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let number = visit.document("message_id");
    let message = number.and_then(|number| Some((number, visit.documents.messages.get(&number)?)));
    let own = message.filter(|(_, message)| owner(visit, message.thread) == Some(account));
    let (number, _) = own.ok_or_else(|| none(visit))?;
    visit.value(message_facts(visit, number))
}

fn get_response_by_id(visit: &mut Visit<'_>) -> Outcome {
    let (number, _) = response(visit)?;
    visit.value(response_facts(visit, number))
}

fn cancel_response(visit: &mut Visit<'_>) -> Outcome {
    let (number, _) = response(visit)?;
    let is_canceled = visit.documents.finish(number, visit.book.now(), true);
    visit.value(Facts::new().with("canceled", is_canceled))
}

fn asked(visit: &mut Visit<'_>, thread: u64, text: &str) -> Outcome {
    let (message, response) = visit.documents.ask(thread, text, visit.book.now());
    let name = |number| visit.book.identities().document(number);
    let facts = Facts::new().with("response_id", name(response)).with("thread_id", name(thread));
    visit.value(facts.with("user_message_id", name(message)))
}

fn owner(visit: &Visit<'_>, thread: u64) -> Option<AccountIx> {
    visit.documents.threads.get(&thread).map(|thread| thread.account)
}

fn thread<'b>(visit: &'b Visit<'_>) -> Result<(u64, &'b Thread), Refusal> {
    let account = visit.account()?;
    let number = visit.document("thread_id");
    let thread = number.and_then(|number| Some((number, visit.documents.threads.get(&number)?)));
    thread.filter(|(_, thread)| thread.account == account).ok_or_else(|| none(visit))
}

fn response<'b>(visit: &'b Visit<'_>) -> Result<(u64, &'b Response), Refusal> {
    let account = visit.account()?;
    let number = visit.document("response_id");
    let response = number.and_then(|number| Some((number, visit.documents.responses.get(&number)?)));
    response.filter(|(_, response)| owner(visit, response.thread) == Some(account)).ok_or_else(|| none(visit))
}

fn none(visit: &Visit<'_>) -> Refusal {
    visit.refusal(&[404], "there is no such thread, message or response")
}

fn thread_facts(visit: &Visit<'_>, number: u64, thread: &Thread) -> Facts {
    Facts::new()
        .with("id", visit.book.identities().document(number))
        .with("title", thread.title.as_str())
        .with("created_at", thread.created)
        .with("updated_at", thread.updated)
}

/// What was said, as the one part of a message or response.
fn content(message: &Message) -> Facts {
    let text = Facts::new().with("text", Facts::new().with("text", message.text.as_str()));
    Facts::new().with("parts", Fact::List(vec![text.into()]))
}

fn message_facts(visit: &Visit<'_>, number: u64) -> Option<Facts> {
    let message = visit.documents.messages.get(&number)?;
    let identities = visit.book.identities();
    let facts = Facts::new()
        .with("id", identities.document(number))
        .with("thread_id", identities.document(message.thread))
        .with("created_at", message.created)
        .with("seq", i64::try_from(message.sequence).unwrap_or(i64::MAX))
        .with("role", if message.is_users { "USER" } else { "ASSISTANT" })
        .with("outcome", if message.is_canceled { "canceled" } else { "completed" })
        .with("content", content(message));
    Some(facts)
}

fn response_facts(visit: &Visit<'_>, number: u64) -> Option<Facts> {
    let response = visit.documents.responses.get(&number)?;
    let identities = visit.book.identities();
    let output = response.output.and_then(|output| visit.documents.messages.get(&output));
    let status = match response.output {
        None => "running",
        Some(_) if response.is_canceled => "canceled",
        Some(_) => "succeeded",
    };
    let facts = Facts::new()
        .with("id", identities.document(number))
        .with("status", status)
        .with("thread_id", identities.document(response.thread))
        .with("user_message_id", identities.document(response.question))
        .with("output_message_id", response.output.map(|output| identities.document(output)))
        .with("content", output.map(content));
    Some(facts)
}
