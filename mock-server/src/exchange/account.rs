//! Accounts, their positions and what they may still buy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::amount::{Money, Price, Quantity};
use super::index::{AccountIx, ExecutionIx, InstrumentIx, OrderIx};
use super::order::{Claim, Execution};

/// How an account begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Its number.
    pub(crate) number: i64,
    /// Name for people to read.
    pub(crate) name: &'static str,
    /// Cash that it begins with, in whole dollars.
    pub(crate) dollars: i64,
    /// Factor from equity to buying power: 2 on margin, 1 for cash alone.
    pub(crate) multiplier: i64,
}

/// An account as it stands.
#[derive(Debug)]
pub(crate) struct Account {
    /// Its place in the exchange.
    pub(crate) ix: AccountIx,
    /// How it began.
    pub(crate) opening: Opening,
    /// Cash, trades that have not settled included.
    pub(crate) cash: Money,
    /// Buying power that open orders hold.
    pub(crate) reserved: Money,
    /// Greatest value of an order, if it is limited.
    pub(crate) max_notional: Option<Money>,
    /// What is held, was held today, or is claimed by open orders.
    pub(crate) positions: BTreeMap<InstrumentIx, Position>,
    /// All orders in the order in which they came.
    pub(crate) orders: Vec<OrderIx>,
    /// Those that can still fill.
    pub(crate) open: BTreeSet<OrderIx>,
    /// All fills by their places, in the order in which they happened.
    pub(crate) executions: Vec<ExecutionIx>,
    /// The days that are over.
    pub(crate) history: Vec<Day>,
    /// The day so far.
    pub(crate) today: Day,
    pub(super) keys: HashMap<Arc<str>, OrderIx>,
}

/// What became of an account on one day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Day {
    /// Which day.
    pub(crate) date: Date,
    /// Equity when it began.
    pub(crate) begin_equity: Money,
    /// Cash when it began.
    pub(crate) begin_cash: Money,
    /// Value of long positions when it began.
    pub(crate) begin_long: Money,
    /// Value of short positions when it began, negative.
    pub(crate) begin_short: Money,
    /// Equity when it ended, or now.
    pub(crate) end_equity: Money,
    /// By closing positions.
    pub(crate) realized: Money,
    /// What was paid.
    pub(crate) bought: Money,
    /// What was received.
    pub(crate) sold: Money,
}

/// What an account holds of an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Shares or contracts; negative if short.
    pub(crate) quantity: Quantity,
    /// What they cost; negative for what a short sale brought.
    pub(crate) cost: Money,
    /// Of it, what open orders will sell.
    pub(crate) selling: Quantity,
    /// Of a short one, what open orders will buy back.
    pub(crate) covering: Quantity,
    /// Since the day began.
    pub(crate) today: PositionDay,
}

/// What became of a position since the day began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PositionDay {
    /// Quantity when it began.
    pub(crate) begin: Quantity,
    /// By closing.
    pub(crate) realized: Money,
    /// Quantity bought.
    pub(crate) bought: Quantity,
    /// Quantity sold.
    pub(crate) sold: Quantity,
    /// What was paid.
    pub(crate) paid: Money,
    /// What was received.
    pub(crate) received: Money,
    /// Number of buys.
    pub(crate) buys: i32,
    /// Number of sales.
    pub(crate) sells: i32,
}

/// What an account is worth at the prices of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Worth {
    /// Value of long positions.
    pub(crate) long: Money,
    /// Value of short positions, negative.
    pub(crate) short: Money,
    /// What positions cost.
    pub(crate) cost: Money,
}

impl Worth {
    /// Value of all positions together.
    pub(crate) fn net(&self) -> Money {
        self.long + self.short
    }

    /// Value of all positions without their signs.
    pub(crate) fn gross(&self) -> Money {
        self.long - self.short
    }
}

impl Account {
    pub(super) fn new(ix: AccountIx, opening: Opening, date: Date) -> Self {
        let cash = Money::dollars(opening.dollars);
        let today = Day { date, begin_equity: cash, begin_cash: cash, end_equity: cash, ..Day::default() };
        Self {
            ix,
            opening,
            cash,
            reserved: Money::ZERO,
            max_notional: None,
            positions: BTreeMap::new(),
            orders: Vec::new(),
            open: BTreeSet::new(),
            executions: Vec::new(),
            history: Vec::new(),
            today,
            keys: HashMap::new(),
        }
    }

    /// Factor from equity to buying power.
    pub(crate) fn multiplier(&self) -> i64 {
        self.opening.multiplier
    }

    /// Whether it may borrow, and so sell short.
    pub(crate) fn is_margin(&self) -> bool {
        self.opening.multiplier > 1
    }

    /// What it holds of an instrument.
    pub(crate) fn position(&self, instrument: InstrumentIx) -> Position {
        self.positions.get(&instrument).copied().unwrap_or_default()
    }

    /// The positions that are not zero.
    pub(crate) fn held(&self) -> impl Iterator<Item = (InstrumentIx, &Position)> {
        let all = self.positions.iter().map(|(instrument, position)| (*instrument, position));
        all.filter(|(_, position)| !position.quantity.is_zero())
    }

    /// The order that was placed under a key.
    pub(crate) fn order_by_key(&self, key: &str) -> Option<OrderIx> {
        self.keys.get(key).copied()
    }

    /// Cash and positions together.
    pub(crate) fn equity(&self, worth: &Worth) -> Money {
        self.cash + worth.net()
    }

    /// How much can still be bought: equity times the multiplier, less what is held and what is held back.
    pub(crate) fn buying_power(&self, worth: &Worth) -> Money {
        self.equity(worth).times(self.multiplier()) - worth.gross() - self.reserved
    }

    pub(super) fn reclaim(&mut self, instrument: InstrumentIx, before: Claim, after: Claim) {
        self.reserved += after.money - before.money;
        let position = self.positions.entry(instrument).or_default();
        position.selling += after.selling - before.selling;
        position.covering += after.covering - before.covering;
    }

    /// Books a fill; what the position is after it.
    pub(super) fn apply(&mut self, fill: &Execution, multiplier: i64) -> Quantity {
        let amount = fill.price.times(fill.quantity, multiplier);
        let position = self.positions.entry(fill.instrument).or_default();
        let realized = position.apply(fill, amount);
        self.today.realized += realized;
        if fill.side.is_buy() {
            self.cash -= amount;
            self.today.bought += amount;
        } else {
            self.cash += amount;
            self.today.sold += amount;
        }
        position.quantity
    }

    /// Ends a day and begins the next.
    pub(super) fn turn(&mut self, worth: &Worth, is_trading_day: bool, next: Date) {
        let equity = self.equity(worth);
        self.today.end_equity = equity;
        if is_trading_day {
            self.history.push(self.today);
        }
        self.today = Day {
            date: next,
            begin_equity: equity,
            begin_cash: self.cash,
            begin_long: worth.long,
            begin_short: worth.short,
            end_equity: equity,
            ..Day::default()
        };
        self.positions.retain(|_, position| !position.is_idle());
        for position in self.positions.values_mut() {
            position.today = PositionDay { begin: position.quantity, ..PositionDay::default() };
        }
    }
}

impl Position {
    /// What can be sold without going short, beside what open orders will sell.
    pub(crate) fn available(&self) -> Quantity {
        self.quantity.less(self.selling)
    }

    /// What can be bought to close a short position, beside what open orders will buy.
    pub(crate) fn coverable(&self) -> Quantity {
        (-self.quantity).less(self.covering)
    }

    /// What it is worth at a price.
    pub(crate) fn value(&self, price: Price, multiplier: i64) -> Money {
        price.times(self.quantity, multiplier)
    }

    fn is_idle(&self) -> bool {
        self.quantity.is_zero() && self.selling.is_zero() && self.covering.is_zero()
    }

    /// Books a fill that cost or brought `amount`; the profit by what it closed.
    fn apply(&mut self, fill: &Execution, amount: Money) -> Money {
        let change = fill.side.signed(fill.quantity);
        let closing = if self.quantity.signum() * change.signum() < 0 {
            fill.quantity.min(self.quantity.abs())
        } else {
            Quantity::ZERO
        };
        let closed_cost = self.cost.share(closing, self.quantity.abs());
        let closed_amount = amount.share(closing, fill.quantity);
        let signed = |amount: Money| if fill.side.is_buy() { amount } else { -amount };
        // What is closed leaves at its cost; what is opened comes at its price.
        self.cost += signed(amount - closed_amount) - closed_cost;
        self.quantity += change;
        let realized = -signed(closed_amount) - closed_cost;
        let today = &mut self.today;
        today.realized += realized;
        if fill.side.is_buy() {
            today.bought += fill.quantity;
            today.paid += amount;
            today.buys += 1;
        } else {
            today.sold += fill.quantity;
            today.received += amount;
            today.sells += 1;
        }
        realized
    }
}
