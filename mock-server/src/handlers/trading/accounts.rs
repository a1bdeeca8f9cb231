//! Accounts, balances and how equity developed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::exchange::account::Account;
use crate::exchange::amount::Money;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};
use crate::handlers::{ENTITY, FIRST_DAY};

handlers! {
    get_accounts, get_account_by_id, patch_account_by_id, get_account_balances, get_portfolio_history,
}

fn get_accounts(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let (number, name) =
        (arguments.text("account_id"), arguments.text("account_name").map(str::to_lowercase));
    let is_meant = |account: &&Account| {
        number.is_none_or(|number| account.opening.number.to_string().starts_with(number))
            && name.as_ref().is_none_or(|name| full_name(account).to_lowercase().contains(name))
    };
    let found: Vec<_> = context.exchange.accounts().iter().filter(is_meant).collect();
    context.list(&found, |account| account_fields(account))
}

fn get_account_by_id(context: &mut RequestContext<'_>) -> Outcome {
    context.value(account_fields(context.account()?))
}

fn patch_account_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let (ix, risk) = (context.account()?.ix, context.body().object("risk"));
    if risk.has_key("max_notional") {
        let limit = risk.decimal("max_notional").map(|limit| {
            let refusal = || context.refusal(&[400], "too great").of("risk.max_notional");
            Money::from_decimal(limit).ok_or_else(refusal)
        });
        context.exchange.limit_notional(ix, limit.transpose()?);
    }
    let limit = context.exchange.account(ix).max_notional;
    context.value(FieldValues::new().with("risk", FieldValues::new().with("max_notional", limit)))
}

fn get_account_balances(context: &mut RequestContext<'_>) -> Outcome {
    let limit = context.parameters().int("top_margin_contributors_limit");
    context.value(balances(context, context.account()?, limit))
}

fn get_portfolio_history(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let from = arguments.date("start_date").unwrap_or(FIRST_DAY);
    let to = arguments.date("end_date").unwrap_or(context.exchange.day());
    let days = context.exchange.history(context.account()?).filter(|day| (from..=to).contains(&day.date));
    let segments = days.map(|day| {
        let net = day.end_equity - day.begin_equity;
        FieldValues::new()
            .with("date", day.date)
            .with("sod_equity", day.begin_equity)
            .with("eod_equity", day.end_equity)
            .with("realized_pnl", day.realized)
            .with("unrealized_pnl", net - day.realized)
            .with("net_pnl", net)
            .with("bought_notional", day.bought)
            .with("sold_notional", day.sold)
    });
    context.value(FieldValues::new().with("segments", segments.collect::<FieldValue>()))
}

fn full_name(account: &Account) -> String {
    format!("{} Account of the Mock", account.opening.name)
}

fn account_fields(account: &Account) -> FieldValues {
    FieldValues::new()
        .with("id", account.opening.number)
        .with("short_name", account.opening.name)
        .with("full_name", full_name(account))
        .with("account_holder_entity_id", ENTITY)
        .with("type", "CUSTOMER")
        .with("subtype", if account.is_margin() { "MARGIN" } else { "CASH" })
        .with("status", "ACTIVE")
        .with("options_level", 4)
        .with("open_date", FIRST_DAY)
}

fn balances(context: &RequestContext<'_>, account: &Account, contributors: Option<i64>) -> FieldValues {
    let worth = context.exchange.worth(account);
    let (equity, today) = (account.equity(&worth), &account.today);
    let change = equity - today.begin_equity;
    let settled = account.cash.min(today.begin_cash - today.bought);
    let begin_gross = today.begin_long - today.begin_short;
    let sod = FieldValues::new()
        .with("asof", today.date)
        .with("equity", today.begin_equity)
        .with("buying_power", today.begin_equity.times(account.multiplier()) - begin_gross)
        .with("long_market_value", today.begin_long)
        .with("short_market_value", today.begin_short)
        .with("trade_cash", today.begin_cash);
    FieldValues::new()
        .with("account_id", account.opening.number)
        .with("currency", "USD")
        .with("equity", equity)
        .with("buying_power", account.buying_power(&worth))
        .with("open_order_adjustment", -account.reserved)
        .with("long_market_value", worth.long)
        .with("short_market_value", worth.short)
        .with("settled_cash", account.cash - today.sold + today.bought)
        .with("trade_cash", account.cash)
        .with("unsettled_credits", today.sold)
        .with("unsettled_debits", today.bought)
        .with("withdrawable_cash", (settled - account.reserved).max(Money::ZERO))
        .with("unrealized_pnl", worth.net() - worth.cost)
        .with("daily_pnl", change)
        .with("daily_total_pnl", change)
        .with("daily_realized_pnl", today.realized)
        .with("daily_unrealized_pnl", change - today.realized)
        .with("daily_change", change)
        .with("margin_type", if account.is_margin() { "REG_T" } else { "NONE" })
        .with("multiplier", account.is_margin().then_some(account.multiplier()))
        .with("margin_details", account.is_margin().then(|| margin(context, account, contributors)))
        .with("sod", sod)
}

/// Half of the value of the positions is needed to open them, a quarter to keep them.
fn margin(context: &RequestContext<'_>, account: &Account, contributors: Option<i64>) -> FieldValues {
    let worth = context.exchange.worth(account);
    let equity = account.equity(&worth);
    let (initial, maintenance) = (worth.gross().over(2), worth.gross().over(4));
    let limits = FieldValues::new()
        .with("buying_power", account.buying_power(&worth))
        .with("multiplier", account.multiplier());
    let top = contributors.map(|limit| top_contributors(context, account, limit));
    FieldValues::new()
        .with("initial_margin_requirement", initial)
        .with("initial_margin_excess", equity - initial)
        .with("maintenance_margin_requirement", maintenance)
        .with("maintenance_margin_excess", equity - maintenance)
        .with("usage", FieldValues::new().with("total", equity).with("used", initial))
        .with("intraday_details", limits.clone())
        .with("overnight_details", limits)
        .with("top_contributors", top)
}

fn top_contributors(context: &RequestContext<'_>, account: &Account, limit: i64) -> FieldValue {
    let exchange = &context.exchange;
    let mut values = BTreeMap::new();
    for (ix, position) in account.held() {
        let instrument = exchange.instrument(ix);
        let underlying = instrument.contract().map_or(ix, |contract| contract.underlying);
        let value = position.value(exchange.quote(ix).last, instrument.multiplier());
        *values.entry(underlying).or_insert(Money::ZERO) += value;
    }
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by_key(|(ix, value)| (Reverse(value.abs()), *ix));
    let top = values.into_iter().take(usize::try_from(limit).unwrap_or(0));
    let top = top.map(|(ix, value)| {
        FieldValues::new()
            .with("underlying_instrument_id", exchange.instrument_id(ix))
            .with("market_value", value)
            .with("initial_margin_requirement", value.abs().over(2))
            .with("maintenance_margin_requirement", value.abs().over(4))
    });
    top.collect()
}
