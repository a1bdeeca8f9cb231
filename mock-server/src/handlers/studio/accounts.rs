//! Accounts, entities, profit and loss.

use super::account_fields;
use crate::call::Refusal;
use crate::exchange::account::{Account, Worth};
use crate::exchange::amount::{Money, Quantity};
use crate::handlers::ENTITY;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    list_accounts, get_account, list_entities, get_entity, get_account_pnl_summary, get_entity_pnl_summary,
    list_pnl_details, list_pnl_sums,
}

fn list_accounts(context: &mut RequestContext<'_>) -> Outcome {
    let all: Vec<_> = context.exchange.accounts().iter().collect();
    context.list(&all, |account| fields(context, account))
}

fn get_account(context: &mut RequestContext<'_>) -> Outcome {
    context.value(fields(context, context.account()?))
}

fn fields(context: &RequestContext<'_>, account: &Account) -> FieldValues {
    account_fields(context.exchange, account.ix).with("entity_id", ENTITY).with("name", account.opening.name)
}

fn list_entities(context: &mut RequestContext<'_>) -> Outcome {
    context.list(&[()], |()| entity_fields())
}

fn get_entity(context: &mut RequestContext<'_>) -> Outcome {
    entity(context)?;
    context.value(entity_fields())
}

fn entity_fields() -> FieldValues {
    FieldValues::new()
        .with("entity_id", ENTITY)
        .with("legal_name", "Mock Holdings LLC")
        .with("name", "Mock Holdings")
        .with("client_code", "MOCK")
}

fn get_account_pnl_summary(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let summary = Summary::of(context, std::slice::from_ref(account));
    context.value(summary.fields(context).and(account_fields(context.exchange, account.ix)))
}

fn get_entity_pnl_summary(context: &mut RequestContext<'_>) -> Outcome {
    entity(context)?;
    context.value(Summary::of(context, context.exchange.accounts()).fields(context))
}

fn list_pnl_details(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let instruments: Vec<_> = account.positions.keys().collect();
    context.list(&instruments, |ix| {
        let instrument = context.exchange.instrument(**ix);
        let view = context.exchange.position(account, instrument.ix);
        let (position, today) = (&view.position, &view.position.today);
        let total = today.realized + view.day_unrealized;
        let underlying =
            instrument.contract().map(|contract| context.exchange.instrument(contract.underlying));
        let is_short = position.quantity < Quantity::ZERO;
        account_fields(context.exchange, account.ix)
            .with("timestamp", context.exchange.now())
            .with("entity_id", ENTITY)
            .with("entity_name", "Mock Holdings")
            .with("side", if is_short { "short" } else { "long" })
            .with("symbol", instrument.symbol.as_str())
            .with("symbol_description", instrument.name.as_str())
            .with("asset_class", instrument.nature.asset_class())
            .with("day_pnl", total - view.overnight)
            .with("overnight_pnl", view.overnight)
            .with("unrealized_pnl", view.day_unrealized)
            .with("realized_pnl", today.realized)
            .with("total_pnl", total)
            .with("total_fees", 0)
            .with("net_market_value", view.value)
            .with("gross_market_value", view.value.abs())
            .with("sod_market_value", view.begin_value)
            .with("quantity", position.quantity)
            .with("sod_quantity", today.begin)
            .with("bought_quantity", today.bought)
            .with("sold_quantity", today.sold)
            .with("buys", today.buys)
            .with("sells", today.sells)
            .with("price", view.price)
            .with("sod_price", view.previous_close)
            .with("underlier", underlying.unwrap_or(instrument).symbol.as_str())
    })
}

fn list_pnl_sums(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let account = context.account()?;
    let range = arguments.date("starting_date").zip(arguments.date("ending_date"));
    let within = |date| range.is_none_or(|(from, to)| (from..=to).contains(&date));
    let days: Vec<_> = context.exchange.history(account).filter(|day| within(day.date)).collect();
    let realized: Money = days.iter().map(|day| day.realized).sum();
    let (begin, end) = (days.first().map(|day| day.begin_equity), days.last().map(|day| day.end_equity));
    let total = end.unwrap_or_default() - begin.unwrap_or_default();
    let fields = account_fields(context.exchange, account.ix)
        .with("starting_date", arguments.date("starting_date"))
        .with("ending_date", arguments.date("ending_date"))
        .with("entity_id", ENTITY)
        .with("starting_equity", begin)
        .with("ending_equity", end)
        .with("unrealized_pnl", total - realized)
        .with("realized_pnl", realized)
        .with("total_pnl", total)
        .with("net_pnl", total);
    context.value(fields.with("data", FieldValue::List(Vec::new())))
}

fn entity(context: &RequestContext<'_>) -> Result<(), Refusal> {
    let is_known = context.parameters().text("entity_id") == Some(ENTITY.to_string().as_str());
    if is_known { Ok(()) } else { Err(context.refusal(&[404], "there is no such entity")) }
}

/// Equity, market values and profit of accounts.
#[derive(Clone, Copy, Default)]
struct Summary {
    worth: Worth,
    begin_long: Money,
    begin_short: Money,
    begin_equity: Money,
    equity: Money,
    realized: Money,
    overnight: Money,
}

impl Summary {
    fn of(context: &RequestContext<'_>, accounts: &[Account]) -> Self {
        let mut summary = Self::default();
        for account in accounts {
            let worth = context.exchange.worth(account);
            summary.worth.long += worth.long;
            summary.worth.short += worth.short;
            summary.begin_long += account.today.begin_long;
            summary.begin_short += account.today.begin_short;
            summary.begin_equity += account.today.begin_equity;
            summary.equity += account.equity(&worth);
            summary.realized += account.today.realized;
            for ix in account.positions.keys() {
                summary.overnight += context.exchange.position(account, *ix).overnight;
            }
        }
        summary
    }

    fn fields(&self, context: &RequestContext<'_>) -> FieldValues {
        let total = self.equity - self.begin_equity;
        FieldValues::new()
            .with("timestamp", context.exchange.now())
            .with("entity_id", ENTITY)
            .with("sod_equity", self.begin_equity)
            .with("equity", self.equity)
            .with("sod_gross_market_value", self.begin_long - self.begin_short)
            .with("gross_market_value", self.worth.gross())
            .with("net_market_value", self.worth.net())
            .with("long_market_value", self.worth.long)
            .with("short_market_value", self.worth.short)
            .with("sod_long_market_value", self.begin_long)
            .with("sod_short_market_value", self.begin_short)
            .with("overnight_pnl", self.overnight)
            .with("day_pnl", total - self.overnight)
            .with("realized_pnl", self.realized)
            .with("unrealized_pnl", total - self.realized)
            .with("total_pnl", total)
            .with("net_pnl", total)
            .with("total_fees", 0)
    }
}
