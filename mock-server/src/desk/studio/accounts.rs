//! Accounts, entities, profit and loss.

use super::account_facts;
use super::positions::asset_class;
use crate::book::account::{Account, AccountIx, Worth};
use crate::book::amount::Money;
use crate::call::Refusal;
use crate::desk::ENTITY;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("list_accounts", list_accounts),
    ("get_account", get_account),
    ("list_entities", list_entities),
    ("get_entity", get_entity),
    ("get_account_pnl_summary", get_account_pnl_summary),
    ("get_entity_pnl_summary", get_entity_pnl_summary),
    ("list_pnl_details", list_pnl_details),
    ("list_pnl_sums", list_pnl_sums),
];

fn list_accounts(visit: &mut Visit<'_>) -> Outcome {
    let all: Vec<AccountIx> = visit.book.accounts().iter().map(|account| account.ix).collect();
    visit.list(&all, |visit, ix| Some(facts(visit, visit.book.account(*ix)?).into()))
}

fn get_account(visit: &mut Visit<'_>) -> Outcome {
    let account = account(visit)?;
    visit.value(facts(visit, account))
}

fn facts(visit: &Visit<'_>, account: &Account) -> Facts {
    let facts = account_facts(visit.book, account.ix).with("entity_id", ENTITY);
    facts.with("name", account.opening.name.as_str())
}

fn list_entities(visit: &mut Visit<'_>) -> Outcome {
    visit.list(&[()], |_, ()| Some(entity_facts().into()))
}

fn get_entity(visit: &mut Visit<'_>) -> Outcome {
    entity(visit)?;
    visit.value(entity_facts())
}

fn entity_facts() -> Facts {
    let facts = Facts::new().with("entity_id", ENTITY).with("legal_name", "Mock Holdings LLC");
    facts.with("name", "Mock Holdings").with("client_code", "MOCK")
}

fn get_account_pnl_summary(visit: &mut Visit<'_>) -> Outcome {
    let account = account(visit)?;
    let summary = Summary::of(visit, account);
    visit.value(summary.facts(visit).and(account_facts(visit.book, account.ix)))
}

fn get_entity_pnl_summary(visit: &mut Visit<'_>) -> Outcome {
    entity(visit)?;
    let accounts = visit.book.accounts().iter();
    let summary = accounts.map(|account| Summary::of(visit, account)).fold(Summary::default(), Summary::plus);
    visit.value(summary.facts(visit))
}

fn list_pnl_details(visit: &mut Visit<'_>) -> Outcome {
    let account = account(visit)?;
    let instruments: Vec<_> = account.positions.keys().copied().collect();
    visit.list(&instruments, |visit, ix| {
        let account = visit.book.account(account.ix)?;
        let instrument = visit.book.instrument(*ix)?;
        let view = visit.book.position(account, instrument);
        let (position, today) = (&view.position, &view.position.today);
        let total = today.realized + view.day_unrealized;
        let underlying =
            instrument.contract().and_then(|contract| visit.book.instrument(contract.underlying));
        let side = if position.quantity.signum() < 0 { "short" } else { "long" };
        let facts = account_facts(visit.book, account.ix)
            .with("timestamp", visit.book.now())
            .with("entity_id", ENTITY)
            .with("entity_name", "Mock Holdings")
            .with("side", side)
            .with("symbol", instrument.symbol.as_str())
            .with("symbol_description", instrument.name.as_str())
            .with("asset_class", asset_class(instrument))
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
            .with("underlier", underlying.unwrap_or(instrument).symbol.as_str());
        Some(facts.into())
    })
}

fn list_pnl_sums(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let account = account(visit)?;
    let days: Vec<_> = visit.book.history(account).collect();
    let range = said.date("starting_date").zip(said.date("ending_date"));
    let within = |date| range.is_none_or(|(from, to)| (from..=to).contains(&date));
    let days: Vec<_> = days.into_iter().filter(|day| within(day.date)).collect();
    let realized: Money = days.iter().map(|day| day.realized).sum();
    let (begin, end) = (days.first().map(|day| day.begin_equity), days.last().map(|day| day.end_equity));
    let total = end.unwrap_or_default() - begin.unwrap_or_default();
    let facts = account_facts(visit.book, account.ix)
        .with("starting_date", said.date("starting_date"))
        .with("ending_date", said.date("ending_date"))
        .with("entity_id", ENTITY)
        .with("starting_equity", begin)
        .with("ending_equity", end)
        .with("unrealized_pnl", total - realized)
        .with("realized_pnl", realized)
        .with("total_pnl", total)
        .with("net_pnl", total);
    visit.value(facts.with("data", Fact::List(Vec::new())))
}

fn account<'b>(visit: &'b Visit<'_>) -> Result<&'b Account, Refusal> {
    let ix = visit.account()?;
    visit.book.account(ix).ok_or_else(|| visit.refusal(&[404], "there is no such account"))
}

fn entity(visit: &Visit<'_>) -> Result<(), Refusal> {
    let is_known = visit.parameters().text("entity_id") == Some(ENTITY.to_string().as_str());
    if is_known { Ok(()) } else { Err(visit.refusal(&[404], "there is no such entity")) }
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
    fn of(visit: &Visit<'_>, account: &Account) -> Self {
        let worth = visit.book.worth(account);
        let instruments = account.positions.keys().filter_map(|ix| visit.book.instrument(*ix));
        let overnight = instruments.map(|instrument| visit.book.position(account, instrument).overnight);
        Self {
            worth,
            begin_long: account.today.begin_long,
            begin_short: account.today.begin_short,
            begin_equity: account.today.begin_equity,
            equity: account.equity(&worth),
            realized: account.today.realized,
            overnight: overnight.sum(),
        }
    }

    fn plus(self, other: Self) -> Self {
        let worth = Worth {
            long: self.worth.long + other.worth.long,
            short: self.worth.short + other.worth.short,
            cost: self.worth.cost + other.worth.cost,
        };
        Self {
            worth,
            begin_long: self.begin_long + other.begin_long,
            begin_short: self.begin_short + other.begin_short,
            begin_equity: self.begin_equity + other.begin_equity,
            equity: self.equity + other.equity,
            realized: self.realized + other.realized,
            overnight: self.overnight + other.overnight,
        }
    }

    fn facts(&self, visit: &Visit<'_>) -> Facts {
        let total = self.equity - self.begin_equity;
        Facts::new()
            .with("timestamp", visit.book.now())
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
