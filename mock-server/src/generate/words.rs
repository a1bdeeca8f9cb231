//! What names of fields say about their values: a vocabulary, not a list of fields.

/// What kind of number a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// A price of the instrument, in ten-thousandths of its price.
    Price(i64),
    /// Shares or contracts, in hundredths of the quantity.
    Quantity(i64),
    /// Between zero and one.
    Ratio,
    /// Between zero and a hundred.
    Percent,
    /// A result that may be negative.
    Result,
    /// Number of things.
    Count,
    /// A factor such as that of an option contract.
    Multiplier,
    /// US dollars.
    Money,
    /// US dollars of a company.
    Fortune,
}

const AMOUNTS: &[(&[&str], Amount)] = &[
    (&["pnl", "profit", "surprise"], Amount::Result),
    (&["offset", "change", "eps"], Amount::Price(100)),
    (
        &["cap", "revenue", "assets", "liabilities", "income", "ebit", "ebitda", "expenses", "debt"],
        Amount::Fortune,
    ),
    (&["value", "equity", "notional", "cost", "requirement", "power", "cash"], Amount::Money),
    (&["percent", "pct"], Amount::Percent),
    (
        &["rate", "yield", "ratio", "weight", "beta", "delta", "gamma", "theta", "vega", "rho", "iv"],
        Amount::Ratio,
    ),
    (&["multiplier", "numerator", "denominator"], Amount::Multiplier),
    (&["filled", "executed", "sold"], Amount::Quantity(40)),
    (&["leaves", "remaining", "open_quantity"], Amount::Quantity(60)),
    (&["quantity", "qty", "shares", "size", "inventory", "available", "located"], Amount::Quantity(100)),
    (&["high", "max"], Amount::Price(10_150)),
    (&["low", "min"], Amount::Price(9_850)),
    (&["bid"], Amount::Price(9_998)),
    (&["ask"], Amount::Price(10_002)),
    (&["open", "previous", "sod"], Amount::Price(9_950)),
    (&["stop"], Amount::Price(9_900)),
    (
        &["price", "px", "close", "last", "average", "avg", "strike", "midpoint", "mark", "target"],
        Amount::Price(10_000),
    ),
    (&["volume", "count", "total", "number", "interest", "buys", "sells", "level"], Amount::Count),
];

/// What a number called so is; money, if the name says nothing.
pub(super) fn amount(name: &str) -> Amount {
    find(AMOUNTS, name).unwrap_or(Amount::Money)
}

/// What a table says of the first of its words that a name holds.
fn find<T: Copy>(table: &[(&[&str], T)], name: &str) -> Option<T> {
    let words = words(name);
    let found = table.iter().find(|(known, _)| words.iter().any(|word| known.contains(&word.as_str())));
    found.map(|(_, meaning)| *meaning)
}

/// When something called so happens, in minutes from the moment that an answer is about.
pub(super) fn moment(name: &str) -> i64 {
    const DAY: i64 = 24 * 60;
    const MOMENTS: &[(&[&str], i64)] = &[
        (&["expires", "expiry", "expiration", "maturity"], 60 * DAY),
        (&["until", "next", "releases", "settlement", "payment"], 2 * DAY),
        (&["list", "ipo", "founded"], -2_000 * DAY),
        (&["declaration", "announced", "filing"], -20 * DAY),
        (&["from", "start", "starting", "begin", "opened"], -2 * DAY),
        (&["created", "requested", "submitted", "added", "granted", "open"], -90),
        (&["updated", "to", "end", "ending", "close", "closed", "completed", "finished"], 30),
    ];
    find(MOMENTS, name).unwrap_or(0)
}

/// What a text called so may say; `None` if the name tells nothing.
pub(super) fn text(name: &str) -> Option<&'static str> {
    const TEXTS: &[(&[&str], &str)] = &[
        (&["currency"], "USD"),
        (&["country"], "US"),
        (&["timezone"], "America/New_York"),
        (&["url", "site"], "https://example.com/"),
        (&["email"], "trader@example.com"),
        (&["phone"], "+1 212 555 0100"),
        (&["postal", "zip"], "10007"),
        (&["city"], "New York"),
        (&["state"], "NY"),
        (&["exchange", "venue", "mic"], "XNAS"),
        (&["sector"], "Technology"),
        (&["industry"], "Computer Hardware"),
        (&["version"], "1.0.0"),
        (&["frequency"], "quarterly"),
    ];
    find(TEXTS, name)
}

/// Whether a name says that it names an instrument by its ticker.
pub(super) fn is_symbol(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "symbol" | "underlier" | "ticker" | "sym"))
}

/// Whether a value of an enum stands for what the enum cannot express.
pub(super) fn is_catch_all(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "other" | "unknown" | "unspecified" | "undefined")
}

/// The words of a name in snake or camel case, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let ends = matches!(letter, '_' | '-' | '.' | ' ');
        if ends || letter.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !ends) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_numbers_they_hold() {
        let cases = [
            ("limit_price", Amount::Price(10_000)),
            ("fifty_two_week_high", Amount::Price(10_150)),
            ("filled_quantity", Amount::Quantity(40)),
            ("market_value", Amount::Money),
            ("market_cap", Amount::Fortune),
            ("unrealizedPnl", Amount::Result),
            ("margin_percent", Amount::Percent),
            ("whatever", Amount::Money),
        ];
        for (name, expected) in cases {
            assert_eq!(amount(name), expected, "{name}");
        }
    }

    #[test]
    fn what_begins_comes_before_what_ends() {
        for (earlier, later) in [("created_at", "updated_at"), ("from", "to"), ("updated_at", "expires_at")] {
            assert!(moment(earlier) < moment(later), "{earlier} {later}");
        }
    }
}
