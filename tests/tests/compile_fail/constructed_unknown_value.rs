use clear_street::Unrecognized;
use clear_street::trading::orders::Side;

fn a_side_of_my_own() -> Side {
    Side::Unrecognized(Unrecognized::new("HOLD"))
}

fn main() {}
