use clear_street::trading::calendar::ClockDetail;

fn a_clock_of_my_own(clock: jiff::Timestamp) -> ClockDetail {
    ClockDetail { clock }
}

fn main() {}
