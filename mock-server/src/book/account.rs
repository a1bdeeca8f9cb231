//! Accounts, their positions and what they may still buy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::amount::{Money, Price, Quantity};
use super::listing::InstrumentIx;
use super::order::{Claim, Execution, OrderIx};

/// Place of an account in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIx(pub(super) u16);

/// How an account begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its number.
    pub number: i64,
    /// Name for people to read.
    pub name: String,
    /// Cash that it begins with, in whole dollars.
    pub dollars: i64,
    /// Factor from equity to buying power: 2 on margin, 1 for cash alone.
    pub multiplier: u8,
}

/// An account as it stands.
#[derive(Debug)]
pub struct Account {
    /// Its place in the book.
    pub ix: AccountIx,
    /// How it began.
    pub opening: Opening,
    /// Cash, trades that have not settled included.
    pub cash: Money,
    /// Buying power that open orders hold.
    pub reserved: Money,
    /// Greatest value of an order, if it is limited.
    pub max_notional: Option<Money>,
    /// What is held, was held today, or is claimed by open orders.
    pub positions: BTreeMap<InstrumentIx, Position>,
    /// All orders in the order in which they came.
    pub orders: Vec<OrderIx>,
    /// Those that can still fill.
    pub open: BTreeSet<OrderIx>,
    /// All fills by their places, in the order in which they happened.
    pub executions: Vec<u32>,
    /// The days that are over.
    pub history: Vec<Day>,
    /// The day so far.
    pub today: Day,
    pub(super) keys: HashMap<Arc<str>, OrderIx>,
}

/// What became of an account on one day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Day {
    /// Which day.
    pub date: Date,
    /// Equity when it began.
    pub begin_equity: Money,
    /// Cash when it began.
    pub begin_cash: Money,
    /// Value of long positions when it began.
    pub begin_long: Money,
    /// Value of short positions when it began, negative.
    pub begin_short: Money,
    /// Equity when it ended, or now.
    pub end_equity: Money,
    /// By closing positions.
    pub realized: Money,
    /// What was paid.
    pub bought: Money,
    /// What was received.
    pub sold: Money,
}

/// What an account holds of an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Shares or contracts; negative if short.
    pub quantity: Quantity,
    /// What they cost; negative for what a short sale brought.
    pub cost: Money,
    /// Of it, what open orders will sell.
    pub selling: Quantity,
    /// Of a short one, what open orders will buy back.
    pub covering: Quantity,
    /// Since the day began.
    pub today: PositionDay,
}

/// What became of a position since the day began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionDay {
    /// Quantity when it began.
    pub begin: Quantity,
    /// By closing.
    pub realized: Money,
    /// Quantity bought.
    pub bought: Quantity,
    /// Quantity sold.
    pub sold: Quantity,
    /// What was paid.
    pub paid: Money,
    /// What was received.
    pub received: Money,
    /// Number of buys.
    pub buys: i32,
    /// Number of sales.
    pub sells: i32,
}

/// What an account is worth at the prices of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// Value of long positions.
    pub long: Money,
    /// Value of short positions, negative.
    pub short: Money,
    /// What positions cost.
    pub cost: Money,
}

impl Worth {
    /// Value of all positions together.
    pub fn net(&self) -> Money {
        self.long + self.short
    }

    /// Value of all positions without their signs.
    pub fn gross(&self) -> Money {
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
    pub fn multiplier(&self) -> i64 {
        self.opening.multiplier.into()
    }

    /// Whether it may borrow, and so sell short.
    pub fn is_margin(&self) -> bool {
        self.opening.multiplier > 1
    }

    /// What it holds of an instrument.
    pub fn position(&self, instrument: InstrumentIx) -> Position {
        self.positions.get(&instrument).copied().unwrap_or_default()
    }

    /// The positions that are not zero.
    pub fn held(&self) -> impl Iterator<Item = (InstrumentIx, &Position)> {
        let all = self.positions.iter().map(|(instrument, position)| (*instrument, position));
        all.filter(|(_, position)| !position.quantity.is_zero())
    }

    /// The order that was placed under a key.
    pub fn order_by_key(&self, key: &str) -> Option<OrderIx> {
        self.keys.get(key).copied()
    }

    /// Cash and positions together.
    pub fn equity(&self, worth: &Worth) -> Money {
        self.cash + worth.net()
    }

    /// How much can still be bought: equity times the multiplier, less what is held and what is held back.
    pub fn buying_power(&self, worth: &Worth) -> Money {
        self.equity(worth).times(self.multiplier()) - worth.gross() - self.reserved
    }

    pub(super) fn reclaim(&mut self, instrument: InstrumentIx, before: Claim, after: Claim) {
        self.reserved += after.money - before.money;
        let position = self.positions.entry(instrument).or_default();
        position.selling += after.selling - before.selling;
        position.covering += after.covering - before.covering;
    }

    /// Books a fill; what the position is after it.
    pub(super) fn book(&mut self, fill: &Execution, multiplier: i64) -> Quantity {
        let amount = fill.price.times(fill.quantity, multiplier);
        let position = self.positions.entry(fill.instrument).or_default();
        let realized = position.book(fill, amount);
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
    pub fn available(&self) -> Quantity {
        self.quantity.less(self.selling)
    }

    /// What can be bought to close a short position, beside what open orders will buy.
    pub fn coverable(&self) -> Quantity {
        (-self.quantity).less(self.covering)
    }

    /// What it is worth at a price.
    pub fn value(&self, price: Price, multiplier: i64) -> Money {
        price.times(self.quantity, multiplier)
    }

    fn is_idle(&self) -> bool {
        self.quantity.is_zero() && self.selling.is_zero() && self.covering.is_zero()
    }

    /// Books a fill that cost or brought `amount`; the profit by what it closed.
    fn book(&mut self, fill: &Execution, amount: Money) -> Money {
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
            today.buys = today.buys.saturating_add(1);
        } else {
            today.sold += fill.quantity;
            today.received += amount;
            today.sells = today.sells.saturating_add(1);
        }
        realized
    }
}
