//! Accounts, balances and how equity developed.

use super::super::visit::FIRST_DAY;
use crate::book::account::{Account, AccountIx};
use crate::book::amount::Money;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_accounts", get_accounts),
    ("get_account_by_id", get_account_by_id),
    ("patch_account_by_id", patch_account_by_id),
    ("get_account_balances", get_account_balances),
    ("get_portfolio_history", get_portfolio_history),
];

fn get_accounts(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let (number, name) = (said.text("account_id"), said.text("account_name").map(str::to_lowercase));
    let is_meant = |account: &&Account| {
        number.is_none_or(|number| account.opening.number.to_string().starts_with(number))
            && name.as_ref().is_none_or(|name| full_name(account).to_lowercase().contains(name))
    };
    let found: Vec<AccountIx> =
        visit.book.accounts().iter().filter(is_meant).map(|account| account.ix).collect();
    visit.list(&found, |visit, ix| Some(account_facts(visit.book.account(*ix)?).into()))
}

fn get_account_by_id(visit: &mut Visit<'_>) -> Outcome {
    let account = account(visit)?;
    visit.value(account_facts(account))
}

fn patch_account_by_id(visit: &mut Visit<'_>) -> Outcome {
    let ix = visit.account()?;
    let risk = visit.body().object("risk");
    if risk.is_said("max_notional") {
        let limit = risk.decimal("max_notional").map(|limit| {
            Money::from_decimal(limit)
                .ok_or_else(|| visit.refusal(&[400], "too great").of("risk.max_notional"))
        });
        visit.book.limit_notional(ix, limit.transpose()?);
    }
    let limit = account(visit)?.max_notional;
    visit.value(Facts::new().with("risk", Facts::new().with("max_notional", limit)))
}

fn get_account_balances(visit: &mut Visit<'_>) -> Outcome {
    let limit = visit.parameters().int("top_margin_contributors_limit");
    let account = account(visit)?;
    visit.value(balances(visit, account, limit))
}

fn get_portfolio_history(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let (from, to) =
        (said.date("start_date").unwrap_or(FIRST_DAY), said.date("end_date").unwrap_or(visit.book.day()));
    let account = account(visit)?;
    let days = visit.book.history(account).filter(|day| (from..=to).contains(&day.date));
    let segments = days.map(|day| {
        let net = day.end_equity - day.begin_equity;
        Facts::new()
            .with("date", day.date)
            .with("sod_equity", day.begin_equity)
            .with("eod_equity", day.end_equity)
            .with("realized_pnl", day.realized)
            .with("unrealized_pnl", net - day.realized)
            .with("net_pnl", net)
            .with("bought_notional", day.bought)
            .with("sold_notional", day.sold)
    });
    visit.value(Facts::new().with("segments", segments.collect::<Fact>()))
}

fn account<'b>(visit: &'b Visit<'_>) -> Result<&'b Account, crate::call::Refusal> {
    let ix = visit.account()?;
    visit.book.account(ix).ok_or_else(|| visit.refusal(&[404, 403], "there is no such account"))
}

fn full_name(account: &Account) -> String {
    format!("{} Account of the Mock", account.opening.name)
}

fn account_facts(account: &Account) -> Facts {
    Facts::new()
        .with("id", account.opening.number)
        .with("short_name", account.opening.name.as_str())
        .with("full_name", full_name(account))
        .with("account_holder_entity_id", crate::desk::ENTITY)
        .with("type", "CUSTOMER")
        .with("subtype", if account.is_margin() { "MARGIN" } else { "CASH" })
        .with("status", "ACTIVE")
        .with("options_level", 4)
        .with("open_date", FIRST_DAY)
}

fn balances(visit: &Visit<'_>, account: &Account, contributors: Option<i64>) -> Facts {
    let worth = visit.book.worth(account);
    let equity = account.equity(&worth);
    let buying_power = account.buying_power(&worth);
    let today = &account.today;
    let change = equity - today.begin_equity;
    let settled = account.cash.min(today.begin_cash - today.bought);
    let unrealized = worth.net() - worth.cost;
    let sod = Facts::new()
        .with("asof", today.date)
        .with("equity", today.begin_equity)
        .with(
            "buying_power",
            today.begin_equity.times(account.multiplier()) - today.begin_long + today.begin_short,
        )
        .with("long_market_value", today.begin_long)
        .with("short_market_value", today.begin_short)
        .with("trade_cash", today.begin_cash);
    Facts::new()
        .with("account_id", account.opening.number)
        .with("currency", "USD")
        .with("equity", equity)
        .with("buying_power", buying_power)
        .with("open_order_adjustment", -account.reserved)
        .with("long_market_value", worth.long)
        .with("short_market_value", worth.short)
        .with("settled_cash", account.cash - today.sold + today.bought)
        .with("trade_cash", account.cash)
        .with("unsettled_credits", today.sold)
        .with("unsettled_debits", today.bought)
        .with("withdrawable_cash", (settled - account.reserved).max(Money::ZERO))
        .with("unrealized_pnl", unrealized)
        .with("daily_pnl", change)
        .with("daily_total_pnl", change)
        .with("daily_realized_pnl", today.realized)
        .with("daily_unrealized_pnl", change - today.realized)
        .with("daily_change", change)
        .with("margin_type", if account.is_margin() { "REG_T" } else { "NONE" })
        .with("multiplier", account.is_margin().then_some(account.multiplier()))
        .with("margin_details", account.is_margin().then(|| margin(visit, account, contributors)))
        .with("sod", sod)
}

/// Half of the value of the positions is needed to open them, a quarter to keep them.
fn margin(visit: &Visit<'_>, account: &Account, contributors: Option<i64>) -> Facts {
    let worth = visit.book.worth(account);
    let equity = account.equity(&worth);
    let (initial, maintenance) = (worth.gross().over(2), worth.gross().over(4));
    let limits = Facts::new()
        .with("buying_power", account.buying_power(&worth))
        .with("multiplier", account.multiplier());
    let top = contributors.map(|limit| top_contributors(visit, account, limit));
    Facts::new()
        .with("initial_margin_requirement", initial)
        .with("initial_margin_excess", equity - initial)
        .with("maintenance_margin_requirement", maintenance)
        .with("maintenance_margin_excess", equity - maintenance)
        .with("usage", Facts::new().with("total", equity).with("used", initial))
        .with("intraday_details", limits.clone())
        .with("overnight_details", limits)
        .with("top_contributors", top)
}

fn top_contributors(visit: &Visit<'_>, account: &Account, limit: i64) -> Fact {
    let held = account.held().filter_map(|(ix, position)| {
        let instrument = visit.book.instrument(ix)?;
        let underlying = instrument.contract().map_or(ix, |contract| contract.underlying);
        Some((underlying, position.value(visit.book.quote(instrument).last, instrument.multiplier())))
    });
    let mut values = std::collections::BTreeMap::new();
    for (underlying, value) in held {
        *values.entry(underlying).or_insert(Money::ZERO) += value;
    }
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by_key(|(ix, value)| (std::cmp::Reverse(value.abs()), *ix));
    let top = values.into_iter().take(usize::try_from(limit).unwrap_or_default()).map(|(ix, value)| {
        Facts::new()
            .with("underlying_instrument_id", visit.book.identities().instrument(ix))
            .with("market_value", value)
            .with("initial_margin_requirement", value.abs().over(2))
            .with("maintenance_margin_requirement", value.abs().over(4))
    });
    top.collect()
}
