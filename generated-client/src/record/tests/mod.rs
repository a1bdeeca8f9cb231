//! Sample types, and what holds for every record.

mod round_trip;
pub(crate) mod sample;

use self::sample::{AccountId, OrderId, OrderType, Side};

#[test]
fn enums_and_ids_are_used_as_texts() {
    assert_eq!(Side::ALL.iter().map(Side::as_ref).collect::<Vec<&str>>(), ["BUY", "SELL"]);
    assert_eq!(OrderType::ALL, [OrderType::Market, OrderType::Limit]);
    assert!(Side::Buy < Side::Sell);
    assert_eq!("SELL".parse(), Ok(Side::Sell));
    let id: OrderId = "o-1".parse().unwrap();
    assert!(id == "o-1" && id == *"o-1" && id.as_ref() as &str == "o-1");
    assert_eq!(String::from(id), "o-1");
    assert_eq!("7".parse(), Ok(AccountId::new(7)));
}
