use clear_street::trading::orders::Side;

fn is_buy(side: &Side) -> bool {
    match side {
        Side::Buy => true,
        Side::Sell | Side::SellShort | Side::Other | Side::Unrecognized(_) => false,
    }
}

fn main() {}
